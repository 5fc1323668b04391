"""The campaigns that there are calls of, for whoever picks one. They are found by steps on an index, each to the next campaign,
and never by going through calls: how many calls there are makes no difference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from models import CallOutcome, LeadLoad
from models.database import AnyColumn, AnySelect
from queries import branches

STEPS = 300  # in each connection, from the greatest id down: mostly the latest campaigns
LATEST = 1_000  # calls of each connection whose campaign has a name and no id, and loads: among these campaigns are looked for
MOST = 200  # that are told
MOST_CONNECTIONS = 100  # that are looked at


@dataclass(frozen=True)
class Campaign:
    """``id``: None where its calls have none. ``name``: that of its latest call."""

    connection: str
    id: str | None
    name: str | None


def offered(
    session: Session, connections: Sequence[str], since: datetime | None = None, until: datetime | None = None
) -> list[Campaign]:
    """Campaigns with calls in that time, of these connections, or of all where none is named; by name. Where there are more than
    ``MOST``, or so many without calls in that time, some are missing."""
    names = (list(connections) or branches.connections_with_calls(session))[:MOST_CONNECTIONS]
    if not names:
        return []
    found = [Campaign(*row) for row in session.execute(_with_ids(names, since, until))]
    found += [
        Campaign(name, None, said) for name in names for said in session.scalars(_without_ids(name, since, until))
    ]
    return _by_name(found)


def loaded(session: Session, connections: Sequence[str]) -> list[Campaign]:
    """The campaigns of the latest loads; by name."""
    latest = select(LeadLoad.connection, LeadLoad.campaign, LeadLoad.name).where(LeadLoad.campaign.is_not(None))
    if connections:
        latest = latest.where(LeadLoad.connection.in_(connections))
    rows = session.execute(latest.order_by(LeadLoad.id.desc()).limit(LATEST))
    found: dict[tuple[str, str | None], Campaign] = {}
    for row in rows:
        known = found.setdefault((row.connection, row.campaign), Campaign(*row))
        if known.name is None and row.name is not None:
            found[row.connection, row.campaign] = Campaign(*row)
    return _by_name(found.values())


def _by_name(found: Iterable[Campaign]) -> list[Campaign]:
    return sorted(found, key=lambda one: ((one.name or one.id or "").casefold(), one.connection, one.id or ""))[:MOST]


def _with_ids(names: Sequence[str], since: datetime | None, until: datetime | None) -> AnySelect:
    walk, call = _walk(names), aliased(CallOutcome)
    its = and_(call.connection == walk.c.connection, call.campaign_id == walk.c.campaign)
    latest = select(call.campaign_name).where(its).order_by(call.occurred_at.desc()).limit(1).scalar_subquery()
    statement = select(walk.c.connection, walk.c.campaign, latest).where(walk.c.campaign.is_not(None))
    if within := _within(call.occurred_at, since, until):
        statement = statement.where(exists().where(its, *within))
    return statement.limit(MOST)


def _walk(names: Sequence[str]) -> CTE:
    """(connection, campaign): the greatest id of each connection, the next below it, and so on, and at the end null."""

    def greatest(*wanted: ColumnElement[bool]) -> Any:
        return select(func.max(CallOutcome.campaign_id)).where(*wanted).scalar_subquery()

    named = union_all(*(select(literal(name).label("name")) for name in names)).cte("named")
    begun = greatest(CallOutcome.connection == named.c.name).label("campaign")
    first = select(named.c.name.label("connection"), begun, literal(1).label("step")).cte("campaigns", recursive=True)
    below = greatest(CallOutcome.connection == first.c.connection, CallOutcome.campaign_id < first.c.campaign)
    following = select(first.c.connection, below, first.c.step + 1)
    return first.union_all(following.where(first.c.campaign.is_not(None), first.c.step < STEPS))


def _without_ids(name: str, since: datetime | None, until: datetime | None) -> AnySelect:
    its = (CallOutcome.connection == name, CallOutcome.campaign_id.is_(None), CallOutcome.campaign_name.is_not(None))
    latest = select(CallOutcome.campaign_name, CallOutcome.occurred_at).where(*its)
    calls = latest.order_by(CallOutcome.id.desc()).limit(LATEST).subquery()
    return select(calls.c.campaign_name).where(*_within(calls.c.occurred_at, since, until)).distinct().limit(MOST)


def _within(at: AnyColumn, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    return [*([at >= since] if since else []), *([at < until] if until else [])]
