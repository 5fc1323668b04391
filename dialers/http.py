"""HTTP towards dialers: one exchange at a time, and which of our errors came of it.

What we ask may be asked again; what we give may not, unless the dialer certainly never saw it. So ``exchange`` tells the two
apart: ``Unavailable`` where no request arrived, ``Uncertain`` where one may have. Whoever only asks wraps it in ``asking``.
No sentence holds a body, a header or a URL: a path may carry a secret.
"""

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import exceptions as failures
from urllib3 import exceptions as wire_failures

from dialers.deadlines import Adapter, Deadline
from dialers.errors import AskedWrongly, Broken, CredentialsRefused, NotTrusted, ReportError, Unavailable, Uncertain
from lib import charsets, clock, rawjson

CHUNK = 256 * 1024
MOST_BYTES = 16 * 1024 * 1024  # of one answer, inflated; what it takes in memory is several times that
LONGEST_RETRY_AFTER = 3600.0

# What TLS says while it shakes hands, which is before anything of ours is sent.
HANDSHAKE = ("CERTIFICATE", "HANDSHAKE", "VERSION", "PROTOCOL", "HTTP_REQUEST", "UNRECOGNIZED_NAME")


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

    @property
    def longest(self) -> float:
        """For a whole exchange, whatever is slow in it."""
        return self.connect + self.read + self.whole


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


class Http:
    """Exchanges with a dialer. Shared by threads; each has its own connections. ``ca_file`` names the authority of
    certificates, where that is a private one; they are always verified."""

    def __init__(self, patience: Patience | None = None, ca_file: str | None = None):
        self._patience = patience or Patience()
        self._ca_file = ca_file
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
        host, what = host_of(url), what or f"{verb} {urlsplit(url).path}"
        times = (self._patience.connect, self._patience.read)
        if alone:
            headers = {**(headers or {}), "Connection": "close"}
        content = {"headers": headers, "params": params, "json": json, "data": data, "files": files}
        deadline = Deadline(self._patience.longest)
        try:
            with (
                deadline,
                self._opened() if alone else nullcontext(self._session()) as session,
                session.request(verb, url, timeout=times, allow_redirects=False, stream=True, **content) as response,
            ):
                body = charsets.utf8(self._body(response, host, what), response.headers.get("Content-Type"))
        except (failures.RequestException, wire_failures.HTTPError) as error:
            if not deadline.passed:
                raise _failure(error, host, what) from None
        if deadline.passed:  # also where what had come by then looks like a whole answer
            raise Uncertain(f"{host}'s answer to {what} took longer than {self._patience.longest:.0f} s.")
        return Answer(response.status_code, response.headers, body)

    def _body(self, response: requests.Response, host: str, what: str) -> bytes:
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

    def _session(self) -> requests.Session:
        """This thread's own."""
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = self._opened()
        return session

    def _opened(self) -> requests.Session:
        session = _Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, Adapter())
        # The environment's .netrc would replace our Authorization header, and its CA bundle ours.
        session.trust_env = False
        session.auth = _unchanged  # and a name in the URL would too
        session.verify = self._ca_file or True
        session.headers["Accept"] = "application/json"
        return session


class _Session(requests.Session):
    """One that goes nowhere else."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere. Where redirects are not to be followed, requests works out the next request all the same, and for that it
        reads all of the redirect's body at once, inflated, however large it is."""
        return None


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
    words = "says that we ask too often" if answer.status == 429 else "cannot answer now"
    error = Unavailable(f"{host} {words} ({answer.status} to {what}).")
    error.retry_after = retry_after(answer.headers.get("Retry-After"))
    return error


@contextmanager
def asking(broken: type[ReportError] = Unavailable) -> Iterator[None]:
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


def _failure(error: Exception, host: str, what: str) -> ReportError:
    """What a failed exchange means: whether the request may have arrived is all that matters."""
    if isinstance(error, failures.InvalidURL | failures.InvalidHeader | failures.InvalidSchema):
        return AskedWrongly(f"{what} cannot be sent to {host}. Check the connection's settings.")
    found = list(causes(error))
    for cause in found:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotTrusted(
                f"The certificate of {host} could not be verified ({cause.verify_message.rstrip('.')}); nothing was sent."
            )
        if isinstance(cause, ssl.SSLError) and any(word in (cause.reason or "") for word in HANDSHAKE):
            return Unavailable(f"The TLS connection to {host} failed.")
    kinds = {type(cause).__name__ for cause in found}
    if "NameResolutionError" in kinds:
        return Unavailable(f"{host} could not be asked ({what}): its name cannot be resolved.")
    if "ConnectionRefusedError" in kinds:
        return Unavailable(f"{host} could not be asked ({what}): the connection was refused.")
    if kinds & {"ConnectTimeoutError", "ConnectTimeout"}:
        return Unavailable(f"{host} could not be asked ({what}): it did not accept the connection in time.")
    if "NewConnectionError" in kinds:
        return Unavailable(f"{host} could not be asked ({what}): the connection failed.")
    if isinstance(error, failures.Timeout | wire_failures.TimeoutError) or "ReadTimeoutError" in kinds:
        return Uncertain(f"{host} did not answer {what} in time.")
    if kinds & {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError"}:
        return Uncertain(f"{host} closed the connection before it had answered {what}.")
    return Broken(f"{host}'s answer to {what} broke off.")


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that it wraps: requests and urllib3 put causes into four different places."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
