"""QVoice's HTTP API: logging in, asking again where that helps, and writing once.

docs.qvoice.net, "Campaigns": POST /api/v2/login gives an access token; every request carries it with the account id. How
long a token lives is not published, so a 401 is answered with one new login, by one thread, for all of them.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dialers.base import Connection
from dialers.qvoice.answers import told, understood
from lib.http.errors import AskedWrongly, CredentialsRefused, Garbled, NotTrusted, Unavailable
from lib.http.exchange import Answer, Http, Patience, asking, host_of
from lib.http.tokens import Token, Tokens, granted

LOGIN = "/api/v2/login"
TOKEN_NAMES = ("access_token", "accessToken")
PAUSES = (0.5, 2.0)

T = TypeVar("T")


class Client:
    """One account. Shared by threads; each has its own connections, all have one token."""

    def __init__(self, connection: Connection, patience: Patience | None = None):
        self._settings = connection.settings
        self._base = str(self._settings["portal_url"]).rstrip("/")
        self._host = host_of(self._base)
        self._patience = patience or Patience(read=float(self._settings.get("timeout_seconds") or 30), pauses=PAUSES)
        self._http = Http(self._patience, self._settings.get("ca_file"))
        check = "account_id and what the user may do"
        self._tokens = Tokens(self._logged_in, self._host, check, self._patience.refused)
        self.secrets, self.forget_refusal = self._tokens.secrets, self._tokens.forget_refusal

    def ask(self, path: str, query: Mapping[str, str], understand: Callable[[bytes], T]) -> T:
        """GET the path and understand the answer. Whatever may be different the next time is asked again a few times.

        ``understand`` raises Garbled for a body that it cannot read. Raises a ExchangeError.
        """
        return self._patiently(lambda: understand(self._read(path, query)))

    def tell(self, verb: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Write something, once. The answer's JSON, None where it has none.

        Raises Declined with the portal's reason, CredentialsRefused, Unavailable where it was not done for sure, and
        Uncertain where nobody can tell.
        """
        try:
            answer = self._signed(verb, path, json=body, alone=True)
        except (Garbled, AskedWrongly) as error:  # of the login, or of a request that could not be made
            raise Unavailable(str(error)) from None
        return told(answer, self._host, f"{verb} {path}")

    def _read(self, path: str, query: Mapping[str, str]) -> bytes:
        with asking(broken=Garbled):
            return understood(self._signed("GET", path, params=query), self._host, f"GET {path}")

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

    # Exchanges --------------------------------------------------------------------------------------------------------
    def _signed(self, verb: str, path: str, **content: Any) -> Answer:
        def exchange(token: str) -> Answer:
            headers = {"Authorization": f"Bearer {token}", "X-Account-ID": str(self._settings["account_id"])}
            return self._exchange(verb, path, headers=headers, **content)

        return self._tokens.signed(exchange, f"{verb} {path}")

    def _logged_in(self, held: Token | None) -> Token:
        who = {name: self._settings[name] for name in ("username", "password", "domain")}
        with asking(broken=Garbled):
            answer = self._exchange("POST", LOGIN, json=who)
            if answer.status in (400, 401, 403):
                raise CredentialsRefused(
                    f"{self._host} refused the login ({answer.status}). Check username, password and domain; "
                    "it is tried again when they are changed, or in an hour."
                )
            body = understood(answer, self._host, f"POST {LOGIN}")
        return Token(granted(body, self._host, "the login", TOKEN_NAMES)[0])

    def _exchange(self, verb: str, path: str, **content: Any) -> Answer:
        try:
            return self._http.exchange(verb, self._base + path, what=f"{verb} {path}", **content)
        except NotTrusted as error:
            raise NotTrusted(
                f"{error} If the portal has a certificate of its own authority, name that authority's file in ca_file."
            ) from None
