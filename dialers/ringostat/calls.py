"""A call of Ringostat's, by the columns of its call log; webhooks are given the same names.

help.ringostat.com, "Ringostat API. Export call log" and "Call log. Description of call statuses". The page names the
statuses by their labels, which are read as well; their codes, the columns and ``call_type`` are what public clients have seen.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialers import vocabulary as ours
from dialers.base import Connection, Event
from dialers.fields import email, link, moment, number, opaque, seconds, shown, stated, text, unfolded, word
from dialers.unread import (
    Field,
    Fields,
    a_duration,
    a_link,
    a_number,
    a_time,
    a_word,
    an_object,
    one_of,
    sample,
    unnamed,
)
from lib import phone

# Written with blanks, "+" or "_", in any case.
DISPOSITIONS = {
    "ANSWERED": ours.CONNECTED,
    "PROPER": ours.CONNECTED,  # a target call: it lasted long enough
    "NO ANSWER": ours.NO_ANSWER,
    "BUSY": ours.BUSY,
    "FAILED": ours.FAILED,
    "NO-FORWARD": ours.FAILED,
    "VOICEMAIL": ours.VOICEMAIL,
    "WRONG EXTENSION": ours.FAILED,
    "NO EXTENSION": ours.FAILED,
    "CLIENT NO ANSWER": ours.NO_ANSWER,  # of a callback: the customer did not
    "FAILED FORBIDDEN DESTINATION": ours.BLOCKED,
    "DECLINE": ours.REJECTED,
    "IN PROGRESS": ours.IN_PROGRESS,
    # Labels of the page that are other words than the codes.
    "Call forwarding scheme did not work": ours.FAILED,
    "No answer from a customer (Callback)": ours.NO_ANSWER,
    "Forbidden destination": ours.BLOCKED,
}
# "After the first target call": some clients take it for an answer, some not; talk time decides. The code, and the label.
REPEATED = ("REPEATED", "Repeat call")

# A callback is an incoming call, says "Webhooks. Incoming call event".
DIRECTIONS = {
    "in": "inbound",
    "callback": "inbound",
    "transitin": "inbound",
    "out": "outbound",
    "transitout": "outbound",
}

# What the static parameter ``event`` of a webhook's URL may say: what it is sent at.
EVENTS = {
    "before_call": ours.DIALED,
    "forwarding": ours.DIALED,
    "pick_up": ours.AGENT_ANSWERED,  # there is one for incoming calls only, where it is an agent who picks up
    "after_call": ours.CALL_ENDED,
    "after_rating": ours.CALL_ENDED,
}
RATED = "after_rating"  # what is told then counts more than what was told at the end

# Columns that an outcome has fields for; the others are its custom fields.
TOLD = (
    "uniqueid",
    "event",
    "calldate",
    "disposition",
    "billsec",
    "waittime",
    "duration",
    "employee_fio",
    "employee_email",
    "recording",
    "call_card",
)
COLUMNS = frozenset((*TOLD, "call_type", "caller", "dst", "connected_with", "customer", "recording_wav"))
FIELDS = Fields(
    Field("calldate", a_time, "started_at"),
    Field("waittime", a_duration, "ring_seconds"),
    Field("billsec", a_duration, "talk_seconds"),
    Field("duration", a_duration, "duration_seconds"),
    Field("call_type", one_of(DIRECTIONS), "direction"),
    Field("disposition", a_word, "status_raw"),
    Field("recording", a_link, "recording_url"),
    Field("additional_call_data", an_object),  # still closed, where it could not be opened
)
MOST_CUSTOM = 100
_LOGIN = re.compile(r'"?[^"<>]*"?\s*<([^<>]+)>')


@dataclass(frozen=True)
class Parties:
    """Who talked. ``columns`` are those that were used up for it."""

    direction: str | None
    customer: str | None
    agent: str | None
    caller: str | None  # the number that the customer saw
    columns: tuple[str, ...]


def events(
    row: Mapping[str, Any], connection: Connection, from_report: bool, conflicts: Mapping[str, Any]
) -> tuple[Event, ...]:
    """All that the row says: the call goes on, or how it ended, and its call card. Raises Unreadable."""
    unique = opaque(row.get("uniqueid"), "uniqueid")
    if unique is None:
        raise unnamed(
            "no_call_id", "There is no uniqueid, and no parameter that is configured as the id.", row, "uniqueid"
        )
    keys = (f"uniqueid:{unique}",)
    started = moment(row.get("calldate"), connection)
    said = word(row.get("disposition"))
    outcome = _outcome(said, row, connection)
    kind = _kind(row, outcome)
    who = _parties(row)
    customer, shown = (phone.e164(party, connection.default_country) for party in (who.customer, who.caller))
    facts = stated(
        call_id=unique,
        attempt_id=unique,
        direction=who.direction,
        customer_number=customer,
        customer_number_raw=who.customer,
        caller_number=shown if shown != customer else None,
        started_at=started,
        status_raw=said,
        custom_fields=_custom(row, who),
        _conflicts=dict(conflicts) or None,
    )
    if _sent_at(row) and _sent_at(row) not in EVENTS:
        facts |= stated(_word=word(row.get("event")))
    if kind != ours.DIALED:  # whoever is only rung is no fact about the call
        facts |= _agent(row, who)
    if kind != ours.CALL_ENDED:
        rung = Event(kind, keys, facts | {"connect_outcome": ours.IN_PROGRESS}, unique, started)
        return FIELDS.noted([rung], row, connection, _number_unread(facts, who, connection))
    rated = {"_event": RATED} if _sent_at(row) == RATED else {}
    facts |= rated | stated(
        connect_outcome=outcome or ours.UNKNOWN,
        answered_by="machine" if outcome == ours.VOICEMAIL else None,
        ring_seconds=seconds(row.get("waittime")),
        talk_seconds=seconds(row.get("billsec")),
        duration_seconds=seconds(row.get("duration")),
        recording_url=_link(row),
    )
    # Webhooks are sent once and never corrected; the call log shows the present state. So its events carry the call's time
    # and those of webhooks none: of two that say the same thing, the log's is the later one, whichever came first.
    at = started if from_report else None
    found = [Event(ours.CALL_ENDED, keys, facts, unique, at)]
    if card := _card(row):
        found.append(
            Event(ours.DISPOSED, keys, {"disposition": card, "flags": connection.flags(card)} | rated, unique, at)
        )
    return FIELDS.noted(found, row, connection, _number_unread(facts, who, connection))


def _outcome(said: str | None, row: Mapping[str, Any], connection: Connection) -> str | None:
    """What the word means, by the tenant's table or ours; None for one that neither has."""
    talk = seconds(row.get("billsec"))
    repeated = {} if talk is None else dict.fromkeys(REPEATED, ours.CONNECTED if talk > 0 else ours.NO_ANSWER)
    return connection.meaning(said, DISPOSITIONS | repeated)


def _kind(row: Mapping[str, Any], outcome: str | None) -> str:
    """The webhook's own event, else whether the call's status is one of an end."""
    sent_at = EVENTS.get(_sent_at(row))
    if sent_at is not None:
        return sent_at
    over = word(row.get("disposition")) and outcome not in ours.OPEN_OUTCOMES
    return ours.CALL_ENDED if over else ours.DIALED


def _sent_at(row: Mapping[str, Any]) -> str:
    return re.sub(r"[\s-]+", "_", (word(row.get("event")) or "").casefold())


def _parties(row: Mapping[str, Any]) -> Parties:
    """The customer is whom the row names so, else the caller of an incoming call and the destination of an outgoing one. A
    parameter that is configured as the customer may hold our side of some calls, as ``caller`` does of outgoing ones."""
    direction = DIRECTIONS.get((word(row.get("call_type")) or "").casefold())
    caller, dst, picked_up = (_party(row.get(name)) for name in ("caller", "dst", "connected_with"))
    stated_customer = _party(row.get("customer"))
    if direction == "inbound":
        # The destination is a number of the tenant's own, unless it is somebody's login.
        by_login = dst if _is_login(dst) else None
        used = ("caller", "connected_with" if picked_up else "dst" if by_login else "")
        customer = _customer(stated_customer, caller, (dst, picked_up))
        return Parties(direction, customer, picked_up or by_login, None if by_login else dst, used)
    if direction == "outbound":
        # The caller is an agent's login, or the number that is shown for it; then another column may have the number.
        shown = _party(row.get("caller_number")) if _is_login(caller) else caller
        customer = _customer(stated_customer, dst, (caller,))
        return Parties(direction, customer, caller, shown, ("dst", "caller"))
    # Nobody tells which end is ours, but a login is no customer's.
    is_ours = _is_login(stated_customer) and stated_customer in (caller, dst, picked_up)
    return Parties(None, None if is_ours else stated_customer, None, None, ())


def _customer(stated_customer: str | None, by_direction: str | None, ours: tuple[str | None, ...]) -> str | None:
    """Whom the row names, unless that is evidently one of us: a login, or who stands at our end of the call."""
    if stated_customer is None or stated_customer in ours:
        return by_direction
    return (by_direction or stated_customer) if _is_login(stated_customer) else stated_customer


def _number_unread(facts: Mapping[str, Any], who: Parties, connection: Connection) -> dict[str, str]:
    """Which column the customer's number stands in depends on who called whom; a login is no number."""
    if who.customer is None or "customer_number" in facts or _is_login(who.customer):
        return {}
    return {} if a_number(who.customer, connection) else {"customer": sample(who.customer)}


def _party(value: object) -> str | None:
    """``380440000000``, or the login in ``"olena" <olena>``."""
    written = number(value)
    found = _LOGIN.fullmatch(written) if written and len(written) < 500 else None
    return (found[1].strip() or None) if found else written


def _is_login(party: str | None) -> bool:
    return party is not None and any(char.isalpha() for char in party)


def _agent(row: Mapping[str, Any], who: Parties) -> dict[str, Any]:
    login = who.agent if _is_login(who.agent) else None
    dialled = who.agent if who.agent and not login else None
    return stated(
        agent_name=text(row.get("employee_fio")),
        agent_username=login,
        agent_email=email(row.get("employee_email")),
        agent_number=dialled,
    )


def _custom(row: Mapping[str, Any], who: Parties) -> dict[str, str]:
    told = {*TOLD, *who.columns}
    if _party(row.get("customer")) in (who.customer, who.agent):
        told.add("customer")
    rest = [(name, _plain(value)) for name, value in row.items() if name not in told]
    filled_in = unfolded(row.get("call_card"))
    if filled_in and isinstance(filled_in, dict | list):  # whose fields mean what, no page says
        rest.insert(0, ("call_card", shown(filled_in)))
    return dict([(name, value) for name, value in rest if name and value][:MOST_CUSTOM])


def _card(row: Mapping[str, Any]) -> str | None:
    """The call card where it is text: an object or a list is no disposition, also not where a form has it as JSON."""
    card = row.get("call_card")
    return word(card) if isinstance(card, str) and unfolded(card) is card else None


def _plain(value: object) -> str | None:
    """As text; true and false as the call log writes them."""
    return str(int(value)) if isinstance(value, bool) else text(value)


def _link(row: Mapping[str, Any]) -> str | None:
    """The recording; the column is empty at first."""
    return link(row.get("recording")) or link(row.get("recording_wav"))
