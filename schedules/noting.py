"""Moments at which schedules are due, written down: each once, by whichever worker comes first. Nothing is sent here."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lib import ids, zones
from models import Schedule, ScheduledSend
from models.database import Database, changed, chunks, insert_into
from models.leases import free
from models.schedules import FAILED, MISSED, PENDING, SENDING, UNKNOWN
from schedules import due
from schedules.due import Times

SENDS = ScheduledSend.__table__
KEPT, LATEST = timedelta(days=180), 50  # of sends: so long, and of each schedule so many however old
SPAN = timedelta(minutes=2)  # of a lease that is not renewed: so long after a worker's death nobody sends what it had


def times_of(schedule: Schedule) -> Times | None:
    """None where its zone is none that this machine knows: of another release of the zone database."""
    zone = zones.named(schedule.tz)
    at = tuple(time.fromisoformat(one) for one in schedule.at)
    return None if zone is None else Times(at, zone, frozenset(schedule.weekdays), schedule.month_day)


def note_due(database: Database, now: datetime) -> bool:
    """Write down what has become due, and move the schedules on; whether there was any.

    A schedule's ``next_at`` is worked out anew each time, so that a clock that ran ahead for an hour, or to the year 2038,
    silences nothing when it is set right: a moment that was written down already stays as it is.
    """
    with database.read() as session:
        rows = list(session.scalars(select(Schedule).where(Schedule.paused_at.is_(None)).order_by(Schedule.next_at)))
    found = False
    for row in rows:
        times = times_of(row)
        if times is not None and due.first(times, now) != row.next_at:
            with database.write() as session:
                found = note(session, row, now) or found
    return found


def note(session: Session, row: Schedule, now: datetime) -> bool:
    """Write down what of this one has become due; whether there was any. Whoever moves the schedule on writes down what lies
    between; nobody else does. ``row`` is as it was read, and stays so."""
    times = times_of(row)
    if times is None:
        return False
    following = due.first(times, now)
    same = (Schedule.id == row.id, Schedule.next_at == row.next_at, Schedule.changed_at == row.changed_at)
    moved = update(Schedule).where(*same, Schedule.paused_at.is_(None)).values(next_at=following)
    if changed(session, moved) != 1:
        return False
    moments = due.until(times, row.next_at, now) if row.next_at <= now else []
    if not moments:
        return False
    missed = _overtaken(session, row, now)
    sends = [_send(row, at, now, state=MISSED, reason="not_running", settled_at=now) for at in moments[:-1]]
    sends.append(_send(row, moments[-1], now, missed=missed + len(moments) - 1))
    for some in chunks(sends, 500):
        session.execute(insert_into(session, SENDS).values(some).on_conflict_do_nothing())
    return True


def _overtaken(session: Session, row: Schedule, now: datetime) -> int:
    """What still waits when it is due again: what was never tried is missed, what was tried is given up. How many were missed."""
    waits = (SENDS.c.schedule_id == row.id, SENDS.c.state == PENDING, SENDS.c.trial.is_(False))
    idle = (*waits, free(SENDS.c.lease_until, now, SPAN))
    over = {"settled_at": now, "lease_until": None}
    missed = update(SENDS).where(*idle, SENDS.c.attempts == 0).values(state=MISSED, reason="not_running", **over)
    given_up = update(SENDS).where(*idle, SENDS.c.attempts > 0).values(state=FAILED, tell_at=now, **over)
    session.execute(given_up)
    return changed(session, missed)


def _send(row: Schedule, at: datetime, now: datetime, **given: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {"id": ids.new(), "schedule_id": row.id, "due_at": at, "trial": False, "state": PENDING}
    defaults |= dict.fromkeys(("reason", "settled_at"))
    return defaults | {"missed": 0, "attempts": 0, "created_at": now, "next_at": now} | given


def put_in_doubt(database: Database, now: datetime) -> bool:
    """What was being sent by a worker that is no more: nobody can tell what became of it. Its lease keeps its owner's name, so
    that one that was only thought dead can still say what it knows."""
    lost = (SENDS.c.state == SENDING, free(SENDS.c.lease_until, now, SPAN))
    with database.read() as session:
        if session.scalar(select(SENDS.c.id).where(*lost).limit(1)) is None:
            return False
    said = "The worker ended, or was held up, while it was being sent."
    doubt = {"state": UNKNOWN, "reason": "interrupted", "answer": said, "settled_at": now, "tell_at": now}
    with database.write() as session:
        return changed(session, update(SENDS).where(*lost).values(doubt)) > 0


def forget_old(database: Database, now: datetime) -> int:
    """Delete what was settled long ago, except the latest of each schedule; how many that was."""
    old = (SENDS.c.settled_at < now - KEPT, SENDS.c.tell_at.is_(None))
    with database.read() as session:
        schedules = session.scalars(select(SENDS.c.schedule_id).where(*old).distinct()).all()
    found = 0
    for schedule_id in schedules:
        its = SENDS.c.schedule_id == schedule_id
        latest = select(SENDS.c.id).where(its).order_by(SENDS.c.id.desc()).limit(LATEST)
        with database.write() as session:
            found += changed(session, delete(SENDS).where(its, *old, SENDS.c.id.not_in(latest)))
    return found


def tried(session: Session, row: Schedule, now: datetime) -> UUID:
    """Have it sent once, now, besides when it is due; the new send's id."""
    send = _send(row, now, now, trial=True)
    session.execute(insert_into(session, SENDS).values(send))
    return UUID(str(send["id"]))
