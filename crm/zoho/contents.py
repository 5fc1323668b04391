"""What is written of a call, and in which of Zoho's words. Pure.

zoho.com/crm/developer, "Insert records", calls: a start with its offset, a duration that is never zero, and none of a call that
was missed. The description is plain text; where there is no field of ours, its last line has our mark.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from crm import wording
from crm.base import Call
from dialers.vocabulary import BUSY, CONNECTED, NO_ANSWER, UNKNOWN, VOICEMAIL
from lib import clock

SUBJECT, TYPE, START, DURATION, TEXT = "Subject", "Call_Type", "Call_Start_Time", "Call_Duration", "Description"
RESULT, OWNER, TO, FROM = "Call_Result", "Owner", "Dialled_Number", "Caller_ID"
SECONDS = "Call_Duration_in_seconds"  # as Zoho has understood the duration
CONTACT, OTHER, OTHERS_MODULE = "Who_Id", "What_Id", "$se_module"
OUTBOUND, INBOUND, MISSED = "Outbound", "Inbound", "Missed"
KEPT_BY_ZOHO = (TYPE, START, OWNER)  # of a call that is over they cannot be changed
TYPES = {"outbound": OUTBOUND, "inbound": INBOUND}
ANSWERED = (CONNECTED, VOICEMAIL)
LONGEST_SUBJECT, LONGEST_TEXT = 255, 30_000  # characters; a small margin to what Zoho takes
LONGEST_NUMBER = 30
FACTOR = 30  # by which two readings of a duration differ at least: one is 60 times the other
# Labels that may be among an account's results; the first that is.
BY_OUTCOME = {
    CONNECTED: ("Connected",),
    NO_ANSWER: ("No response/Busy", "No Answer"),
    BUSY: ("No response/Busy", "Busy"),
    VOICEMAIL: ("Left Voicemail",),
}
_MARK = re.compile(r"Wrapup: ([0-9A-Za-z-]+)\s*\Z")


def content(call: Call) -> dict[str, Any]:
    """The fields of the call as far as no setting and no list of the account's is needed, and what those are looked up by."""
    outcome = call.outcome
    seconds = outcome["talk_seconds"] if outcome["talk_seconds"] is not None else outcome["duration_seconds"]
    begin = clock.read(outcome.get("started_at")) or clock.read(outcome["occurred_at"])
    assert begin is not None  # every outcome has a time
    type_ = TYPES.get(str(outcome["direction"]))
    if type_ == INBOUND and outcome["connect_outcome"] is not None and outcome["connect_outcome"] not in ANSWERED:
        type_ = MISSED
    customer, ours = outcome["customer_number"], outcome["caller_number"]
    from_, to = (customer, ours) if outcome["direction"] == "inbound" else (ours, customer)
    lasted = None if seconds else "0 s" if seconds == 0 else "not known"
    return {
        "fields": {
            SUBJECT: wording.title(outcome)[:LONGEST_SUBJECT],
            START: begin.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        },
        "type": type_,
        "seconds": seconds,
        "text": wording.text(outcome, [("From", from_), ("To", to), ("Lasted", lasted)], LONGEST_TEXT),
        "numbers": {name: one[:LONGEST_NUMBER] for name, one in ((FROM, from_), (TO, to)) if one},
        "result": _result(outcome),
        "owner": call.owner,
        "owner_email": None if call.owner else outcome["agent"]["email"],
    }


def duration(seconds: int | None, form: str) -> str:
    """A call of zero seconds is refused, and so is one without a duration: it is given the least there is."""
    whole = max(seconds or 0, 1)
    first, second = divmod(-(-whole // 60) if form == "hh:mm" else whole, 60)
    return f"{first:02d}:{second:02d}"


def is_misread(seconds: int | None, form: str, told: Any) -> bool:
    """Whether Zoho has taken minutes for hours, or the other way round: by the seconds that it tells of a duration."""
    first, _, second = duration(seconds, form).partition(":")
    meant = (int(first) * 60 + int(second)) * (60 if form == "hh:mm" else 1)
    return isinstance(told, int) and told > 0 and max(meant, told) >= FACTOR * min(meant, told)


def seconds_of(duration_: str) -> tuple[int, ...] | None:
    """A duration to be compared, however many zeros stand before it; None of what is none."""
    parts = duration_.split(":")
    return tuple(map(int, parts)) if all(one.isdecimal() for one in parts) else None


def marked(text: str, mark: str) -> str:
    """The description with our mark."""
    return f"{text}\nWrapup: {mark}"


def mark_of(text: Any) -> str | None:
    """The mark that stands at the end of a description."""
    found = _MARK.search(text) if isinstance(text, str) else None
    return found[1] if found else None


def _result(outcome: Mapping[str, Any]) -> dict[str, list[str]]:
    """What may be set as its result: keys of the setting ``results``, else labels; the first that the account has."""
    labels = [*wording.words(outcome), *BY_OUTCOME.get(outcome["connect_outcome"] or UNKNOWN, ())]
    return {"keys": wording.keys(outcome), "labels": labels}
