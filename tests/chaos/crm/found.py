"""What is found at the end: outcomes and deliveries in the database, calls and contacts in HubSpot, events at the receiver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from models import CallOutcome, Delivery
from models.database import Database
from sandbox.hubspot.account import Hubspot
from sandbox.webhook.receiver import Event, Receiver
from tests.chaos.crm.scene import LAST_CALL, MARK


@dataclass(frozen=True)
class Outcome:
    id: str
    revision: int
    merged: bool
    number: str | None
    reference: str | None
    connect_outcome: str
    disposition: str | None
    notes: str
    talk_seconds: int
    occurred_at: Any


@dataclass(frozen=True)
class Row:
    """A delivery."""

    destination: str
    outcome_id: str
    revision: int
    operation: str
    state: str
    reason: str | None
    record_id: str | None
    remote_id: str | None


@dataclass
class Call:
    """``writes``: everything that was ever written to it, the first first. Not ``live``: it was removed."""

    id: str
    mark: str | None
    live: bool
    contacts: Sequence[str]
    properties: Mapping[str, str]
    writes: Sequence[Mapping[str, str]]


@dataclass
class Contact:
    """``last_calls``: everything that was ever written to the property of that name."""

    id: str
    properties: Mapping[str, str]
    last_calls: Sequence[str]


@dataclass
class Found:
    """All of it. ``people``: number -> the contact that alone has it."""

    people: Mapping[str, str]
    outcomes: Sequence[Outcome] = ()
    deliveries: Sequence[Row] = ()
    calls: list[Call] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    events: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    altered: Sequence[str] = ()
    backwards: Sequence[Mapping[str, Any]] = ()
    wrong_requests: Sequence[Any] = ()


def look(database: Database, hubspot: Hubspot, receiver: Receiver, people: Mapping[str, str]) -> Found:
    with database.read() as session:
        outcomes = [_outcome(row) for row in session.scalars(select(CallOutcome))]
        deliveries = [_row(row) for row in session.scalars(select(Delivery).order_by(Delivery.id))]
    calls, contacts = (hubspot.records[kind].found.values() for kind in ("calls", "contacts"))
    with hubspot.lock:
        return Found(
            people,
            outcomes,
            deliveries,
            [_call(hubspot, one) for one in calls],
            [_contact(one) for one in contacts],
            receiver.by_outcome(),
            list(receiver.altered),
            list(receiver.backwards),
            [*hubspot.wrong_requests, *receiver.wrong],
        )


def _outcome(row: CallOutcome) -> Outcome:
    return Outcome(
        str(row.id),
        row.revision,
        row.merged_into is not None,
        row.customer_number,
        row.crm_reference,
        row.connect_outcome,
        row.disposition,
        row.notes,
        row.talk_seconds,
        row.occurred_at,
    )


def _row(row: Delivery) -> Row:
    own = (row.operation, row.state, row.reason, row.record_id, row.remote_id)
    return Row(row.destination, str(row.outcome_id), row.revision, *own)


def _call(hubspot: Hubspot, record: Any) -> Call:
    beside = [id_ for id_, _ in hubspot.associations.of(("calls", record.id), "contacts")]
    writes = [dict(said) for _, said, _ in record.writes]
    live = record.archived_at is None
    return Call(record.id, record.properties.get(MARK), live, beside, dict(record.properties), writes)


def _contact(record: Any) -> Contact:
    said = [wrote[LAST_CALL] for _, wrote, _ in record.writes if LAST_CALL in wrote]
    return Contact(record.id, dict(record.properties), said)
