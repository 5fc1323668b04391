"""What Pipedrive's answers mean: the one place where they are told apart.

developers.pipedrive.com: an answer is ``{"success": true, "data": ...}``, an error ``{"success": false, "error", "error_info"}``
with any of it missing. Who asks too often gets 429, and later an HTML page with 403 from whatever stands before the API.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import NotSetUp, QuotaSpent, Refused
from crm.halving import WholeRefused
from crm.http_client import MissingScopes, failed, unreadable
from crm.pipedrive.day import DAILY, Day
from lib import clock, masking
from lib import text as texts
from lib.http.errors import CredentialsRefused, ExchangeError, Unavailable
from lib.http.exchange import Answer, cannot_now, retry_after

LONGEST_WORDS = 400  # characters of Pipedrive's words that are kept
RESET = "x-ratelimit-reset"  # seconds until the window of two has room again
WINDOW, LONGEST_RESET = 2.0, 60.0
BLOCKED = 600.0  # seconds for which nobody asks after the edge has shut us out, where it does not say for how long
RECORD_DELETED, CONFLICT, NOT_ALLOWED, VALIDATION = "record_deleted", "conflict", "not_allowed", "validation"
_ADVICE = "Please check developers.pipedrive.com"  # of every error
_REQUIRED = re.compile(r"\b(?:is|are) required\b|\brequired field", re.IGNORECASE)
_SCOPE = re.compile(r"\bscope", re.IGNORECASE)


def meaning(
    answer: Answer, host: str, what: str, day: Day, *, writes: bool, secrets: Sequence[str] = ()
) -> Mapping[str, Any]:
    """What a 2xx says, as JSON. Raises CredentialsRefused, Unavailable, QuotaSpent, WholeRefused, NotSetUp; Uncertain where
    something was given to Pipedrive and nobody can tell what it has done with it, Unreadable where it was only asked."""
    said = answer.plain()
    if not 200 <= answer.status < 300:
        error = said if isinstance(said, Mapping) and ("error" in said or said.get("success") is False) else None
        raise _failure(answer, error, host, what, day, writes, secrets)
    if isinstance(said, Mapping) and said.get("success") is True:
        return said
    of = "an error in it" if isinstance(said, Mapping) else "something that is not JSON"
    raise unreadable(answer, host, what, of, writes)


def _failure(
    answer: Answer,
    error: Mapping[str, Any] | None,
    host: str,
    what: str,
    day: Day,
    writes: bool,
    secrets: Sequence[str],
) -> ExchangeError:
    status = answer.status
    if status == 401:
        return CredentialsRefused(f"{host} refused the token (401 to {what}). Put a valid one into api_token.")
    if status == 402:
        return NotSetUp(f"{host} says that the account is to be paid for (402 to {what}).")
    if status == 403:
        return _forbidden(answer, error, host, what, secrets)
    if status == 429:
        return _too_many(answer, host, what, day)
    if status in (408, 425) or status >= 500:
        return failed(answer, host, what, writes)
    if status < 400:
        return Unavailable(f"{host} sent {what} elsewhere ({status}). Check api_url: redirects are not followed.")
    if error is None:
        return NotSetUp(f"{host} refused {what} ({status}), and not in Pipedrive's own words. Check api_url.")
    if status == 410 and "/callLogs/" not in what:
        return NotSetUp(f"{host} does not take {what} any more (410): {words(error, secrets)}")
    return WholeRefused(refused(status, error, secrets))


def _forbidden(
    answer: Answer, error: Mapping[str, Any] | None, host: str, what: str, secrets: Sequence[str]
) -> ExchangeError:
    if error is None:  # the edge, which shuts out for a while whoever goes on after 429
        found = Unavailable(f"{host} shut out {what} (403), and not in Pipedrive's own words.")
        found.retry_after = retry_after(answer.headers.get("Retry-After")) or BLOCKED
        return found
    said = words(error, secrets)
    if _SCOPE.search(said):
        return MissingScopes(f"{host} refused {what} (403): the token lacks a scope. Pipedrive says: {said}")
    return WholeRefused(Refused(NOT_ALLOWED, said))


def _too_many(answer: Answer, host: str, what: str, day: Day) -> ExchangeError:
    if day.is_spent(answer.headers):
        sentence = f"{host} has no tokens left for today (429 to {what}). The day ends as day_ends_in says."
        return QuotaSpent(sentence, day.ends(clock.now()), DAILY)
    found = cannot_now(answer, host, what)
    if found.retry_after is None:
        stated = answer.headers.get(RESET, "").strip()
        seconds = float(stated) if stated.isascii() and stated.isdigit() and len(stated) < 6 else WINDOW
        found.retry_after = min(max(seconds, 1.0), LONGEST_RESET)
    return found


# What an error says -----------------------------------------------------------------------------------------------------
def refused(status: int, error: Mapping[str, Any], secrets: Sequence[str]) -> Refused:
    """What becomes of a record that is refused so."""
    said = words(error, secrets)
    if status in (404, 410):
        return Refused(RECORD_DELETED, said)
    if status == 409:
        return Refused(CONFLICT, said)
    return Refused("required_field" if _REQUIRED.search(said) else VALIDATION, said)


def words(error: Mapping[str, Any], secrets: Sequence[str]) -> str:
    """Pipedrive's own words, in one line, without secrets."""
    said = [error.get(name) for name in ("error", "error_info", "error_description", "message")]
    parts = [one for one in said if isinstance(one, str) and one.strip() and not one.startswith(_ADVICE)]
    line = " ".join(dict.fromkeys(parts)) or "It gave no reason."
    line = texts.visible(" ".join(texts.clean(str(masking.masked(line, secrets))).split()))
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1].rstrip() + "…"
