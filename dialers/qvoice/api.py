"""QVoice's HTTP API: logging in, asking again where that helps, and writing once.

docs.qvoice.net, "Campaigns": POST /api/v2/login gives an access token; every request carries it with the account id. How
long a token lives is not published, so a 401 is answered with one new login, by one thread, for all of them.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests import exceptions as failures
from urllib3 import exceptions as wire_failures

from dialers import http
from dialers.base import Connection
from dialers.errors import AskedWrongly, CredentialsRefused, Garbled, ReportError, Unavailable
from dialers.http import CHUNK, MOST_BYTES, Answer
from dialers.qvoice.answers import NotTrusted, connection_words, tls_error, told, unhappy
from lib import charsets, rawjson

LOGIN = "/api/v2/login"
MOST_LOGINS = 5  # within one question, other threads' logins included
TOKEN_NAMES = ("access_token", "accessToken")

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, in seconds."""

    connect: float = 10.0
    read: float = 30.0  # without a byte
    whole: float = 60.0  # for one answer, however it trickles in
    pauses: tuple[float, ...] = (0.5, 2.0)  # before the second try, the third ...
    longest_pause: float = 20.0  # a longer Retry-After is left to the poller
    refused: float = 3600.0  # credentials that were refused are not tried again before


class Client:
    """One account. Shared by threads; each has its own connections, all have one token."""

    def __init__(self, connection: Connection, patience: Patience | None = None):
        self._settings = connection.settings
        self._base = str(self._settings["portal_url"]).rstrip("/")
        self._host = urlsplit(self._base).netloc.rpartition("@")[2]
        self._patience = patience or Patience(read=float(self._settings.get("timeout_seconds") or 30))
        waits = http.Patience(self._patience.connect, self._patience.read, self._patience.whole)
        self._http = http.Http(waits, self._settings.get("ca_file"))
        self._login = threading.Lock()
        self._token: str | None = None
        self._refusal: tuple[float, ReportError] | None = None  # when, by the steady clock, and what was said

    def ask(self, path: str, query: Mapping[str, str], understand: Callable[[bytes], T]) -> T:
        """GET the path and understand the answer. Whatever may be different the next time is asked again a few times.

        ``understand`` raises Garbled for a body that it cannot read. Raises a ReportError.
        """
        return self._patiently(lambda: understand(self._read(path, query)))

    def tell(self, verb: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Write something, once. The answer's JSON, None where it has none.

        Raises Declined with the portal's reason, CredentialsRefused, Unavailable where it was not done for sure, and
        Uncertain where nobody can tell.
        """
        what, url = f"{verb} {path}", self._base + path

        def once(headers: Mapping[str, str]) -> Answer:
            return self._http.exchange(verb, url, what=what, headers=headers, json=body, alone=True)

        try:
            answer = self._signed(once, what)
        except (Garbled, AskedWrongly) as error:  # of the login, or of a request that could not be made
            raise Unavailable(str(error)) from None
        return told(answer, self._host, what)

    # Tokens -----------------------------------------------------------------------------------------------------------
    def _read(self, path: str, query: Mapping[str, str]) -> bytes:
        what = f"GET {path}"
        return self._good(
            self._signed(lambda head: self._exchange("GET", path, params=query, headers=head), what), what
        )

    def _signed(self, request: Callable[[Mapping[str, str]], Answer], what: str) -> Answer:
        """The answer to the request, which is made again with another token where that is all that was wrong."""
        token, renewed = self._current(None)[0], False
        for _ in range(MOST_LOGINS):
            answer = request(self._headers(token))
            if answer.status != 401:
                return answer
            if renewed:
                break
            token, renewed = self._current(stale=token)
        raise CredentialsRefused(
            f"{self._host} refused {what} with 401 although the login had just succeeded. "
            "Check account_id and what the user may do."
        )

    def _headers(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", "X-Account-ID": str(self._settings["account_id"])}

    def _current(self, stale: str | None) -> tuple[str, bool]:
        """(a token other than the stale one, whether this very call fetched it). One thread logs in, the others wait."""
        asked = time.monotonic()
        with self._login:
            if self._token is not None and self._token != stale:
                return self._token, False
            if self._refusal and asked < self._refusal[0] + self._patience.refused:
                raise self._refusal[1]
            self._token = None
            try:
                self._token = self._logged_in()
            except CredentialsRefused as error:
                # Everybody who waits, or comes within the hour, would only lock the account.
                self._refusal = (time.monotonic(), error)
                raise
            return self._token, True

    def secrets(self) -> tuple[str, ...]:
        return (self._token,) if self._token else ()

    def forget_refusal(self) -> None:
        """Let a refused login be tried once more, although its hour is not over."""
        with self._login:
            self._refusal = None

    def _logged_in(self) -> str:
        who = {name: self._settings[name] for name in ("username", "password", "domain")}
        answer = self._exchange("POST", LOGIN, json=who)
        if answer.status in (400, 401, 403):
            raise CredentialsRefused(
                f"{self._host} refused the login ({answer.status}). Check username, password and domain; "
                "it is tried again when they are changed, or in an hour."
            )
        try:
            said = rawjson.loads(self._good(answer, f"POST {LOGIN}"))
        except rawjson.NotJson:
            raise Garbled(f"{self._host} answered the login with something that is not JSON.") from None
        tokens = [said[name] for name in TOKEN_NAMES if name in said] if isinstance(said, dict) else []
        token = tokens[0] if tokens else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise Garbled(f"{self._host} accepted the login, but gave no access_token.")
        return token

    # Requests ---------------------------------------------------------------------------------------------------------
    def _patiently(self, attempt: Callable[[], T]) -> T:
        for pause in (*self._patience.pauses, None):
            try:
                return attempt()
            except (Unavailable, Garbled) as error:
                wanted = max(pause or 0.0, error.retry_after or 0.0)
                if pause is None or wanted > self._patience.longest_pause or isinstance(error, NotTrusted):
                    raise
                time.sleep(wanted)
        raise AssertionError("the last pause is None")

    def _exchange(self, verb: str, path: str, **content: object) -> Answer:
        """One request and its whole answer. Raises Unavailable, NotTrusted or Garbled where there is none."""
        what = f"{verb} {path}"
        times = (self._patience.connect, self._patience.read)
        deadline = self._http.deadline()
        try:
            with (
                deadline,
                self._http.session().request(
                    verb, self._base + path, timeout=times, allow_redirects=False, stream=True, **content
                ) as response,
            ):
                body = charsets.utf8(self._body(response, what), response.headers.get("Content-Type"))
        except (failures.RequestException, wire_failures.HTTPError) as error:
            if not deadline.passed:
                raise self._failure(error, what) from None
        if deadline.passed:  # also where what had come by then looks like a whole answer
            raise Unavailable(f"{self._host}'s answer to {what} took too long.")
        return Answer(response.status_code, response.headers, body)

    def _failure(self, error: Exception, what: str) -> ReportError:
        if isinstance(error, failures.SSLError | wire_failures.SSLError):
            return tls_error(error, self._host)
        if isinstance(error, failures.Timeout | wire_failures.TimeoutError):
            return Unavailable(f"{self._host} did not answer {what} in time.")
        if isinstance(error, failures.ConnectionError):
            return Unavailable(f"{self._host} could not be asked ({what}): {connection_words(error)}.")
        if isinstance(error, failures.InvalidURL | failures.InvalidHeader | failures.InvalidSchema):
            return AskedWrongly(f"{what} cannot be sent. Check portal_url and account_id.")
        return Garbled(f"{self._host}'s answer to {what} broke off.")

    def _body(self, response: requests.Response, what: str) -> bytes:
        until = time.monotonic() + self._patience.whole
        parts: list[bytes] = []
        size = 0
        while part := response.raw.read1(CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise Garbled(f"{self._host}'s answer to {what} is larger than {MOST_BYTES >> 20} MiB.")
            if time.monotonic() > until:
                raise Unavailable(f"{self._host}'s answer to {what} took longer than {self._patience.whole:.0f} s.")
        return b"".join(parts)

    def _good(self, answer: Answer, what: str) -> bytes:
        if answer.status == 200:
            return answer.body
        raise unhappy(answer, self._host, what)
