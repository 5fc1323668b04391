"""What Salesforce's answers mean: the one place where they are told apart.

developer.salesforce.com, "Status Codes and Error Responses": an error is a list ``[{"errorCode", "message", "fields"}]``. What a
collection says of each of its records is ``{"id", "success", "errors": [{"statusCode", "message", "fields"}]}`` in a 200, in the
order in which they were given. Who asks too often gets 403.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Again, NotSetUp, Refused
from crm.halving import WholeRefused
from crm.http_client import failed, unreadable
from crm.salesforce.usage import spent
from lib import masking
from lib import text as texts
from lib.http.errors import CredentialsRefused, ExchangeError, TooOften, Unavailable
from lib.http.exchange import Answer, cannot_now, retry_after

Row = Mapping[str, Any]

LONGEST_WORDS = 400  # characters of Salesforce's words that are kept
MOST_WORDS = 3  # errors of one record
LIMIT, NO_FIELD = "REQUEST_LIMIT_EXCEEDED", "(INVALID_FIELD)"
AT_ONCE_PAUSE = 10.0  # seconds: too many requests are at work, and one that counts lasts twenty
PAUSE = 2.0  # where somebody else has locked a record
# Not taken, and worth sending again.
PASSING = (
    "UNABLE_TO_LOCK_ROW",
    "SERVER_UNAVAILABLE",
    "REQUEST_RUNNING_TOO_LONG",
    "QUERY_TIMEOUT",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "PROCESSING_HALTED",
    LIMIT,
)
CONVERTED, DELETED, SEVERAL, DUPLICATE = "converted_lead", "record_deleted", "several_there", "duplicate"
REASONS = {
    "CANNOT_UPDATE_CONVERTED_LEAD": CONVERTED,
    "ENTITY_IS_DELETED": DELETED,
    "NOT_FOUND": DELETED,
    "INVALID_CROSS_REFERENCE_KEY": DELETED,
    "REQUIRED_FIELD_MISSING": "required_field",
    "DUPLICATES_DETECTED": DUPLICATE,
    "DUPLICATE_VALUE": DUPLICATE,
    "DUPLICATE_EXTERNAL_ID": SEVERAL,
    "INSUFFICIENT_ACCESS_OR_READONLY": "not_allowed",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "not_allowed",
}
_ABOUT_OTHERS = re.compile(r"\b(?:OwnerId|Owner ID)\b")
_LOCKED = re.compile(r"\bUNABLE_TO_LOCK_ROW\b")  # within what a trigger says


def meaning(answer: Answer, host: str, what: str, *, writes: bool, secrets: Sequence[str] = ()) -> Any:
    """What a 2xx says, as JSON. Raises CredentialsRefused, Unavailable, QuotaSpent, WholeRefused, NotSetUp; Uncertain where
    something was given to Salesforce and nobody can tell what it has done with it, Unreadable where it was only asked."""
    said = answer.plain()
    errors = _errors(said)
    if not 200 <= answer.status < 300:
        raise _failure(answer, errors, host, what, writes, secrets)
    if isinstance(said, Mapping | list) and not errors:
        return said
    of = "an error in it" if errors else "something that is not JSON"
    raise unreadable(answer, host, what, of, writes)


def _failure(
    answer: Answer, errors: Sequence[Row], host: str, what: str, writes: bool, secrets: Sequence[str]
) -> ExchangeError:
    status, codes = answer.status, {_code(one) for one in errors}
    if status == 401:
        return CredentialsRefused(
            f"{host} refused the access token (401 to {what}) although it was new. Check the app's user, and that its scopes "
            "have api."
        )
    if LIMIT in codes:
        return _over(answer, errors, host, what)
    if codes & set(PASSING) or status == 429 or (status == 503 and errors):
        return _busy(answer, host, what)
    if status in (408, 425) or status >= 500:
        return failed(answer, host, what, writes)
    if status < 400:
        return Unavailable(f"{host} sent {what} elsewhere ({status}). Check api_url: redirects are not followed.")
    if status == 403 and not errors:  # not Salesforce's own: something before it
        return Unavailable(f"{host} refused {what} (403), and not in Salesforce's own words.")
    if not errors and status not in (413, 414, 431):
        return NotSetUp(f"{host} refused {what} ({status}), and not in Salesforce's own words. Check api_url.")
    if status in (403, 404, 405, 410):
        return NotSetUp(f"{host} does not take {what} ({status}). Salesforce says: {words(errors, secrets)}")
    return WholeRefused(refused(errors, secrets))


def _over(answer: Answer, errors: Sequence[Row], host: str, what: str) -> ExchangeError:
    """Of the day's requests, or of those that are at work at once."""
    if any("concurrent" in str(one.get("message")).casefold() for one in errors):
        found = TooOften(f"{host} says that too many requests are at work at once ({answer.status} to {what}).")
        found.retry_after = retry_after(answer.headers.get("Retry-After")) or AT_ONCE_PAUSE
        return found
    return spent(f"{host} has no requests left ({answer.status} to {what}): its limit is of the last 24 hours.")


def _busy(answer: Answer, host: str, what: str) -> ExchangeError:
    """Nothing was done."""
    found = cannot_now(answer, host, what) if answer.status == 429 else TooOften(f"{host} cannot answer now ({what}).")
    found.retry_after = retry_after(answer.headers.get("Retry-After")) or PAUSE
    return found


# What an error says -----------------------------------------------------------------------------------------------------
def of_record(errors: Sequence[Row], secrets: Sequence[str]) -> Refused | Again:
    """What becomes of one record of a collection, others of which were taken."""
    passing = any(_code(one) in PASSING or _LOCKED.search(str(one.get("message"))) for one in errors)
    return Again(words(errors, secrets), PAUSE) if passing else refused(errors, secrets)


def refused(errors: Sequence[Row], secrets: Sequence[str]) -> Refused:
    """What becomes of a record that is refused so."""
    said = words(errors, secrets)
    reason = next((REASONS[code] for code in map(_code, errors) if code in REASONS), "validation")
    about = " ".join([said, *(str(name) for one in errors for name in _names(one))])
    if reason == DELETED and _ABOUT_OTHERS.search(about):
        reason = "validation"
    return Refused(reason, said)


def names(errors: Sequence[Row], field: str) -> bool:
    """Whether they are about that field."""
    return any(field in _names(one) or re.search(rf"\b{field}\b", str(one.get("message"))) for one in errors)


def words(errors: Sequence[Row], secrets: Sequence[str]) -> str:
    """Salesforce's own words, in one line, without secrets."""
    said = [f"{one.get('message') or 'It gave no reason.'} ({_code(one) or 'no code'})" for one in errors[:MOST_WORDS]]
    line = " ".join(dict.fromkeys(said)) or "It gave no reason."
    line = texts.visible(" ".join(texts.clean(str(masking.masked(line, secrets))).split()))
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1].rstrip() + "…"


def listed(found: Any) -> list[Row]:
    """The errors of a record's result."""
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _errors(said: Any) -> list[Row]:
    """Those of an answer that is one: of all that is asked, nothing else is a list of objects with a code."""
    found = said if isinstance(said, list) else [said]
    return [one for one in found if isinstance(one, Mapping) and isinstance(one.get("errorCode"), str)]


def _code(error: Row) -> str:
    return str(error.get("statusCode") or error.get("errorCode") or "")


def _names(error: Row) -> Sequence[str]:
    found = error.get("fields")
    return [str(one) for one in found] if isinstance(found, list) else []
