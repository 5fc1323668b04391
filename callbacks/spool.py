"""Where receipts wait on disk while the database does not take them: numbered files of lines, each with its checksum.

    <data>/spool/000000000001.spool     "<crc32 of the payload, 8 hex digits> <payload>\\n", appended to by all processes
    <data>/spool/damaged                lines whose checksum is wrong, as they were found

The spool carries payloads, bytes without a newline, and knows nothing of receipts or databases. Its two rules:

- who appends to a segment or drains it holds the segment's ``flock``, and has seen under it that the file is still there;
- a segment without write permission is *closed*: nobody appends to it any more. Closing needs neither the lock nor disk space.

Every call opens its files anew, so that the locks also part threads and forked processes: ``flock`` belongs to an open file, and
a ``threading.Lock`` is not what it seems under gevent. Why a format of our own: docs/decisions/0005-spool.md.
"""

import contextlib
import fcntl
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import structlog

log = structlog.get_logger()

SEGMENT = re.compile(r"\d{12}\.spool")
DAMAGED = "damaged"
BATCH_BYTES = 4 * 1024 * 1024  # bodies may have 1 MiB, and a drained batch is held in memory
LOCK_SECONDS = 0.25  # callers wait about a second for an answer; an fsync usually takes some milliseconds
POLL_SECONDS = 0.001


class Spool:
    """A spool in ``folder``, for any number of threads and processes at once.

    Making the object touches nothing; the folder comes with the first ``append``. ``segment_bytes`` is the length from which
    a segment is not appended to any more. All methods block on the disk and are for native threads.
    """

    def __init__(self, folder: Path, segment_bytes: int = 8 * 1024 * 1024):
        self.folder = Path(folder)
        self.segment_bytes = segment_bytes
        # How far a segment was drained when the draining stopped, by (inode, mtime, size). Only a memory: without it, the
        # segment is read from its start again.
        self._offsets: dict[tuple[int, int, int], int] = {}

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
            _release(segment)

    def drain(self, take: Callable[[list[bytes]], object], batch: int = 500) -> int:
        """Hand what is in the spool to ``take``, in order, in lists of at most ``batch``; return how many payloads it took.

        One drains at a time: 0 at once when another thread or process does. What ``take`` returned from is not kept, so it must
        have stored it; it sees payloads again after a crash. When ``take`` raises, that ends the draining, and what it did not
        take stays. What is appended meanwhile is for the next call.

        A line with a wrong checksum goes to the file ``damaged``. A torn last line is one of them: its write was cut short by
        a kill, a power cut or a full disk, so ``append`` never returned, and nobody was told that it was stored. Any other is
        the disk's doing, and somebody's receipt.

        Raises OSError after all others were drained, when a segment could not be read, its damage not be copied, or the
        segment not be removed. A segment that a stopped process keeps locked is left for a later call.
        """
        try:
            folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return 0
        taken = 0
        failures: list[OSError] = []
        try:
            # The folder itself is locked: a lock file could not be made when the disk is full.
            if not _try_lock(folder):
                return 0
            for path in segments(self.folder):
                with contextlib.closing(self._batches(path, batch, failures)) as batches:
                    for payloads in batches:
                        if payloads:
                            take(payloads)
                            taken += len(payloads)
        finally:
            _release(folder)
        if failures:
            raise failures[0]
        self._offsets.clear()  # of segments that another process drained to the end
        return taken

    def waiting(self) -> bool:
        """Is there anything to drain? Costs one listing of the folder."""
        return self.size() > 0

    def size(self) -> int:
        """Bytes that wait to be drained."""
        total = 0
        for path in segments(self.folder):
            with contextlib.suppress(FileNotFoundError):  # drained a moment ago
                total += path.stat().st_size
        return total

    def probe(self, room: int = 64 * 1024) -> None:
        """Raise OSError when the spool could not store ``room`` bytes now: writes and removes a file of that length."""
        self._make_folder()
        with tempfile.TemporaryFile(dir=self.folder, buffering=0) as file:
            _write_all(file.fileno(), bytes(room))
            os.fsync(file.fileno())

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self.folder.parent)

    def _open_newest(self) -> int:
        """Open and lock the segment to append to: the newest, or a new one when that is full, closed or not to be had.

        A process that was stopped with the lock (SIGSTOP, a frozen container, a hanging disk) would hold up all others, and their
        dialers with them. So nobody waits longer than LOCK_SECONDS: the segment is closed and the next one begun. The
        stopped process ends its append when it goes on; its lines then stand before ours, which they were going to be.
        """
        self._make_folder()
        waited_for, deadline = None, 0.0
        while True:
            newest = max(segments(self.folder), default=None)
            if newest != waited_for:
                waited_for, deadline = newest, time.monotonic() + LOCK_SECONDS
            if newest is not None:
                try:
                    if newest.stat().st_mode & stat.S_IWUSR:
                        segment = os.open(newest, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
                        if not _try_lock(segment):
                            if time.monotonic() < deadline:
                                os.close(segment)
                                time.sleep(POLL_SECONDS)
                                continue
                            log.warning("spool_segment_busy", segment=newest.name)
                            _close_segment(segment)
                            os.close(segment)
                        elif self._is_open(newest, segment):
                            return segment
                        else:
                            _release(segment)
                except FileNotFoundError:
                    continue
                except PermissionError:
                    pass  # closed between two lines of ours, or left by another user: the next segment is ours
            number = int(newest.stem) + 1 if newest else 1
            with contextlib.suppress(FileExistsError):  # another was faster; ours is the same
                flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                os.close(os.open(self.folder / f"{number:012}.spool", flags, 0o600))

    def _is_open(self, path: Path, segment: int) -> bool:
        found = os.fstat(segment)
        return (
            os.path.samestat(path.stat(), found)
            and bool(found.st_mode & stat.S_IWUSR)
            and found.st_size < self.segment_bytes
        )

    def _write(self, segment: int, data: bytes) -> None:
        length = os.fstat(segment).st_size
        if not length:
            # By whoever writes first, and before: a file with content is then always one that a power cut leaves in the folder.
            _sync_folder(self.folder)
        elif os.pread(segment, 1, length - 1) != b"\n":
            data = b"\n" + data  # a killed process left a torn line; ours must not become its end
        try:
            _write_all(segment, data)
        except BaseException:
            _cut(segment, length)
            raise
        try:
            os.fdatasync(segment)
        except BaseException:
            # The kernel reports lost pages once and then forgets them: a later fsync of this file would say that all is well.
            _close_segment(segment)
            _cut(segment, length)
            raise

    def _batches(self, path: Path, batch: int, failures: list[OSError]) -> Iterator[list[bytes]]:
        """Payloads of one segment; the next list is asked for when the last was taken, and after the last the segment goes.

        Errors of the disk end up in ``failures``, for one bad segment is not to hold up those behind it.
        """
        try:
            with _locked_to_drain(path) as segment:
                if segment is None:
                    log.warning("spool_segment_busy", segment=path.name)
                    return
                found = os.fstat(segment)
                known = found.st_ino, found.st_mtime_ns, found.st_size
                with open(segment, "rb", closefd=False) as lines:
                    lines.seek(self._offsets.get(known, 0))
                    while some := _next_lines(lines, batch):
                        checked = [(line, _payload(line)) for line in some]
                        yield [payload for _, payload in checked if payload is not None]
                        # After they were taken: else each attempt while the database is down would copy them again.
                        self._keep_damaged(path, [line for line, payload in checked if payload is None])
                        self._offsets[known] = lines.tell()
                path.unlink()
                self._offsets.pop(known, None)
        except FileNotFoundError:
            return
        except OSError as error:
            log.error("spool_segment_failed", segment=path.name, error=str(error))
            failures.append(error)

    def _keep_damaged(self, path: Path, lines: list[bytes]) -> None:
        if not lines:
            return
        data = b"".join(line.removesuffix(b"\n") + b"\n" for line in lines)
        damaged = os.open(self.folder / DAMAGED, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _write_all(damaged, data)
            os.fsync(damaged)
        finally:
            os.close(damaged)
        _sync_folder(self.folder)
        log.error("spool_damaged", segment=path.name, lines=len(lines), bytes=len(data))


def segments(folder: Path) -> list[Path]:
    """The segments in a folder, oldest first; none when there is no such folder."""
    try:
        return sorted(folder / name for name in os.listdir(folder) if SEGMENT.fullmatch(name))
    except FileNotFoundError:
        return []


def read(path: Path) -> Iterator[bytes | None]:
    """The payloads of a segment, or of all segments of a spool's folder, in order; None for each damaged line.

    For the spool of a machine that died, which may be mounted read-only: nothing is written and nothing locked. A folder's
    file ``damaged`` is left out: its lines were found wanting, and counted, when they came there. Raises OSError.
    """
    path = Path(path)
    for source in segments(path) if path.is_dir() else [path]:
        with source.open("rb") as lines:
            for line in lines:
                yield _payload(line)


def _payload(line: bytes) -> bytes | None:
    line = line.removesuffix(b"\n")
    payload = line[9:]
    return payload if line[:9] == b"%08x " % crc32(payload) else None


def _next_lines(file, most: int) -> list[bytes]:
    lines: list[bytes] = []
    length = 0
    while len(lines) < most and length < BATCH_BYTES and (line := file.readline()):
        lines.append(line)
        length += len(line)
    return lines


@contextlib.contextmanager
def _locked_to_drain(path: Path) -> Iterator[int | None]:
    """The segment, closed and locked; None when somebody keeps the lock. FileNotFoundError: it is gone."""
    segment = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # First closed, then locked: who is appending may finish, and the others go to the next segment instead of waiting.
        _close_segment(segment)
        deadline = time.monotonic() + LOCK_SECONDS
        while not (locked := _try_lock(segment)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        yield segment if locked else None
    finally:
        _release(segment)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _release(file: int) -> None:
    """Unlock, then close: a child that was forked meanwhile has the same open file, and closing would leave it the lock."""
    fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)


def _close_segment(segment: int) -> None:
    """Nobody appends to it any more. Suppressed where a file system cannot: the lock alone keeps everything right."""
    with contextlib.suppress(OSError):
        os.fchmod(segment, stat.S_IRUSR)


def _cut(file: int, length: int) -> None:
    """Take back what was written. When the disk refuses even this, a torn line stays, and the next append goes behind it."""
    with contextlib.suppress(OSError):
        os.ftruncate(file, length)


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
