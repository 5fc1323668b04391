"""Cursors: claimed by conditional update, held by a lease (``models.leases``), moved together with the records."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from lib import ids
from lib.http.errors import AskedWrongly, CredentialsRefused, ExchangeError
from models import PollCursor, leases
from models.database import changed, insert_into
from models.leases import FREE, LeaseLost
from polling.keep import Kept
from polling.tasks import Task

LEASE = timedelta(minutes=5)  # renewed with every page; longer than any page can take, its retries included
LONGEST_WAIT = timedelta(hours=1)
SHORTEST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(minutes=10)


def read(session: Session, connection: str, wanted: Iterable[Task]) -> dict[tuple[str, str], PollCursor]:
    """The cursors by (report, layer), without those that nothing stands for any more."""
    keys = {task.key for task in wanted}
    rows = session.scalars(select(PollCursor).where(PollCursor.connection == connection))
    return {key: row for row in rows if (key := (row.report, row.layer)) in keys}


def make(session: Session, connection: str, wanted: Iterable[Task], at: datetime) -> None:
    """Make the cursors that are missing, due at once."""
    rows = [{"connection": connection, "report": t.key[0], "layer": t.key[1], "due_at": at} for t in wanted]
    rows = [row | {"failures": 0, "records_seen": 0, "records_new": 0} for row in rows]
    statement = insert_into(session, PollCursor.__table__).on_conflict_do_nothing()
    session.connection().execute(statement, sorted(rows, key=lambda row: (row["report"], row["layer"])))


def is_free(cursor: PollCursor, at: datetime) -> bool:
    """Whether nobody holds it."""
    return leases.is_free(cursor.lease_until, at, LEASE)


def is_due(cursor: PollCursor, task: Task, at: datetime, since: datetime) -> bool:
    """Whether to walk now. ``since`` is when this process began to know the connection: credentials that were refused
    before may have been changed since."""
    longest = 2 * (max(task.every, LONGEST_WAIT) if cursor.failures else task.every)
    if not is_free(cursor, at):
        return False
    if cursor.due_at <= at or cursor.due_at > at + longest:
        return True
    return cursor.error_id == CredentialsRefused.error_id and (cursor.last_started_at or at) < since


@dataclass(frozen=True)
class Claim:
    """A cursor that is ours for as long as the lease stands. ``at`` is when it was claimed."""

    cursor: PollCursor
    task: Task
    lease: str
    at: datetime


def claim(session: Session, cursor: PollCursor, task: Task, at: datetime) -> Claim | None:
    """Take the cursor, as it was read just now; None where somebody else was faster."""
    lease = str(ids.new())
    owner = PollCursor.lease_owner
    unchanged = (
        PollCursor.due_at == cursor.due_at,
        owner.is_(None) if cursor.lease_owner is None else owner == cursor.lease_owner,
    )
    values = {"lease_owner": lease, "lease_until": leases.until(at, LEASE), "last_started_at": at}
    return Claim(cursor, task, lease, at) if _update(session, cursor, unchanged, values) else None


def renew(session: Session, held: Claim, at: datetime, kept: Kept) -> None:
    """Hold the lease longer, and count the page. Raises LeaseLost."""
    _set(session, held, {"lease_until": leases.until(at, LEASE)} | _counted(kept))


def finish(session: Session, held: Claim, at: datetime, moved: dict[str, Any], kept: Kept) -> None:
    """The walk is complete: the cursor moves, and errors of earlier walks are over. Raises LeaseLost."""
    due = max(held.at + held.task.every, at + held.task.every / 4)
    _set(session, held, FREE | {"due_at": due, "failures": 0, "error_id": None, "error": None} | moved | _counted(kept))


def fail(session: Session, held: Claim, at: datetime, error: ExchangeError, kept: Kept) -> None:
    """The walk ended early: what was kept stays, the cursor does not move. Raises LeaseLost."""
    failures = held.cursor.failures + 1
    said = {"failures": failures, "error_id": error.error_id, "error": str(error), "idle_at": None}
    due = at + wait_after(error, failures, held.task.every)
    _set(session, held, FREE | said | {"due_at": due} | _counted(kept))


def release(session: Session, held: Claim) -> None:
    """Give the cursor back as it was, so that another worker may walk at once."""
    _update(session, held.cursor, (PollCursor.lease_owner == held.lease,), FREE)


def wait_after(error: ExchangeError, failures: int, every: timedelta) -> timedelta:
    """How long to wait after so many failures in a row: from half a minute, doubling, to ten minutes, or as seldom as the
    report is asked for anyway; as long as the dialer wishes, up to an hour."""
    if isinstance(error, CredentialsRefused):
        return LONGEST_WAIT
    longest = max(LONGEST_BACKOFF, every)
    wait: timedelta = min(min(every, SHORTEST_BACKOFF) * 2 ** min(failures - 1, 20), longest)
    if isinstance(error, AskedWrongly):
        wait = longest  # the same question will get the same answer
    return max(wait, min(timedelta(seconds=error.retry_after or 0), LONGEST_WAIT))


def _counted(kept: Kept) -> dict[str, Any]:
    return {"records_seen": PollCursor.records_seen + kept.seen, "records_new": PollCursor.records_new + kept.new}


def _set(session: Session, held: Claim, values: dict[str, Any]) -> None:
    if not _update(session, held.cursor, (PollCursor.lease_owner == held.lease,), values):
        raise LeaseLost


def _update(
    session: Session, cursor: PollCursor, conditions: tuple[ColumnElement[bool], ...], values: dict[str, Any]
) -> bool:
    mine = (
        PollCursor.connection == cursor.connection,
        PollCursor.report == cursor.report,
        PollCursor.layer == cursor.layer,
    )
    statement = update(PollCursor).where(*mine, *conditions).values(**values)
    return changed(session, statement) == 1
