"""VoIPEX's HTTP API: tokens, and exchanges that are signed with them.

IpexCloud/voipex-docs, "Authorization": POST /token as a form. The password grant gives an access token of 3000 s and a refresh
token of 7200 s; grant_type=refresh_token renews both. The user needs the call-centre licence and the dialer's rights.
"""

import time
from collections.abc import Mapping
from typing import Any

from dialers.base import Connection
from dialers.fields import text
from lib import rawjson
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, Garbled, Unavailable, Uncertain
from lib.http.exchange import Answer, Http, Patience, asking, host_of, verdict
from lib.http.tokens import Token, Tokens, end, granted, sendable

GRANT = "the request for a token"
REFUSALS = (400, 401, 403)  # of a grant
LONGEST_REASON = 300


class Client:
    """One account. Shared by threads; each has its own connections, all have one token."""

    def __init__(self, connection: Connection, patience: Patience | None = None):
        self._settings = connection.settings
        self._base = str(self._settings["api_url"]).rstrip("/")
        self._token_url = str(self._settings["auth_url"])
        self.host = host_of(self._base)
        self.unused_lists: dict[str, str] = {}  # see ``leads``
        patience = patience or Patience(read=float(self._settings["timeout_seconds"]))
        self._http = Http(patience)
        self._tokens = Tokens(self._fetched, self.host, "what the user may do", patience.refused)
        self.secrets, self.forget_refusal = self._tokens.secrets, self._tokens.forget_refusal

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
            raise Declined(_refusal(self.host, what, answer) or str(error)) from None
        if not body.strip():
            return None
        try:
            return rawjson.loads(body)
        except rawjson.NotJson:
            raise Uncertain(f"{self.host} answered {what} with something that is not JSON.") from None

    def _signed(self, verb: str, path: str, content: Mapping[str, Any] | None = None) -> Answer:
        def exchange(token: str) -> Answer:
            headers = {"Authorization": f"Bearer {token}"}
            given = content is not None
            return self._http.exchange(verb, self._base + path, headers=headers, json=content, alone=given)

        return self._tokens.signed(exchange, f"{verb} {path}")

    # Tokens -----------------------------------------------------------------------------------------------------------
    def _fetched(self, held: Token | None) -> Token:
        """New tokens. Raises CredentialsRefused, and Unavailable whatever else the token's URL answers."""
        try:
            return self._refreshed(held) or self._granted()
        except (Garbled, AskedWrongly) as error:
            # Of the token's URL: what was to be sent is not at fault, and waits.
            raise Unavailable(str(error)) from None

    def _refreshed(self, held: Token | None) -> Token | None:
        """New tokens for the refresh token; None where there is none, or it is good no more."""
        if held is None or held.refresh is None:
            return None
        began = time.monotonic()
        if held.refresh_until is not None and began >= held.refresh_until:
            return None
        answer = self._asked_for({"grant_type": "refresh_token", "refresh_token": held.refresh})
        return None if answer.status in REFUSALS else self._read(answer, began)

    def _granted(self) -> Token:
        began = time.monotonic()
        who = {name: str(self._settings[name]) for name in ("username", "password")}
        answer = self._asked_for({"grant_type": "password", **who})
        if answer.status in REFUSALS:
            raise CredentialsRefused(
                f"{host_of(self._token_url)} refused the user and password ({answer.status}). Check username, password "
                "and client_id; they are tried again when they are changed, or in an hour."
            )
        return self._read(answer, began)

    def _asked_for(self, form: Mapping[str, str]) -> Answer:
        with asking():  # a token more or less does no harm
            client = {"client_id": self._settings["client_id"]}
            return self._http.exchange("POST", self._token_url, what=GRANT, data={**form, **client})

    def _read(self, answer: Answer, began: float) -> Token:
        host = host_of(self._token_url)
        with asking():
            access, said = granted(verdict(answer, host, GRANT), host, GRANT)
        until, refresh_until = (end(began, text(said.get(name))) for name in ("expires_in", "refresh_expires_in"))
        return Token(access, until, sendable(said.get("refresh_token")), refresh_until)


def _refusal(host: str, what: str, answer: Answer) -> str | None:
    """A refusal in VoIPEX's own words; None where it gives none."""
    said = answer.said()
    words = text(said.get("message")) if isinstance(said, dict) else None
    return f"{host} refused {what}: {words[:LONGEST_REASON].rstrip('.')}." if words else None
