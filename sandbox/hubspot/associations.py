"""Which records stand beside which: calls on contacts."""

from collections.abc import Sequence
from typing import Any

from sandbox.hubspot.records import Record

TYPES = {("calls", "contacts"): 194, ("contacts", "calls"): 193}
TYPE_IDS = {"calls": "0-48", "contacts": "0-1"}
Key = tuple[str, str]  # type and id of a record


class Associations:
    """Each is kept from both sides. Not safe for threads by itself: the account's lock is held around it."""

    def __init__(self) -> None:
        self._beside: dict[Key, dict[Key, set[int]]] = {}

    def put(self, source: Key, target: Key, types: Sequence[int]) -> None:
        self._beside.setdefault(source, {}).setdefault(target, set()).update(types)
        back = TYPES.get((target[0], source[0]), 0)
        self._beside.setdefault(target, {}).setdefault(source, set()).add(back)

    def remove(self, source: Key, target: Key) -> None:
        self._beside.get(source, {}).pop(target, None)
        self._beside.get(target, {}).pop(source, None)

    def forget(self, kind: str, record: Record) -> None:
        """All of a record that is archived."""
        for target in list(self._beside.get((kind, record.id), {})):
            self.remove((kind, record.id), target)

    def of(self, source: Key, kind: str) -> list[tuple[str, list[int]]]:
        """(id, types) of the records of a type that stand beside this one."""
        return [(id_, sorted(types)) for (its, id_), types in self._beside.get(source, {}).items() if its == kind]


def shown(id_: str, beside: Sequence[tuple[str, Sequence[int]]]) -> dict[str, Any]:
    """What a look at one record's associations answers."""
    return {
        "from": {"id": id_},
        "to": [
            {
                "toObjectId": other,
                "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": one} for one in types],
            }
            for other, types in beside
        ],
    }
