"""Orders: which leads are sent next, and what is written down of them before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from dialers.giving import Lead, Leads, Order, Verdict, one_of_each
from lib import clock, ids
from lib import text as texts
from models import LeadLoad, LoadedLead
from models.database import AnyRow
from models.loads import DONE, PARKED, PENDING, REJECTED, RUNNING, SENDING, UNKNOWN
from outcomes import suppressions

LOADS, LEADS = LeadLoad.__table__, LoadedLead.__table__
NEVER_SENT = {"state": PENDING, "order_key": None, "tries": 0, "first_sent_at": None, "sent_at": None}
LEFT_OPEN = "The sender ended before the answer came; whether the dialer took it is not known."
KEY_FOR = timedelta(minutes=15)  # how long dialers know a key is documented nowhere
KEY_TOO_OLD = "Its request left more than 15 minutes ago and may have been taken; the dialer may not know it again."
LOOKED_AT, MOST_LOOKS = 500, 10  # leads, and how often, while those that must not be called are passed over
PARKED_FOR = timedelta(hours=1)  # then credentials that were refused are tried again


@dataclass
class Outgoing:
    """An order that is written down as being sent, and ours to settle."""

    load: AnyRow
    key: str
    leads: Sequence[AnyRow]
    tries: int

    def order(self, callbacks: Mapping[str, str]) -> Order:
        campaign = None if self.load.makes_campaign else self.load.campaign
        leads = [as_lead(row) for row in self.leads]
        return Order(campaign, self.load.name, self.load.options, leads, self.key, callbacks)


def as_lead(row: AnyRow) -> Lead:
    """The lead as dialers are given it."""
    given = {**row.given, "agents": tuple(row.given.get("agents") or ())}
    return Lead(number=row.number, number_raw=row.number_raw, reference=row.reference, mark=str(row.id), **given)


def any_waiting(session: Session, connection: str, since: datetime, at: datetime) -> bool:
    """Whether the connection has anything to send."""
    return bool(session.scalar(select(exists().where(_open(connection), _going(since, at)))))


def any_pending(session: Session, connection: str) -> bool:
    """Whether a lead of a running load has no end yet."""
    running = select(LOADS.c.id).where(_open(connection), LOADS.c.state == RUNNING)
    unsettled = and_(LEADS.c.load_id.in_(running), LEADS.c.state.in_((PENDING, SENDING)))
    return bool(session.scalar(select(exists().where(unsettled))))


def unpark(session: Session, connection: str, since: datetime, at: datetime) -> None:
    """Let loads go on that were parked before this process knew the connection (its credentials may be others now), or
    for long enough."""
    parked = and_(LOADS.c.state == PARKED, _tried_again(since, at))
    session.execute(update(LOADS).where(_open(connection), parked).values(state=RUNNING, reason=None))


def last_parked(session: Session, connection: str) -> datetime | None:
    """When loads that run again were parked last. Whoever let them go on expects the credentials to be tried again."""
    running = and_(_open(connection), LOADS.c.state == RUNNING)
    parked_at: datetime | None = session.scalar(select(func.max(LOADS.c.parked_at)).where(running))
    return parked_at


def recover(session: Session, connection: str, knows_keys: bool, at: datetime) -> None:
    """After claiming the desk: what was left open, by a lost answer or by somebody who ended. Where the dialer knows keys it
    is sent again, which ``take`` does, unless the key is too old: a dialer that has forgotten it would call everybody of the
    order twice. Where it knows none, nobody can tell."""
    mine = and_(LEADS.c.state == SENDING, LEADS.c.load_id.in_(select(LOADS.c.id).where(_open(connection))))
    if knows_keys:
        first = func.coalesce(LEADS.c.first_sent_at, LEADS.c.sent_at)
        # A key of the future was given by a clock that has been set back: its age is not known.
        mine = and_(mine, or_(first <= at - KEY_FOR, first > at + KEY_FOR))
    reason = KEY_TOO_OLD if knows_keys else LEFT_OPEN
    session.execute(update(LEADS).where(mine).values(state=UNKNOWN, reason=reason, settled_at=at))


def next_load(session: Session, connection: str) -> UUID | None:
    """Of the loads that run, the one that was sent from longest ago, or never: a long one does not keep others waiting."""
    running = select(LOADS.c.id).where(_open(connection), LOADS.c.state == RUNNING).order_by(LOADS.c.id)
    known: Sequence[UUID] = session.scalars(running).all()
    if len(known) < 2:
        return None
    last = (
        select(LEADS.c.load_id, func.max(LEADS.c.sent_at)).where(LEADS.c.load_id.in_(known)).group_by(LEADS.c.load_id)
    )
    sent = {load_id: at for load_id, at in session.execute(last) if at is not None}
    return min(known, key=lambda load_id: (load_id in sent, sent.get(load_id), load_id))


def take(session: Session, connection: str, leads: Leads, at: datetime, first: UUID | None = None) -> Outgoing | None:
    """Write down the next order as being sent: of the load ``first``, else of the oldest that runs, the first leads.
    What was sent before under a key comes first, under that key. None where nothing is left; loads that are through are
    then done."""
    order = (LOADS.c.id != first, LOADS.c.id) if first else (LOADS.c.id,)
    running = select(LOADS).where(_open(connection), LOADS.c.state == RUNNING).order_by(*order)
    # Locked, so that whoever puts a number on the list can wait until those who have looked before have written.
    for load in session.execute(running.with_for_update()).all():
        rows = _next_of(session, load, leads, at)
        if rows is None:
            return None
        if rows:
            key = rows[0].order_key or str(ids.new())
            tries = rows[0].tries + 1
            first_at = rows[0].first_sent_at or rows[0].sent_at or at
            written = {"state": SENDING, "order_key": key, "tries": tries, "first_sent_at": first_at, "sent_at": at}
            _each(session, rows, written)
            return Outgoing(load, key, rows, tries)
        _finish(session, load.id, at)
    return None


def _next_of(session: Session, load: AnyRow, leads: Leads, at: datetime) -> Sequence[AnyRow] | None:
    """The load's next leads to be sent; those that must not be called have their end before. None where many of these were met,
    and others shall write in between."""
    mine = select(LEADS).where(LEADS.c.load_id == load.id).order_by(LEADS.c.ordinal)
    again = session.execute(mine.where(LEADS.c.state == SENDING)).all()
    most = leads.most_new if load.makes_campaign else leads.most
    if again:
        return [row for row in again if row.order_key == again[0].order_key]
    for _ in range(MOST_LOOKS):
        waiting = session.execute(mine.where(LEADS.c.state == PENDING).limit(most)).all()
        given = waiting[0].order_key if waiting else None  # where an operator has an order sent again
        if given:  # all of it: a key stands for the same leads each time
            waiting = session.execute(mine.where(LEADS.c.state == PENDING, LEADS.c.order_key == given)).all()
        rows = [row for row in waiting if row.order_key == given]
        rows = one_of_each(rows) if leads.apart and not given else rows
        if (given and leads.knows_keys) or not _refused(session, rows, at):
            return rows
        # Where one is refused many may be: a dialer that takes one lead at a time would be asked about each of them.
        fresh = mine.where(LEADS.c.state == PENDING, LEADS.c.order_key.is_(None)).limit(LOOKED_AT)
        _refused(session, session.execute(fresh).all(), at)
    return None


def _refused(session: Session, rows: Sequence[AnyRow], at: datetime) -> bool:
    """Give those that must not be called their end; whether there were any. One that was sent before, and that an operator has
    sent again, may have been taken then: nobody can tell, and so it stays."""
    reasons = suppressions.reasons(session, {row.number for row in rows}, at)
    if not reasons:
        return False
    statement = update(LEADS).where(LEADS.c.id == bindparam("row_id"))
    settled = statement.values(state=bindparam("now"), reason=bindparam("why"), settled_at=at)
    ended = [
        {"row_id": row.id, "now": UNKNOWN if row.order_key else REJECTED, "why": reasons[row.number]}
        for row in rows
        if row.number in reasons
    ]
    session.connection().execute(settled, ended)
    return True


def finish_through(session: Session, connection: str, at: datetime) -> None:
    """Loads of which nothing is left to be sent are done."""
    running = select(LOADS.c.id).where(_open(connection), LOADS.c.state == RUNNING).order_by(LOADS.c.id)
    for load_id in session.scalars(running.with_for_update()).all():
        _finish(session, load_id, at)


def _finish(session: Session, load_id: UUID, at: datetime) -> None:
    """The load is done, unless an operator has just decided to have leads of it sent again: whoever has the load's lock
    looks at its leads anew."""
    session.execute(select(LOADS.c.id).where(LOADS.c.id == load_id).with_for_update())
    mine = exists().where(LEADS.c.load_id == load_id, LEADS.c.state.in_((PENDING, SENDING)))
    through = update(LOADS).where(LOADS.c.id == load_id, ~mine)
    session.execute(through.values(state=DONE, reason=None, finished_at=at))


def settle(
    session: Session, taken: Outgoing, verdicts: Sequence[Verdict], at: datetime, campaign: str | None = None
) -> None:
    """Write down what became of each lead of the order."""
    statement = (
        update(LEADS)
        .where(LEADS.c.id == bindparam("row_id"), LEADS.c.state == SENDING)
        .values(state=bindparam("now"), reason=bindparam("why"), dialer_id=bindparam("theirs"), settled_at=at)
        .values(news_at=func.coalesce(bindparam("news", type_=LEADS.c.news_at.type), LEADS.c.news_at))
    )
    rows = [
        {"row_id": row.id, "now": verdict.state, "why": texts.clean(verdict.reason), "theirs": verdict.dialer_id}
        | {"news": at if _is_news(verdict, campaign) else None}
        for row, verdict in zip(taken.leads, verdicts, strict=True)
    ]
    session.connection().execute(statement, rows)
    told = {"reason": None} | ({"campaign": campaign} if campaign is not None else {})
    session.execute(update(LOADS).where(LOADS.c.id == taken.load.id).values(told))
    _finish(session, taken.load.id, at)


def _is_news(verdict: Verdict, campaign: str | None) -> bool:
    """Whether calls that came already may be this lead's only now, or not be any more (``outcomes.meeting``). While it was being
    sent it was one that may be called, with the number alone."""
    return verdict.state == REJECTED or verdict.dialer_id is not None or campaign is not None


def put_back(session: Session, taken: Outgoing) -> None:
    """The dialer did not take it for sure: it is sent another time."""
    _each(session, taken.leads, NEVER_SENT | {"news_at": clock.now()})


def wait(session: Session, taken: Outgoing, reason: str) -> None:
    """Say what the load waits for; what is written down as being sent stays so."""
    going = (LOADS.c.id == taken.load.id, LOADS.c.state != DONE)
    session.execute(update(LOADS).where(*going).values(reason=reason))


def park(session: Session, connection: str, reason: str, at: datetime) -> None:
    """Nothing more is sent to the connection until an operator, or other credentials, let it go on."""
    mine = and_(_open(connection), LOADS.c.state == RUNNING)
    session.execute(update(LOADS).where(mine).values(state=PARKED, reason=reason, parked_at=at))


def _each(session: Session, rows: Sequence[AnyRow], values: dict[str, Any]) -> None:
    statement = update(LEADS).where(LEADS.c.id == bindparam("row_id")).values(values)
    session.connection().execute(statement, [{"row_id": row.id} for row in rows])


def _open(connection: str) -> ColumnElement[bool]:
    # As the index on open loads says it.
    return and_(LOADS.c.connection == connection, LOADS.c.state != DONE)


def _tried_again(since: datetime, at: datetime) -> ColumnElement[bool]:
    return or_(LOADS.c.parked_at < since, LOADS.c.parked_at <= at - PARKED_FOR)


def _going(since: datetime, at: datetime) -> ColumnElement[bool]:
    return or_(LOADS.c.state == RUNNING, and_(LOADS.c.state == PARKED, _tried_again(since, at)))
