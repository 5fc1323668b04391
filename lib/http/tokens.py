"""A client's token, for all of its threads: one login at a time, one renewal of a token that is over.

A wrong password that is tried again and again locks an account, and whatever a dialer gives anew may end what it gave before.
So one thread fetches a token and the others wait for what comes of it: its token, or its failure. Credentials that were
refused are not tried again for an hour.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lib import rawjson
from lib.http.errors import CredentialsRefused, ExchangeError, Garbled
from lib.http.exchange import Answer

EARLY = 30.0  # seconds before its end that a token is renewed; of a short life, a tenth
MOST_TOKENS = 5  # within one exchange, those that other threads fetched included


@dataclass(frozen=True)
class Token:
    """What a login gave. The moments are the steady clock's; None where nobody says how long."""

    access: str
    until: float | None = None
    refresh: str | None = None
    refresh_until: float | None = None


class Tokens:
    """The token of one account. Shared by threads.

    ``fetch(held)`` logs in, or renews the token that is over, where there is one. Raises a ExchangeError; what
    ``CredentialsRefused`` says is remembered for ``refused`` seconds. ``check`` says what is to be looked at where a token that
    is new is refused by ``host``.
    """

    def __init__(self, fetch: Callable[[Token | None], Token], host: str, check: str, refused: float):
        self._fetch = fetch
        self._host = host
        self._check = check
        self._refused = refused
        self._lock = threading.Lock()
        self._held: Token | None = None
        self._failures = 0
        self._failure: ExchangeError | None = None  # of the last login
        self._remembered_until = -math.inf

    def signed(self, exchange: Callable[[str], Answer], what: str) -> Answer:
        """The answer to an exchange with the token, which is made again with another one where the token was all that was
        wrong (401). Raises CredentialsRefused where a new one is refused as well, and whatever ``fetch`` and ``exchange`` do."""
        token, new = self.current()[0], False
        for _ in range(MOST_TOKENS):
            answer = exchange(token)
            if answer.status != 401:
                return answer
            if new:
                break
            token, new = self.current(stale=token)
        raise CredentialsRefused(
            f"{self._host} refused {what} with 401 although the token was new. Check {self._check}."
        )

    def current(self, stale: str | None = None) -> tuple[str, bool]:
        """(a token other than the stale one, whether this very call fetched it). Raises as ``fetch`` does."""
        failures = self._failures  # those that come while we wait are ours, too
        with self._lock:
            held = self._held
            if held is not None and held.access != stale and not _is_over(held.until):
                return held.access, False
            if self._failure and (self._failures != failures or not _is_over(self._remembered_until)):
                raise self._failure.with_traceback(None)  # which would grow with everybody who sees it
            try:
                self._held, self._failure = self._fetch(held), None
            except ExchangeError as error:
                self._failures += 1
                self._failure, self._remembered_until = error, -math.inf
                if isinstance(error, CredentialsRefused):
                    self._held, self._remembered_until = None, time.monotonic() + self._refused
                elif held is not None:  # good for nothing but being renewed
                    self._held = replace(held, until=-math.inf)
                raise
            return self._held.access, True

    def secrets(self) -> tuple[str, ...]:
        held = self._held
        return tuple(filter(None, (held.access, held.refresh))) if held else ()

    def forget_refusal(self) -> None:
        """Let refused credentials be tried once more, although their time is not over."""
        with self._lock:
            self._failure = None


def granted(
    body: bytes, host: str, what: str, names: tuple[str, ...] = ("access_token",)
) -> tuple[str, Mapping[str, Any]]:
    """(the access token that the answer to a login gives, all that it says). Raises Garbled, in whose sentence ``what`` stands
    for the login."""
    try:
        said = rawjson.loads(body)
    except rawjson.NotJson:
        raise Garbled(f"{host} answered {what} with something that is not JSON.") from None
    said = said if isinstance(said, dict) else {}
    token = next((found for name in names if (found := sendable(said.get(name)))), None)
    if token is None:
        raise Garbled(f"{host} accepted {what}, but gave no access_token.")
    return token, said


def sendable(value: object) -> str | None:
    """The value where it can stand in a header."""
    return value if isinstance(value, str) and value and value.isascii() and value.isprintable() else None


def end(began: float, seconds: str | None) -> float | None:
    """When what lasts so many seconds is to be renewed: a little early. None for what is no such number."""
    try:
        lasts = float(seconds or "nan")
    except ValueError:
        return None
    return began + lasts - min(EARLY, lasts / 10) if 0 < lasts < 1e9 else None


def _is_over(until: float | None) -> bool:
    return until is not None and time.monotonic() >= until
