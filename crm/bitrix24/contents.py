"""What is written of a call, and in which of Bitrix24's codes. Pure.

apidocs.bitrix24.com, "telephony.externalCall.register" and "telephony.externalCall.finish": a call is registered with whom it was
and when it began, and finished with how long it took and a code of its end, as telephones have them. Neither has room for what
the agent says: that stands in a note of the activity, or in a comment, whose last line is our mark.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC
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
    INVALID_NUMBER,
    NO_ANSWER,
    REJECTED,
    UNREACHABLE,
    VOICEMAIL,
)
from lib import clock

CODES = ("200", "304", "603", "603-S", "403", "404", "486", "484", "503", "480", "402", "423", "OTHER")
OTHER = "OTHER"
BY_FLAG = {"wrong_number": "404"}
BY_OUTCOME = {
    CONNECTED: "200",
    VOICEMAIL: "200",
    NO_ANSWER: "304",
    ABANDONED: "304",
    BUSY: "486",
    REJECTED: "603",
    CANCELED: "603-S",
    INVALID_NUMBER: "404",
    UNREACHABLE: "480",
    AGENT_UNAVAILABLE: "480",
    BLOCKED: "403",
}
OUTBOUND, INBOUND = 1, 2
LONGEST, LONGEST_REASON = 10_000, 200  # characters
MARK = "Wrapup: "
_MARK = re.compile(r"Wrapup: ?([0-9A-Za-z-]+)/([0-9a-f]{8})\b")


def content(call: Call) -> dict[str, Any]:
    """The members of a call as far as no setting and no list of the account's is needed."""
    outcome = call.outcome
    begin = clock.read(outcome.get("started_at")) or clock.read(outcome["occurred_at"])
    assert begin is not None  # every outcome has a time
    spoken = outcome["talk_seconds"] if outcome["talk_seconds"] is not None else outcome["duration_seconds"]
    more = (
        ("Number", outcome["customer_number"] or outcome["customer_number_raw"]),
        ("Seconds", None if spoken is None else str(spoken)),
    )
    return {
        "number": outcome["customer_number"],
        "type": INBOUND if outcome["direction"] == "inbound" else OUTBOUND,
        "begin": begin.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "seconds": spoken or 0,
        "code": {"keys": wording.keys(outcome), "code": _code(outcome)},
        "text": f"{wording.title(outcome)}\n{wording.text(outcome, more, LONGEST)}",
        "owner": call.owner,
        "owner_email": None if call.owner else outcome["agent"]["email"],
    }


def code_of(said: Mapping[str, Any], chosen: Mapping[str, str]) -> str:
    """Bitrix24's code of the call's end; ``chosen``: the setting."""
    found = said["code"]
    return next((chosen[key] for key in found["keys"] if key in chosen), str(found["code"]))


def reason_of(said: Mapping[str, Any], code: str) -> str:
    """Why there was no conversation, in the tenant's words; empty where there was one."""
    return "" if code == "200" else str(said["text"]).partition("\n")[0][:LONGEST_REASON]


def version(said: Mapping[str, Any]) -> str:
    """By which the same text is known again, however Bitrix24 has tidied it."""
    told = {"text": said["text"], "owner": said["owner"]}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:8]


def marked(said: Mapping[str, Any], mark: str) -> str:
    """The text with our mark."""
    return f"{said['text']}\n{MARK}{mark}/{version(said)}"


def mark_of(text: Any) -> tuple[str, str] | None:
    """(the mark that stands in a text, its version)."""
    found = _MARK.findall(text) if isinstance(text, str) else []
    return found[-1] if found else None  # the last line is ours, whatever the notes say


def _code(outcome: Mapping[str, Any]) -> str:
    by_flag = (BY_FLAG[flag] for flag in outcome["flags"] if flag in BY_FLAG)
    return next(by_flag, None) or BY_OUTCOME.get(outcome["connect_outcome"], OTHER)
