"""The worker's loop, and what ``wrapup retention --apply`` does at once."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lib import clock, months
from models import CallGroup, Kept, parting
from models.database import Database
from models.errors import said
from models.holding import holders
from models.retention import KINDS, QUARANTINE, RECEIPTS
from upkeep.retention import due, marks, showing, space
from upkeep.retention.ages import Ages
from upkeep.retention.deleting import delete_due
from upkeep.retention.pace import Pace, Stopped
from upkeep.retention.parts import drop_due

log = structlog.get_logger(__name__)

GRACE = timedelta(hours=1)  # from the log's saying what will be deleted until it is
# The same where more goes than the next month or two: by a setting that somebody has mistyped, or a clock that is far ahead.
LONG_GRACE, USUAL_MONTHS = timedelta(days=1), 2
LOOK = timedelta(hours=1)
WAIT_SECONDS = 0.05
STEP_SECONDS = 15.0


class NotParted(Exception):
    """The table of receipts is still being parted by months; the worker does that, and what is due is deleted afterwards."""


def due_kinds(session: Session, ages: Ages, now: datetime) -> Iterator[tuple[str, datetime]]:
    """(kind, from when on it is kept) of those of which something is to be deleted."""
    known = marks.all_of_them(session)
    for kind in KINDS:
        since = ages.since(kind, now)
        if since is not None:
            begun = kind in known and known[kind].deleting
            if begun or any(_is_any(session, rows, since) for rows in due.of_kind(session, kind)):
                yield kind, since


def _is_any(session: Session, rows: due.Rows, since: datetime) -> bool:
    return session.scalar(select(1).select_from(rows.table).where(due.condition(rows, since)).limit(1)) is not None


def apply(database: Database, ages: Ages, now: datetime | None = None) -> dict[str, int]:
    """Delete all that is due now; kind -> rows. Raises NotParted and SQLAlchemyError."""
    now = now or clock.now()
    with database.read() as session:
        wanted = list(due_kinds(session, ages, now))
    return {kind: delete_kind(database, kind, since, Pace(database), now) for kind, since in wanted}


def delete_kind(database: Database, kind: str, since: datetime, pace: Pace, now: datetime) -> int:
    """Delete what is due of one kind. Raises NotParted, Stopped and SQLAlchemyError."""
    if kind in (RECEIPTS, QUARANTINE) and not database.is_sqlite:
        with database.engine.connect() as connection:
            if not parting.is_parted(connection):
                raise NotParted(NotParted.__doc__)
    marks.begin(database, kind, since)
    _wait_for_those_who_fold(database, pace)
    with database.read() as session:
        wanted = due.of_kind(session, kind)
    try:
        for rows in wanted:
            if rows.goes_by_months:
                drop_due(database, since, pace)
            delete_due(database, rows, since, pace)
        space.give_back(database, pace)
    except Stopped:
        marks.progress(database, kind, pace.deleted, now)
        raise
    marks.end(database, kind, pace.deleted, now)
    log.info("deleted_by_retention", kind=kind, rows=pace.deleted, kept_since=months.name(since))
    return pace.deleted


def _wait_for_those_who_fold(database: Database, pace: Pace) -> None:
    """Whoever folds a call now may not have seen that its evidence goes. They see it from the next one on:
    ``outcomes.outlived``."""
    folding: set[str] | None = None
    while folding is None or folding:
        with database.read() as session:
            now = holders(session, CallGroup.__tablename__)
        folding = now if folding is None else folding & now
        if folding:
            pace.rest(WAIT_SECONDS)


def _grace(known: Kept | None, since: datetime) -> timedelta:
    usual = known is None or known.since is None or since <= months.later(known.since, USUAL_MONTHS)
    return GRACE if usual else LONG_GRACE


class Keeper:
    """Looks once an hour what is due, says so in the log, and deletes it an hour later, or a day later where it is much more than
    the last time. One process at a time does it: two would
    do each other's work, and neither would do harm."""

    def __init__(self, database: Database, ages: Ages, stop: threading.Event | None = None):
        self._database = database
        self._ages = ages
        self._stop = stop or threading.Event()
        self._look_at: datetime | None = None
        self._is_begun = False  # and not done: time was over, or who works is to end

    def step(self, now: datetime | None = None) -> bool:
        """Whether something was deleted; a step takes STEP_SECONDS for each kind at most, and the next one goes on."""
        now = now or clock.now()
        # A look that is farther off was set by a clock that has been set back.
        if self._look_at is not None and self._look_at - LOOK <= now < self._look_at:
            return False
        with self._database.read() as session:
            wanted = list(due_kinds(session, self._ages, now))
            known = marks.all_of_them(session)
            said_before = {kind: (one.announced, one.announced_at) for kind, one in known.items()}
            graces = {kind: _grace(known.get(kind), since) for kind, since in wanted}
        marks.forget_failures(self._database, but={kind for kind, _ in wanted})
        fresh = [one for one in wanted if said_before.get(one[0], (None, None))[0] != one[1]]
        if fresh:
            self._announce(fresh, now, graces)
        gone, self._is_begun = 0, False
        for kind, since in wanted:
            announced, at = said_before.get(kind, (None, None))
            if announced == since and at is not None and now - at >= graces[kind]:
                gone += self._delete(kind, since, now)
        self._look_at = None if self._is_begun else now + min(LOOK, GRACE)
        return self._is_begun or gone > 0

    def _announce(self, fresh: list[tuple[str, datetime]], now: datetime, graces: Mapping[str, timedelta]) -> None:
        kinds = {kind for kind, _ in fresh}
        with self._database.read() as session:
            found = showing.counted(session, Ages({kind: self._ages.months[kind] for kind in kinds}), now)
        rows: Counter[str] = Counter()
        for one in found:
            rows[f"{one.kind}.{one.table}"] += one.rows
        first = min((one.month for one in found), default=None)
        for kind, since in fresh:
            own = {name: count for name, count in rows.items() if name.startswith(f"{kind}.")}
            log.info(
                "retention_will_delete",
                kind=kind,
                rows=own,
                older_than=months.name(since),
                oldest=first,
                at=clock.iso(now + graces[kind]),
            )
            marks.note(self._database, kind, announced=since, announced_at=now)

    def _delete(self, kind: str, since: datetime, now: datetime) -> int:
        try:
            return delete_kind(self._database, kind, since, Pace(self._database, self._stop, STEP_SECONDS), now)
        except Stopped:
            self._is_begun = True
            return 0
        except NotParted as error:
            self._note_failure(kind, str(error), now)
            return 0
        except SQLAlchemyError as error:
            self._note_failure(kind, f"The database has refused it: {said(error)}.", now)
            raise

    def _note_failure(self, kind: str, sentence: str, now: datetime) -> None:
        log.error("retention_failed", kind=kind, why=sentence)
        try:
            with self._database.read() as session:
                known = marks.all_of_them(session).get(kind)
                since = known.failing_since if known else None
            marks.note(self._database, kind, failing_since=since or now, error=sentence)
        except SQLAlchemyError as error:
            log.error("database_trouble", loop="retention", error=type(error).__name__, said=said(error))
