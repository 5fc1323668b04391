"""What a process reads at the moment, noted in a file that outlives it.

A receipt may kill whoever reads it: there is no memory for what it becomes, or a library fails below Python. The next process
would take the same batch, for ever, and everything behind it would wait. By the note it knows better (``outcomes.deadly``).
"""

import json
import os
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import structlog

from lib import locks, private

log = structlog.get_logger(__name__)

FOLDER = "reading"
_WIDTH = 128  # of the file: it is written anew as a whole, in one call
_FILES = 64  # as many threads may read at once; one more notes nothing


@dataclass(frozen=True)
class Note:
    """So many receipts at most were being read; ``receipt``: the id, where it was one. ``alone``: it read nothing else."""

    count: int
    receipt: UUID | None = None
    alone: bool = False


class Hand:
    """For one thread. ``file``: open and locked; None where nothing is noted. ``most``: receipts at once, twice as many after
    each batch that was survived. ``alone``: nothing else is read beside. ``left``: what the last who had the file was reading
    when they died."""

    def __init__(self, file: int | None = None, most: int = sys.maxsize, alone: bool = False):
        self._file = file
        self._alone = alone
        self._note: Note | None = None
        self._lock = threading.RLock()  # who is told to end hears it in the middle of anything
        self.left = _read(file)
        self.most = most
        if file is not None:
            _hands.append(self)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """What is taken within it is read within it. Where that ends, with whatever error, it has killed nobody."""
        try:
            yield
        finally:
            self.rests()

    def rests(self) -> None:
        """Nothing is read, or not before the database lets us."""
        if self._note:
            self._write(None)

    def forgets(self) -> None:
        """What was left has been seen to."""
        self._write(None)

    def reads(self, receipts: Sequence[UUID]) -> None:
        """These at most are taken, or read, from now on."""
        one = receipts[0] if len(receipts) == 1 else None
        note = Note(len(receipts), one, self._alone) if receipts else None
        if note != self._note:
            self._write(note)

    def survived(self) -> None:
        self.most = min(self.most * 2, sys.maxsize)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                _hands.remove(self)
                os.close(self._file)
                self._file = None

    def _write(self, note: Note | None) -> None:
        with self._lock:
            self._note, self.left = note, None
            if self._file is None:
                return
            said = json.dumps(asdict(note), default=str) if note else ""
            try:
                os.pwrite(self._file, said.ljust(_WIDTH).encode(), 0)
            except OSError as error:  # a full disk: then nobody learns what it was
                log.debug("not_noted", error=type(error).__name__)
            if note and _leaves.is_set():
                self._write(None)


_hands: list[Hand] = []  # those with a file
_leaves = threading.Event()


def leave() -> None:
    """For a process that is told to end: it notes nothing any more. Where it is ended by force, it has waited for too long, for
    its database as a rule, and that says nothing of what it reads."""
    _leaves.set()
    for hand in tuple(_hands):
        hand.rests()


def hand_of(folder: Path, most: int) -> Hand:
    """One with a file in the folder; where none can be had, nothing is noted."""
    try:
        private.make_folder(folder)
        for path in _paths(folder):
            private.make_file(path)
            if (file := _opened(path)) is not None:
                return Hand(file, most)
    except OSError as error:
        log.debug("nothing_is_noted", error=type(error).__name__)
    return Hand(most=most)


def dead(folder: Path) -> Generator[tuple[Hand, Note], None, None]:
    """The hands of those who died while they read, and what they noted last; each until the next is asked for."""
    for path in _paths(folder):
        try:
            file = _opened(path)
        except OSError:  # there are no more, or nothing can be noted here
            return
        hand = Hand(file, alone=True)
        try:
            if hand.left:
                yield hand, hand.left
        finally:
            hand.close()


def _paths(folder: Path) -> Iterator[Path]:
    return (folder / str(number) for number in range(_FILES))


def _opened(path: Path) -> int | None:
    """The file, locked; None where another has it."""
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if locks.take(file):
            return file
    except OSError:  # a file system without locks
        os.close(file)
        raise
    os.close(file)
    return None


def _read(file: int | None) -> Note | None:
    if file is None:
        return None
    try:
        said = json.loads(os.pread(file, _WIDTH, 0))
        return Note(int(said["count"]), UUID(said["receipt"]) if said["receipt"] else None, said["alone"] is True)
    # Nothing is noted, or not as we do.
    except (OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return None
