"""What is written of a call, and in which of HubSpot's words. Pure.

developers.hubspot.com, "Calls": every value of a property is a text, times are ISO 8601 in UTC, ``hs_call_duration`` is in
milliseconds, ``hs_call_recording_url`` must be https. The body is shown as HTML.
"""

from collections.abc import Mapping
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
        TITLE: wording.title(outcome),
        BODY: wording.body(outcome),
        DIRECTION: direction,
        STATUS: STATUSES.get(outcome["connect_outcome"]),
        DURATION: None if seconds is None else str(seconds * 1000),
        FROM: from_,
        TO: to,
        RECORDING: recording if recording and recording.lower().startswith("https://") else None,
    }
    return {name: value for name, value in found.items() if value}


def _disposition(outcome: Mapping[str, Any]) -> dict[str, list[str]]:
    """What may be set as its disposition: keys of the setting ``dispositions``, else HubSpot's labels; the first that fits."""
    by_flag = (label for flag in outcome["flags"] for label in BY_FLAG.get(flag, ()))
    labels = [*wording.words(outcome), *by_flag, *BY_OUTCOME.get(outcome["connect_outcome"], ())]
    return {"keys": wording.keys(outcome), "labels": labels}
