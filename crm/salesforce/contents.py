"""What is written of a call, and in which of Salesforce's words. Pure.

developer.salesforce.com, Object Reference, "Task": ``CallDurationInSeconds`` is a whole number, ``ActivityDate`` a date without a
zone, ``CallDisposition`` and ``CallObject`` are texts of 255 characters, ``Description`` one of 32,000.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from crm import wording
from crm.base import Call
from dialers.vocabulary import BUSY, CONNECTED, FAILED, INVALID_NUMBER, NO_ANSWER, REJECTED, UNREACHABLE, VOICEMAIL
from lib import clock

TYPES = {"inbound": "Inbound", "outbound": "Outbound"}
# What a call came to where nobody has disposed it: as Salesforce's own dialer and those of others write it.
BY_OUTCOME = {
    CONNECTED: "Connected",
    NO_ANSWER: "No Answer",
    BUSY: "Busy",
    REJECTED: "Busy",
    VOICEMAIL: "Left Voicemail",
    INVALID_NUMBER: "Wrong Number",
    UNREACHABLE: "Failed",
    FAILED: "Failed",
}
SUBJECT, DESCRIPTION, WHEN, TYPE = "Subject", "Description", "ActivityDate", "CallType"
SECONDS, DISPOSITION, MARK, OWNER = "CallDurationInSeconds", "CallDisposition", "CallObject", "OwnerId"
# What we write and take back where the outcome no longer says it. An owner that we do not know may be one whom a person chose.
OURS = (SUBJECT, DESCRIPTION, WHEN, TYPE, SECONDS, DISPOSITION)
LONGEST, LONGEST_DESCRIPTION = 255, 31_000  # a line's end may count twice


def content(call: Call) -> dict[str, Any]:
    """The fields of the Task as far as no setting and nothing of the org's is needed, and what those are looked up by."""
    outcome = call.outcome
    seconds = outcome["talk_seconds"] if outcome["talk_seconds"] is not None else outcome["duration_seconds"]
    fields = {
        SUBJECT: wording.title(outcome),
        DESCRIPTION: wording.text(outcome, _more(outcome), LONGEST_DESCRIPTION),
        TYPE: TYPES.get(str(outcome["direction"])),
        SECONDS: seconds,
    }
    return {
        "fields": {name: value for name, value in fields.items() if value is not None},
        "at": outcome["occurred_at"],
        "disposition": _disposition(outcome),
        "owner": call.owner,
        "owner_email": None if call.owner else outcome["agent"]["email"],
    }


def written(
    said: Mapping[str, Any], zone: ZoneInfo, chosen: Mapping[str, str], unwanted: frozenset[str]
) -> dict[str, Any]:
    """The Task's fields. ``chosen``: the setting ``dispositions``."""
    at = clock.read(said["at"])
    assert at is not None  # every outcome has a time
    found: Mapping[str, Any] = said["disposition"]
    disposition = next((chosen[key] for key in found["keys"] if key in chosen), found["text"])
    fields = {**said["fields"], WHEN: at.astimezone(zone).date().isoformat()}
    fields |= {DISPOSITION: disposition[:LONGEST]} if disposition else {}
    return {name: value for name, value in fields.items() if name not in unwanted}


def _more(outcome: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """What a Task has no field for."""
    recording = outcome["recording_url"]
    is_safe = recording and recording.lower().startswith("https://")
    number = outcome["customer_number"] or outcome["customer_number_raw"]
    return [("Number", number), ("Recording", recording if is_safe else None)]


def _disposition(outcome: Mapping[str, Any]) -> dict[str, Any]:
    words = wording.words(outcome)
    return {
        "keys": wording.keys(outcome),
        "text": words[0] if words else BY_OUTCOME.get(outcome["connect_outcome"]),
    }
