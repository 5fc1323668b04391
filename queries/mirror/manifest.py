"""The manifest: which segments the mirror is made of, which of their rows are dead, and the place in the feed at which they are
true. One file, replaced by a rename: who reads it has one moment of the mirror, whole."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lib import durable
from queries.mirror.columns import KINDS, MADE

VERSION = 3
FILE = "manifest.json"
# Of the columns: another release may have others.
_SHAPE = hashlib.sha256(json.dumps([VERSION, KINDS, MADE]).encode()).hexdigest()


class Unusable(Exception):
    """The mirror cannot be asked, or not be followed any further. The message is a sentence for whoever asked."""


Stamp = Sequence[int]


@dataclass(frozen=True)
class Segment:
    """A Parquet file. ``month``: of all its rows, where it is the joined one of a month; a small one has none. ``stamp``: by what
    it is known that nobody has touched the file since."""

    file: str
    rows: int
    sha256: str
    month: str | None = None
    dead: int = 0
    first_id: str = ""
    last_id: str = ""
    stamp: Stamp = ()


@dataclass(frozen=True)
class Manifest:
    """``place``, ``epoch`` and ``start`` say which calls are in it, for ``queries.feed.knows``: a mirror of a lost database is
    not followed. ``dead``: the file with (segment, row) of all dead rows; None where there are none. ``reached``: while it is
    built, the time and the id of the last call that was read."""

    place: int
    epoch: int
    start: str
    segments: tuple[Segment, ...] = ()
    dead: str | None = None
    dead_sha256: str = ""
    dead_stamp: Stamp = ()
    built: bool = False
    reached: Sequence[str] | None = None
    rounds: int = 0  # of deleting outcomes (``models.Kept``): those that it has followed
    shape: str = _SHAPE

    def rows(self) -> int:
        return sum(segment.rows - segment.dead for segment in self.segments)

    def files(self) -> set[str]:
        return {segment.file for segment in self.segments} | ({self.dead} if self.dead else set()) | {FILE}


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
    durable.replace(folder / FILE, json.dumps(asdict(manifest), indent=1))


def stamp(path: Path) -> Stamp:
    """Size, and the time at which it was written. Raises OSError."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def verify(folder: Path, manifest: Manifest) -> None:
    """Raises Unusable where a file is missing or is not what it was when it was written; only one that was touched
    since is read."""
    wanted = [(one.file, one.sha256, one.stamp) for one in manifest.segments]
    if manifest.dead:
        wanted.append((manifest.dead, manifest.dead_sha256, manifest.dead_stamp))
    for name, digest, written in wanted:
        try:
            if tuple(stamp(folder / name)) != tuple(written) and durable.sha256(folder / name) != digest:
                raise Unusable(f"the mirror's file {name} is damaged")
        except OSError as error:
            raise Unusable(f"the mirror's file {name} cannot be read ({type(error).__name__})") from None
