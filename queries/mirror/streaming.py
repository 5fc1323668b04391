"""Rows of the mirror as bytes, for files: made by a process of their own (``streamer``), which waits for whoever reads them."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import IO
from uuid import uuid4

from sqlalchemy.orm import Session

from lib import children
from models.database import AnySelect
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
    manifest, last = asking.present(session, folder)
    over = folder / f"over-{uuid4().hex}.csv"
    try:
        with asking.laying_over():
            reached = fetching.changes(session, over, manifest.place, last, asking.MOST_OVER)
        if reached != last:
            raise Unusable("the mirror is behind")
        changed = str(over) if over.stat().st_size else None
        text, parameters = written(statement)
        unsorted, _ = written(statement.order_by(None))
        order = Order(asdict(manifest), changed, text, unsorted, parameters, lines, SLICE)
        process = _begun(folder, order)
    finally:
        over.unlink(missing_ok=True)
    pieces = _pieces(process, lines)
    next(pieces)  # begun, so that closing them ends the process
    return pieces


def _begun(folder: Path, order: Order) -> "subprocess.Popen[bytes]":
    """The process, which has opened all that it needs."""
    command = [sys.executable, "-P", "-m", "queries.mirror.streamer", str(folder)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=children.environment()
    )
    assert process.stdin is not None and process.stdout is not None  # both are pipes
    try:
        with closing(process.stdin):
            process.stdin.write(pickle.dumps(order))
        told = json.loads(process.stdout.readline() or b'{"unusable": "the process that reads the mirror has died"}')
    except BrokenPipeError:
        told = {"unusable": "the process that reads the mirror has died"}
    except BaseException:
        _end(process)
        raise
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
            end = _last_row(piece, lines)
            rest = piece[end:]
            if end:
                yield piece[:end]
        if process.wait() or rest:
            raise Broken(f"the process that reads the mirror ended with {process.returncode}")
    finally:
        _end(process)


def _read(pipe: IO[bytes]) -> bytes:
    """What is there, up to PIECE bytes and a little more; nothing at the end."""
    found, size = [], 0
    while size < PIECE and (some := os.read(pipe.fileno(), _READ)):
        found.append(some)
        size += len(some)
    return b"".join(found)


def _last_row(piece: bytes, lines: bool) -> int:
    """Where the last whole row ends. The piece begins with a row; in CSV a line's end may stand within quotes, before and behind
    which there is an even number of them."""
    end = piece.rfind(b"\n") + 1
    if lines:
        return end
    odd = piece.count(b'"', 0, end) % 2
    while end and odd:
        before = piece.rfind(b"\n", 0, end - 1) + 1
        odd = (odd + piece.count(b'"', before, end)) % 2
        end = before
    return end


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
