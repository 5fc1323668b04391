"""What a backup says of itself, in ``manifest.json``, and whether its files still are what they were."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lib import durable
from upkeep.backups.refused import Refused

VERSION = 1
FILE = "manifest.json"
SQLITE_FILE, DUMP = "database.sqlite", "database.dump"


@dataclass(frozen=True)
class File:
    """``path``: within the backup."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Content:
    """Of the database, at one moment. ``kind``: SQLite or PostgreSQL by the names of their dialects. ``counts``: table -> rows.
    ``client``: the first number of pg_dump's version; who reads its dump must not be older."""

    kind: str
    revision: str
    epoch: int
    place: int
    counts: Mapping[str, int]
    client: int | None = None


@dataclass(frozen=True)
class Manifest:
    """``made_at``: when it was begun; what was answered by then is in it. ``needs``: the environment variables that its settings
    file names, whose values are in no backup."""

    made_at: str
    release: str
    host: str
    files: tuple[File, ...]
    database: Content | None
    needs: tuple[str, ...] = ()
    version: int = VERSION

    def bytes(self) -> int:
        return sum(one.bytes for one in self.files)


def save(folder: Path, manifest: Manifest) -> None:
    durable.replace(folder / FILE, json.dumps(asdict(manifest), indent=1) + "\n")


def load(folder: Path) -> Manifest:
    """Raises Refused."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"{folder} is no backup: it has no {FILE}.") from None
    except (OSError, ValueError) as error:
        raise Refused(
            f"The {FILE} of {folder} cannot be read ({type(error).__name__}): the backup is damaged."
        ) from None
    try:
        if told["version"] > VERSION:
            raise Refused(f"{folder} was made by a newer release of Wrapup ({told['release']}): take that one.")
        content = Content(**told.pop("database")) if told["database"] else told.pop("database")
        files = tuple(File(**one) for one in told.pop("files"))
        return Manifest(**{**told, "needs": tuple(told["needs"])}, files=files, database=content)
    except (TypeError, KeyError, AttributeError):
        raise Refused(f"The {FILE} of {folder} says something else than it should: the backup is damaged.") from None


def described(folder: Path) -> tuple[File, ...]:
    """All files of the folder, read once. Raises OSError."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILE)
    return tuple(File(str(path.relative_to(folder)), path.stat().st_size, durable.sha256(path)) for path in paths)


def damage(folder: Path, manifest: Manifest) -> list[str]:
    """What is wrong with its files: sentences. Reads all of them."""
    found = []
    for one in manifest.files:
        try:
            if durable.sha256(folder / one.path) != one.sha256:
                found.append(f"{one.path} is not what it was when it was written")
        except OSError as error:
            found.append(f"{one.path} cannot be read: {error.strerror}")
    return found
