"""What is found at the end: outcomes and deliveries in the database, calls and contacts in the CRM, events at the receiver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from models import CallOutcome, Delivery
from models.database import Database
from sandbox.webhook.receiver import Event, Receiver


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
    """``properties``: its ``body``, ``title``, ``result``, ``seconds`` and ``to``; ``bodies``: all that were ever written, in
    order. Not ``live``: it was removed."""

    id: str
    mark: str | None
    live: bool
    contacts: Sequence[str]
    properties: Mapping[str, str]
    bodies: Sequence[str]


@dataclass
class Contact:
    """``last_calls``: everything that was ever written to what holds ``last_call``."""

    id: str
    status: str
    last_call: str
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
    odd: Sequence[str] = ()


def look(database: Database, side: Any, receiver: Receiver, people: Mapping[str, str]) -> Found:
    """``side``: one of ``tests.chaos.crm.hubspot`` and its like."""
    with database.read() as session:
        outcomes = [_outcome(row) for row in session.scalars(select(CallOutcome))]
        deliveries = [_row(row) for row in session.scalars(select(Delivery).order_by(Delivery.id))]
    with side.account.lock:
        return Found(
            people,
            outcomes,
            deliveries,
            side.calls(),
            side.contacts(),
            receiver.by_outcome(),
            list(receiver.altered),
            list(receiver.backwards),
            [*side.account.wrong_requests, *receiver.wrong],
            side.odd(),
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
    remote = row.remote_id and row.remote_id.rpartition("/")[2]  # a call log and its activity: what people see of it
    own = (row.operation, row.state, row.reason, row.record_id, remote)
    return Row(row.destination, str(row.outcome_id), row.revision, *own)
