"""Call groups: the unit of folding and of locking. Keys name a group; keys that meet in one event make groups one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lib import ids
from models import CallEvent, CallGroup, CallKey, CallOutcome, bulk

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


@dataclass(frozen=True)
class Locked:
    """Groups that are locked until the transaction ends, and which of them each key names."""

    by_key: Mapping[Key, UUID]
    old: set[UUID]
    # Those that were made just now, of which nothing is stored: (connection, dialer).
    fresh: Mapping[UUID, tuple[str, str]]


# (connection, dialer, keys of an event, its aliases)
Named = tuple[str, str, tuple[str, ...], tuple[str, ...]]


def lock_groups(session: Session, named: Iterable[Named], also: set[UUID]) -> Locked:
    """Groups are made where there was none, united where keys meet, and stay locked until the transaction ends.

    ``named`` are the names of the events; ``also`` are groups to lock besides. Locks are taken in the
    order of keys, then of group ids, by everybody, so that two workers seldom wait for each other in a circle; where they
    do, the database ends one of the transactions, and it is begun again. Raises Raced.
    """
    named = dict.fromkeys(named)
    known = _known(session, {(name, key) for name, _, keys, aliases in named for key in (*keys, *aliases)})
    wanted = _families(named, known)
    named_by = _add_aliases(session, named, known, wanted)
    families = list({id(family): family for family in wanted.values()}.values())
    fresh = _begin_missing(families)
    own_id = {id(family): family.id for family in families}
    by_key = {key: own_id[id(family)] for key, family in wanted.items()}
    _insert_missing(session, fresh, {key: by_key[key] for key in set(wanted) - set(known)})
    old = {group for family in families for group in family.groups if group not in fresh} | also
    if _lock(session, old) < len(old):
        raise Raced  # another worker has united one of them with another meanwhile
    if known and _known(session, known) != known:
        raise Raced
    own = {key for _, key in wanted}
    if named_by and any(names - named_by[group] - own for group, names in _names(session, named_by).items()):
        raise Raced
    for family in families:
        if len(family.groups) > 1:
            _unite(session, family.id, family.groups - {family.id})
            old -= family.groups - {family.id}
    return Locked(by_key, old, fresh)


def _families(named: Iterable[Named], known: Mapping[Key, UUID]) -> dict[Key, Family]:
    """The family of each key: joined by the events that carry several keys, and by the groups that they name already."""
    by_key: dict[Key, Family] = {}
    by_group: dict[UUID, Family] = {}
    for connection, dialer, keys, _ in named:
        groups = {known[connection, key] for key in keys if (connection, key) in known}
        family = Family(connection, dialer, set(keys), groups)
        met = [by_key[connection, key] for key in keys if (connection, key) in by_key]
        for other in met + [by_group[group] for group in groups if group in by_group]:
            family.keys |= other.keys
            family.groups |= other.groups
        by_key |= {(connection, key): family for key in family.keys}
        by_group |= {group: family for group in family.groups}
    return by_key


def _add_aliases(
    session: Session, named: Iterable[Named], known: Mapping[Key, UUID], wanted: dict[Key, Family]
) -> dict[UUID, set[str]]:
    """Let each alias lead to its event's family, unless it leads to a call that has another name besides: two calls may have
    one alias, and stay two. Returns the names of the groups for which that was asked; they must not change meanwhile."""
    asked = sorted({(name, alias, keys[0]) for name, _, keys, aliases in named for alias in aliases})
    led = ((known.get((name, alias)), wanted[name, key]) for name, alias, key in asked)
    strangers = {group for group, mine in led if group is not None and group not in mine.groups}
    names = _names(session, strangers) if strangers else {}
    for name, alias, key in asked:
        mine, other = wanted[name, key], wanted.get((name, alias))
        if other is None:
            groups = {known[name, alias]} if (name, alias) in known else set()
            other = Family(name, mine.dialer, {alias}, groups)
        if other is mine:
            continue
        theirs = other.keys.union(*(names.get(group, set()) for group in other.groups - mine.groups))
        if theirs == {alias}:
            mine.keys |= other.keys
            mine.groups |= other.groups
            wanted[name, alias] = mine
    return names


def _names(session: Session, groups: Iterable[UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {group: set() for group in groups}
    statement = select(CallKey.group_id, CallKey.key).where(bulk.among(session, CallKey.group_id, list(found)))
    for group, key in session.execute(statement):
        found[group].add(key)
    return found


def _known(session: Session, wanted: Iterable[Key]) -> dict[Key, UUID]:
    by_connection: dict[str, list[str]] = {}
    for connection, key in wanted:
        by_connection.setdefault(connection, []).append(key)
    found: dict[Key, UUID] = {}
    for connection, keys in by_connection.items():
        statement = select(CallKey.key, CallKey.group_id)
        statement = statement.where(CallKey.connection == connection, bulk.among(session, CallKey.key, keys))
        found |= {(connection, key): group for key, group in session.execute(statement)}
    return found


def _begin_missing(families: list[Family]) -> dict[UUID, tuple[str, str]]:
    """Groups for the families that have none: group -> (connection, dialer)."""
    fresh: dict[UUID, tuple[str, str]] = {}
    for family in families:
        if not family.groups:
            family.groups.add(ids.new())
            fresh[family.id] = (family.connection, family.dialer)
    return fresh


def _insert_missing(session: Session, fresh: Mapping[UUID, tuple[str, str]], missing: Mapping[Key, UUID]) -> None:
    """Raises Raced."""
    groups = [{"id": id_, "connection": name, "dialer": dialer} for id_, (name, dialer) in fresh.items()]
    bulk.insert_rows(session, CallGroup.__table__, groups)
    keys = [{"connection": name, "key": key, "group_id": group} for (name, key), group in sorted(missing.items())]
    # Waits for another worker that inserts the same key now, and then leaves that one's row alone.
    if bulk.insert_new(session, CallKey.__table__, keys) < len(keys):
        raise Raced


def _lock(session: Session, groups: set[UUID]) -> int:
    if not groups:
        return 0
    statement = select(CallGroup.id).where(bulk.among(session, CallGroup.id, groups)).order_by(CallGroup.id)
    return len(session.execute(statement.with_for_update()).all())


def _unite(session: Session, survivor: UUID, others: set[UUID]) -> None:
    for table in (CallKey, CallEvent, CallOutcome):
        session.execute(update(table).where(table.group_id.in_(others)).values(group_id=survivor))
    session.execute(delete(CallGroup).where(CallGroup.id.in_(others)))
