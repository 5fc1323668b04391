"""The manifest: which segments the mirror is made of, which of their rows are dead, and the place in the feed at which they are
true. One file, replaced by a rename: who reads it has one moment of the mirror, whole."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lib import private
from queries.mirror.columns import TYPES

VERSION = 1
FILE = "manifest.json"
_SHAPE = hashlib.sha256(
    json.dumps([VERSION, TYPES]).encode()
).hexdigest()  # of the columns: another release may have others


class Unusable(Exception):
    """The mirror cannot be asked, or not be followed any further. The message is a sentence for whoever asked."""


@dataclass(frozen=True)
class Segment:
    """A Parquet file. ``month``: of all its rows, where it is the joined one of a month; a small one has none."""

    file: str
    rows: int
    sha256: str
    month: str | None = None
    dead: int = 0
    first_id: str = ""
    last_id: str = ""


@dataclass(frozen=True)
class Manifest:
    """``dead``: the file with (segment, row) of all dead rows; None where there are none. ``after`` names the place for
    ``queries.feed.knows``, so that a mirror of a lost database is not followed."""

    place: int
    epoch: int
    start: str
    segments: tuple[Segment, ...] = ()
    dead: str | None = None
    dead_sha256: str = ""
    built: bool = False
    shape: str = _SHAPE

    def rows(self) -> int:
        return sum(segment.rows - segment.dead for segment in self.segments)

    def files(self) -> set[str]:
        return {segment.file for segment in self.segments} | ({self.dead} if self.dead else set()) | {FILE}

    def with_segments(self, segments: tuple[Segment, ...]) -> "Manifest":
        return replace(self, segments=segments)


def load(folder: Path) -> Manifest | None:
    """The manifest; None where there is none yet. Raises Unusable."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Unusable(f"the mirror's manifest cannot be read ({type(error).__name__})") from None
    if not isinstance(told, dict) or told.get("shape") != _SHAPE:
        raise Unusable("the mirror was written by another release")
    try:
        segments = tuple(Segment(**one) for one in told.pop("segments"))
        return Manifest(**told, segments=segments)
    except (TypeError, KeyError):
        raise Unusable("the mirror's manifest cannot be read") from None


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest, durably."""
    beside = folder / f"{FILE}.new"
    private.write(beside, json.dumps(asdict(manifest), indent=1))
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.rename(folder / FILE)
    _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Of the file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


Stamp = tuple[int, int, int]


def verify(folder: Path, manifest: Manifest, seen: dict[str, Stamp]) -> None:
    """Raises Unusable where a file is missing or is not what it was when it was written. ``seen``: files that were found good,
    and by what they are known again, so that each is read once for as long as nobody touches it."""
    wanted = {segment.file: segment.sha256 for segment in manifest.segments}
    if manifest.dead:
        wanted[manifest.dead] = manifest.dead_sha256
    for name, digest in wanted.items():
        try:
            found = (folder / name).stat()
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
            if seen.get(name) == stamp:
                continue
            if sha256(folder / name) != digest:
                raise Unusable(f"the mirror's file {name} is damaged")
        except OSError as error:
            raise Unusable(f"the mirror's file {name} cannot be read ({type(error).__name__})") from None
        seen[name] = stamp
    for name in set(seen) - set(wanted):
        del seen[name]
