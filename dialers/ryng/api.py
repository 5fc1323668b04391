"""Ryng's HTTP API: one exchange with its token, and what the answer means.

docs.ryng.in: every answer is ``{"error": bool, "message": text, "data"?: object}``; 403 "Unauthorized Token"; a refusal is a
500 in that envelope. Answers to too many requests are not documented, and read as HTTP means them.
"""

from collections.abc import Mapping
from typing import Any

from dialers.base import Connection
from dialers.giving import CannotDo
from lib.http.errors import CredentialsRefused, Declined, Uncertain
from lib.http.exchange import Answer, Http, Patience, host_of, verdict

BASE = "/rest-api/v1"
LONGEST_REASON = 200
REFUSALS = (200, 400, 404, 409, 422, 500)  # in which an envelope with an error is Ryng's own no


def configured(connection: Connection) -> None:
    """Raises CannotDo where the connection can only receive."""
    if not connection.settings.get("api_url") or not connection.settings.get("access_token"):
        raise CannotDo(f"{connection.name} has no api_url and access_token, so nothing can be given to Ryng.")


class Client:
    """One tenant. Shared by threads."""

    def __init__(self, connection: Connection, patience: Patience | None = None):
        seconds = float(connection.settings.get("timeout_seconds") or 30)
        self._http = Http(patience or Patience(read=seconds, whole=seconds))
        self._base = str(connection.settings.get("api_url") or "").rstrip("/") + BASE
        token = connection.settings.get("access_token")
        self._headers = {"x-access-token": str(token)} if token else {}

    def give(self, verb: str, path: str, **content: Any) -> Mapping[str, Any]:
        """Send it once, and return the envelope that says that it was taken. Raises a ExchangeError."""
        what = f"{verb} {BASE}{path}"
        answer = self._http.exchange(verb, self._base + path, what=what, headers=self._headers, alone=True, **content)
        return understood(answer, host_of(self._base), what)


def understood(answer: Answer, host: str, what: str) -> Mapping[str, Any]:
    """The envelope of a success. Raises CredentialsRefused, Unavailable, Declined, AskedWrongly or Uncertain."""
    if answer.status in (401, 403):
        raise CredentialsRefused(f"{host} refused the access token ({answer.status} to {what}). Check access_token.")
    said = _envelope(answer.said())
    if said is not None and said["error"] and answer.status in REFUSALS:
        raise Declined(f"{host} refused {what}: {_reason(said) or answer.status}")
    verdict(answer, host, what)
    if said is None:
        raise Uncertain(f"{host} answered {what} with something other than its documented answer.")
    return said


def _envelope(said: object) -> Mapping[str, Any] | None:
    return said if isinstance(said, dict) and isinstance(said.get("error"), bool) else None


def _reason(said: Mapping[str, Any]) -> str | None:
    message = said.get("message")
    return message.strip()[:LONGEST_REASON] or None if isinstance(message, str) else None
