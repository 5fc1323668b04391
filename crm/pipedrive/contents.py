"""What is written of a call, and in which of Pipedrive's words. Pure.

developers.pipedrive.com, "Call logs": six outcomes, of which each call log has one; times are UTC without a zone, ``duration`` is
a text of seconds, the note is HTML. There is no field of ours, so our mark stands in the note's last line.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crm import wording
from crm.base import Call
from dialers.vocabulary import (
    ABANDONED,
    AGENT_UNAVAILABLE,
    BLOCKED,
    BUSY,
    CANCELED,
    CONNECTED,
    FAILED,
    INVALID_NUMBER,
    NO_ANSWER,
    REJECTED,
    UNREACHABLE,
    VOICEMAIL,
)
from lib import clock

WORDS = ("connected", "no_answer", "left_message", "left_voicemail", "wrong_number", "busy")
BY_FLAG = {"wrong_number": "wrong_number"}
# What is not listed has no word of Pipedrive's: which one it is to be stands in the setting ``outcomes``, or the call is refused.
BY_OUTCOME = {
    CONNECTED: "connected",
    VOICEMAIL: "left_voicemail",
    NO_ANSWER: "no_answer",
    BUSY: "busy",
    REJECTED: "busy",  # as telephones say it
    # None of these was answered, and the note says why.
    UNREACHABLE: "no_answer",
    INVALID_NUMBER: "no_answer",
    FAILED: "no_answer",
    ABANDONED: "no_answer",
    AGENT_UNAVAILABLE: "no_answer",
    CANCELED: "no_answer",
    BLOCKED: "no_answer",
}
REPLACED = "00000000"  # the version of a note while its call log is gone and no other has taken its place
UNKNOWN_NUMBER = "unknown"  # a number that was called must stand there
_MARK = re.compile(r"Wrapup(?:\s|:|&nbsp;|<[^<>]*>)*([0-9A-Za-z-]+)/([0-9a-f]{8})\b")


def content(call: Call) -> dict[str, Any]:
    """The members of a call log as far as no setting and no list of the account's is needed, and what those are looked up by."""
    outcome = call.outcome
    seconds = outcome["talk_seconds"] if outcome["talk_seconds"] is not None else outcome["duration_seconds"]
    begin, end = _times(outcome, seconds)
    customer = outcome["customer_number"] or outcome["customer_number_raw"]
    ours = outcome["caller_number"]
    from_, to = (customer, ours) if outcome["direction"] == "inbound" else (ours, customer)
    log = {
        "to_phone_number": to or UNKNOWN_NUMBER,
        "start_time": _naive(begin),
        "end_time": _naive(end),
        **({"duration": str(seconds)} if seconds is not None else {}),
        **({"from_phone_number": from_} if from_ else {}),
    }
    return {
        "log": log,
        "subject": wording.title(outcome),
        "note": wording.body(outcome),
        "outcome": {"keys": wording.keys(outcome), "word": _word(outcome)},
        "owner": call.owner,
        "owner_email": None if call.owner else outcome["agent"]["email"],
    }


def outcome_of(said: Mapping[str, Any], chosen: Mapping[str, str]) -> str | None:
    """Pipedrive's word; ``chosen``: the setting. None where nobody has said which."""
    found: Mapping[str, Any] = said["outcome"]
    return next((chosen[key] for key in found["keys"] if key in chosen), found["word"])


def version(content_: Mapping[str, Any]) -> str:
    """What is told of the content in its note, by which the same is known again, however Pipedrive has tidied it."""
    return hashlib.sha256(json.dumps(content_, sort_keys=True, default=str).encode()).hexdigest()[:8]


def marked(note: str, mark: str, version_: str) -> str:
    """The note with our mark."""
    return f"{note}<br>{wording.line('Wrapup', f'{mark}/{version_}')}"


def mark_of(note: Any) -> tuple[str, str] | None:
    """(the mark that stands in a note, its version)."""
    found = _MARK.findall(note) if isinstance(note, str) else []
    return found[-1] if found else None  # the last line is ours, whatever the notes say


def _times(outcome: Mapping[str, Any], seconds: int | None) -> tuple[datetime, datetime]:
    begin = clock.read(outcome.get("started_at")) or clock.read(outcome["occurred_at"])
    assert begin is not None  # every outcome has a time
    end = clock.read(outcome.get("ended_at"))
    if end is None or end < begin:
        lasted = outcome["duration_seconds"] if outcome["duration_seconds"] is not None else seconds
        end = begin + timedelta(seconds=lasted or 0)
    return begin, end


def _naive(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _word(outcome: Mapping[str, Any]) -> str | None:
    by_flag = (BY_FLAG[flag] for flag in outcome["flags"] if flag in BY_FLAG)
    return next(by_flag, None) or BY_OUTCOME.get(outcome["connect_outcome"])
