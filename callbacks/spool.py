"""Where receipts wait on disk while the database does not take them: numbered files of lines, each with its checksum.

    <data>/spool/000000000001.spool     "<crc32 of the payload, 8 hex digits> <payload>\\n", appended to by all processes
    <data>/spool/damaged                lines whose checksum is wrong or that nobody understood, as they were found

The spool carries payloads, bytes without a newline, and knows nothing of receipts or databases. Its two rules:

- who appends to a segment or drains it holds the segment's ``flock``, and has seen under it that the file is still there;
- a segment without write permission is *closed*: nobody appends to it any more. Closing needs neither the lock nor disk space.

Every call opens its files anew, so that the locks also part threads and forked processes: ``flock`` belongs to an open file, and
a ``threading.Lock`` is not what it seems under gevent. Why a format of our own: docs/decisions/0005-spool.md.
"""

import contextlib
import errno
import math
import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import structlog

from callbacks.spool_files import close, is_closed, lock, opened, release
from lib import durable, private

log = structlog.get_logger()

SEGMENT = re.compile(r"\d{12}\.spool")
DAMAGED = "damaged"
MOST_TRIES = 100  # at a segment to append to: where new ones are closed from the start, there is none to be had
BATCH_BYTES = 4 * 1024 * 1024  # bodies may have 1 MiB, and a drained batch is held in memory


class Spool:
    """A spool in ``folder``, for any number of threads and processes at once.

    Making the object touches nothing; the folder comes with the first ``append``. ``segment_bytes`` is the length from which
    a segment is not appended to any more. All methods block on the disk and are for native threads.
    """

    def __init__(self, folder: Path, segment_bytes: int = 8 * 1024 * 1024):
        self.folder = folder
        self.segment_bytes = segment_bytes
        # How far a segment was drained when that was stopped, by (inode, mtime, size). Without it, it is read from its start.
        self._offsets: dict[tuple[int, int, int], int] = {}
        self._known_folder = 0  # inode of the folder, when that is known to stay in its own
        # What was appended to last. While it is open, it is the newest: saves listing thousands of segments after an outage.
        self._newest: Path | None = None

    def append(self, payloads: list[bytes]) -> None:
        """Store payloads, in this order, all or none. They are on the disk when this returns.

        Raises OSError when they could not be stored. They may be found in the spool all the same, when the disk did not let
        us take them back; whoever stores them elsewhere must bear having them twice. ValueError: a payload has a newline.
        """
        if not payloads:
            return
        if any(b"\n" in payload for payload in payloads):
            raise ValueError("A spooled payload is one line.")
        data = b"".join(b"%08x %b\n" % (crc32(payload), payload) for payload in payloads)
        segment = self._open_newest()
        try:
            self._write(segment, data)
        finally:
            release(segment)

    def drain(
        self,
        take: Callable[[list[Any]], object],
        batch: int = 500,
        read: Callable[[bytes], object] = lambda payload: payload,
        most: float = math.inf,
    ) -> int:
        """Hand what is in the spool to ``take``, in order, in lists of at most ``batch``; return how many payloads it took.

        ``take`` is handed what ``read`` makes of a payload; where that is None, nobody understands it, and its line goes to
        the file ``damaged``, whole as it is. After the segment with which it took ``most``, the rest is for the next call.

        One drains at a time: 0 at once when another thread or process does. What ``take`` returned from is not kept, so it must
        have stored it; it sees payloads again after a crash. When ``take`` raises, that ends the draining, and what it did not
        take stays. What is appended meanwhile is for the next call.

        A line with a wrong checksum goes to the file ``damaged``. A torn last line is one of them: its write was cut short by
        a kill, a power cut or a full disk, so ``append`` never returned, and nobody was told that it was stored. Any other is
        the disk's doing, and somebody's receipt.

        Raises OSError after all others were drained, when a segment could not be read, its damage not be copied, or the
        segment not be removed; where ``most`` ends a call early, a later one does. A segment that a stopped process keeps locked
        is left for a later call.
        """
        if not self.folder.is_dir():
            return 0
        taken = 0
        failures: list[OSError] = []
        # The folder itself is locked: a lock file could not be made when the disk is full.
        with opened(self.folder) as folder:
            if not lock(folder, in_vain=lambda: True):
                return 0
            for path in segments(self.folder):
                with contextlib.closing(self._batches(path, batch, read, failures)) as batches:
                    for payloads in batches:
                        take(payloads)
                        taken += len(payloads)
                if taken >= most:
                    return taken
            if failures:
                raise failures[0]
            self._offsets.clear()  # of segments that another process drained to the end
            return taken

    def waiting(self) -> bool:
        """Is there anything to drain? Cheap enough for every second."""
        return any(self._sizes())

    def oldest(self) -> bytes | None:
        """What is drained next; None where there is nothing, or where it is damaged or cannot be read."""
        for path in segments(self.folder):
            try:
                with path.open("rb") as lines:
                    if line := lines.readline():
                        return _payload(line)
            except FileNotFoundError:  # drained a moment ago
                continue
            except OSError:  # another user's, or the disk's: ``drain`` says so, and takes those behind it
                return None
        return None

    def size(self) -> int:
        """Bytes that wait to be drained."""
        return sum(self._sizes())

    def _sizes(self) -> Iterator[int]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.folder) as entries:
            for entry in entries:
                if SEGMENT.fullmatch(entry.name):
                    with contextlib.suppress(FileNotFoundError):  # drained a moment ago
                        yield entry.stat().st_size

    def probe(self) -> None:
        """Raise OSError when the spool could not store some callbacks now: to the disk, as ``append`` does."""
        private.make_folder(self.folder)
        durable.probe(self.folder)

    def _open_newest(self) -> int:
        """Open and lock the segment to append to: the newest, or a new one when that is full, closed or not to be had."""
        path = self._newest
        for _ in range(MOST_TRIES):
            if path is not None and (segment := self._open(path)) is not None:
                self._newest = path
                return segment
            newest = max(segments(self.folder), default=None)
            path = newest if newest and newest != path else self._begin(int(newest.stem) + 1 if newest else 1)
        raise OSError(errno.EACCES, "Segments that are begun cannot be written to", str(self.folder))

    def _begin(self, number: int) -> Path:
        private.make_folder(self.folder)
        path = self.folder / f"{number:012}.spool"
        with contextlib.suppress(FileExistsError):  # another was faster; its segment is as good
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        return path

    def _open(self, path: Path) -> int | None:
        """Open and lock a segment to append to it; None when it cannot be had, and then nobody needs to try again.

        A process that was stopped with the lock (SIGSTOP, a frozen container, a hanging disk) would hold up all others, and
        their dialers with them. So after LOCK_SECONDS the segment is closed and the next one begun. The stopped process ends
        its append when it goes on, and its lines stand before ours, where they would have been without the stop.
        """
        try:
            segment = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except OSError:  # drained; closed; left by another user; unreadable
            return None
        usable = False
        try:
            locked = lock(segment, lambda: is_closed(segment))
            if locked and not is_closed(segment) and os.fstat(segment).st_size < self.segment_bytes:
                usable = os.path.samestat(path.stat(), os.fstat(segment))
            elif not locked and not is_closed(segment):
                log.warning("spool_segment_busy", segment=path.name)
        except FileNotFoundError:
            pass  # drained while we waited
        finally:
            if not usable:
                close(segment)
                release(segment)
        return segment if usable else None

    def _write(self, segment: int, data: bytes) -> None:
        length = os.fstat(segment).st_size
        if not length:
            # By whoever writes first, and before: then a power cut leaves no segment with content out of the folder.
            durable.sync_folder(self.folder)
            if self._known_folder != (folder := self.folder.stat().st_ino):
                durable.sync_folder(self.folder.parent)
                self._known_folder = folder
        elif os.pread(segment, 1, length - 1) != b"\n":
            data = b"\n" + data  # a killed process left a torn line; ours must not become its end
        try:
            durable.write_all(segment, data)
            try:
                os.fdatasync(segment)
            except BaseException:
                # The kernel reports lost pages once and then forgets them: the next fsync would say that all is well.
                close(segment)
                raise
        except BaseException:
            with contextlib.suppress(OSError):  # then a torn line stays, and the next append goes behind it
                os.ftruncate(segment, length)
            raise

    def _batches(
        self, path: Path, batch: int, read: Callable[[bytes], object], failures: list[OSError]
    ) -> Generator[list[Any], None, None]:
        """What ``read`` makes of one segment; the next list is asked for when the last was taken, and after the last it goes.

        Errors of the disk end up in ``failures``, for one bad segment is not to hold up those behind it.
        """
        try:
            with opened(path) as segment:
                # First closed, then locked: who is appending may finish, and the others go on to the next segment at once.
                close(segment)
                if not lock(segment):
                    log.warning("spool_segment_busy", segment=path.name)
                    return
                found = os.fstat(segment)
                known = found.st_ino, found.st_mtime_ns, found.st_size
                with open(segment, "rb", closefd=False) as lines:
                    lines.seek(self._offsets.get(known, 0))
                    while some := _next_lines(lines, batch):
                        checked = [(line, None if (one := _payload(line)) is None else read(one)) for line in some]
                        if payloads := [payload for _, payload in checked if payload is not None]:
                            yield payloads
                        # After they were taken: else each attempt while the database is down would copy them again.
                        self._keep_damaged(path, [line for line, payload in checked if payload is None])
                        self._offsets[known] = lines.tell()
                path.unlink()
                self._offsets.pop(known, None)
        except FileNotFoundError:
            pass  # removed by hand
        except OSError as error:
            log.error("spool_segment_failed", segment=path.name, error=str(error))
            failures.append(error)

    def _keep_damaged(self, path: Path, lines: list[bytes]) -> None:
        if not lines:
            return
        data = b"".join(b"\n" + line.removesuffix(b"\n") for line in lines)  # newline first: a copy may be torn, too
        with opened(self.folder / DAMAGED, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as damaged:
            durable.write_all(damaged, data)
            os.fsync(damaged)
        durable.sync_folder(self.folder)
        log.error("spool_damaged", segment=path.name, lines=len(lines), bytes=len(data) - len(lines))


def segments(folder: Path) -> list[Path]:
    """The segments in a folder, oldest first; none when there is no such folder."""
    try:
        return sorted(folder / name for name in os.listdir(folder) if SEGMENT.fullmatch(name))
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_spool(folder: Path) -> bool:
    """Does it hold a segment, or what was set aside from one?"""
    return bool(segments(folder)) or (folder / DAMAGED).is_file()


def read(path: Path) -> Iterator[bytes | None]:
    """The payloads of a segment, or of all segments of a spool's folder, in order; None for each damaged line.

    For the spool of a machine that died, which may be mounted read-only: nothing is written and nothing locked. Of a folder's
    file ``damaged`` the whole lines are read, last, for they were only not understood; the others were found wanting, and
    counted, when they came there. Raises OSError.
    """
    for source in segments(path) if path.is_dir() else [path]:
        with source.open("rb") as lines:
            for line in lines:
                yield _payload(line)
    if path.is_dir() and (path / DAMAGED).is_file():
        with (path / DAMAGED).open("rb") as lines:
            yield from (payload for payload in map(_payload, lines) if payload is not None)


def _payload(line: bytes) -> bytes | None:
    line = line.removesuffix(b"\n")
    payload = line[9:]
    return payload if line[:9] == b"%08x " % crc32(payload) else None


def _next_lines(file: BinaryIO, most: int) -> list[bytes]:
    lines: list[bytes] = []
    end = file.tell() + BATCH_BYTES
    while len(lines) < most and file.tell() < end and (line := file.readline()):
        lines.append(line)
    return lines
