"""When each connection was heard last, whether callbacks stay away from it, and how that is said."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock
from lib.clock import ago, iso
from models import Receipt
from models.receipts import CALLBACK
from models.retention import whole_since
from models.writing import takes_writes
from queries import silence
from queries.silence import Pace


def words(posts: bool, last: datetime | None, whole: datetime | None, now: datetime, is_last: bool) -> str:
    """``whole``: what came before may have been deleted for its age. ``is_last``: ``can_judge``."""
    if not posts:
        return "posts no callbacks"
    if last:
        return f"last callback {ago(last, now)}{'' if is_last else ', of those that the database has'}"
    yet = f"since {whole:%Y-%m-%d}" if whole else "yet"
    return f"no callback {'' if is_last else 'in the database '}{yet}"


def can_judge(session: Session, spooled: int | None) -> bool:
    """Whether the last callback that the database has is the last that came: not while some wait elsewhere (``spooled``, as of
    ``health.connections``), nor while it takes no writes: where the spool has no room either, they are in memory alone."""
    return spooled == 0 and takes_writes(session)


def silence_of(
    connection: Connection | None,
    last: datetime | None,
    known: Pace | None,
    now: datetime,
) -> dict[str, Any] | None:
    """None where it is not silent, or nobody could say so: what was never heard has no pace."""
    if connection is None or last is None:
        return None
    first, hours = known or (None, {})
    found = silence.silence(connection, last, first, hours, now)
    if found is None:
        return None
    every = found.expect_every and int(found.expect_every.total_seconds())
    return {"since": iso(found.since), "missed": found.missed, "expect_every": every, "words": found.words}


def callback_ages(
    session: Session, configured: Mapping[str, Connection], now: datetime, spooled: int | None = 0
) -> list[tuple[str, float, bool]]:
    """(connection, seconds since its last rightful callback, whether it is silent), for those that were ever heard. Nothing where
    nobody can judge it (``can_judge``); nor of one whose last came before the clock was set back."""
    if not can_judge(session, spooled):
        return []
    return [
        (name, clock.waited(last, now), silence_of(configured[name], last, pace, now) is not None)
        for name, (last, pace) in lasts(session, configured).items()
        if not clock.is_ahead(last, now)
    ]


def silences(session: Session, configured: Mapping[str, Connection], now: datetime) -> dict[str, silence.Silence]:
    """Connection -> its silence, for those that are silent. Only where ``can_judge`` says so."""
    found = {}
    for name, (last, pace) in lasts(session, configured).items():
        first, hours = pace or (None, {})
        silent = silence.silence(configured[name], last, first, hours, now)
        if silent is not None:
            found[name] = silent
    return found


def lasts(session: Session, configured: Mapping[str, Connection]) -> dict[str, tuple[datetime, Pace | None]]:
    """Connection -> when its last rightful callback came, and its pace, for those that were ever heard; by name."""
    paces, whole, found = silence.paces(session, configured), whole_since(session), {}
    for name, connection in sorted(configured.items()):
        last = last_of(session, name, DIALERS[connection.dialer].callback_kinds, paces.get(name), whole)
        if last is not None:
            found[name] = last, paces.get(name)
    return found


def last_of(
    session: Session, connection: str, kinds: Iterable[str], known: Pace | None, whole: datetime | None
) -> datetime | None:
    """When the last callback of these kinds came. Where its receipt was deleted for its age, which those before ``whole`` may
    have been, the hour in which it came: its pace remembers it."""
    kinds = sorted(kinds)
    last = last_callback(session, connection, kinds)
    if last is not None or not kinds or known is None or whole is None:
        return last
    newest = max(known[1], default=None)
    return newest if newest is not None and newest < whole else None


def last_callback(session: Session, connection: str, kinds: Iterable[str]) -> datetime | None:
    """When the connection's last callback came that had a right to come. One short walk on an index for each kind."""
    found = [
        session.scalar(
            select(Receipt.received_at)
            .where(
                Receipt.connection == connection,
                Receipt.source == CALLBACK,
                Receipt.kind == kind,
                Receipt.stranger.is_(False),
            )
            .order_by(Receipt.received_at.desc())
            .limit(1)
        )
        for kind in sorted(kinds)
    ]
    return max((moment for moment in found if moment is not None), default=None)
