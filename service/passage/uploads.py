"""What callers send besides callbacks is taken in whole before the reader hears of it: the reader has a few threads, and whoever
sends slowly, stalls or hangs up costs none of them.

Small bodies wait in memory. For a larger one the reader is asked first whether this caller may send it: a stranger may not. It
waits on the disk of the data folder, in a file that has no name. Together they have a bound, one address has half of it, and the
disk keeps room for callbacks, which matter more.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO
from wsgiref.types import WSGIEnvironment

import structlog
from gevent.threadpool import ThreadPool
from gunicorn.http.errors import ParseException

from callbacks.http.line import Line
from lib.buckets import Buckets
from lib.proxies import neighbourhood
from lib.shared_counts import SharedCounts
from service.passage.refusals import Denied, TurnedAway

log = structlog.get_logger(__name__)

LARGEST_BYTES = 64 * 1024 * 1024  # of one body: ``web.leads.LARGEST_LIST``, the reader's largest
PIECE = 64 * 1024
PART = 320 * 1024  # for which a sender has ``callbacks.http.line.LONGEST_SECONDS``: 16 KiB a second
MEMORY_BYTES = 16 * 1024 * 1024  # of all bodies that wait in memory...
SMALL_BYTES = 64 * 1024  # ...of which none is larger than this: ``web.uploads.WITHOUT_ASKING``
FREE_BYTES = 256 * 1024 * 1024  # that the disk keeps for callbacks
THREADS = 4  # for the disk, which may hang: the event loop has callbacks to carry

BUSY = ("503 Service Unavailable", "busy", "Too much is being sent here at this moment; ask again in some seconds.")
TOO_LARGE = (
    "413 Content Too Large",
    "too_large",
    f"The body is larger than {LARGEST_BYTES >> 20} MiB, the most taken.",
)
CUT_OFF = (
    "400 Bad Request",
    "cut_off",
    "The body did not come whole: it broke off, came too slowly, or its chunks cannot be told apart.",
)


class Uploads:
    """All bodies that a receiver holds: ``most`` bytes, of which one address has half."""

    def __init__(self, folder: Path, most: int, tally: SharedCounts):
        self._folder = folder
        self._tally = tally
        self._most = most
        self._bytes: Counter[str] = Counter()
        self._all = 0
        self._in_memory = 0
        self._pool: ThreadPool | None = None
        self._logged, self._unlogged = Buckets(10, 6.0), 0

    def take(self, environ: WSGIEnvironment, address: str, may: Callable[[], None]) -> "Upload | None":
        """The body, whole; None where there is none. ``may`` is called before more than SMALL_BYTES are taken, and raises
        TurnedAway where this caller may not send them. Raises TurnedAway, after which the line is to be closed."""
        announced = environ.get("CONTENT_LENGTH") or None
        if announced is None and "HTTP_TRANSFER_ENCODING" not in environ:
            return None
        line: Line = environ["wrapup.line"]
        upload = Upload(self, neighbourhood(address))
        try:
            if announced is not None and int(announced[:20]) > LARGEST_BYTES:
                raise TurnedAway(*TOO_LARGE)
            if asked := announced is not None and int(announced) > SMALL_BYTES:
                may()
            self._read(upload, environ["wsgi.input"], line, None if asked else may)
            # Not so where it broke off: what is short looks like what has ended.
            if announced is not None and upload.size < int(announced):
                raise TurnedAway(*CUT_OFF)
        except TurnedAway as refusal:
            line.ends = True
            upload.close()
            if not isinstance(refusal, Denied):  # the reader counts and tells its own
                self._tally.add(refusal.error_id)
                self._log(refusal.error_id, upload.address)
            raise
        except BaseException:  # the process ends, and with it this greenlet
            upload.close()
            raise
        finally:
            line.be_patient()
        return upload

    def _read(self, upload: "Upload", stream: BinaryIO, line: Line, may: Callable[[], None] | None) -> None:
        due = 0
        while True:
            if upload.size >= due:  # else a byte now and then would do
                line.hurry()
                due += PART
            try:
                piece = stream.read(PIECE)
            except (OSError, ParseException) as error:
                raise TurnedAway(*CUT_OFF) from error
            if not piece:
                return
            if upload.size + len(piece) > LARGEST_BYTES:
                raise TurnedAway(*TOO_LARGE)
            if may is not None and upload.size + len(piece) > SMALL_BYTES:
                may()
                may = None
                line.hurry()  # the reader may have taken its time
            upload.add(piece)

    def reserve(self, address: str, size: int) -> None:
        if self._all + size > self._most or self._bytes[address] + size > self._most // 2:
            raise TurnedAway(*BUSY)
        self._all += size
        self._bytes[address] += size

    def release(self, address: str, size: int) -> None:
        self._all -= size
        self._bytes[address] -= size
        if not self._bytes[address]:
            del self._bytes[address]

    def fits_in_memory(self, before: int, more: int) -> bool:
        if before + more > SMALL_BYTES or self._in_memory + more > MEMORY_BYTES:
            return False
        self._in_memory += more
        return True

    def leave_memory(self, size: int) -> None:
        self._in_memory -= size

    def on_disk(self, do: Callable[..., Any], *arguments: object) -> Any:
        """What a native thread makes of it. Raises what it raises."""
        if self._pool is None:
            self._pool = ThreadPool(THREADS)
        return self._pool.apply(do, arguments)

    def file(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._folder)

    def _log(self, reason: str, address: str) -> None:
        """Some of them: a stranger must not write the log full either."""
        if self._logged.take(""):
            self._unlogged += 1
            return
        log.warning("upload_refused", reason=reason, address=address, unlogged=self._unlogged)
        self._unlogged = 0


class Upload:
    """One body. To be closed."""

    def __init__(self, uploads: Uploads, address: str):
        self.address = address
        self.size = 0
        self._uploads = uploads
        self._file = BytesIO()
        self._in_memory = 0  # bytes; what is on disk has left it
        self._on_disk = False
        self._open = True

    def add(self, piece: bytes) -> None:
        """Raises TurnedAway where there is no room."""
        self._uploads.reserve(self.address, len(piece))
        self.size += len(piece)
        if not self._on_disk and self._uploads.fits_in_memory(self._in_memory, len(piece)):
            self._in_memory += len(piece)
            self._file.write(piece)
            return
        try:
            if not self._on_disk:
                piece = self._moved() + piece
            self._uploads.on_disk(_write, self._file, piece)
        except (OSError, RuntimeError) as error:  # no room, no file, no thread
            raise TurnedAway(*BUSY) from error

    def _moved(self) -> bytes:
        """Go on in a file; what was in memory, to be written to it."""
        file = self._uploads.on_disk(self._uploads.file)
        said, self._file, self._on_disk = self._file.getvalue(), file, True
        self._leave_memory()
        return said

    def _leave_memory(self) -> None:
        self._uploads.leave_memory(self._in_memory)
        self._in_memory = 0

    def pieces(self) -> Iterator[bytes]:
        """From its beginning. Raises OSError."""
        if not self._on_disk:
            yield self._file.getvalue()
            return
        self._uploads.on_disk(self._file.seek, 0)
        while piece := self._uploads.on_disk(self._file.read, PIECE):
            yield piece

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._uploads.release(self.address, self.size)
        self._leave_memory()
        if self._on_disk:
            try:
                self._uploads.on_disk(self._file.close)  # which frees its blocks: up to 64 MiB of them
            except (OSError, RuntimeError):
                self._file.close()


def _write(file: IO[bytes], piece: bytes) -> None:
    free = os.fstatvfs(file.fileno())
    if free.f_bavail * free.f_frsize < FREE_BYTES:
        raise OSError("the disk keeps the rest for callbacks")
    file.write(piece)
