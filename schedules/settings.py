"""What schedules may use, as the settings file says: a mail server, a folder, buckets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lib.mail import Mail


@dataclass(frozen=True)
class Bucket:
    """Where an S3-compatible store takes our objects."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_file: str | None = None
    seconds: float = 30.0


@dataclass(frozen=True)
class Settings:
    """``folder``: below which files may be written. ``tell``: whom failures are told where a schedule names nobody. ``most_rows``
    and ``most_bytes``: of a file that goes along with a mail; ``public_url``: how people reach us."""

    mail: Mail | None = None
    folder: Path | None = None
    buckets: Mapping[str, Bucket] = field(default_factory=dict)
    tell: str | None = None
    most_rows: int = 50_000
    most_bytes: int = 10 * 1024 * 1024
    public_url: str = ""
