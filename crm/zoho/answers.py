"""What Zoho's answers mean: the one place where they are told apart.

zoho.com/crm/developer, "Status codes and errors": what is written is answered with a list ``data``, a result for each record in
the order in which they were given, whatever the status (200, 201, 202, 207, 400). Anything else that is wrong is one object
``{"code", "details", "message", "status": "error"}``. A question that finds nothing is answered with 204.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Again, NotSetUp, Refused
from crm.halving import WholeRefused
from crm.http_client import MissingScopes, failed, unreadable
from crm.zoho import credits
from lib import masking
from lib import text as texts
from lib.http.errors import CredentialsRefused, ExchangeError, Unavailable
from lib.http.exchange import Answer, cannot_now

LONGEST_WORDS = 400  # characters of Zoho's words that are kept
RECORD_DELETED, CONFLICT, NOT_ALLOWED, VALIDATION = "record_deleted", "conflict", "not_allowed", "validation"
REQUIRED, LOCKED = "required_field", "locked"
DUPLICATE = "DUPLICATE_DATA"
SCOPE = "OAUTH_SCOPE_MISMATCH"  # also with 401, though the token is good
# Zoho's code -> our word for it: asking again gets the same answer. What is not listed is "validation".
PERMANENT = {
    DUPLICATE: CONFLICT,
    "MANDATORY_NOT_FOUND": REQUIRED,
    "DEPENDENT_FIELD_MISSING": REQUIRED,
    "EXPECTED_FIELD_MISSING": REQUIRED,
    "NO_PERMISSION": NOT_ALLOWED,
    "AUTHORIZATION_FAILED": NOT_ALLOWED,
    "RECORD_IN_BLUEPRINT": NOT_ALLOWED,
    "NOT_APPROVED": LOCKED,
    "RECORD_LOCKED": LOCKED,
    "CONVERTED_RECORD": RECORD_DELETED,
    "NO_RECORDS_FOUND": RECORD_DELETED,
}
PASSING = ("INTERNAL_ERROR", "INTERNAL_SERVER_ERROR", "DEPENDENT_SERVICE_ERROR", "TOO_MANY_REQUESTS", "CANNOT_PROCESS")
ABOUT_ADDRESS = ("INVALID_URL_PATTERN", "INVALID_MODULE", "INVALID_REQUEST_METHOD", "API_NOT_SUPPORTED")
_ABOUT_ID = re.compile(r"\bid given\b.*\binvalid|no record|no data for the ID|record not deleted", re.IGNORECASE)
_CREDITS = re.compile(r"credit|24 ?h|\bday\b|daily|licen[cs]e limit", re.IGNORECASE)


def is_stale(answer: Answer) -> bool:
    """Whether another token may be taken."""
    return answer.status == 401 and (_error_of(answer.plain()) or {}).get("code") != SCOPE


def meaning(
    answer: Answer,
    host: str,
    what: str,
    center: str,
    *,
    writes: bool,
    records: int | None = None,
    secrets: Sequence[str] = (),
) -> Mapping[str, Any]:
    """What Zoho says, as JSON; an empty object where there is nothing. ``records``: so many were given to it. Raises
    CredentialsRefused, Unavailable, QuotaSpent, WholeRefused, NotSetUp; Uncertain where something was given to Zoho and nobody
    can tell what it has done with it, Unreadable where it was only asked."""
    status = answer.status
    if status == 204 and not answer.body.strip():
        return {}
    said = answer.plain()
    error = _error_of(said)
    listed = _listed(said) if writes else []
    if isinstance(said, Mapping) and listed and (200 <= status < 300 or (status == 400 and len(listed) == records)):
        return said
    if not 200 <= status < 300:
        raise _failure(answer, error, host, what, center, writes, secrets)
    if isinstance(said, Mapping) and error is None:
        return said
    of = "an error in it" if error is not None else "something that is not Zoho's"
    raise unreadable(answer, host, what, of, writes)


def _error_of(said: Any) -> Mapping[str, Any] | None:
    """What is wrong with the whole request: an object, or a list of nothing but errors, of which the first says it."""
    if not isinstance(said, Mapping):
        return None
    if said.get("status") == "error":
        return said
    rows = _listed(said)
    errors = [one for one in rows if isinstance(one, Mapping) and one.get("status") == "error"]
    return errors[0] if errors and len(errors) == len(rows) else None


def _listed(said: Any) -> Sequence[Any]:
    """What is told of records, or fields, one by one."""
    lists = [said.get(name) for name in ("data", "fields")] if isinstance(said, Mapping) else []
    return next((one for one in lists if isinstance(one, list)), [])


def _failure(
    answer: Answer,
    error: Mapping[str, Any] | None,
    host: str,
    what: str,
    center: str,
    writes: bool,
    secrets: Sequence[str],
) -> ExchangeError:
    status, code = answer.status, str((error or {}).get("code"))
    if code == SCOPE or (error is not None and status in (401, 403) and PERMANENT.get(code) == NOT_ALLOWED):
        return MissingScopes(f"{host} does not allow {what} ({status}): {words(error or {}, secrets)}")
    if status == 401:
        return CredentialsRefused(
            f"{host} refused the access token (401 to {what}). Check refresh_token, and that data_center ({center}) is the one "
            "where the account lives."
        )
    if status == 429 or code == "TOO_MANY_REQUESTS":
        return _too_many(answer, error or {}, host, what)
    if status in (408, 425) or status >= 500:
        return failed(answer, host, what, writes)
    if status < 400:
        return Unavailable(f"{host} sent {what} elsewhere ({status}). Check api_url: redirects are not followed.")
    if error is None:
        return NotSetUp(
            f"{host} refused {what} ({status}), and not in Zoho's own words. Check data_center and api_url."
        )
    if code in ABOUT_ADDRESS:
        return NotSetUp(f"{host} does not take {what} ({status}): {words(error, secrets)}")
    if status == 403:
        return MissingScopes(f"{host} refused {what} (403): {words(error, secrets)}")
    if code in PASSING:
        return Unavailable(f"{host} cannot take {what} now ({status}): {words(error, secrets)}")
    return WholeRefused(refused(error, secrets))


def _too_many(answer: Answer, error: Mapping[str, Any], host: str, what: str) -> ExchangeError:
    """No answer says how long to wait; who asks too much at once has room soon, a spent day has not."""
    left = (answer.headers.get(credits.LEFT) or "").strip()
    if left == "0" or _CREDITS.search(str(error.get("message") or "")):
        return credits.spent(f"{host} has no credits left (429 to {what}); they come back over 24 hours.")
    return cannot_now(answer, host, what)


# What an error says -----------------------------------------------------------------------------------------------------
def of_record(error: Mapping[str, Any], secrets: Sequence[str]) -> Refused | Again:
    """What becomes of one record of several."""
    if str(error.get("code")) in PASSING:
        return Again(words(error, secrets))
    return refused(error, secrets)


def refused(error: Mapping[str, Any], secrets: Sequence[str]) -> Refused:
    """What becomes of a record that is refused so."""
    said, code = words(error, secrets), str(error.get("code"))
    if code == "INVALID_DATA" and _ABOUT_ID.search(str(error.get("message"))) and _field(error) in ("", "id"):
        return Refused(RECORD_DELETED, said)
    return Refused(PERMANENT.get(code, VALIDATION), said)


def _field(error: Mapping[str, Any]) -> str:
    """The field that it is about."""
    details = error.get("details")
    return str(details.get("api_name") or "") if isinstance(details, Mapping) else ""


def words(error: Mapping[str, Any], secrets: Sequence[str]) -> str:
    """Zoho's own words, in one line, without secrets."""
    parts = [str(error.get("code") or ""), str(error.get("message") or "")]
    line = ": ".join(one for one in parts if one) or "It gave no reason."
    details = error.get("details")
    if isinstance(details, Mapping):
        several = details.get("errors")
        if isinstance(several, list) and several and isinstance(several[0], Mapping):
            return words(several[0], secrets)  # the first of them
        named = [
            f"{name} {details[name]}" for name in ("api_name", "json_path", "expected_data_type") if details.get(name)
        ]
        line += f" ({', '.join(named)})" if named else ""
    line = texts.visible(" ".join(texts.clean(str(masking.masked(line, secrets))).split()))
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1].rstrip() + "…"
