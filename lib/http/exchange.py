"""HTTP towards dialers and CRMs: one exchange at a time, and which of our errors came of it.

What we ask may be asked again; what we give may not, unless the dialer certainly never saw it. So ``exchange`` tells the two
apart: ``Unavailable`` where no request arrived, ``Uncertain`` where one may have. Whoever only asks wraps it in ``asking``.
No sentence holds a body, a header or a URL: a path may carry a secret.

What goes over the line is ``lib.http.wire``, which is imported when something is asked: its libraries take megabytes, and most
processes never ask.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lib import charsets, clock, rawjson
from lib.http.errors import AskedWrongly, Broken, CredentialsRefused, ExchangeError, TooOften, Unavailable, Uncertain

if TYPE_CHECKING:
    from requests import Response, Session

CHUNK = 256 * 1024
MOST_BYTES = 16 * 1024 * 1024  # of one answer, inflated; what it takes in memory is several times that
LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, in seconds, and how much is read."""

    connect: float = 10.0
    read: float = 30.0  # without a byte
    whole: float = 60.0  # for one answer, however it trickles in
    most_bytes: int = MOST_BYTES
    pauses: tuple[float, ...] = ()  # before the second try, the third ..., of whoever asks again by itself
    longest_pause: float = 20.0  # a longer Retry-After is left to the poller
    refused: float = 3600.0  # credentials that were refused are not tried again before
    altogether: float | None = None  # for a whole exchange, where that is less than its parts may take

    @property
    def longest(self) -> float:
        """For a whole exchange, whatever is slow in it."""
        return self.altogether or self.connect + self.read + self.whole


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read to its end, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def said(self) -> Any:
        """Its body as JSON; None where that is none."""
        try:
            return rawjson.loads(self.body)
        except rawjson.NotJson:
            return None

    def plain(self) -> Any:
        """The same, sooner, as ``rawjson.plain`` has it."""
        try:
            return rawjson.plain(self.body)
        except rawjson.NotJson:
            return None


class Http:
    """Exchanges with a dialer. Shared by threads; each has its own connections. ``ca_file`` names the authority of
    certificates, where that is a private one; they are always verified. ``admits`` is asked of every address that a host has
    before one of them is connected to (``lib.http.guarded.public``); without it, anywhere."""

    def __init__(
        self,
        patience: Patience | None = None,
        ca_file: str | None = None,
        admits: Callable[[str], bool] | None = None,
    ):
        self._patience = patience or Patience()
        self._ca_file = ca_file
        self._admits = admits
        self._sessions = threading.local()

    def exchange(
        self,
        verb: str,
        url: str,
        *,
        what: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        alone: bool = False,
    ) -> Answer:
        """One request and its whole answer; redirects are not followed. ``what`` stands for it in sentences: the verb and
        the path, unless the path holds a secret. ``alone``, as whatever may not be sent twice: over a connection of its own,
        since one that was kept may be closed at the very moment when the request leaves, which nobody could tell from one that
        was taken. Raises Unavailable, Uncertain, or AskedWrongly where it cannot be sent."""
        from lib.http import wire

        host, what = host_of(url), what or f"{verb} {urlsplit(url).path}"
        times = (self._patience.connect, self._patience.read)
        if alone:
            headers = {**(headers or {}), "Connection": "close"}
        content = {"headers": headers, "params": params, "json": json, "data": data, "files": files}
        deadline = wire.Deadline(self._patience.longest)
        status: int | None = None
        try:
            with (
                deadline,
                wire.opened(self._ca_file, self._admits) if alone else nullcontext(self._session()) as session,
                session.request(verb, url, timeout=times, allow_redirects=False, stream=True, **content) as response,
            ):
                status = response.status_code
                body = charsets.utf8(self._body(response, host, what), response.headers.get("Content-Type"))
        except Uncertain as error:
            error.status = status
            raise
        except wire.FAILURES as error:
            if not deadline.passed:
                raise _begun(wire.failure(error, host, what), status) from None
        if deadline.passed:  # also where what had come by then looks like a whole answer
            late = Uncertain(f"{host}'s answer to {what} took longer than {self._patience.longest:.0f} s.")
            raise _begun(late, status)
        return Answer(response.status_code, response.headers, body)

    def _body(self, response: "Response", host: str, what: str) -> bytes:
        until = time.monotonic() + self._patience.whole
        parts: list[bytes] = []
        size = 0
        while part := response.raw.read1(CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._patience.most_bytes:
                raise Broken(f"{host}'s answer to {what} is larger than {self._patience.most_bytes >> 20} MiB.")
            if time.monotonic() > until:
                raise Uncertain(f"{host}'s answer to {what} took longer than {self._patience.whole:.0f} s.")
        return b"".join(parts)

    def _session(self) -> "Session":
        """This thread's own."""
        from lib.http import wire

        session: Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = wire.opened(self._ca_file, self._admits)
        return session


def _begun(error: ExchangeError, status: int | None) -> ExchangeError:
    if isinstance(error, Uncertain):
        error.status = status
    return error


def host_of(url: str) -> str:
    """The host, with its port where one is given, as sentences name it."""
    return urlsplit(url).netloc.rpartition("@")[2]


def verdict(answer: Answer, host: str, what: str) -> bytes:
    """The body of a 2xx. Raises what any other status means, for dialers that do not say it in words of their own."""
    status = answer.status
    if 200 <= status < 300:
        return answer.body
    if status in (401, 403):
        raise CredentialsRefused(f"{host} refused {what} ({status}). Check the credentials and what they allow.")
    if status in (408, 425, 429, 503):
        raise cannot_now(answer, host, what)
    if 400 <= status < 500:
        raise AskedWrongly(f"{host} refused {what} ({status}).")
    if 300 <= status < 400:
        raise Uncertain(f"{host} sent {what} elsewhere ({status}). Check the URL: redirects are not followed.")
    raise Uncertain(f"{host} failed to answer {what} ({status}).")


def cannot_now(answer: Answer, host: str, what: str) -> Unavailable:
    """The error that an answer is which puts us off."""
    too_often = answer.status == 429
    words = "says that we ask too often" if too_often else "cannot answer now"
    error = (TooOften if too_often else Unavailable)(f"{host} {words} ({answer.status} to {what}).")
    error.retry_after = retry_after(answer.headers.get("Retry-After"))
    return error


@contextmanager
def asking(broken: type[ExchangeError] = Unavailable) -> Iterator[None]:
    """Inside, we only ask: an answer that did not come leaves nothing in doubt, and can be asked for again. ``broken``: what
    one is called that came, and cannot be read to its end."""
    try:
        yield
    except Uncertain as error:
        again = broken if isinstance(error, Broken) else Unavailable
        raise again(str(error)) from None


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, an hour at most; from seconds or an HTTP date. None where neither is given."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0.0, (until - clock.now()).total_seconds()), LONGEST_RETRY_AFTER)
