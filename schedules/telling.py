"""Somebody is told what went wrong: a mail for each moment that failed, or is in doubt. Taken as the sends are, so that it is
told once."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select, update

from lib.http.errors import ExchangeError, Uncertain
from lib.mail import smtp
from models import Schedule, ScheduledSend, View
from models.database import Database, changed
from schedules import letters
from schedules.noting import SENDS
from schedules.settings import Settings

PAUSE = timedelta(minutes=15)  # where the mail server does not take it
LONGEST = timedelta(days=1)  # so long it is tried: what went wrong stands on the page

log = structlog.get_logger(__name__)


def tell_next(database: Database, settings: Settings, now: datetime) -> bool:
    """Tell of the next one that is to be told of; False where there is none."""
    # What was put off for longer than we ever do was put off by a clock that has been set back.
    ready = SENDS.c.tell_at.is_not(None) & ((SENDS.c.tell_at <= now) | (SENDS.c.tell_at > now + 2 * PAUSE))
    with database.read() as session:
        send = session.scalars(select(ScheduledSend).where(ready).order_by(SENDS.c.tell_at).limit(1)).first()
        schedule = session.get(Schedule, send.schedule_id) if send else None
        view = session.get(View, schedule.view_id) if schedule else None
    if send is None:
        return False
    to = None if schedule is None else schedule.tell or settings.tell
    wanted = settings.mail is not None and to is not None
    told_at = now if wanted else None
    if not _update(database, send, SENDS.c.tell_at == send.tell_at, tell_at=None, told_at=told_at):
        return True  # by somebody else
    if settings.mail is None or to is None or schedule is None:
        return True
    message = letters.of_trouble(letters.Sent(schedule, send, view.name if view else ""), to, settings, now)
    try:
        smtp.send(settings.mail, message, [to])
    except Uncertain as error:
        log.warning("told_in_doubt", schedule=schedule.name, why=str(error))
        _put_off(database, to, settings, now)
    except ExchangeError as error:
        log.warning("not_told", schedule=schedule.name, why=str(error))
        again = now + PAUSE if now - (send.settled_at or now) < LONGEST else None
        _update(database, send, tell_at=again, told_at=None)
        _put_off(database, to, settings, now)
    return True


def _put_off(database: Database, to: str, settings: Settings, now: datetime) -> None:
    """What else the same address is to be told: where the server hangs at it, all others would wait for each of them."""
    theirs = func.coalesce(Schedule.tell, settings.tell or "") == to
    same = SENDS.c.schedule_id.in_(select(Schedule.id).where(theirs))
    with database.write() as session:
        session.execute(update(SENDS).where(SENDS.c.tell_at <= now, same).values(tell_at=now + PAUSE))


def _update(database: Database, send: ScheduledSend, *which: Any, **values: Any) -> bool:
    with database.write() as session:
        return changed(session, update(SENDS).where(SENDS.c.id == send.id, *which).values(**values)) == 1
