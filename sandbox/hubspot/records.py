"""Records of one type: kept by id and by their unique values, with what was written when, and as search sees them."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.hubspot.numbers import digits, national
from sandbox.hubspot.properties import Properties, written

MERGED = "hs_merged_object_ids"
TAIL = 7  # so many last digits of a number find it without looking at every record
KEPT_WRITES, KEPT_VERSIONS = 50, 20
API, PERSON = "api", "person"  # who writes
SEARCHABLE = {
    "phone": "hs_searchable_calculated_phone_number",
    "mobilephone": "hs_searchable_calculated_mobile_number",
}
CHANGED_AT = {"calls": ("hs_createdate", "hs_lastmodifieddate"), "contacts": ("createdate", "lastmodifieddate")}


@dataclass(slots=True)
class Record:
    """``writes``: (when, what was set, by whom), the last ones; ``versions``: (seconds of a clock that only goes forward,
    properties), for a search that is late. Properties are replaced, never changed: whoever has them may look at them for long."""

    id: str
    properties: dict[str, str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
    times_written: int = 1
    writes: list[tuple[datetime, Mapping[str, str], str]] = field(default_factory=list)
    versions: list[tuple[float, dict[str, str] | None]] = field(default_factory=list)

    def as_of(self, moment: float) -> dict[str, str] | None:
        """The properties as they were; None: it was not there."""
        for at, properties in reversed(self.versions):
            if at <= moment:
                return properties
        return None


class Records:
    """Not safe for threads by itself: the account's lock is held around it."""

    def __init__(self, kind: str, properties: Properties, first_id: int, country: str):
        self.kind = kind
        self.properties = properties
        self.found: dict[str, Record] = {}
        self.country = country
        self._next = first_id
        self._unique: dict[tuple[str, str], str] = {}
        self._tails: dict[str, set[str]] = {}
        self._merged: dict[str, str] = {}  # id of a record that is no more -> that of the one into which it was merged

    def live(self, id_: str) -> Record | None:
        """Of one that was merged into another, that other."""
        record = self.found.get(self._merged.get(id_, id_))
        return record if record is not None and record.archived_at is None else None

    def by(self, name: str | None, value: str) -> Record | None:
        """By a unique property, or by id."""
        if name is None or name == "hs_object_id":
            return self.live(value)
        return self.live(self._unique.get((name, _folded(name, value)), ""))

    def holder(self, properties: Mapping[str, str], but: str | None = None) -> tuple[str, str] | None:
        """(unique property, id of another record that has the value already), or None."""
        for name in self.properties.unique():
            value = properties.get(name)
            if value:
                other = self.by(name, value)
                if other is not None and other.id != but:
                    return name, other.id
        return None

    def add(self, properties: Mapping[str, str], id_: str | None = None, by: str = API) -> Record:
        now = datetime.now(UTC)
        if id_ is None:
            id_ = str(self._next)
            self._next += 1
        created, _ = CHANGED_AT[self.kind]
        record = Record(id_, {"hs_object_id": id_, created: written(now)}, now, now, times_written=0)
        self.found[id_] = record
        self.write(record, properties, by)
        return record

    def write(self, record: Record, properties: Mapping[str, str], by: str = API) -> None:
        """What a person writes, search sees at once."""
        now = datetime.now(UTC)
        for name in self.properties.unique():
            if name in properties:
                self._unique.pop((name, _folded(name, record.properties.get(name, ""))), None)
                if properties[name]:
                    self._unique[name, _folded(name, properties[name])] = record.id
        _, changed = CHANGED_AT[self.kind]
        record.properties = (
            record.properties | dict(properties) | self._searchable(properties) | {changed: written(now)}
        )
        record.updated_at = now
        record.times_written += 1
        record.writes.append((now, dict(properties), by))
        record.versions.append((float("-inf") if by == PERSON else time.monotonic(), record.properties))
        del record.writes[:-KEPT_WRITES], record.versions[:-KEPT_VERSIONS]
        for name in SEARCHABLE:
            if properties.get(name):
                self._tails.setdefault(digits(properties[name])[-TAIL:], set()).add(record.id)

    def archive(self, record: Record) -> None:
        """It is not found any more, and its unique values are free."""
        record.archived_at = datetime.now(UTC)
        record.versions.append((time.monotonic(), None))
        for name in self.properties.unique():
            self._unique.pop((name, _folded(name, record.properties.get(name, ""))), None)

    def merge(self, gone: Record, into: Record) -> None:
        """Both are one from now on, and the ids of both lead to it."""
        self.archive(gone)
        self._merged |= {old: into.id for old, new in self._merged.items() if new == gone.id} | {gone.id: into.id}
        self.write(into, {MERGED: ";".join(old for old, new in self._merged.items() if new == into.id)}, PERSON)

    def forget(self, id_: str) -> None:
        """One that is archived, for good: no search comes upon it."""
        del self.found[id_]
        for ids in self._tails.values():
            ids.discard(id_)

    def with_tail(self, number: str) -> Iterable[str] | None:
        """Ids of all records whose numbers may end like this one; None: it is too short to tell."""
        tail = digits(number)[-TAIL:]
        return tuple(self._tails.get(tail, ())) if len(tail) == TAIL else None

    def with_unique(self, name: str, value: str) -> Iterable[str]:
        found = self._unique.get((name, _folded(name, value)))
        return () if found is None else (found,)

    def _searchable(self, properties: Mapping[str, str]) -> dict[str, str]:
        if self.kind != "contacts":
            return {}
        return {SEARCHABLE[name]: national(properties[name], self.country) for name in SEARCHABLE if name in properties}


def shown(
    record: Record, names: Iterable[str] | None, kind: str, url: str, history: Iterable[str] = ()
) -> dict[str, Any]:
    """A record as HubSpot answers it. ``names`` None: all that it has; else those, the others' absence said by null."""
    if names is None:
        properties: dict[str, str | None] = dict(record.properties)
    else:
        wanted = [*CHANGED_AT[kind], "hs_object_id", *names]
        properties = {name: record.properties.get(name) for name in wanted}
    found = {
        "id": record.id,
        "properties": properties,
        "createdAt": written(record.created_at),
        "updatedAt": written(record.updated_at),
        "archived": record.archived_at is not None,
        "url": f"{url}{record.id}",
    }
    if record.archived_at is not None:
        found["archivedAt"] = written(record.archived_at)
    of = list(history)
    if of:
        found["propertiesWithHistory"] = {
            name: [
                {"value": said[name], "timestamp": written(at), "sourceType": "INTEGRATION"}
                for at, said, _ in reversed(record.writes)
                if name in said
            ]
            for name in of
        }
    return found


def _folded(name: str, value: str) -> str:
    return value.lower() if name == "email" else value
