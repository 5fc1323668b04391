"""What an erasure would change, and its beginning: refused for a number of ours, written into the ledger before anything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from lib import clock, ids, phone_spellings
from models import (
    Base,
    CallEvent,
    CallOutcome,
    Delivery,
    Erasure,
    Lead,
    LoadedLead,
    Receipt,
    Suppression,
    TakeOut,
    audit,
)
from models.database import Database
from models.erasures import RUNNING
from models.suppressions import PERSON
from outcomes import before, suppressions
from outcomes.suppressions import Wanted
from upkeep.erasure import ledger

log = structlog.get_logger(__name__)

REASON = "Erased."
OWN = (
    "{} is a number of ours: calls were made from it, or an agent has it. Erasing it would take it out of all of them."
)
UNREADABLE = "{} is no number that could be looked for."
RUNS = "An erasure of this number runs already: {}."


class NotErased(ValueError):
    """Nothing was begun; the message says why."""


@dataclass(frozen=True)
class Found:
    """What is known under a number, as far as indexes tell it: bodies that nobody understood, and other people's calls that name
    it, are found when all tables are looked through. ``records``: what stands in destinations."""

    number: str
    counts: dict[str, int]
    records: list[dict[str, Any]]
    files: dict[str, int]

    def any(self) -> bool:
        return any(self.counts.values()) or bool(self.files)


def look(session: Session, number: str) -> Found:
    """What an erasure would find. Changes nothing. Raises NotErased."""
    _check(session, number)
    counts = {model.__tablename__: _count(session, of_it) for model, of_it in kept_under([number]).items()}
    return Found(number, counts, records(session, _with(number)), {})


def kept_under(names: Sequence[str]) -> dict[type[Base], Any]:
    """Of each table the ids of what indexes know of a person under these: the number, or what stands for it."""
    told = aliased(CallOutcome)
    of_lead = and_(CallOutcome.connection == told.connection, CallOutcome.lead_id == told.lead_id)
    untold = (told.customer_number.in_(names), CallOutcome.customer_number.is_(None))
    groups = union(  # as ``steps`` erases them: whole calls, and those of the same leads of which no number was told
        select(CallOutcome.group_id).where(CallOutcome.customer_number.in_(names)),
        select(CallOutcome.group_id).join(told, of_lead).where(*untold),
    )
    calls = select(CallOutcome.id).where(CallOutcome.group_id.in_(groups))
    return {
        CallOutcome: calls,
        CallEvent: select(CallEvent.id).where(CallEvent.group_id.in_(groups)),
        Receipt: select(CallEvent.receipt_id).where(CallEvent.group_id.in_(groups)).distinct(),
        Delivery: select(Delivery.id).where(Delivery.outcome_id.in_(calls)),
        Lead: select(Lead.id).where(Lead.number.in_(names)),
        LoadedLead: select(LoadedLead.id).where(LoadedLead.number.in_(names)),
        Suppression: select(Suppression.id).where(Suppression.number.in_(names)),
        TakeOut: select(TakeOut.id).where(TakeOut.number.in_(names)),
    }


def begin(database: Database, folder: Path, number: str, by: str, keep_uncalled: bool = True) -> Erasure:
    """Write an erasure down: in the ledger's file first, durably, so that nothing of it is forgotten whatever dies. Raises
    NotErased and OSError."""
    at = clock.now()
    stand_in = database.stand_ins.number(number)
    with database.read() as session:
        _check(session, number)
        known = before.beginning(session, number, at)
        running = session.scalar(select(Erasure.id).where(Erasure.stand_in == stand_in, Erasure.state == RUNNING))
    if running is not None:
        raise NotErased(RUNS.format(running))
    whom = (str(ids.new()), stand_in, database.stand_ins.key_id)
    one = ledger.Entry(*whom, str(clock.iso(at)), by, keep_uncalled, clock.iso(known.known_to), known.position)
    ledger.append(folder, [one])
    with database.write() as session:
        row = ledger.begun(one, number)
        session.add(row)
        audit.note(session, "erasure.apply", subject=one.id)
        if keep_uncalled:
            suppressions.put(session, PERSON, [Wanted(number, number, REASON)], by, at)
    log.info("erasure_begun", erasure=one.id, key=by)
    return row


def records(session: Session, of_calls: ColumnElement[bool]) -> list[dict[str, Any]]:
    """What destinations have of these calls: each destination with the ids of its records, and of what was made there."""
    columns = (Delivery.destination, Delivery.record_id, Delivery.remote_id)
    mine = select(*columns).join(CallOutcome, CallOutcome.id == Delivery.outcome_id).where(of_calls)
    there = mine.where(or_(Delivery.record_id.is_not(None), Delivery.remote_id.is_not(None)))
    found: dict[str, dict[str, set[str]]] = {}
    for row in session.execute(there):
        own = found.setdefault(row.destination, {"records": set(), "made": set()})
        own["records"] |= {row.record_id} - {None}
        own["made"] |= {row.remote_id} - {None}
    return [
        {"to": name, "records": sorted(own["records"]), "made": sorted(own["made"])}
        for name, own in sorted(found.items())
    ]


def _check(session: Session, number: str) -> None:
    if phone_spellings.of(number) is None:
        raise NotErased(UNREADABLE.format(number))
    ours = or_(CallOutcome.caller_number == number, CallOutcome.agent_number == number)
    if session.scalar(select(CallOutcome.id).where(ours).limit(1)) is not None:
        raise NotErased(OWN.format(number))


def _with(number: str) -> ColumnElement[bool]:
    return CallOutcome.customer_number == number


def _count(session: Session, rows: Any) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0
