"""Files of ours that may hold a number, or have it in their names: what was exported, and what the spool could not read.

An export in which the number stands is removed, whole: what else is said of the person there stands in no column that could be
known. It can be made again. A lake is brought up to the present instead. What is not ours to change is named.
"""

import errno
import gzip
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import structlog

from lib import durable, private
from lib.phone_spellings import Spellings
from models.database import BESIDE, Database
from queries.exports import lake
from upkeep.backups.restoring import ASIDE
from upkeep.erasure.ledger import FILE as LEDGER

log = structlog.get_logger(__name__)

EXPORTS = (".csv", ".ndjson", ".parquet", ".xlsx", ".html", ".json", ".gz", ".zip", ".eml")
DAMAGED = "damaged"
SEGMENT = re.compile(r"\d{12}\.spool")
# What is looked at elsewhere, or is no text about anybody.
PASSED = ("secrets", "mirror", LEDGER)
PIECE, OVERLAP = 1024 * 1024, 4096
NOT_OURS = "{} holds the number and is no export of ours: look at it yourself."
MOVED_ASIDE = "{} holds the number, and lies where a restore has moved it aside: remove that when you need it no more."
LINKED = "{} holds the number, and lies outside, behind a link: look at it yourself."
REMOVED = "{} was removed: the number stood in it."
UNREADABLE = "{} could not be read: {}."
CALLED_SO = "{} has the number in its name, and something in it: call it otherwise."


class NotParquet(Exception):
    """It is called so, and DuckDB cannot read it."""


@dataclass
class Found:
    """``counts``: kind of file -> how many; ``left``: sentences for whoever asked."""

    counts: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def add(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1


def spool_holds(folder: Path, spellings: Spellings) -> bool:
    """Whether the number stands in what waits in the spool: it is taken in soon, and recognised then."""
    return any(_holds(path, spellings) for path in folder.glob("*.spool") if SEGMENT.fullmatch(path.name))


def look(folders: Sequence[Path], spellings: Spellings, database: Database) -> Iterator[str]:
    """The files in which it stands, but for the database's own and the spool's segments; a sentence for one that cannot be
    read."""
    paths, unreadable = _files(folders, database)
    yield from unreadable
    roots = [folder.resolve() for folder in folders]
    for path in paths:
        try:
            if _holds(path, spellings) or _is_called_so(path, roots, spellings):
                yield str(path)
        except OSError as error:
            yield UNREADABLE.format(path, error.strerror)


def take_out(folders: Sequence[Path], spellings: Spellings, database: Database) -> Found:
    """Take the number out of files, or remove them. The sentences do not hold it either, where it stands in names. Raises
    OSError."""
    paths, unreadable = _files(folders, database)
    found = Found(left=unreadable)
    roots = [folder.resolve() for folder in folders]
    lakes: set[Path] = set()
    for path in paths:
        try:
            holds = _is_called_so(path, roots, spellings) or _holds(path, spellings)
        except OSError as error:
            found.left.append(UNREADABLE.format(path, error.strerror))
            continue
        if not holds:
            continue
        if path.name == DAMAGED and path.parent.name == "spool":
            _cut(path, spellings)
            found.add("spool")
        elif (root := _lake(path)) is not None:
            lakes.add(root)
        elif not any(root in path.parents for root in roots):
            found.left.append(LINKED.format(path))
        elif path.suffix in EXPORTS:
            path.unlink(missing_ok=True)
            found.add("exports")
            found.left.append(REMOVED.format(path))
        else:
            is_aside = any(parent.name.startswith(ASIDE) for parent in path.parents)
            found.left.append((MOVED_ASIDE if is_aside else NOT_OURS).format(path))
    for root in sorted(lakes):
        lake.renew(database, root)
        found.add("lakes")
    found.left += [CALLED_SO.format(folder) for folder in _folders_called_so(roots, spellings) if not _is_gone(folder)]
    found.left = [spellings.blotted(one) for one in found.left]
    return found


def _is_called_so(path: Path, roots: Iterable[Path], spellings: Spellings) -> bool:
    """Whether it has the number in its name, or in that of a folder between the root and it, as of a schedule."""
    below = next((path.relative_to(root).parts for root in roots if root in path.parents), (path.name,))
    return any(map(spellings.within, below))


def _folders_called_so(roots: Iterable[Path], spellings: Spellings) -> Iterator[Path]:
    """The deepest first."""
    for root in roots:
        for name, inner, _ in os.walk(root, topdown=False):
            yield from (Path(name) / one for one in sorted(inner) if spellings.within(one))


def _is_gone(folder: Path) -> bool:
    """Remove it, if nothing is in it."""
    try:
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True


def _files(folders: Iterable[Path], database: Database) -> tuple[list[Path], list[str]]:
    """Those that are looked at, also behind links, under their own names; and a sentence for each folder that nobody can look
    into."""
    own = Path(str(database.url.database)).resolve() if database.is_sqlite else None
    databases = {own, *(Path(f"{own}{name}") for name in BESIDE)}
    found: dict[Path, None] = {}
    known: set[Path] = set()  # folders: links may go round
    unreadable: list[str] = []

    def note(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            unreadable.append(UNREADABLE.format(error.filename, error.strerror))

    for folder in folders:
        for name, inner, names in os.walk(folder, onerror=note, followlinks=True):
            within = Path(name)
            if within.resolve() in known:
                inner.clear()
                continue
            known.add(within.resolve())
            if within == folder:
                inner[:], names = (list(set(some) - {*PASSED}) for some in (inner, names))
            inner.sort()
            for path in (within / one for one in sorted(names)):
                is_segment = path.parent.name == "spool" and SEGMENT.fullmatch(path.name) is not None
                if not is_segment and path.is_file() and path.resolve() not in databases:
                    found[path.resolve()] = None
    return list(found), unreadable


def _holds(path: Path, spellings: Spellings) -> bool:
    """Raises OSError, also of what is packed and cannot be unpacked: nobody can say whether the number stands in it."""
    packed = False
    try:
        if path.suffix == ".parquet":
            return _in_parquet(path, spellings)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(_in_member(archive, name, spellings) for name in archive.namelist())
        if path.suffix == ".gz":
            with gzip.open(path) as unpacked:
                return _in_pieces(unpacked, spellings)
    except FileNotFoundError:
        return False
    except gzip.BadGzipFile:
        pass  # it is only called so
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        NotParquet,
    ):  # RuntimeError: of a zip with a password
        packed = True
    try:
        with path.open("rb") as file:
            if _in_pieces(file, spellings):
                return True
    except FileNotFoundError:
        return False
    if packed:
        raise OSError(errno.EILSEQ, "it is packed, and cannot be unpacked", str(path))
    return False


def _in_member(archive: zipfile.ZipFile, name: str, spellings: Spellings) -> bool:
    with archive.open(name) as file:
        return _in_pieces(file, spellings)


def _in_pieces(file: IO[bytes] | gzip.GzipFile, spellings: Spellings) -> bool:
    """However large the file is: a piece at a time, with the last lines of what came before, for base64 has lines too."""
    rest = b""
    while piece := file.read(PIECE):
        if spellings.within_bytes(rest + piece):
            return True
        before, end, behind = (rest + piece)[-OVERLAP:].partition(b"\n")
        rest = behind if end else before
    return False


def _in_parquet(path: Path, spellings: Spellings) -> bool:
    import duckdb  # sixty megabytes, where there are such files alone

    try:
        with duckdb.connect() as connection:
            columns = connection.execute("SELECT * FROM read_parquet($1) LIMIT 0", [str(path)]).description or []
            written = " || ' | ' || ".join(f"coalesce(CAST(\"{name}\" AS VARCHAR), '')" for name, *_ in columns)
            rows = connection.execute(f"SELECT {written} FROM read_parquet($1)", [str(path)])
            while some := rows.fetchmany(5_000):
                if any(spellings.within_value(row) for (row,) in some):
                    return True
    except duckdb.Error as error:
        if not path.exists():
            return False
        raise NotParquet(str(path)) from error
    return False


def _lake(path: Path) -> Path | None:
    """The lake that a file is of."""
    if path.suffix == ".parquet" and path.parent.name.startswith("month="):
        root = path.parent.parent
        return root if (root / lake.MANIFEST).is_file() else None
    return None


def _cut(path: Path, spellings: Spellings) -> None:
    """Take the lines out in which it stands."""
    lines = [line for line in path.read_bytes().split(b"\n") if not spellings.within_bytes(line)]
    beside = path.with_name(f".{path.name}.new")
    private.make_file(beside)
    beside.write_bytes(b"\n".join(lines))
    beside.replace(path)
    durable.sync_folder(path.parent)
