"""Schedules as somebody makes, changes and steers them. What cannot work is refused with the field at fault."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lib import ids, zones
from models import Schedule, ScheduledSend, View
from models.database import changed
from models.schedules import BUCKET, FAILED, FOLDER, MAIL, MISSED, PENDING, UNKNOWN
from schedules import due, noting
from schedules.noting import SENDS, times_of
from schedules.settings import Settings

MOST = 1_000  # schedules; lists of them need no pages
REPEATABLE = (FAILED, UNKNOWN, MISSED)

# An address in ASCII, and nothing else beside it: what stands in a header or a command of SMTP is never more than that.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_PLACE = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?")


class Wrong(ValueError):
    """It cannot be kept so. ``field`` is at fault, and the message is a sentence."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field = field


class CannotRepeat(ValueError):
    """What came of it is settled, or still open. The message is a sentence."""


def keep(session: Session, given: Mapping[str, Any], by: str, settings: Settings, now: datetime) -> Schedule:
    """A new one, first due after now. ``given``: as the API's body has it. Raises Wrong."""
    if (session.scalar(select(func.count()).select_from(Schedule)) or 0) >= MOST:
        raise Wrong("name", f"There are {MOST:,} schedules; delete some first.")
    row = Schedule(
        id=ids.new(), created_at=now, created_by=by, paused_at=None, **_checked(session, given, settings, now)
    )
    session.add(row)
    return _flushed(session, row)


def change(session: Session, row: Schedule, given: Mapping[str, Any], settings: Settings, now: datetime) -> Schedule:
    """As it is given, in whole; it is due next after now, by its new times. What was due by the old ones, and no worker has
    written down yet, still is. Raises Wrong."""
    _caught_up(session, row, now)
    for name, value in _checked(session, given, settings, now).items():
        setattr(row, name, value)
    return _flushed(session, row)


def _caught_up(session: Session, row: Schedule, now: datetime) -> None:
    """What is due already is written down, as a worker would: what becomes of the schedule from now on changes nothing of it."""
    noting.note(session, row, now)
    session.refresh(row)


def _flushed(session: Session, row: Schedule) -> Schedule:
    try:
        session.flush()
    except IntegrityError:
        raise Wrong("name", "Another schedule has this name.") from None
    return row


def _checked(session: Session, given: Mapping[str, Any], settings: Settings, now: datetime) -> dict[str, Any]:
    """Columns and what they hold."""
    if session.get(View, given["view_id"]) is None:
        raise Wrong("view_id", "There is no such view.")
    if not zones.known(given["tz"]):
        raise Wrong("tz", "Not an IANA time zone, such as Asia/Kolkata.")
    if given.get("month_day") and given.get("weekdays"):
        raise Wrong("month_day", "Say either days of the week or a day of the month.")
    if given.get("tell") and not ADDRESS.fullmatch(given["tell"]):
        raise Wrong("tell", "Not an address, such as ops@example.com.")
    if given.get("tell") and settings.mail is None:
        raise Wrong("tell", "The settings have no [mail], so nobody can be told.")
    found = {name: given[name] for name in ("name", "view_id", "tz")}
    found |= {"form": given.get("format") or "csv", "tell": given.get("tell") or None}
    found |= {"at": sorted(set(given["at"])), "weekdays": sorted(set(given.get("weekdays") or ()))}
    found |= {"month_day": given.get("month_day"), "changed_at": now} | _where(given, settings)
    times = times_of(Schedule(**found))
    assert times is not None
    return found | {"next_at": due.first(times, now)}


def _where(given: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    ways = [name for name in ("to", "folder", "bucket") if given.get(name) is not None]
    if len(ways) != 1:
        raise Wrong("to", "Say where it goes: to (addresses), folder, or bucket; one of them.")
    (way,) = ways
    if way == "to":
        if settings.mail is None:
            raise Wrong("to", "The settings have no [mail], so no mail can be sent.")
        if wrong := [one for one in given["to"] if not ADDRESS.fullmatch(one)]:
            raise Wrong("to", f"Not an address, such as ops@example.com: {wrong[0][:100]!r}.")
        return {"way": MAIL, "recipients": list(dict.fromkeys(given["to"])), "place": ""}
    place = given[way].strip("/")
    if not _PLACE.fullmatch(place):
        raise Wrong(way, "Letters, digits, - and _, and / between names; no name begins with a dot.")
    if way == "folder" and settings.folder is None:
        raise Wrong("folder", "The settings have no folder under [schedules], so no file can be written.")
    if way == "bucket" and place.partition("/")[0] not in settings.buckets:
        raise Wrong("bucket", "Begin with a bucket of the settings: [buckets.<name>].")
    return {"way": FOLDER if way == "folder" else BUCKET, "recipients": [], "place": place}


def remove(session: Session, row: Schedule) -> None:
    """Delete it, and what is known of its sends."""
    session.execute(delete(ScheduledSend).where(ScheduledSend.schedule_id == row.id))
    session.delete(row)


def pause(session: Session, row: Schedule, now: datetime) -> None:
    """It is not due from now on, until it is resumed."""
    _caught_up(session, row, now)
    row.paused_at = row.paused_at or now


def resume(session: Session, row: Schedule, now: datetime) -> None:
    """It is due again, next after now: what was due while it was paused is not sent."""
    times = times_of(row)
    if row.paused_at is not None and times is not None:
        row.paused_at, row.next_at = None, due.first(times, now)


def repeat(session: Session, send_id: UUID, now: datetime) -> ScheduledSend | None:
    """Somebody has looked, and wants it sent once more. None where there is none. Raises CannotRepeat."""
    row = session.get(ScheduledSend, send_id)
    if row is None:
        return None
    again = {"state": PENDING, "reason": None, "answer": None, "attempts": 0, "next_at": now, "settled_at": None}
    again |= {"tell_at": None, "lease_owner": None, "lease_until": None}
    over = (SENDS.c.id == send_id, SENDS.c.state.in_(REPEATABLE))
    if changed(session, update(SENDS).where(*over).values(again)) != 1:
        raise CannotRepeat(f"It is {row.state}: only what failed, was missed or is in doubt is sent once more.")
    session.refresh(row)
    return row
