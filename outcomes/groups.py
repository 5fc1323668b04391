"""Call groups: the unit of folding and of locking. Keys name a group; keys that meet in one event make groups one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from lib import ids
from models import CallEvent, CallGroup, CallKey, CallOutcome
from models.database import chunks, insert_into

Key = tuple[str, str]  # (connection, key)


class Raced(Exception):
    """Another worker changed the groups between looking and locking; the transaction is to be begun again."""


@dataclass
class Family:
    """Keys that belong to one group, and the groups that they named so far."""

    connection: str
    dialer: str
    keys: set[str] = field(default_factory=set)
    groups: set[UUID] = field(default_factory=set)

    @property
    def id(self) -> UUID:
        return min(self.groups)  # the oldest: ids sort by time


def lock_groups(
    session: Session, named: Iterable[tuple[str, str, tuple[str, ...]]], also: set[UUID]
) -> tuple[dict[Key, UUID], set[UUID]]:
    """(the group of each key, all groups that are locked now). Groups are made where there was none, united where keys
    meet, and stay locked until the transaction ends.

    ``named`` are (connection, dialer, keys of one event); ``also`` are groups to lock besides. Locks are taken in the
    order of keys, then of group ids, by everybody, so that two workers seldom wait for each other in a circle; where they
    do, the database ends one of the transactions, and it is begun again. Raises Raced.
    """
    named = list(named)
    known = _known(session, {(connection, key) for connection, _, keys in named for key in keys})
    wanted = _families(named, known)
    families = list({id(family): family for family in wanted.values()}.values())
    _make_missing(session, families, wanted, set(wanted) - set(known))
    groups = {group for family in families for group in family.groups} | also
    if _lock(session, sorted(groups)) < len(groups):
        raise Raced  # another worker has united one of them with another meanwhile
    if _known(session, wanted) != known | {key: wanted[key].id for key in set(wanted) - set(known)}:
        raise Raced
    for family in families:
        if len(family.groups) > 1:
            _unite(session, family.id, family.groups - {family.id})
            groups -= family.groups - {family.id}
    return {key: family.id for key, family in wanted.items()}, groups


def _families(named: Iterable[tuple[str, str, tuple[str, ...]]], known: Mapping[Key, UUID]) -> dict[Key, Family]:
    """The family of each key: joined by the events that carry several keys, and by the groups that they name already."""
    by_key: dict[Key, Family] = {}
    by_group: dict[UUID, Family] = {}
    for connection, dialer, keys in named:
        groups = {known[connection, key] for key in keys if (connection, key) in known}
        family = Family(connection, dialer, set(keys), groups)
        met = [by_key[connection, key] for key in keys if (connection, key) in by_key]
        for other in met + [by_group[group] for group in groups if group in by_group]:
            family.keys |= other.keys
            family.groups |= other.groups
        by_key |= {(connection, key): family for key in family.keys}
        by_group |= {group: family for group in family.groups}
    return by_key


def _known(session: Session, wanted: Iterable[Key]) -> dict[Key, UUID]:
    found: dict[Key, UUID] = {}
    columns = (CallKey.connection, CallKey.key, CallKey.group_id)
    for some in chunks(sorted(wanted)):
        rows = session.execute(select(*columns).where(tuple_(CallKey.connection, CallKey.key).in_(some)))
        found |= {(connection, key): group for connection, key, group in rows}
    return found


def _make_missing(session: Session, families: list[Family], wanted: dict[Key, Family], missing: set[Key]) -> None:
    if not missing:
        return
    fresh = [family for family in families if not family.groups]
    for family in fresh:
        family.groups.add(ids.new())
    if fresh:
        rows = [{"id": family.id, "connection": family.connection, "dialer": family.dialer} for family in fresh]
        session.execute(insert(CallGroup), rows)
    rows = [{"connection": c, "key": k, "group_id": wanted[c, k].id} for c, k in sorted(missing)]
    # Waits for another worker that inserts the same key now, and then leaves that one's row alone: seen as Raced.
    session.execute(insert_into(session, CallKey).on_conflict_do_nothing(), rows)


def _lock(session: Session, groups: list[UUID]) -> int:
    found = 0
    for some in chunks(groups):
        statement = select(CallGroup.id).where(CallGroup.id.in_(some)).order_by(CallGroup.id).with_for_update()
        found += len(session.execute(statement).all())
    return found


def _unite(session: Session, survivor: UUID, others: set[UUID]) -> None:
    for table in (CallKey, CallEvent, CallOutcome):
        session.execute(update(table).where(table.group_id.in_(others)).values(group_id=survivor))
    session.execute(delete(CallGroup).where(CallGroup.id.in_(others)))
