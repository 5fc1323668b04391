"""Meeting: what became known beside the events of calls that are folded already completes them.

Normalizing asks for loaded leads and listed campaigns itself (``beside_facts``). But a lead's id may be told after its first call
was, a load's campaign after its calls, and a list of campaigns after all of them. Whoever writes such news marks its row,
and here the calls that it may be about are folded again; ``leads`` and ``outcomes`` meet in the table.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from models import CallGroup, CallOutcome, CampaignName, LeadLoad, LoadedLead, bulk
from models.database import AnyRow, Database, chunks
from models.holding import holders
from outcomes.groups import Raced
from outcomes.settle import fold_again

BATCH, SQLITE_BATCH = 500, 100  # leads looked at together, and calls in one transaction
TRIES = 5

_LEADS, _NAMES = LoadedLead.__table__, CampaignName.__table__
_MARK_OF_LEADS = ("id", "news_at")
_MARK_OF_NAMES = ("connection", "name", "campaign_id", "news_at")


class Meeting:
    """The worker's loop of it. ``step`` does some of what is to be done; how many calls were looked at, at least 1 while
    something is left to do now, else 0."""

    def __init__(self, database: Database, connections: Mapping[str, Connection]):
        self._database = database
        self._connections = connections
        self._size = SQLITE_BATCH if database.is_sqlite else BATCH
        self._steps = self._meet()

    def step(self) -> int:
        try:
            return next(self._steps)
        except BaseException:
            self._steps = self._meet()  # the marks are still there: it is begun again
            raise

    def _meet(self) -> Iterator[int]:
        while True:
            with self._database.read() as session:
                leads, names = _news(session, self._size)
                folding = _folding(session)
            if not leads and not names:
                yield 0
                continue
            # Whoever folds a call now may have asked for leads before the news: look for the call when that is done.
            while folding := folding & self._folding():
                yield 0
            for some in self._calls_of(leads, names):
                self._fold(some)
                yield len(some)
            with self._database.write() as session:
                _unmark(session, _LEADS, _MARK_OF_LEADS, leads)
                _unmark(session, _NAMES, _MARK_OF_NAMES, names)
            yield 1

    def _folding(self) -> set[str]:
        with self._database.read() as session:
            return _folding(session)

    def _calls_of(self, leads: list[AnyRow], names: list[AnyRow]) -> Iterator[Sequence[UUID]]:
        """Groups of calls that the news may be about, some at a time."""
        with self._database.read() as session:
            groups = sorted(_of_leads(session, leads) | _of_shared_names(session, names))
        yield from chunks(groups, self._size)
        for connection in sorted({name.connection for name in names}):
            yield from self._without_id(connection, {name.name for name in names if name.connection == connection})

    def _without_id(self, connection: str, names: set[str]) -> Iterator[list[UUID]]:
        """Calls that state these names of campaigns and no id, some at a time. Those whose name is several campaigns' are
        looked at in vain."""
        after = None
        unnamed = (CallOutcome.campaign_id.is_(None), CallOutcome.campaign_name.is_not(None))
        while True:
            with self._database.read() as session:
                bulk.expect_growth(session)
                mine = select(CallOutcome.id, CallOutcome.group_id).where(
                    CallOutcome.connection == connection, *unnamed
                )
                mine = mine.where(bulk.among(session, CallOutcome.campaign_name, sorted(names)))
                if after is not None:
                    mine = mine.where(CallOutcome.id > after)
                found = session.execute(mine.order_by(CallOutcome.id).limit(self._size)).all()
            if not found:
                return
            yield sorted({row.group_id for row in found})
            after = found[-1].id

    def _fold(self, groups: Iterable[UUID]) -> None:
        for attempt in range(TRIES):
            with self._database.read() as session:
                # One that was united with another meanwhile was folded for it, with what is known now.
                left = set(session.scalars(select(CallGroup.id).where(bulk.among(session, CallGroup.id, groups))))
            try:
                fold_again(self._database, self._connections, left, clock.now())
                return
            except Raced:
                if attempt == TRIES - 1:
                    raise


def _news(session: Session, limit: int) -> tuple[list[AnyRow], list[AnyRow]]:
    bulk.expect_growth(session)
    more = (_LEADS.c.connection, _LEADS.c.dialer_id, _LEADS.c.number, LeadLoad.created_at)
    leads = select(*(_LEADS.c[name] for name in _MARK_OF_LEADS), *more)
    leads = leads.join(LeadLoad, LeadLoad.id == _LEADS.c.load_id).where(_LEADS.c.news_at.is_not(None))
    names = select(*(_NAMES.c[name] for name in _MARK_OF_NAMES)).where(_NAMES.c.news_at.is_not(None))
    return (
        list(session.execute(leads.order_by(_LEADS.c.id).limit(limit))),
        list(session.execute(names.order_by(_NAMES.c.connection, _NAMES.c.name).limit(limit))),
    )


def _folding(session: Session) -> set[str]:
    """Who folds calls at this moment, by transaction: groups are locked or made (``groups.lock_groups``) before leads are asked
    for."""
    return holders(session, CallGroup.__tablename__)


def _of_leads(session: Session, leads: list[AnyRow]) -> set[UUID]:
    by_connection: dict[str, list[AnyRow]] = {}
    for lead in leads:
        by_connection.setdefault(lead.connection, []).append(lead)
    bulk.expect_growth(session)
    found: set[UUID] = set()
    for connection, own in by_connection.items():
        named = [str(lead.id) for lead in own] + [lead.dialer_id for lead in own if lead.dialer_id is not None]
        numbers = sorted({lead.number for lead in own})
        # Also those that a lead was taken for by its number before the dialer told its id, or refused it.
        since = CallOutcome.occurred_at >= min(lead.created_at for lead in own).replace(microsecond=0)
        for which in (
            [bulk.among(session, CallOutcome.lead_id, named), CallOutcome.lead_id.is_not(None)],
            [bulk.among(session, CallOutcome.customer_number, numbers), since],
        ):
            calls = select(CallOutcome.group_id).where(CallOutcome.connection == connection, *which)
            found |= set(session.scalars(calls.distinct()))
    return found


def _of_shared_names(session: Session, names: list[AnyRow]) -> set[UUID]:
    """Calls that had their campaign's id from its name, which now is another campaign's, too."""
    found: set[UUID] = set()
    bulk.expect_growth(session)
    for name in names:
        mine = select(_NAMES.c.campaign_id).where(_NAMES.c.connection == name.connection, _NAMES.c.name == name.name)
        campaigns = list(session.scalars(mine))
        if len(campaigns) > 1:
            named = (CallOutcome.connection == name.connection, CallOutcome.campaign_id.in_(campaigns))
            calls = select(CallOutcome.group_id).where(*named, CallOutcome.campaign_name == name.name)
            found |= set(session.scalars(calls.distinct()))
    return found


def _unmark(session: Session, table: Table, mark: tuple[str, ...], rows: list[AnyRow]) -> None:
    """The news was attended to, unless there is newer."""
    if rows:
        same = (table.c[name] == bindparam(f"the_{name}") for name in mark)
        given = [{f"the_{name}": getattr(row, name) for name in mark} for row in rows]
        session.connection().execute(update(table).where(*same).values(news_at=None), given)
