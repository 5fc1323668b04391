"""Files that are not rows one after the other: Parquet, workbooks. A child at a low priority makes them, of CSV through a pipe,
in a file that has no name: whatever happens to either of the two, nothing of it is left."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

from lib import child_processes
from queries.exports.child import NO_ROOM, Order

# What stays free on the disk: the database and the spool may be on the same one.
RESERVE = 256 * 1024 * 1024
_LOOK_EVERY = 16  # pieces


class NotMade(Exception):
    """The file could not be made. The message is a sentence for whoever asked."""


class NoRoom(NotMade):
    """There is no room on the disk to make the file; nothing of it is left there."""


def look_for_room(folder: str | None = None) -> None:
    """Raises NoRoom where the disk of the folder, or of files without a name, is nearly full."""
    if shutil.disk_usage(folder or tempfile.gettempdir()).free < RESERVE:
        raise NoRoom("The disk has too little room to make the file; ask for fewer calls or columns, or take CSV.")


class Maker:
    """A child that is given rows of plain CSV (``reading.PLAIN``), and makes ``path``, or a nameless file, of them. ``program``
    is a module of ours."""

    def __init__(self, program: str, order: Order, path: Path | None = None):
        self._folder = tempfile.gettempdir() if path is None else str(path.parent)
        # Under a path the child makes it; else the file has no name, and is gone with its last handle.
        self.file = cast(BinaryIO, tempfile.TemporaryFile() if path is None else path.open("w+b"))
        self._errors = cast(BinaryIO, tempfile.TemporaryFile())
        number = self.file.fileno()
        command = [sys.executable, "-P", "-m", program, f"/dev/fd/{number}", json.dumps(asdict(order))]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=child_processes.environment(),
            pass_fds=(number,),
        )
        self._given = 0

    def give(self, piece: bytes) -> None:
        """Some rows, whole. Raises NotMade."""
        if self._given % _LOOK_EVERY == 0:
            look_for_room(self._folder)
        self._given += 1
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(piece)
        except BrokenPipeError:
            self._failed()

    def done(self) -> BinaryIO:
        """The file, from its beginning. Raises NotMade."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.close()
        except BrokenPipeError:
            self._failed()
        if self._child.wait():
            self._failed()
        self._errors.close()
        self.file.seek(0)
        return self.file

    def _failed(self) -> None:
        code = self._child.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        if code == NO_ROOM:
            raise NoRoom(
                "The disk is full, and the file could not be made; ask for fewer calls or columns, or take CSV."
            )
        raise NotMade(f"the process that makes the file ended with {code}: {said[:300]}")

    def close(self) -> None:
        """Whatever was done or not: nothing is left of it."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        if self._child.stdin is not None:
            try:
                self._child.stdin.close()
            except BrokenPipeError:
                pass
        self._errors.close()
        self.file.close()


def made(program: str, order: Order, pieces: Iterable[bytes], path: Path | None = None) -> BinaryIO:
    """The file that the program makes of all these rows. Raises NotMade; then there is none."""
    maker = Maker(program, order, path)
    try:
        for piece in pieces:
            maker.give(piece)
        return maker.done()
    except BaseException:
        maker.close()
        raise
