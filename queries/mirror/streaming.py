"""Rows of the mirror as bytes, for files: made by a process of their own (``streamer``), which waits for whoever reads them."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import IO, BinaryIO, cast
from uuid import uuid4

from sqlalchemy.orm import Session

from lib import child_processes
from models.database import AnySelect
from queries import whole_rows
from queries.mirror import asking, fetching
from queries.mirror.dialect import written
from queries.mirror.manifest import Unusable
from queries.mirror.order import Order

PIECE = 1 << 20
SLICE = 10_000  # rows
_READ = 1 << 18

Pieces = Generator[bytes, None, None]


class Broken(RuntimeError):
    """The rows ended before they were all there."""


def rows(session: Session, folder: Path, statement: AnySelect, lines: bool) -> Pieces:
    """What the statement finds at the latest place that the session shows, as CSV or as ``lines`` of JSON: pieces of whole rows.
    Every statement of the session must show the same moment; it is not needed any more afterwards. The statement must be in the
    order of ``occurred_at`` and find each row by itself: it is put once for each slice of time. Raises Unusable, and midway
    Broken."""
    pieces = _pieces(_ordered(session, folder, statement, lines), lines)
    next(pieces)  # begun, so that closing them ends the process
    return pieces


def file(session: Session, folder: Path, statement: AnySelect, types: Mapping[str, str]) -> BinaryIO:
    """The same as a nameless file of Parquet, whose columns have DuckDB's ``types``. Raises Unusable and Broken."""
    found = cast(BinaryIO, tempfile.TemporaryFile())
    try:
        process = _ordered(session, folder, statement, True, types, found.fileno())
        try:
            _look_at_its_end(process)
        finally:
            _end(process)
    except BaseException:
        found.close()
        raise
    return found


def _ordered(
    session: Session,
    folder: Path,
    statement: AnySelect,
    lines: bool,
    types: Mapping[str, str] | None = None,
    into: int | None = None,
) -> "subprocess.Popen[bytes]":
    """The process, which has opened all that it needs. ``into``: the handle of a file."""
    manifest, feed = asking.present(session, folder)
    last = feed.last_position
    over = folder / f"over-{uuid4().hex}.csv"
    try:
        with asking.laying_over():
            reached = fetching.changes(session, over, manifest.place, last, asking.MOST_OVER)
        if reached != last:
            raise Unusable("the mirror is behind")
        changed = str(over) if over.stat().st_size else None
        text, parameters = written(statement)
        unsorted, _ = written(statement.order_by(None))
        return _begun(
            folder, Order(asdict(manifest), changed, text, unsorted, parameters, lines, SLICE, types or {}), into
        )
    finally:
        over.unlink(missing_ok=True)


def _begun(folder: Path, order: Order, into: int | None) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "queries.mirror.streamer", str(folder)]
    process = subprocess.Popen(
        command if into is None else [*command, f"/dev/fd/{into}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=child_processes.environment(),
        pass_fds=() if into is None else (into,),
    )
    assert process.stdin is not None and process.stdout is not None  # both are pipes
    try:
        with closing(process.stdin):
            process.stdin.write(pickle.dumps(order))
        said = process.stdout.readline()
    except BrokenPipeError:
        said = b""
    except BaseException:
        _end(process)
        raise
    told = json.loads(said) if said else {"unusable": "the process that reads the mirror has died"}
    if told:
        _end(process)
        raise Unusable(told["unusable"])
    return process


def _pieces(process: "subprocess.Popen[bytes]", lines: bool) -> Pieces:
    assert process.stdout is not None
    try:
        yield b""
        rest = b""
        while piece := _read(process.stdout):
            piece = rest + piece
            end = whole_rows.end_of_last(piece, lines)
            rest = piece[end:]
            if end:
                yield piece[:end]
        _look_at_its_end(process, rest)
    finally:
        _end(process)


def _read(pipe: IO[bytes]) -> bytes:
    """What is there, up to PIECE bytes and a little more; nothing at the end."""
    found, size = [], 0
    while size < PIECE and (some := os.read(pipe.fileno(), _READ)):
        found.append(some)
        size += len(some)
    return b"".join(found)


def _look_at_its_end(process: "subprocess.Popen[bytes]", rest: bytes = b"") -> None:
    """Raises Broken where it failed, or left a row unfinished."""
    if process.wait() or rest:
        raise Broken(f"the process that reads the mirror ended with {process.returncode}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
