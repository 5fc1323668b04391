"""VoIPEX's HTTP API: tokens, and exchanges that are signed with them.

IpexCloud/voipex-docs, "Authorization": POST /token as a form. The password grant gives an access token of 3000 s and a refresh
token of 7200 s; grant_type=refresh_token renews both. The user needs the call-centre licence and the dialer's rights.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialers.base import Connection
from dialers.errors import AskedWrongly, CredentialsRefused, Declined, Garbled, ReportError, Unavailable, Uncertain
from dialers.fields import text
from dialers.http import Answer, Http, Patience, asking, host_of, verdict
from lib import rawjson

GRANT = "the request for a token"
REMEMBERED = 3600.0  # seconds for which refused credentials are not tried again
EARLY = 30.0  # seconds before its end that a token is renewed; of a short life, a tenth
MOST_RENEWALS = 5  # within one exchange, other threads' included
LONGEST_REASON = 300


@dataclass(frozen=True)
class Tokens:
    """What a grant gave; the moments are the steady clock's, None where the answer did not tell how long."""

    access: str
    until: float | None
    refresh: str | None
    refresh_until: float | None


class Client:
    """One account. Shared by threads; each has its own connections, all have one token."""

    def __init__(self, connection: Connection, patience: Patience | None = None, remembered: float = REMEMBERED):
        self._settings = connection.settings
        self._base = str(self._settings["api_url"]).rstrip("/")
        self._token_url = str(self._settings["auth_url"])
        self.host = host_of(self._base)
        self.unused_lists: dict[str, str] = {}  # see ``leads``
        self._http = Http(patience or Patience(read=float(self._settings["timeout_seconds"])))
        self._remembered = remembered
        self._renewing = threading.Lock()
        self._tokens: Tokens | None = None
        self._refusal: tuple[float, ReportError] | None = None  # when, and what was said

    def ask(self, path: str) -> bytes:
        """The body of a GET. Raises CredentialsRefused, Unavailable, AskedWrongly."""
        with asking():
            return verdict(self._signed("GET", path), self.host, f"GET {path}")

    def tell(self, verb: str, path: str, content: Mapping[str, Any]) -> Any:
        """Give VoIPEX something; its answer as JSON, None for an empty one. Raises Declined with its reason, Unavailable
        where it certainly was not taken, Uncertain where it may have been, CredentialsRefused."""
        what = f"{verb} {path}"
        answer = self._signed(verb, path, content)
        try:
            body = verdict(answer, self.host, what)
        except AskedWrongly as error:
            raise Declined(_refusal(self.host, what, answer.body) or str(error)) from None
        if not body.strip():
            return None
        try:
            return rawjson.loads(body)
        except rawjson.NotJson:
            raise Uncertain(f"{self.host} answered {what} with something that is not JSON.") from None

    # Tokens -----------------------------------------------------------------------------------------------------------
    def _signed(self, verb: str, path: str, content: Mapping[str, Any] | None = None) -> Answer:
        token, renewed = self._current(None)[0], False
        for _ in range(MOST_RENEWALS):
            headers = {"Authorization": f"Bearer {token}"}
            given = content is not None
            answer = self._http.exchange(verb, self._base + path, headers=headers, json=content, alone=given)
            if answer.status != 401:
                return answer
            if renewed:
                break
            token, renewed = self._current(stale=token)
        raise CredentialsRefused(
            f"{self.host} refused {verb} {path} with 401 although the token was new. Check what the user may do."
        )

    def _current(self, stale: str | None) -> tuple[str, bool]:
        """(a token other than the stale one, whether this very call fetched it). One thread fetches, the others wait.
        Raises CredentialsRefused, and Unavailable whatever else the token's URL answers."""
        asked = time.monotonic()
        with self._renewing:
            held = self._tokens
            if held and held.access != stale and (held.until is None or time.monotonic() < held.until):
                return held.access, False
            if self._refusal and asked < self._refusal[0] + self._remembered:
                raise self._refusal[1]
            try:
                self._tokens = self._refreshed(held) or self._granted()
            except CredentialsRefused as error:
                # Everybody who waits, or comes within the hour, would only lock the account.
                self._tokens, self._refusal = None, (time.monotonic(), error)
                raise
            except (Garbled, AskedWrongly) as error:
                # Of the token's URL: what was to be sent is not at fault, and waits.
                raise Unavailable(str(error)) from None
            return self._tokens.access, True

    def secrets(self) -> tuple[str, ...]:
        held = self._tokens
        return tuple(filter(None, (held.access, held.refresh))) if held else ()

    def forget_refusal(self) -> None:
        """Let refused credentials be tried once more, although their hour is not over."""
        with self._renewing:
            self._refusal = None

    def _refreshed(self, held: Tokens | None) -> Tokens | None:
        """New tokens for the refresh token; None where there is none, or it is good no more."""
        if held is None or held.refresh is None:
            return None
        began = time.monotonic()
        if held.refresh_until is not None and began >= held.refresh_until:
            return None
        answer = self._asked_for({"grant_type": "refresh_token", "refresh_token": held.refresh})
        return None if answer.status in (400, 401, 403) else self._read(answer, began)

    def _granted(self) -> Tokens:
        began = time.monotonic()
        who = {name: str(self._settings[name]) for name in ("username", "password")}
        answer = self._asked_for({"grant_type": "password", **who})
        if answer.status in (400, 401, 403):
            raise CredentialsRefused(
                f"{host_of(self._token_url)} refused the user and password ({answer.status}). Check username, password "
                "and client_id; they are tried again when they are changed, or in an hour."
            )
        return self._read(answer, began)

    def _asked_for(self, form: Mapping[str, str]) -> Answer:
        with asking():  # a token more or less does no harm
            client = {"client_id": self._settings["client_id"]}
            return self._http.exchange("POST", self._token_url, what=GRANT, data={**form, **client})

    def _read(self, answer: Answer, began: float) -> Tokens:
        host = host_of(self._token_url)
        with asking():
            body = verdict(answer, host, GRANT)
        try:
            said = rawjson.loads(body)
        except rawjson.NotJson:
            raise Garbled(f"{host} answered {GRANT} with something that is not JSON.") from None
        said = said if isinstance(said, dict) else {}
        access, refresh = _token(said.get("access_token")), _token(said.get("refresh_token"))
        if access is None:
            raise Garbled(f"{host} accepted the user and password, but gave no access_token.")
        until, refresh_until = (_end(began, said.get(name)) for name in ("expires_in", "refresh_expires_in"))
        return Tokens(access, until, refresh, refresh_until)


def _token(value: object) -> str | None:
    """What can stand in a header."""
    return value if isinstance(value, str) and value and value.isascii() and value.isprintable() else None


def _end(began: float, seconds: object) -> float | None:
    try:
        lasts = float(text(seconds) or "nan")
    except ValueError:
        return None
    return began + lasts - min(EARLY, lasts / 10) if 0 < lasts < 1e9 else None


def _refusal(host: str, what: str, body: bytes) -> str | None:
    """A refusal in VoIPEX's own words; None where it gives none."""
    try:
        said = rawjson.loads(body)
    except rawjson.NotJson:
        return None
    words = text(said.get("message")) if isinstance(said, dict) else None
    return f"{host} refused {what}: {words[:LONGEST_REASON].rstrip('.')}." if words else None
