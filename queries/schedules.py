"""Schedules and their sends, as they are shown and counted."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.orm import Session

from lib import clock, ids
from models import Schedule, ScheduledSend, View
from models.leases import held
from models.schedules import BUCKET, FAILED, FOLDER, MAIL, OPEN, PENDING, SEND_STATES, UNKNOWN, VIEW_BROKEN
from queries import keyset
from queries.views import saved

COUNTED = timedelta(days=1)  # so far back sends are counted by what became of them
HIDDEN = "The view cannot be asked as it is; its own page says why to those who may see it."
_ORDER = "-sends"


def schedules(session: Session, key_name: str, everybodys: bool = False) -> list[dict[str, Any]]:
    """All of them, by name, each with its view's name, where the key may see the view, and what came of it last; ``everybodys``:
    it may see all views."""
    view = saved.name_for(key_name, everybodys)
    rows = session.execute(select(Schedule, view).join(View, View.id == Schedule.view_id).order_by(Schedule.name))
    latest = {send.schedule_id: send for send, _ in _latest(session)}
    return [_shown(row, view, latest.get(row.id)) for row, view in rows]


def _latest(session: Session) -> list[tuple[ScheduledSend, Schedule]]:
    """The latest send of each schedule that has any, by the schedule's name."""
    its = select(ScheduledSend.id).where(ScheduledSend.schedule_id == Schedule.id).correlate(Schedule)
    newest = its.order_by(ScheduledSend.id.desc()).limit(1).scalar_subquery()
    rows = select(ScheduledSend, Schedule).join(Schedule, ScheduledSend.id == newest).order_by(Schedule.name)
    return [(send, schedule) for send, schedule in session.execute(rows)]


def in_trouble(session: Session, key_name: str = "", everybodys: bool = False) -> list[dict[str, Any]]:
    """The schedules whose latest moment failed, is in doubt, or was tried in vain so far, by name: ``state`` is what became of
    it, ``answer`` why. What is sent later, tried or repeated ends it. ``key_name`` and ``everybodys`` as above."""
    wrong = [
        (send, one)
        for send, one in _latest(session)
        if send.state in (FAILED, UNKNOWN) or (send.state == PENDING and send.reason)
    ]

    def may_see(view_id: UUID) -> bool:
        return saved.find(session, view_id, key_name, everybodys) is not None

    return [
        {"id": one.id, "name": one.name}
        | {name: getattr(send, name) for name in ("state", "due_at", "trial")}
        | {"answer": _answer(send, partial(may_see, one.view_id))}
        for send, one in wrong
    ]


def _answer(send: ScheduledSend, may_see: Callable[[], bool]) -> str | None:
    """What a view asks is told to those alone who may see it."""
    return HIDDEN if send.reason == VIEW_BROKEN and not may_see() else send.answer


def counts(session: Session, now: datetime) -> dict[str, int]:
    """State -> how many sends are open, or were settled within a day."""
    recent = or_(ScheduledSend.settled_at >= now - COUNTED, ScheduledSend.settled_at.is_(None))
    rows = session.execute(select(ScheduledSend.state, func.count()).where(recent).group_by(ScheduledSend.state))
    return dict.fromkeys(SEND_STATES, 0) | {state: count for state, count in rows}


def overdue_since(session: Session, now: datetime) -> datetime | None:
    """When that was due which has been due for the longest time, and has not left; None where nothing is."""
    sends = select(func.min(ScheduledSend.due_at)).where(literal_column(OPEN))
    unnoted = select(func.min(Schedule.next_at)).where(Schedule.paused_at.is_(None), Schedule.next_at <= now)
    return min(filter(None, (session.scalar(sends), session.scalar(unnoted))), default=None)


def find(
    session: Session, schedule_id: UUID, key_name: str, everybodys: bool = False
) -> tuple[Schedule, str | None] | None:
    """The schedule and its view's name, as above."""
    view = saved.name_for(key_name, everybodys)
    found = session.execute(
        select(Schedule, view).join(View, View.id == Schedule.view_id).where(Schedule.id == schedule_id)
    ).one_or_none()
    return (found[0], found[1]) if found else None


def named(session: Session, name: str) -> Schedule | None:
    return session.scalars(select(Schedule).where(Schedule.name == name)).one_or_none()


def shown(session: Session, row: Schedule, view: str | None) -> dict[str, Any]:
    """As the API shows it."""
    last = page(session, row.id, {}, None, 1).rows
    return _shown(row, view, last[0] if last else None)


def _shown(row: Schedule, view: str | None, last: ScheduledSend | None) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "view_id": str(row.view_id),
        "view": view,
        "to": row.recipients if row.way == MAIL else None,
        "folder": row.place if row.way == FOLDER else None,
        "bucket": row.place if row.way == BUCKET else None,
        "format": row.form,
        "at": row.at,
        "weekdays": row.weekdays,
        "month_day": row.month_day,
        "tz": row.tz,
        "tell": row.tell,
        "state": "paused" if row.paused_at else "running",
        "next_at": None if row.paused_at else clock.iso(row.next_at),
        "last": shown_send(last, view is not None) if last else None,
        "created_at": clock.iso(row.created_at),
        "created_by": row.created_by,
        "changed_at": clock.iso(row.changed_at),
    }


def oldest_waiting(session: Session, now: datetime) -> datetime | None:
    """Since when something of them waits longest for a worker: a moment that nobody has written down, or what nobody has taken
    up. Later than now where nothing waits."""
    idle = ~held(ScheduledSend.lease_until, now)
    taken_up = select(func.min(ScheduledSend.next_at)).where(literal_column(OPEN), idle)
    written = select(func.min(Schedule.next_at)).where(Schedule.paused_at.is_(None))
    return min(filter(None, (session.scalar(taken_up), session.scalar(written))), default=None)


def page(
    session: Session, schedule_id: UUID, filters: Mapping[str, Sequence[str]], cursor: str | None, limit: int
) -> keyset.Page[ScheduledSend]:
    """Its sends, the newest first. Raises BadCursor."""
    wanted: list[ColumnElement[bool]] = [ScheduledSend.schedule_id == schedule_id]
    if states := filters.get("state"):
        wanted.append(ScheduledSend.state.in_(states))
    if cursor is not None:
        (place,) = keyset.decode(_ORDER, cursor, 1)
        last = ids.parse(place)
        if last is None:
            raise keyset.BadCursor("This is not a cursor of ours.")
        wanted.append(ScheduledSend.id < last)
    rows = session.scalars(
        select(ScheduledSend).where(*wanted).order_by(ScheduledSend.id.desc()).limit(limit + 1)
    ).all()
    return keyset.page(rows, limit, lambda row: keyset.encode(_ORDER, str(row.id)))


def shown_send(row: ScheduledSend, may_see: bool) -> dict[str, Any]:
    """As the API shows it, to a key that may see the view, or may not."""
    return {
        "id": str(row.id),
        "schedule_id": str(row.schedule_id),
        "due_at": clock.iso(row.due_at),
        "trial": row.trial,
        "state": row.state,
        "reason": row.reason,
        "answer": _answer(row, lambda: may_see),
        "rows": row.rows,
        "bytes": row.size,
        "target": row.target,
        "missed": row.missed,
        "attempts": row.attempts,
        "next_at": clock.iso(row.next_at) if row.state == PENDING else None,
        "sent_at": clock.iso(row.sent_at),
        "settled_at": clock.iso(row.settled_at),
        "told_at": clock.iso(row.told_at),
    }
