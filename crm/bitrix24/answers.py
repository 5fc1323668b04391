"""What Bitrix24's answers mean: the one place where they are told apart.

apidocs.bitrix24.com, "Error codes": an answer is ``{"result": ..., "time": ...}``, an error ``{"error", "error_description"}``.
Of a batch, which is answered 200 whatever came of it, each error stands in ``result_error`` under its command.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from crm.base import Again, NotSetUp, QuotaSpent, Refused, Result, Unknown
from crm.halving import WholeRefused
from crm.http_client import MissingScopes, failed, unreadable
from lib import clock, masking
from lib import text as texts
from lib.http.errors import CredentialsRefused, ExchangeError, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer, retry_after

LONGEST_WORDS = 400  # characters of Bitrix24's words that are kept
QUERIES, OPERATIONS, OVERLOAD = "QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT", "OVERLOAD_LIMIT"
DRAINED = 1.0  # seconds in which the counter of requests has lost two of them
MINUTE = 60.0  # after which the running time of a method is less, where nobody says when
BLOCKED = timedelta(hours=1)  # a person has shut us out by hand; asked so often whether it is over
RECORD_DELETED, NOT_ALLOWED, VALIDATION, REQUIRED = "record_deleted", "not_allowed", "validation", "required_field"
_BROKEN = ("INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER", "0")
TOKEN = ("EXPIRED_TOKEN", "INVALID_TOKEN", "NO_AUTH_FOUND", "INVALID_GRANT", "AUTHORIZATION_ERROR", "ERROR_OAUTH")
_RIGHTS = (
    *("INSUFFICIENT_SCOPE", "INVALID_SCOPE", "INVALID_CREDENTIALS", "USER_ACCESS_ERROR", "ALLOWED_ONLY_INTRANET_USER"),
    *("METHOD_CONFIRM_WAITING", "METHOD_CONFIRM_DENIED"),
)
_ACCOUNT = ("PORTAL_DELETED", "PAYMENT_REQUIRED", "INVALID_CLIENT", "APPLICATION_NOT_FOUND", "NOT_INSTALLED")
_NO_METHOD = ("ERROR_METHOD_NOT_FOUND", "METHOD_NOT_FOUND")  # of an account that is older than it
_APP = ("WRONG_AUTH_TYPE", "APPLICATION CONTEXT REQUIRED")
_GONE = re.compile(r"NOT_FOUND\b|\bNOT FOUND\b|OWNER_NOT_FOUND|ACTIVITY IS NOT FOUND")
_DENIED = re.compile(r"ACCESS[ _]DENIED")
_PLAN = re.compile(r"commercial plan", re.IGNORECASE)
_REQUIRED = re.compile(r"\brequired\b", re.IGNORECASE)


@dataclass(frozen=True)
class Error:
    """What Bitrix24 says of a request, or of a command of a batch, that it has not done. ``words`` hold no secret."""

    code: str
    words: str

    @property
    def is_limit(self) -> bool:
        return self.code in (QUERIES, OPERATIONS)

    @property
    def is_gone(self) -> bool:
        """Of a record, or an activity."""
        return self.code not in _NO_METHOD and _GONE.search(f"{self.code} {self.words.upper()}") is not None


def error_of(said: Any, secrets: Sequence[str] = ()) -> Error | None:
    """None where it is none."""
    if isinstance(said, str) and said:
        return Error("", _line(said, secrets))
    if not isinstance(said, Mapping) or ("error" not in said and "error_description" not in said):
        return None
    code, words = (said.get(name) for name in ("error", "error_description"))
    described = words if isinstance(words, str) and words.strip() else str(code or "")
    return Error(
        str(code if code is not None else "").strip().upper(), _line(described or "It gave no reason.", secrets)
    )


def has_ended(answer: Answer) -> bool:
    """Whether it is the token that an answer is about which may have ended. What another one would not mend is none."""
    error = error_of(answer.plain()) if answer.status == 401 else None
    return answer.status == 401 and (error is None or error.code in TOKEN)


def meaning(
    answer: Answer, host: str, what: str, *, writes: bool, is_app: bool, secrets: Sequence[str] = ()
) -> Mapping[str, Any]:
    """What a 2xx says, as JSON. Raises CredentialsRefused, Unavailable, QuotaSpent, WholeRefused, NotSetUp; Uncertain where
    something was given to Bitrix24 and nobody can tell what it has done with it, Unreadable where it was only asked."""
    said, status = answer.plain(), answer.status
    error = error_of(said, secrets) if isinstance(said, Mapping) else None
    if 200 <= status < 300:
        if isinstance(said, Mapping) and "result" in said and error is None:
            return said
        of = "an error in it" if error is not None else "something that is not its JSON"
        raise unreadable(answer, host, what, of, writes)
    found = failure(error, host, what, writes=writes, is_app=is_app) if error is not None else None
    found = found or _by_status(answer, error, host, what, writes)
    if isinstance(found, Unavailable | Uncertain) and found.retry_after is None:
        found.retry_after = retry_after(answer.headers.get("Retry-After"))
    raise found


def failure(error: Error, host: str, what: str, *, writes: bool, is_app: bool) -> ExchangeError | None:
    """What everything fails with that is asked so; None where only this one does."""
    code = error.code
    if error.is_limit:
        which = "requests" if code == QUERIES else "running time of a method"
        return TooOften(f"{host} says that we ask too often ({code} to {what}): the limit of {which}.")
    if code == OVERLOAD:
        sentence = f"{host} has shut us out by hand ({OVERLOAD} to {what}). Ask Bitrix24's support to lift it."
        return QuotaSpent(sentence, clock.now() + BLOCKED, OVERLOAD)
    if code in TOKEN:
        which = "refresh_token" if is_app else "webhook_url"
        return CredentialsRefused(f"{host} refused the credentials ({code} to {what}). Put valid ones into {which}.")
    if code in _RIGHTS:
        return MissingScopes(f"{host} refused {what} ({code}): a right or a scope is missing. It says: {error.words}")
    if code in _APP or error.words.upper().startswith(_APP):
        return NotSetUp(
            f"{host} takes {what} of an app alone ({code or 'no webhook'}). Connect one with client_id, client_secret and "
            'refresh_token, or set calls = "comment".'
        )
    if code in _ACCOUNT or (_DENIED.search(code) and _PLAN.search(error.words)):
        return NotSetUp(f"{host} does not serve {what} to this account ({code}). It says: {error.words}")
    if code in _BROKEN:
        sentence = f"{host} failed to answer {what} ({code})."
        return Uncertain(sentence) if writes else Unavailable(sentence)
    return None


def _by_status(answer: Answer, error: Error | None, host: str, what: str, writes: bool) -> ExchangeError:
    status = answer.status
    if status == 401:
        return CredentialsRefused(f"{host} refused the credentials (401 to {what}).")
    if status == 429:
        return TooOften(f"{host} says that we ask too often (429 to {what}).")
    if status in (408, 425) or status >= 500:
        return failed(answer, host, what, writes)
    if status < 400:
        return Unavailable(f"{host} sent {what} elsewhere ({status}). Check the address: redirects are not followed.")
    if error is None:
        return NotSetUp(f"{host} refused {what} ({status}), and not in Bitrix24's own words. Check the address.")
    return WholeRefused(refused(error))


def refused(error: Error) -> Refused:
    """What becomes of a record that is refused so."""
    if error.is_gone:
        return Refused(RECORD_DELETED, error.words)
    if _DENIED.search(error.code) or _DENIED.search(error.words.upper()):
        return Refused(NOT_ALLOWED, error.words)
    is_missing = error.code == "100" or _REQUIRED.search(error.words)
    return Refused(REQUIRED if is_missing else VALIDATION, error.words)


def of_record(error: Error, host: str, what: str, wait: float | None, is_app: bool) -> Result:
    """What becomes of a record whose command of a batch has failed, while others of it were done."""
    found = failure(error, host, what, writes=True, is_app=is_app)
    if found is None:
        return refused(error)
    return Unknown(str(found)) if isinstance(found, Uncertain) else Again(str(found), wait)


def _line(said: str, secrets: Sequence[str]) -> str:
    """Bitrix24's own words, in one line, without secrets."""
    line = texts.visible(" ".join(texts.clean(str(masking.masked(said, secrets))).split()))
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1].rstrip() + "…"
