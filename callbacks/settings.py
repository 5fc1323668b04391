"""What intake is told by the settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from dialers.base import Connection


class Settings(Protocol):
    """As much of ``service.settings.config.Settings`` as intake needs."""

    @property
    def data_dir(self) -> Path: ...
    @property
    def memory_bytes(self) -> int: ...
    @property
    def workers(self) -> int: ...
    @property
    def connections(self) -> Mapping[str, Connection]: ...
    @property
    def stranger_receipts(self) -> int: ...
    @property
    def stranger_bytes(self) -> int: ...

    def token_fingerprints(self) -> dict[str, list[str]]: ...
