"""What HubSpot's answers mean: the one place where they are told apart.

developers.hubspot.com, "Error handling" and "Usage guidelines". An error is ``{"status":"error","category","message","errors":
[{"message","context"}]}`` with any of it missing; 429 also has ``policyName``. One input's error in a 207 looks the same, and
names its input in ``context``: by ``objectWriteTraceId``, or by ``ids`` where there is no such record.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm.base import Again, NotSetUp, QuotaSpent, Refused
from crm.halving import WholeRefused
from crm.http_client import MissingScopes, failed, unreadable
from lib import clock, masking, rawjson
from lib import text as texts
from lib.http.errors import CredentialsRefused, ExchangeError, Unavailable
from lib.http.exchange import Answer, cannot_now

LONGEST_WORDS = 400  # characters of HubSpot's words that are kept
MOST_WORDS = 3  # sentences of one refusal
DAILY = "DAILY"
# HubSpot's clock is not ours: its day ends a little after our midnight, or what it says just then is still of the day before.
AFTER_MIDNIGHT, JUST_BEGUN = timedelta(minutes=1), timedelta(minutes=15)
INTERVALS = {
    "SECONDLY": 1.0,
    "TEN_SECONDLY_ROLLING": 10.0,
}  # after which a limit has room again, where no header says it
OTHER_INTERVAL = 10.0
INTERVAL_HEADER = "X-HubSpot-RateLimit-Interval-Milliseconds"
LOCKED, LOCKED_PAUSE = 423, 2.0  # "wait two seconds" for whoever writes too much to one record at once
MIGRATING = 477  # the account is being moved to another data centre; Retry-After says for how long

CONFLICT = "conflict"
# Category of an error -> our word for it: asking again gets the same answer. Every other error is worth sending again.
PERMANENT = {
    "VALIDATION_ERROR": "validation",
    "OBJECT_NOT_FOUND": "record_deleted",
    "CONFLICT": CONFLICT,
    "MISSING_SCOPES": "not_allowed",
    "FORBIDDEN": "not_allowed",
}
REFUSED = ("400", "404", "409", "422")  # statuses that say the same; an input's error may have one
_REQUIRED = re.compile(r"\bREQUIRED|\b(?:is|are) required\b|\brequired (?:propert|field)", re.IGNORECASE)
_GONE = re.compile(r"\b(?:deleted|archived|does not exist|not found)\b", re.IGNORECASE)
_ABOUT_PROPERTIES = re.compile(r"\bpropert(?:y|ies)\b|_DOESNT_EXIST", re.IGNORECASE)
_LISTED = re.compile(r"\[.*\]", re.DOTALL)


def meaning(
    answer: Answer, host: str, what: str, *, writes: bool, secrets: Sequence[str] = (), zone: ZoneInfo | None = None
) -> Any:
    """What a 2xx says, as JSON; an empty object for one without content. ``zone``: the account's, in which its day ends. Raises
    CredentialsRefused, Unavailable, QuotaSpent, WholeRefused, NotSetUp; Uncertain where something was given to HubSpot and
    nobody can tell what it has done with it, Unreadable where it was only asked."""
    said = answer.plain()
    if 200 <= answer.status < 300:
        return _content(answer, said, host, what, writes)
    error = said if isinstance(said, Mapping) else None
    raise _failure(answer, error, host, what, writes, secrets, zone)


def _content(answer: Answer, said: Any, host: str, what: str, writes: bool) -> Any:
    if answer.status == 204 and not answer.body.strip():
        return {}
    if isinstance(said, list) or (isinstance(said, Mapping) and said.get("status") != "error"):
        return said
    of = "an error in it" if isinstance(said, Mapping) else "something that is not JSON"
    raise unreadable(answer, host, what, of, writes)


def _failure(
    answer: Answer,
    error: Mapping[str, Any] | None,
    host: str,
    what: str,
    writes: bool,
    secrets: Sequence[str],
    zone: ZoneInfo | None,
) -> ExchangeError:
    status = answer.status
    if status == 401:
        return CredentialsRefused(
            f"{host} refused the access token (401 to {what}). Put a valid one into access_token."
        )
    if status == 403:
        return _forbidden(error, host, what, secrets)
    if status == 429:
        return _too_many(answer, error or {}, host, what, zone)
    if status in (LOCKED, MIGRATING):
        return _put_off(answer, host, what)
    if status in (408, 425) or status >= 500:
        return failed(answer, host, what, writes)
    if 300 <= status < 400:
        return Unavailable(f"{host} sent {what} elsewhere ({status}). Check api_url: redirects are not followed.")
    if error is not None and status != 404 or str((error or {}).get("category")) in PERMANENT:
        return WholeRefused(refused(error or {}, secrets))
    return NotSetUp(f"{host} refused {what} ({status}), and not in HubSpot's own words. Check api_url.")


def _forbidden(error: Mapping[str, Any] | None, host: str, what: str, secrets: Sequence[str]) -> ExchangeError:
    if error is None:  # not HubSpot's own: something before it
        return Unavailable(f"{host} refused {what} (403), and not in HubSpot's own words.")
    scopes = sorted({name for one in _errors(error) for name in _context(one, "Scopes")})
    if scopes or error.get("category") == "MISSING_SCOPES":
        needed = ", ".join(scopes) or "it does not say which"
        return MissingScopes(
            masking.masked(f"{host} refused {what} (403): the access token lacks a scope ({needed}). Add it.", secrets)
        )
    return MissingScopes(f"{host} refused {what} (403): {words(error, secrets)}")


def _too_many(answer: Answer, error: Mapping[str, Any], host: str, what: str, zone: ZoneInfo | None) -> ExchangeError:
    policy = str(error.get("policyName") or "").upper()
    if policy == DAILY or (not policy and "daily limit" in str(error.get("message")).lower()):
        where = f"in {zone.key}" if zone else "in UTC, since the account's zone is not known"
        sentence = f"{host} has no requests left for today (429, DAILY). The day ends at midnight {where}."
        return QuotaSpent(sentence, day_ends(clock.now(), zone), DAILY)
    found = cannot_now(answer, host, what)
    if found.retry_after is None:
        stated = answer.headers.get(INTERVAL_HEADER, "").strip()
        least = INTERVALS.get(policy, OTHER_INTERVAL)
        found.retry_after = min(int(stated) / 1000, 60.0) if stated.isdecimal() and len(stated) < 9 else least
    return found


def _put_off(answer: Answer, host: str, what: str) -> ExchangeError:
    found = cannot_now(answer, host, what)
    if found.retry_after is None:
        found.retry_after = LOCKED_PAUSE if answer.status == LOCKED else None
    return found


def day_ends(at: datetime, zone: ZoneInfo | None) -> datetime:
    """When a day that is spent is over, as nearly as two clocks agree. A whole day is not lost to a second between them."""
    if midnight(at - JUST_BEGUN, zone) <= at:
        return at + JUST_BEGUN
    return midnight(at, zone) + AFTER_MIDNIGHT


def midnight(at: datetime, zone: ZoneInfo | None) -> datetime:
    """When the day ends there, in UTC."""
    tomorrow = at.astimezone(zone or UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone or UTC).astimezone(UTC)


# What an error says -----------------------------------------------------------------------------------------------------
def refused(error: Mapping[str, Any], secrets: Sequence[str]) -> Refused:
    """What becomes of a record that is refused with this error."""
    said = words(error, secrets)
    reason = PERMANENT.get(str(error.get("category")), "validation")
    if reason == "validation":
        named = f"{said} {' '.join(_codes(error))}"
        if _REQUIRED.search(named):
            reason = "required_field"
        elif _GONE.search(named) and not _ABOUT_PROPERTIES.search(named):
            reason = "record_deleted"
    return Refused(reason, said)


def of_input(error: Mapping[str, Any], secrets: Sequence[str]) -> Refused | Again:
    """What becomes of one input of a batch, others of which were taken."""
    if str(error.get("category")) in PERMANENT or str(error.get("status")) in REFUSED:
        return refused(error, secrets)
    return Again(words(error, secrets))


def named(error: Mapping[str, Any]) -> set[str]:
    """The inputs that an entry of a batch's errors is about: their traces and ids."""
    return {name for one in (error, *_errors(error)) for name in _context(one, "")}


def words(error: Mapping[str, Any], secrets: Collection[str]) -> str:
    """HubSpot's own words, in one line, without secrets."""
    said = [_sentence(error.get("message"))]
    for one in _errors(error):
        more = _sentence(one.get("message"))
        if more and not any(more in before for before in said):
            said.append(more)
    line = " ".join(one for one in said[:MOST_WORDS] if one) or str(error.get("category") or "It gave no reason.")
    line = texts.visible(" ".join(texts.clean(str(masking.masked(line, secrets))).split()))
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1].rstrip() + "…"


def _sentence(message: Any) -> str:
    """A message; where it ends in a list in JSON, as those about properties do, with what the list says."""
    if not isinstance(message, str):
        return ""
    found = _LISTED.search(message) if '"message"' in message else None
    try:
        listed = rawjson.loads(found[0]) if found else None
    except rawjson.NotJson:
        return message
    if not isinstance(listed, list):
        return message
    parts = [f"{one.get('name')}: {one.get('message')}" for one in listed if isinstance(one, Mapping)]
    if found is None or not parts:
        return message
    return f"{message[: found.start()].strip()} {'; '.join(dict.fromkeys(parts))}."


def _codes(error: Mapping[str, Any]) -> list[str]:
    parts = (error, *_errors(error))
    return [str(one[name]) for one in parts for name in ("code", "subCategory") if isinstance(one.get(name), str)]


def _errors(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = error.get("errors")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _context(error: Mapping[str, Any], ending: str) -> list[str]:
    """All texts in an error's context whose names end so."""
    found = error.get("context")
    values = [value for name, value in found.items() if name.endswith(ending)] if isinstance(found, Mapping) else []
    return [str(one) for value in values for one in (value if isinstance(value, list) else [value])]
