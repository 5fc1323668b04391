"""What Ryng posts, by shape: pure functions from a call and one of its attempts to a callback's body.

docs.ryng.in: "Create Campaign API" (campaign family), "Create a Q", "Append to a Q", "Transactional API" (queue family).
The field sets, their types and their order are the documented examples'; the oddities in them are the vendor's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# The pages that a call may come from. ``campaign`` and ``preview`` share one shape; the other three are the queue family.
CAMPAIGN, PREVIEW, QUEUE, APPEND, TRANSACTIONAL = "campaign", "preview", "queue", "append", "transactional"
PAGES = (CAMPAIGN, PREVIEW, QUEUE, APPEND, TRANSACTIONAL)

AGENT_CONNECTED, CUSTOMER_CONNECTED, CALL_ENDED = "agent-connected", "customer-connected", "call-ended"
AGENT_FIRST, CUSTOMER_FIRST = "agent-first", "customer-first"

# Only "2" and the leg status 5 are documented, with a call that was answered; the others are ours, to have some.
STATUS_DIGITS = {"completed": "2", "no-answer": "3", "busy": "4", "failed": "6"}
LEG_DIGITS = {"completed": 5, "no-answer": 3, "busy": 4, "failed": 6}


@dataclass(frozen=True)
class Agent:
    id: int
    username: str
    number: str


@dataclass(frozen=True)
class Attempt:
    """One dialling of a call. ``status`` is the queue family's word, whatever the family. Durations are seconds."""

    log_id: int
    agent: Agent
    status: str
    started: datetime
    ended: datetime
    disposed: datetime | None = None
    talk_seconds: int = 0
    agent_seconds: int = 0  # how long the agent's leg was up
    disposition: str | None = None
    parent_disposition: str | None = None
    notes: str = ""
    callback_time: datetime | None = None
    recording_url: str | None = None


@dataclass
class Call:
    """One customer row, with as many attempts as it took."""

    call_id: int
    page: str
    customer_number: str
    created: datetime
    attempts: list[Attempt] = field(default_factory=list)
    virtual_number: str = "+912240001000"
    custom_field_names: Mapping[str, str] = field(default_factory=dict)  # customField1Name -> header text
    custom_fields: Mapping[str, str] = field(default_factory=dict)  # customField1 -> value
    queue_id: int | None = None
    queue_name: str | None = None
    leg_direction: str = AGENT_FIRST

    @property
    def family(self) -> str:
        return "campaign" if self.page in (CAMPAIGN, PREVIEW) else "queue"


def connect_body(call: Call, attempt: Attempt, event: str) -> dict[str, Any]:
    """A connect callback: who is on the line. It names no attempt."""
    queue = call.family == "queue"
    return {
        **({"queueID": call.queue_id, "queueName": call.queue_name} if queue else {}),
        "callID": call.call_id,
        **({} if queue else {"callbackType": "connect", "event": event}),
        **_agent(attempt),
        "customerNum": call.customer_number,
        **({"callbackType": "connect", "event": event} if queue else {}),
        "callCreated": moment(call.created),
        "callStarted": moment(attempt.started) if queue else None,
        "callDirection": "outbound",
        **({"legDirection": call.leg_direction} if queue else {}),
        **_custom(call),
    }


def terminal_body(call: Call, attempt: Attempt) -> dict[str, Any]:
    """A terminal callback. "Append to a Q" and "Transactional API" show neither callbackType nor parentDisposition."""
    typed = {"callbackType": "terminal", "event": CALL_ENDED}
    if call.family == "campaign":
        return {
            "callID": call.call_id,
            "callLogID": attempt.log_id,
            **typed,
            **_agent(attempt),
            "customerNum": call.customer_number,
            "virtualNum": call.virtual_number,
            **_times(call, attempt),
            "callbackTime": moment(attempt.callback_time),
            "callDirection": "outbound",
            "talktime": attempt.talk_seconds,
            "callDuration": None,
            "parentDisposition": attempt.parent_disposition,
            **_said(attempt),
            "status": STATUS_DIGITS.get(attempt.status, attempt.status),
            "recordingUrl": attempt.recording_url,
            "legDetails": _legs(call, attempt, LEG_DIGITS),
            **_custom(call),
        }
    full = call.page == QUEUE
    return {
        "queueID": call.queue_id,
        "callID": call.call_id,
        "callLogID": attempt.log_id,
        **_agent(attempt),
        "customerNum": call.customer_number,
        "virtualNum": national(call.virtual_number),
        **(typed if full else {}),
        **_times(call, attempt),
        "callbackTime": short_moment(attempt.callback_time),
        "scheduledDate": short_moment(call.created),
        "callDirection": "outbound",
        "legDirection": call.leg_direction,
        "talktime": attempt.talk_seconds,
        "callDuration": int((attempt.ended - attempt.started).total_seconds()),
        **({"parentDisposition": attempt.parent_disposition} if full else {}),
        **_said(attempt),
        "status": attempt.status,
        "recordingUrl": attempt.recording_url,
        "legDetails": _legs(call, attempt, {}),
        **_custom(call),
    }


def moment(at: datetime | None) -> str | None:
    """A time with three digits of fraction, as most of Ryng's fields have."""
    return None if at is None else _utc(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def short_moment(at: datetime | None) -> str | None:
    """A time with two digits of fraction: callbackTime and scheduledDate of the queue family."""
    return None if at is None else _utc(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 10_000:02d}Z"


def national(number: str) -> str:
    """An Indian number with its trunk zero, as the queue family writes virtualNum."""
    return "0" + number.removeprefix("+91")


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _agent(attempt: Attempt) -> dict[str, Any]:
    agent = attempt.agent
    return {"agentID": agent.id, "agentUsername": agent.username, "agentNum": agent.number}


def _times(call: Call, attempt: Attempt) -> dict[str, Any]:
    return {
        "callCreated": moment(call.created),
        "callStarted": moment(attempt.started),
        "callEnded": moment(attempt.ended),
        "callDisposed": moment(attempt.disposed),
    }


def _said(attempt: Attempt) -> dict[str, Any]:
    return {"disposition": attempt.disposition, "notes": attempt.notes}


def _legs(call: Call, attempt: Attempt, digits: Mapping[str, int]) -> dict[str, Any]:
    """Leg 0 is whoever is rung first: undocumented, but what the examples and ``legDirection`` suggest."""
    agent = ("completed" if attempt.agent_seconds else attempt.status, attempt.agent_seconds)
    customer = (attempt.status, attempt.talk_seconds)
    legs = (agent, customer) if call.leg_direction == AGENT_FIRST else (customer, agent)
    found: dict[str, Any] = {}
    for leg, (status, seconds) in enumerate(legs):
        found |= {f"leg{leg}Status": digits.get(status, status), f"leg{leg}Duration": seconds}
    return found


def _custom(call: Call) -> dict[str, Any]:
    return {"customFieldNames": dict(call.custom_field_names), "customFields": dict(call.custom_fields)}
