"""Ryng's words: connect and terminal callbacks, in the campaign and in the queue family.

docs.ryng.in, "Create Campaign API", "Append Campaign API", "Create a Q", "Append to a Q", "Transactional API".
Names that begin with ``ryng_`` or are in camelCase are Ryng's; the others are ours.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from dialers import bodies
from dialers import vocabulary as ours
from dialers.base import Connection, Event, Evidence, Reading, Unreadable
from dialers.bodies import forms
from dialers.fields import (
    email,
    ident,
    link,
    mapping,
    moment,
    number,
    other_id,
    said_once,
    seconds,
    shown,
    spelled,
    stated,
    text,
    word,
)
from dialers.ryng import legs
from dialers.ryng.attempts import attempts
from dialers.ryng.custom_fields import MARK
from dialers.unread import (
    Field,
    Fields,
    a_duration,
    a_link,
    a_number,
    a_time,
    a_word,
    an_id,
    an_object,
    one_of,
    states,
    unnamed,
)
from lib import phone, rawjson

__all__ = ["attempts", "read"]

CONNECT_EVENTS = {
    "agent-connected": ours.AGENT_ANSWERED,
    "customer-connected": ours.CUSTOMER_ANSWERED,
    "call-ended": ours.CALL_ENDED,  # documented for terminal callbacks; the text promises a connect one at termination
}

# Words as Exotel, the evident carrier, writes them; Ryng's pages show only "completed", which tells no result: see ``legs``.
STATUSES = {
    "busy": ours.BUSY,
    "failed": ours.FAILED,
    "no-answer": ours.NO_ANSWER,
}

MOST_EVENTS = 10  # in one body; the documented one has two

DIRECTIONS = {"outbound": "outbound", "inbound": "inbound"}

# Any of these proves a terminal callback: Append and Transactional send no callbackType at all.
TERMINAL_FIELDS = ("callLogID", "callEnded", "callDisposed", "disposition", "status", "talktime", "callDuration")

IDS = ("callID", "callLogID")
FIELDS = Fields(
    Field("callID", an_id, "call_id"),
    Field("callLogID", an_id, "attempt_id"),
    Field("campaignID", an_id, "campaign_id"),
    Field("queueID", an_id, "queue_id"),
    Field("agentID", an_id, "agent_id"),
    Field("customerNum", a_number, "customer_number"),
    Field("virtualNum", a_number, "caller_number"),
    Field("callCreated", a_time, "created_at"),
    Field("callStarted", a_time, "started_at"),
    Field("callEnded", a_time, "ended_at"),
    Field("callDisposed", a_time, "disposed_at"),
    Field("callbackTime", a_time, "callback_at"),
    Field("scheduledDate", a_time, "_scheduled_at"),
    Field("talktime", a_duration, "talk_seconds"),
    Field("callDuration", a_duration, "duration_seconds"),
    Field("legDetails", legs.an_object, "_legs"),
    Field("callDirection", one_of(DIRECTIONS), "direction"),
    Field("status", a_word, "status_raw"),
    Field("disposition", a_word, "disposition"),
    Field("recordingUrl", a_link, "recording_url"),
    Field("customFields", an_object, "custom_fields"),
    Field("customFieldNames", an_object, "custom_fields"),
)
NAMES = frozenset(
    "callID callLogID callbackType event campaignID campaignName queueID queueName agentID agentUsername agentNum "
    "customerNum virtualNum callCreated callStarted callEnded callDisposed callbackTime scheduledDate callDirection "
    "legDirection talktime callDuration parentDisposition disposition notes status recordingUrl legDetails customFields "
    "customFieldNames".split()
)


class Names(NamedTuple):
    """What a body calls its call and its attempt, as ``Event`` has them."""

    keys: tuple[str, ...]
    attempt: str | None
    aliases: tuple[str, ...]


def read(evidence: Evidence, connection: Connection) -> Reading:
    """Understand one callback. Raises Unreadable."""
    return bodies.each(evidence, partial(_read, evidence.kind, connection), form=forms.nested)


def _read(url_kind: str, connection: Connection, body: rawjson.Members) -> Reading:
    body = spelled(body, NAMES, *IDS)
    said_once(body, *IDS)
    call_id = ident(body.get("callID"), "callID")
    log_id = ident(body.get("callLogID"), "callLogID")
    if call_id is None and log_id is None:
        raise unnamed("no_call_id", "The body has neither callID nor callLogID.", body, "callID", "callLogID")
    keys = (f"call:{call_id}",) if call_id else (f"log:{log_id}",)
    # A body may have the second alone, and be of the same attempt.
    names = Names(keys, log_id, (f"log:{log_id}",) if call_id and log_id else ())
    events = (_terminal if _is_terminal(body, url_kind) else _connect)(body, names, connection)
    return Reading(events=FIELDS.noted(events, body, connection))


def _is_terminal(body: Mapping[str, Any], kind: str) -> bool:
    """The fields decide, then ``callbackType``, then the URL: an operator may have pasted the two URLs crosswise."""
    for name in TERMINAL_FIELDS:
        if body.get(name) is not None and states(body[name]):
            return True
    said = (word(body.get("callbackType")) or "").casefold()
    return said == "terminal" if said in ("connect", "terminal") else kind == "terminal"


def _connect(body: rawjson.Members, names: Names, connection: Connection) -> list[Event]:
    facts = _common(body, connection)
    # The documented body says ``event`` twice, with two milestones. Both are taken: each was stated.
    words = dict.fromkeys(word(value) for value in body.all("event"))
    words.pop(None, None)
    if len(words) > MOST_EVENTS:
        raise Unreadable("too_many_events", f"The body states {len(words)} different events.")
    events = []
    for said in words or {None: None}:
        kind = CONNECT_EVENTS.get(said.casefold() if said else "", ours.MILESTONE)
        own = dict(facts)
        if kind == ours.CALL_ENDED:
            own |= {"connect_outcome": ours.UNKNOWN}  # over; the terminal callback says how
        elif kind != ours.MILESTONE:
            own |= {"connect_outcome": ours.IN_PROGRESS}
        elif said:
            own |= {"_word": said}
        started = moment(body.get("callStarted"), connection)
        events.append(Event(kind, names.keys, own, names.attempt, started, aliases=names.aliases))
        facts.pop("_conflicts", None)  # said once
    return events


def _terminal(body: rawjson.Members, names: Names, connection: Connection) -> list[Event]:
    ended = moment(body.get("callEnded"), connection)
    disposed = moment(body.get("callDisposed"), connection)
    attempt = names.attempt or (f"ended {body['callEnded']}"[:200] if ended else None)
    disposition = word(body.get("disposition"))
    parent = word(body.get("parentDisposition"))
    status = word(body.get("status"))
    events = [
        Event(
            ours.CALL_ENDED,
            names.keys,
            _common(body, connection)
            | stated(
                ended_at=ended,
                talk_seconds=seconds(body.get("talktime")),
                duration_seconds=seconds(body.get("callDuration")),
                recording_url=link(body.get("recordingUrl")),
                status_raw=status,
                connect_outcome=_connect_outcome(status, body, connection),
                # Facts of the timeline: no outcome has a field for them.
                _scheduled_at=moment(body.get("scheduledDate"), connection),
                _leg_direction=word(body.get("legDirection")),
                _legs={
                    name: text(value) for name, value in legs.details(body.get("legDetails")).items() if text(value)
                },
            ),
            attempt,
            ended,
            aliases=names.aliases,
        )
    ]
    said = stated(
        disposed_at=disposed,
        disposition=disposition,
        disposition_parent=parent if disposition else None,
        notes=word(body.get("notes")),
        callback_at=moment(body.get("callbackTime"), connection),
    )
    if parent and not disposition:
        said |= {"disposition": parent}
    if said:
        if "disposition" in said:
            flags = set(connection.flags(disposition)) | set(connection.flags(parent))
            said |= {"flags": sorted(flags)}
        events.append(Event(ours.DISPOSED, names.keys, said, attempt, disposed or ended, aliases=names.aliases))
    return events


def _connect_outcome(status: str | None, body: Mapping[str, Any], connection: Connection) -> str:
    """The tenant's table first; then the words, and talk time, which proves a conversation; then the legs. Numbers that nobody
    mapped prove nothing."""
    table = {key.casefold(): value for key, value in connection.settings.get("status_codes", {}).items()}

    def meaning(said: str | None) -> str | None:
        return table.get((said or "").casefold()) or connection.meaning(said, legs.ENDS)

    if status and (own := table.get(status.casefold()) or connection.meaning(status, {})):
        return own
    if stated_result := connection.meaning(status, STATUSES):
        # A leg tells whose end it was.
        by_legs = legs.result(body, meaning)
        return by_legs if by_legs in legs.NO_AGENT else stated_result
    if (seconds(body.get("talktime")) or 0) > 0:
        return ours.CONNECTED
    return legs.result(body, meaning) or ours.UNKNOWN


def _common(body: rawjson.Members, connection: Connection) -> dict[str, Any]:
    """What both kinds of callback say in the same words."""
    customer = number(body.get("customerNum"))
    custom = _custom_fields(body)
    marks = {header: value for header, value, _ in custom if header == MARK}
    facts = stated(
        call_id=ident(body.get("callID"), "callID"),
        attempt_id=ident(body.get("callLogID"), "callLogID"),
        campaign_id=other_id(body.get("campaignID"), "campaignID"),
        campaign_name=word(body.get("campaignName")),
        queue_id=other_id(body.get("queueID"), "queueID"),
        queue_name=word(body.get("queueName")),
        direction=DIRECTIONS.get((word(body.get("callDirection")) or "").casefold()),
        customer_number=phone.e164(customer, connection.default_country),
        customer_number_raw=customer,
        caller_number=phone.e164(body.get("virtualNum"), connection.default_country),
        agent_id=other_id(body.get("agentID"), "agentID"),
        agent_username=word(body.get("agentUsername")),
        agent_email=email(body.get("agentUsername")),
        agent_number=number(body.get("agentNum")),
        created_at=moment(body.get("callCreated"), connection),
        started_at=moment(body.get("callStarted"), connection),
        lead_id=ident(marks.get(MARK), MARK),
        custom_fields={header: value for header, value, _ in custom if header not in marks},
        crm_reference=_crm_reference(custom, connection.settings.get("crm_reference_field")),
    )
    conflicts = body.conflicts()
    return facts | ({"_conflicts": conflicts} if conflicts else {})


def _custom_fields(body: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(header text, value, Ryng's key) per field. A header used twice is told apart by Ryng's key."""
    headers = mapping(body.get("customFieldNames"))
    found: dict[str, tuple[str, str, str]] = {}
    for key, value in mapping(body.get("customFields")).items():
        header = text(headers.get(f"{key}Name")) or key
        if header in found:
            header = f"{header} ({key})"
        if (written := shown(value)) is not None:
            found[header] = (header, written, key)
    return list(found.values())


def _crm_reference(custom: list[tuple[str, str, str]], wanted: str | None) -> str | None:
    """The value of the field that the connection names as its CRM reference, by header text or by key; None where several
    fields have the header, and say different things."""
    if not wanted:
        return None
    named = [value for header, value, key in custom if wanted in (key, header, header.removesuffix(f" ({key})"))]
    found = {said for value in named if (said := word(value))}
    return found.pop() if len(found) == 1 else None
