"""VoIPEX's words: the webhooks of an account, event by event, and raw records of its call list.

IPEX Confluence, "Webhooks" (events, keys, directions). No page lists the values of ``Reason``, the fields of a CDR, or a
webhook's time; no webhook names a campaign. Names in the vendor's capitals are VoIPEX's, the others are ours.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from dialers import bodies
from dialers import vocabulary as ours
from dialers.base import Connection, Event, Evidence, KeptEvent, Reading, Unreadable
from dialers.fields import email, number, opaque, said_once, spelled, stated, word
from dialers.unread import Field, Fields, a_number, a_word, one_of, unnamed
from dialers.voipex.legs import attempts
from lib import clock, phone
from lib.rawjson import Members

__all__ = ["attempts", "read"]

EVENT = "event"  # the callback kind: one URL takes all events
CALLS = "calls"  # the report

KEYS = ("EventName", "From", "To", "Line", "Email", "Login", "UniqueId", "Queue", "Direction", "Reason")

_KEY_SET = frozenset(KEYS)

CALL_EVENTS = {
    "newcall": ours.DIALED,
    "ringing": ours.DIALED,
    "answered": ours.CUSTOMER_ANSWERED,
    "attendedtransfer": ours.MILESTONE,
    "hangup": ours.CALL_ENDED,
    "cdr": ours.CALL_ENDED,  # sent when the record of the call has been stored
}
# What is posted as it happens, by kind and event: an end may be told in two events, and only one of them is the end.
ARRIVALS = {
    (ours.DIALED, "newcall"): ours.ARRIVED_BEGUN,
    (ours.DIALED, "ringing"): ours.ARRIVED_RINGING,
    (ours.CUSTOMER_ANSWERED, "answered"): ours.ARRIVED_ANSWERED,
    (ours.CALL_ENDED, "hangup"): ours.ARRIVED_ENDED,
    (ours.CALL_ENDED, "cdr"): ours.ARRIVED_RECORDED,
}
AGENT_EVENTS = ("agentlogin", "agentlogout", "agentpaused", "agentunpaused")

# States of WombatDialer, the engine underneath (inferred): VoIPEX's own pages name RS_ERROR only.
STATES = {
    "TERMINATED": ours.CONNECTED,
    "RS_BUSY": ours.BUSY,
    "RS_NOANSWER": ours.NO_ANSWER,
    "RS_REJECTED": ours.FAILED,  # congestion: the carrier, not the customer
    "RS_LOST": ours.ABANDONED,  # no agent was free
    "RS_NUMBER": ours.INVALID_NUMBER,
    "RS_ERROR": ours.FAILED,
}
# These may be so although somebody answered; after an answer, "busy" or "no answer" can only be another leg's.
DESPITE_AN_ANSWER = (ours.CONNECTED, ours.VOICEMAIL, ours.ABANDONED, ours.AGENT_UNAVAILABLE)

# Direction -> (ours, the key that holds the customer's number, the one that holds the number that the customer saw).
DIRECTIONS = {
    "outgoing": ("outbound", "To", "From"),
    "incoming": ("inbound", "From", "To"),
    "outgoinglocal": ("internal", "To", "From"),
    "incominglocal": ("internal", "From", "To"),
}
NO_DIRECTION = (None, None, None)
_OUR_DIRECTIONS = {said: meant[0] for said, meant in DIRECTIONS.items()}

RENAMED = "; if the account renamed it, see webhook_fields."

# By the key of the customer's number, where the direction tells which it is.
_REASON = Field("Reason", a_word, "status_raw")
FIELDS = {
    None: Fields(_REASON, Field("Direction", one_of(_OUR_DIRECTIONS), "direction")),
    "To": Fields(_REASON, Field("To", a_number, "customer_number")),
    "From": Fields(_REASON, Field("From", a_number, "customer_number")),
}

_EPOCH = re.compile(r"(?:.*-)?([0-9]{10})\.[0-9]+")  # of a UniqueId; a system's name may stand before it


def read(evidence: Evidence, connection: Connection) -> Reading:
    """Understand one webhook, or keep one record of the call list as it is. Raises Unreadable."""
    if evidence.source == "report":
        return Reading(ignored="calls_schema_unknown")
    return bodies.each(evidence, partial(_read, connection), ("json", "form"))


def _read(connection: Connection, body: Members) -> Reading:
    named = _named(body, connection)
    event = word(named["EventName"])
    if event is None:
        raise Unreadable("no_event", f"The body has no EventName{RENAMED}")
    if event.casefold() in AGENT_EVENTS:
        return Reading(ignored="agent_event")
    call_id = opaque(named["UniqueId"], "UniqueId")
    if call_id is None:
        raise unnamed("no_call_id", f"The body has no UniqueId{RENAMED}", named, "UniqueId")
    events = _events(event, call_id, named, body.conflicts(), connection)
    return Reading(events=FIELDS[_customer_key(named)].noted(events, named, connection))


def arrival(event: KeptEvent) -> int | None:
    """No webhook states a time: its arrival is all that tells when something happened."""
    return ARRIVALS.get((event.kind, str(event.facts.get("_event", "")).casefold()))


def _named(body: Members, connection: Connection) -> dict[str, Any]:
    """The body's values under the documented keys, whatever the account calls them."""
    renamed = connection.settings.get("webhook_fields") or {}
    names = _KEY_SET if not renamed else frozenset(renamed.get(key, key) for key in KEYS)
    ids = [renamed.get(name, name) for name in ("UniqueId", "EventName")]
    body = spelled(body, names, *ids)
    said_once(body, *ids)
    return {key: body.get(renamed.get(key, key)) for key in KEYS}


def _events(
    event: str, call_id: str, named: Mapping[str, Any], conflicts: Mapping[str, Any], connection: Connection
) -> list[Event]:
    keys = (f"uniqueid:{call_id}",)
    kind = CALL_EVENTS.get(event.casefold(), ours.MILESTONE)
    facts = _common(call_id, named, connection) | {"_event": event} | ({"_conflicts": conflicts} if conflicts else {})
    if kind == ours.DIALED:
        # Whoever was rung is no fact about the call: the row names the agent who talked, or the one of its end.
        facts |= _of_phone(named)
        return [Event(kind, keys, facts | {"connect_outcome": ours.IN_PROGRESS}, attempt=call_id)]
    facts |= stated(**_agent(named))
    if kind == ours.CUSTOMER_ANSWERED:
        return [Event(kind, keys, facts | {"connect_outcome": ours.CONNECTED}, attempt=call_id)]
    if kind == ours.MILESTONE:
        # One that the pages document waits for nobody; a tenant may have said something of it all the same.
        undecided = event.casefold() not in CALL_EVENTS or connection.says(event) is not None
        return [Event(kind, keys, facts | ({"_word": event} if undecided else {}), attempt=call_id)]
    reason = word(named["Reason"])
    meaning = connection.meaning(reason, STATES)
    facts |= stated(status_raw=reason, hangup_cause=reason)
    if meaning is None or meaning in DESPITE_AN_ANSWER:
        return [Event(kind, keys, facts | {"connect_outcome": meaning or ours.UNKNOWN}, attempt=call_id)]
    # Said beside the end, where an answer that anybody told of outweighs it; and by whose phone, so that what two phones say
    # in the same words is said twice.
    said = {"_event": event, "connect_outcome": meaning} | _of_phone(named)
    return [
        Event(kind, keys, facts | {"connect_outcome": ours.UNKNOWN}, attempt=call_id),
        Event(ours.MILESTONE, keys, said, attempt=call_id),
    ]


def _common(call_id: str, named: Mapping[str, Any], connection: Connection) -> dict[str, Any]:
    direction, customer_key, seen_key = _direction(named)
    customer = number(named[customer_key]) if customer_key else None
    began = _EPOCH.fullmatch(call_id)
    return stated(
        call_id=call_id,
        attempt_id=call_id,
        direction=direction,
        customer_number=phone.e164(customer, connection.default_country),
        customer_number_raw=customer,
        caller_number=phone.e164(named[seen_key], connection.default_country) if seen_key else None,
        queue_name=word(named["Queue"]),
        # Asterisk puts the second in which a channel was made before the dot (inferred); no key states a time.
        started_at=clock.from_epoch(began[1]) if began else None,
    )


def _direction(named: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    return DIRECTIONS.get((word(named["Direction"]) or "").casefold(), NO_DIRECTION)


def _customer_key(named: Mapping[str, Any]) -> str | None:
    """Between two of the account's lines there is no customer, and a line's number is no telephone number."""
    direction, key, _ = _direction(named)
    return None if direction == "internal" else key


def _of_phone(named: Mapping[str, Any]) -> dict[str, str]:
    """Whose phone it was, on the timeline alone."""
    return stated(**{f"_{name}": value for name, value in _agent(named).items()})


def _agent(named: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "agent_username": word(named["Login"]) or word(named["Email"]),
        "agent_email": email(named["Email"]) or email(named["Login"]),
        "agent_extension": word(named["Line"]),
    }
