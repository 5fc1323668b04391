"""What is written of a call, and in which of HubSpot's words. Pure.

developers.hubspot.com, "Calls": every value of a property is a text, times are ISO 8601 in UTC, ``hs_call_duration`` is in
milliseconds, ``hs_call_recording_url`` must be https. The body is shown as HTML.
"""

import html
from collections.abc import Mapping
from typing import Any

from crm.base import Call
from dialers.vocabulary import (
    ABANDONED,
    AGENT_UNAVAILABLE,
    BLOCKED,
    BUSY,
    CANCELED,
    CONNECTED,
    FAILED,
    IN_PROGRESS,
    INVALID_NUMBER,
    NO_ANSWER,
    PENDING,
    REJECTED,
    UNREACHABLE,
    VOICEMAIL,
)

# What is not listed has no status of HubSpot's: it is left out rather than guessed.
STATUSES = {
    CONNECTED: "COMPLETED",
    VOICEMAIL: "COMPLETED",
    NO_ANSWER: "NO_ANSWER",
    BUSY: "BUSY",
    REJECTED: "BUSY",  # as telephones say it
    UNREACHABLE: "FAILED",
    INVALID_NUMBER: "FAILED",
    FAILED: "FAILED",
    ABANDONED: "NO_ANSWER",  # by us
    AGENT_UNAVAILABLE: "NO_ANSWER",
    CANCELED: "CANCELED",
    BLOCKED: "CANCELED",
    PENDING: "QUEUED",
    IN_PROGRESS: "IN_PROGRESS",
}
DIRECTIONS = {"inbound": "INBOUND", "outbound": "OUTBOUND"}

# Labels that HubSpot gives its own dispositions; an account may have renamed or deleted them, and then none is set.
BY_FLAG = {"wrong_number": ("Wrong number",)}
BY_OUTCOME = {
    CONNECTED: ("Connected",),
    VOICEMAIL: ("Left voicemail",),
    NO_ANSWER: ("No answer",),
    BUSY: ("Busy",),
}

TITLE, BODY, WHEN, DIRECTION = "hs_call_title", "hs_call_body", "hs_timestamp", "hs_call_direction"
STATUS, DURATION, DISPOSITION = "hs_call_status", "hs_call_duration", "hs_call_disposition"
FROM, TO, RECORDING, OWNER = "hs_call_from_number", "hs_call_to_number", "hs_call_recording_url", "hubspot_owner_id"
# What we write and take back where the outcome no longer says it. An owner that we do not know may be one whom a person chose.
OURS = (TITLE, BODY, WHEN, DIRECTION, STATUS, DURATION, DISPOSITION, FROM, TO, RECORDING)
LONGEST_TITLE = 200
LONGEST_NOTES = 60_000  # characters as they are written, in UTF-16; HubSpot takes 65,536 of a body


def content(call: Call) -> dict[str, Any]:
    """The properties of the call as far as no list of the account's is needed, and what is looked up in such lists."""
    outcome = call.outcome
    return {
        "properties": _properties(outcome),
        "disposition": _disposition(outcome),
        "owner": call.owner,
        "owner_email": None if call.owner else outcome["agent"]["email"],
    }


def _properties(outcome: Mapping[str, Any]) -> dict[str, str]:
    seconds = outcome["talk_seconds"] if outcome["talk_seconds"] is not None else outcome["duration_seconds"]
    direction = DIRECTIONS.get(str(outcome["direction"]))
    customer, ours = outcome["customer_number"], outcome["caller_number"]
    from_, to = (customer, ours) if direction == "INBOUND" else (ours, customer) if direction else (None, None)
    recording = outcome["recording_url"]
    found = {
        WHEN: outcome["occurred_at"],
        TITLE: _title(outcome),
        BODY: _body(outcome),
        DIRECTION: direction,
        STATUS: STATUSES.get(outcome["connect_outcome"]),
        DURATION: None if seconds is None else str(seconds * 1000),
        FROM: from_,
        TO: to,
        RECORDING: recording if recording and recording.lower().startswith("https://") else None,
    }
    return {name: value for name, value in found.items() if value}


def _title(outcome: Mapping[str, Any]) -> str:
    kind = {"inbound": "Inbound call", "outbound": "Outbound call"}.get(str(outcome["direction"]), "Call")
    return f"{kind}: {outcome['disposition'] or _in_words(outcome['connect_outcome'])}"[:LONGEST_TITLE]


def _body(outcome: Mapping[str, Any]) -> str:
    disposition, parent = outcome["disposition"], outcome["disposition_parent"]
    agent = outcome["agent"]
    answered = outcome["answered_by"]
    by = f", answered by a {answered}" if answered in ("machine", "fax") else ""
    notes = outcome["notes"]
    lines = (
        ("Disposition", f"{parent} / {disposition}" if parent and disposition else disposition or parent),
        ("Result", _in_words(outcome["connect_outcome"]) + by),
        ("Notes", _cut(notes) if notes else None),
        ("Campaign", outcome["campaign_name"] or outcome["campaign_id"]),
        ("Queue", outcome["queue_name"]),
        ("Agent", agent["name"] or agent["username"] or agent["email"] or agent["id"]),
        ("Dialer", f"{outcome['dialer']} ({outcome['connection']})"),
    )
    return "<br>".join(f"<strong>{name}:</strong> {_shown(value)}" for name, value in lines if value)


def _shown(value: str) -> str:
    return "<br>".join(html.escape(value, quote=False).splitlines())


def _cut(notes: str) -> str:
    """As much of them as there is room for."""
    while len(_shown(notes).encode("utf-16-le", "replace")) // 2 > LONGEST_NOTES:
        notes = notes[: len(notes) * 3 // 4]
    return notes


def _in_words(word: str | None) -> str:
    return (word or "unknown").replace("_", " ")


def _disposition(outcome: Mapping[str, Any]) -> dict[str, list[str]]:
    """What may be set as its disposition: keys of the setting ``dispositions``, else HubSpot's labels; the first that fits."""
    words = [word for word in (outcome["disposition"], outcome["disposition_parent"]) if word]
    flags, result = outcome["flags"], outcome["connect_outcome"]
    labels = [*words, *(label for flag in flags for label in BY_FLAG.get(flag, ())), *BY_OUTCOME.get(result, ())]
    return {
        "keys": [*(f"disposition:{word}" for word in words), *(f"flag:{flag}" for flag in flags), result],
        "labels": labels,
    }
