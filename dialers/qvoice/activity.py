"""Rows of "Get Campaigns activity", which are call outcomes. One row is one call that is over.

docs.qvoice.net documents eight columns; call id, answer times, hangup cause and agent dispositions are columns that public
clients select besides, and may be missing. Names in snake_case are QVoice's where they are read out of ``row``.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dialers import vocabulary as ours
from dialers.base import Connection, Event
from dialers.fields import (
    email,
    link,
    mapping,
    moment,
    number,
    opaque,
    other_id,
    said_once,
    seconds,
    spelled,
    stated,
    text,
    word,
)
from dialers.qvoice import hangup_causes
from dialers.qvoice.dispositions import Disposition, a_disposition, disposition
from dialers.qvoice.history import LEAD_HANGUP, Step, steps
from dialers.unread import Field, Fields, a_duration, a_list, a_number, a_time, a_word, an_id, an_object, unnamed
from lib import clock, phone
from lib.rawjson import Members

LONGEST_KEY = 400
EXTRA_COLUMNS = ("lead_ticket_id", "lead_type", "campaign_type", "lead_disposition")  # kept as custom fields
AFTER_AN_ANSWER = (ours.CONNECTED, ours.VOICEMAIL, ours.ABANDONED)
CALLER_IDS = ("caller_id_number", "outbound_caller_id_number", "caller_id")  # as Kazoo writes them (inferred)
FIELDS = Fields(
    Field("lead_id", an_id, "lead_id"),
    Field("campaign_id", an_id, "campaign_id"),
    Field("lead_number", a_number, "customer_number"),
    # Either of these is the start, so that the other one is looked at always.
    Field("timestamp", a_time),
    Field("datetime", a_time),
    Field("answered_time", a_time, "answered_at"),
    Field("campaign_timestamps.lead_answer_time", a_time),
    Field("campaign_timestamps.lead_hangup_time", a_time),
    Field("campaign_timestamps.agent_answer_time", a_time),
    Field("agent_talk_time", a_duration, "talk_seconds"),
    Field("campaign_timestamps", an_object),
    Field("lead_history", a_list),
    Field("hangup_cause", a_word, "hangup_cause"),
    Field("status", a_word, "status_raw"),
    Field("agent_disposition", a_disposition),
    Field("agent_subdisposition", a_disposition),
)
NAMES = frozenset(
    (*EXTRA_COLUMNS, "lead_name", "lead_first_name", "lead_last_name", "agent_name", "agent_extension", "agent_disposition",
    "agent_subdisposition", "campaign_name", "call_id", "hangup_cause", "status", "follow_up_notes", "disposition")
) | FIELDS.names  # fmt: skip
LINKS = ("recording_url", "recording_filename", "media_recording_id")


def names(row: Mapping[str, Any], connection: Connection) -> tuple[str, ...]:
    """The keys under which QVoice knows the call: ``call:<id>`` where a call id is selected, and
    ``row:<campaign>|<number>|<second>``, so that the same call seen with and without its id stays one call.

    Raises Unreadable for an id that no table can hold. Empty where the row names no call.
    """
    call_id = opaque(row.get("call_id"), "call_id")
    called = number(row.get("lead_number"))
    at = moment(row.get("timestamp"), connection) or moment(row.get("datetime"), connection)
    found = [f"call:{call_id}"] if call_id else []
    if called and at:
        found.append(_short(f"row:{text(row.get('campaign_name')) or ''}|{called}|{int(at.timestamp())}"))
    return tuple(found)


def events(row: Members, connection: Connection) -> tuple[Event, ...]:
    """Everything that the row says: its steps, its end, and what the agent recorded. Raises Unreadable."""
    row = spelled(row, NAMES, "call_id")
    said_once(row, "call_id")
    keys = names(row, connection)
    if not keys:
        raise unnamed(
            "no_call_key", "The row has no call_id, and no lead_number with a timestamp either.", row, "call_id"
        )
    attempt = opaque(row.get("call_id"), "call_id")
    history = steps(row.get("lead_history"), connection)
    found = [_milestone(step, keys, attempt) for step in history]
    found += _answers(row, history, keys, attempt, connection)
    found.append(Event(ours.CALL_ENDED, keys, _ended(row, history, connection), attempt))
    recorded = _recorded(row, disposition(row), connection)
    if recorded:
        found.append(Event(ours.DISPOSED, keys, recorded, attempt))
    return FIELDS.noted(found, row, connection, {name: said for step in history for name, said in step.unread})


# The end and the record carry no time of their own on purpose: a report shows the present state, so that of two versions
# of a row the one seen later must win, also where a correction moved a time back.


def connect_outcome(row: Mapping[str, Any], history: list[Step], connection: Connection) -> str:
    """The technical result. What nothing proves is unknown, unless the tenant has said what the row's status means."""
    proven = _proven(row, history, connection)
    return proven if proven != ours.UNKNOWN else connection.meaning(word(row.get("status")), {}) or ours.UNKNOWN


def _proven(row: Mapping[str, Any], history: list[Step], connection: Connection) -> str:
    """Proofs first, the hangup cause last."""
    times = mapping(row.get("campaign_timestamps"))
    lead = _answered(
        connection, history, ours.CUSTOMER_ANSWERED, row.get("answered_time"), times.get("lead_answer_time")
    )
    talked = seconds(row.get("agent_talk_time"))
    agent = _answered(connection, history, ours.AGENT_ANSWERED, times.get("agent_answer_time"), talked)
    if lead and agent:
        return ours.CONNECTED
    if lead and (agent is False or any(step.is_agent_dial for step in history)):
        return ours.ABANDONED
    if lead is None and (talked or 0) > 0:
        return ours.CONNECTED  # no column says whether the lead answered, but an agent talked
    cause = _cause(row, history)
    meaning = _tenant_meaning(cause, connection) or hangup_causes.meaning(cause)
    ordinary = meaning in (hangup_causes.BY_ANSWER, hangup_causes.BY_ANSWER_ELSE_FAILED)
    if lead:
        # Answered, and nothing tells about agents. A cause like USER_BUSY can only be another leg's; but a tenant may have
        # said of a cause that it means an answer. Where the agent's answer has a place of its own, and stands empty there, an
        # ordinary end proves no conversation: "null if no agent answered" (docs.qvoice.net, "Object in Call Detail Records").
        answered = meaning if meaning in AFTER_AN_ANSWER else ours.UNKNOWN
        return ours.CONNECTED if ordinary and "agent_answer_time" not in times else answered
    if ordinary:
        if lead is None:
            return ours.UNKNOWN
        return ours.NO_ANSWER if meaning == hangup_causes.BY_ANSWER else ours.FAILED
    return meaning or ours.UNKNOWN


def _answered(connection: Connection, history: list[Step], kind: str, *values: object) -> bool | None:
    """Whether somebody answered: a step or a time above zero proves it, a time of zero denies it; else None."""
    if any(step.kind == kind for step in history):
        return True
    said = [_positive(value, connection) for value in values]
    return True if True in said else False if False in said else None


def _positive(value: object, connection: Connection) -> bool | None:
    """True for a number above zero and for a time, False for zero and Go's zero time, None for what is neither."""
    found = word(value)
    if found is None:
        return None
    digits = found.replace(".", "", 1)
    if digits.isascii() and digits.isdigit():
        return digits.strip("0") != ""
    if clock.means_never(found):
        return False
    return True if moment(value, connection) else None


def _cause(row: Mapping[str, Any], history: list[Step]) -> str | None:
    hangups = [step.hangup_cause for step in history if LEAD_HANGUP in step.words and step.hangup_cause]
    return word(row.get("hangup_cause")) or (hangups[-1] if hangups else None)


def _tenant_meaning(cause: str | None, connection: Connection) -> str | None:
    table = {key.strip().casefold(): value for key, value in connection.settings.get("hangup_causes", {}).items()}
    return (table.get(cause.casefold()) if cause else None) or connection.meaning(cause, {})


def _milestone(step: Step, keys: tuple[str, ...], attempt: str | None) -> Event:
    facts: dict[str, Any] = {}
    if step.kind == ours.AGENT_ANSWERED:
        facts = stated(
            agent_name=step.agent_name,
            agent_username=text(step.agent.get("email")),
            agent_email=email(step.agent.get("email")),
            agent_extension=step.extension,
        )
    elif step.kind == ours.DIALED:
        # Whoever was rung is no fact about the call: the row names the agent who is credited, or nobody.
        facts = stated(_agent_name=step.agent_name, _agent_extension=step.extension)
    elif step.kind == ours.MILESTONE:
        facts = stated(_word=step.undecided)
    elif step.at:
        facts = stated(answered_at=step.at)
    return Event(step.kind, keys, facts, attempt, step.at)


def _answers(
    row: Mapping[str, Any], history: list[Step], keys: tuple[str, ...], attempt: str | None, connection: Connection
) -> list[Event]:
    """Answers that only the columns tell."""
    times = mapping(row.get("campaign_timestamps"))
    told = {step.kind for step in history}
    lead, agent = _lead_answer(row, connection), moment(times.get("agent_answer_time"), connection)
    found = []
    if agent and ours.AGENT_ANSWERED not in told:
        found.append(Event(ours.AGENT_ANSWERED, keys, {}, attempt, agent))
    if lead and ours.CUSTOMER_ANSWERED not in told:
        found.append(Event(ours.CUSTOMER_ANSWERED, keys, stated(answered_at=lead), attempt, lead))
    return found


def _lead_answer(row: Mapping[str, Any], connection: Connection) -> datetime | None:
    stamped = mapping(row.get("campaign_timestamps")).get("lead_answer_time")
    return moment(stamped, connection) or moment(row.get("answered_time"), connection)


def _ended(row: Members, history: list[Step], connection: Connection) -> dict[str, Any]:
    customer = number(row.get("lead_number"))
    extension = word(row.get("agent_extension"))
    credited = _credited(extension, text(row.get("agent_name")), history)
    steps_at = {step.kind: step.at for step in reversed(history) if step.at}
    hangups = [step.at for step in history if LEAD_HANGUP in step.words and step.at]
    names_of_lead = (text(row.get("lead_first_name")), text(row.get("lead_last_name")))
    facts = stated(
        call_id=opaque(row.get("call_id"), "call_id"),
        attempt_id=opaque(row.get("call_id"), "call_id"),  # a call of QVoice is one attempt
        lead_id=other_id(row.get("lead_id"), "lead_id"),
        campaign_id=other_id(row.get("campaign_id"), "campaign_id"),
        campaign_name=word(row.get("campaign_name")),
        direction="outbound",
        customer_number=phone.e164(customer, connection.default_country),
        customer_number_raw=customer,
        caller_number=_caller_number(row, customer, connection),
        customer_name=text(row.get("lead_name")) or " ".join(name for name in names_of_lead if name) or None,
        agent_name=text(row.get("agent_name")),
        agent_extension=extension,
        agent_username=text(credited.get("email")),
        agent_email=email(credited.get("email")),
        started_at=moment(row.get("timestamp"), connection) or moment(row.get("datetime"), connection),
        answered_at=_lead_answer(row, connection) or steps_at.get(ours.CUSTOMER_ANSWERED),
        ended_at=moment(mapping(row.get("campaign_timestamps")).get("lead_hangup_time"), connection)
        or (hangups[-1] if hangups else None),
        talk_seconds=seconds(row.get("agent_talk_time")),
        connect_outcome=connect_outcome(row, history, connection),
        hangup_cause=_cause(row, history),
        status_raw=word(row.get("status")),
        recording_url=_link(row),
        custom_fields={name: text(row.get(name)) for name in EXTRA_COLUMNS if text(row.get(name))},
        crm_reference=_crm_reference(row, connection),
    )
    conflicts = row.conflicts()
    return facts | ({"_conflicts": conflicts} if conflicts else {})


def _credited(extension: str | None, name: str | None, history: list[Step]) -> Mapping[str, Any]:
    """The agent of the steps whom the row names: by extension, else by name where one alone bears it."""
    if extension:
        return next((step.agent for step in history if step.extension == extension), {})
    found = [step.agent for step in history if name and step.agent_name == name]
    return found[0] if len({text(agent.get("email")) for agent in found}) == 1 else {}


def _caller_number(row: Mapping[str, Any], customer: str | None, connection: Connection) -> str | None:
    """Whom the lead saw calling, where a column states it. Of a leg towards the agent it is the lead itself."""
    numbers = (phone.e164(row.get(name), connection.default_country) for name in CALLER_IDS if row.get(name))
    own = phone.e164(customer, connection.default_country)
    return next((number for number in numbers if number and number != own), None)


def _recorded(row: Mapping[str, Any], said: Disposition, connection: Connection) -> dict[str, Any]:
    """What the agent wrote down, often minutes or hours after the call; empty as long as nothing was."""
    facts = stated(disposition=said.words, disposition_parent=said.parent, notes=_notes(row.get("follow_up_notes")))
    if said.words:
        words = {said.words, *said.levels}
        facts["flags"] = sorted({flag for word in words for flag in connection.flags(word)})
    return facts


def _notes(value: object) -> str | None:
    items = value if isinstance(value, list) else [value]
    return "\n".join(note for item in items if (note := word(item))) or None


def _link(row: Mapping[str, Any]) -> str | None:
    """The recording, where a column holds a whole URL; the id of a file is no link."""
    return next((found for name in LINKS if (found := link(row.get(name)))), None)


def _crm_reference(row: Mapping[str, Any], connection: Connection) -> str | None:
    wanted = connection.settings.get("crm_reference_field")
    return word(row.get(wanted)) if wanted else None


def _short(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else f"row:sha256:{hashlib.sha256(key.encode()).hexdigest()}"
