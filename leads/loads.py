"""What became of loads: read, and decided by an operator where the dialer left it open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dialers import masking
from dialers.base import Connection
from lib import clock, ids
from models import LeadLoad, LoadedLead, SendingDesk, audit
from models.database import AnyRow, changed
from models.leases import is_held
from models.loads import ACCEPTED, DONE, LEAD_STATES, PARKED, PENDING, REJECTED, RUNNING, SENDING, UNKNOWN
from models.shared_clock import ours
from queries import keyset

LOADS, LEADS = LeadLoad.__table__, LoadedLead.__table__
SHOWN_STATES = tuple(state for state in LEAD_STATES if state != SENDING)
# What an operator may decide of leads that are unknown. To send them again may call somebody twice.
DECISIONS = {"resend": PENDING, "accepted": ACCEPTED, "rejected": REJECTED}
DECIDED = "Decided by an operator."
MOST_REASONS = 20
_NEWEST = "loads"  # the order that a cursor belongs to


Configured = Mapping[str, Connection]  # for what is masked in the dialers' words


def shown(
    session: Session,
    configured: Configured,
    load_id: UUID,
    after: int = 0,
    limit: int = 100,
    state: str | None = None,
    like: int | None = None,
) -> dict[str, Any] | None:
    """The load with a page of its leads as the API shows it; None where there is none. ``after`` is a row's number; ``like`` that
    of a lead with the reason of which the others are."""
    load = session.execute(select(LOADS).where(LOADS.c.id == load_id)).one_or_none()
    if load is None:
        return None
    page = select(LEADS).where(LEADS.c.load_id == load_id, LEADS.c.ordinal > after).order_by(LEADS.c.ordinal)
    if state is not None:
        page = page.where(LEADS.c.state.in_(_stored(state)))
    if like is not None:
        one = select(LEADS.c.reason).where(LEADS.c.load_id == load_id, LEADS.c.ordinal == like).scalar_subquery()
        page = page.where(LEADS.c.reason.is_not_distinct_from(one))
    leads = keyset.page(session.execute(page.limit(limit + 1)).all(), limit, lambda last: str(last.ordinal))
    found = {
        **_head(load),
        "counts": counts(session, load_id),
        "leads": [_lead(row) for row in leads.rows],
        "next": leads.next,
    }
    return _discreet(found, configured)


def lead(session: Session, configured: Configured, lead_id: UUID) -> dict[str, Any] | None:
    """The load without its leads but this one, as the API shows them; None where there is none."""
    row = session.execute(select(LEADS).where(LEADS.c.id == lead_id)).one_or_none()
    if row is None:
        return None
    load = session.execute(select(LOADS).where(LOADS.c.id == row.load_id)).one()
    return _discreet({**_head(load), "leads": [_lead(row)]}, configured)


def page(
    session: Session, configured: Configured, connection: list[str] | None, limit: int, cursor: str | None = None
) -> dict[str, Any]:
    """Loads as the API shows them, newest first, without their leads. Raises BadCursor."""
    statement = select(LOADS).order_by(LOADS.c.id.desc()).limit(limit + 1)
    if connection:
        statement = statement.where(LOADS.c.connection.in_(connection))
    if cursor:
        after = ids.parse(keyset.decode(_NEWEST, cursor, 1)[0])
        if after is None:
            raise keyset.BadCursor("This is not a cursor of ours.")
        statement = statement.where(LOADS.c.id < after)
    found = session.execute(statement).all()
    shown = keyset.page(found, limit, lambda last: keyset.encode(_NEWEST, str(last.id)))
    rows = [_discreet({**_head(load), "counts": counts(session, load.id)}, configured) for load in shown.rows]
    return {"loads": rows, "next": shown.next}


def _discreet(load: dict[str, Any], configured: Configured) -> dict[str, Any]:
    """The load without secrets in what the dialer has said of it: that is masked before it is stored, but an older release did
    not."""
    spoken = [one for one in (load, *load.get("leads", ())) if one["reason"]]
    connection = configured.get(load["connection"])
    if spoken and connection is not None:
        reasons = masking.masked([one["reason"] for one in spoken], connection)
        for one, reason in zip(spoken, reasons, strict=True):
            one["reason"] = reason
    return load


def waiting_since(session: Session, load_id: UUID, now: datetime) -> datetime | None:
    """Since when the next request of a running load could have left; None where somebody is sending, or nothing waits. Later than
    now where the dialer is left in peace."""
    load = session.get(LeadLoad, load_id)
    if load is None or load.state != RUNNING or not counts(session, load_id)[PENDING]:
        return None
    desk = session.get(SendingDesk, load.connection)
    if desk is None:
        return load.created_at
    return None if is_held(desk.lease_until, now) else max(load.created_at, ours(desk.next_at))


def counts(session: Session, load_id: UUID) -> dict[str, int]:
    """How many leads are in each state."""
    statement = select(LEADS.c.state, func.count()).where(LEADS.c.load_id == load_id).group_by(LEADS.c.state)
    found = {state: count for state, count in session.execute(statement)}
    found[PENDING] = found.get(PENDING, 0) + found.pop(SENDING, 0)
    return {state: found.get(state, 0) for state in SHOWN_STATES}


def reasons(session: Session, configured: Configured, load_id: UUID, state: str) -> list[dict[str, Any]]:
    """``{"reason", "leads", "like"}`` of a load's leads in a state, ``MOST_REASONS`` at most, the most frequent first; ``like``
    is the row of the first."""
    connection = configured.get(session.scalar(select(LOADS.c.connection).where(LOADS.c.id == load_id)) or "")
    leads = func.count().label("leads")
    statement = (
        select(LEADS.c.reason, leads, func.min(LEADS.c.ordinal).label("like"))
        .where(LEADS.c.load_id == load_id, LEADS.c.state.in_(_stored(state)))
        .group_by(LEADS.c.reason)
        .order_by(leads.desc(), func.min(LEADS.c.ordinal))
        .limit(MOST_REASONS)
    )
    found = [dict(row._mapping) for row in session.execute(statement)]
    said = [one["reason"] for one in found]
    said = masking.masked(said, connection) if connection else said
    return [one | {"reason": reason} for one, reason in zip(found, said, strict=True)]


def resume(session: Session, load_id: UUID) -> bool:
    """Let a parked load go on, unless its leads are not all stored. Whether there is such a load."""
    known = LOADS.c.id == load_id
    parked = (LOADS.c.state == PARKED, LOADS.c.parked_at.is_not(None))
    values = {"state": RUNNING, "reason": None}  # parked_at stays: see ``orders.last_parked``
    session.execute(update(LOADS).where(known, *parked).values(values))
    connection = session.scalar(select(LOADS.c.connection).where(known))
    if connection is None:
        return False
    audit.note(session, "load.resume", connection=connection, subject=load_id)
    return True


def decide(session: Session, load_id: UUID, decision: str) -> int | None:
    """Decide what became of the load's unknown leads: one of DECISIONS. How many there were; None: no such load."""
    load = session.execute(select(LOADS).where(LOADS.c.id == load_id).with_for_update()).one_or_none()
    if load is None:
        return None
    values: dict[str, Any] = {"state": DECISIONS[decision]}
    if decision != "accepted":
        values["news_at"] = clock.now()  # a call that its number had led to is not its own any more
    if decision == "resend":
        # The key stays: where the dialer still knows it, even this calls nobody twice.
        values |= {"reason": None, "tries": 1, "first_sent_at": None, "sent_at": None, "settled_at": None}
    else:
        values |= {"reason": DECIDED, "settled_at": clock.now()}
    unknown = (LEADS.c.load_id == load_id, LEADS.c.state == UNKNOWN)
    decided = changed(session, update(LEADS).where(*unknown).values(values))
    audit.note(
        session,
        "leads.decide_unknown",
        connection=load.connection,
        subject=load_id,
        count=decided,
        details={"decision": decision},
    )
    if decided and decision == "resend" and load.state == DONE:
        session.execute(update(LOADS).where(LOADS.c.id == load_id).values(state=RUNNING, finished_at=None))
    return decided


def _stored(state: str) -> tuple[str, ...]:
    return (PENDING, SENDING) if state == PENDING else (state,)


def _head(load: AnyRow) -> dict[str, Any]:
    return {
        "id": str(load.id),
        "connection": load.connection,
        "campaign_id": load.campaign,
        "name": load.name,
        "state": load.state,
        "reason": load.reason,
        "total": load.total,
        "created_at": clock.iso(load.created_at),
        "finished_at": clock.iso(load.finished_at),
    }


def _lead(row: AnyRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "row": row.ordinal,
        "number": row.number,
        "reference": row.reference,
        "state": PENDING if row.state == SENDING else row.state,
        "reason": row.reason,
        "dialer_id": row.dialer_id,
        "sent_at": clock.iso(row.sent_at),
    }
