"""Requests about associations: made, looked at and removed in batches, or one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.hubspot.account import KINDS, Hubspot
from sandbox.hubspot.associations import TYPE_IDS, TYPES, shown
from sandbox.hubspot.batches import answer
from sandbox.hubspot.refusals import NOT_FOUND, VALIDATION, Refusal, of_input

ONE = {"calls": "call", "contacts": "contact"}


class Beside:
    """What one request does between records of two types. Raises Refusal for types that are not played here."""

    def __init__(self, hubspot: Hubspot, source: str, target: str, faults: Mapping[str, Any]):
        self.hubspot = hubspot
        self.faults = faults
        self.source, self.target = _kind(source), _kind(target)
        if self.source == self.target:
            raise Refusal(400, VALIDATION, f"{source} are not associated with {target}", wrong=True)
        self.gone = {str(one) for one in faults.get("deleted") or ()}

    def create(self, inputs: Sequence[Mapping[str, Any]]):
        results, errors = [], []
        with self.hubspot.lock:
            for one in inputs:
                source, target = one["from"]["id"], one["to"]["id"]
                error = self._wrong(source, target, one.get("types"))
                if error is not None:
                    errors.append(error)
                    continue
                self._put(source, target, one.get("types"))
                results.append(self.labels(source, target) if "types" in one else self._default(source, target))
        return answer(results, errors, self.faults)

    def put(self, source: str, target: str, types: Sequence[Mapping[str, Any]] | None) -> None:
        """One, by its address. Raises Refusal."""
        with self.hubspot.lock:
            error = self._wrong(source, target, types)
            if error is not None:
                raise Refusal(404 if error["category"] == NOT_FOUND else 400, error["category"], error["message"])
            self._put(source, target, types)

    def read(self, inputs: Sequence[Mapping[str, Any]]):
        results, errors = [], []
        with self.hubspot.lock:
            for one in inputs:
                beside = self.hubspot.associations.of((self.source, one["id"]), self.target)
                if beside:
                    results.append(shown(one["id"], beside))
                    continue
                words = f"No {ONE[self.target]} is associated with {ONE[self.source]} {one['id']}."
                error = of_input(Refusal(404, NOT_FOUND, words), None)
                error["subCategory"] = "crm.associations.NO_ASSOCIATIONS_FOUND"
                error["context"] = {"fromObjectId": [one["id"]], "fromObjectType": [ONE[self.source]]}
                errors.append(error)
        return answer(results, errors, self.faults)

    def archive(self, inputs: Sequence[Mapping[str, Any]]):
        with self.hubspot.lock:
            for one in inputs:
                for target in one["to"]:
                    self.remove(one["from"]["id"], target["id"])
        return answer([], [], self.faults)

    def remove(self, source: str, target: str) -> None:
        with self.hubspot.lock:
            self.hubspot.associations.remove((self.source, source), (self.target, target))
            self.hubspot.counted["associations removed"] += 1

    def labels(self, source: str, target: str) -> dict[str, Any]:
        return {
            "fromObjectTypeId": TYPE_IDS[self.source],
            "fromObjectId": source,
            "toObjectTypeId": TYPE_IDS[self.target],
            "toObjectId": target,
            "labels": [],
        }

    def _default(self, source: str, target: str) -> dict[str, Any]:
        type_id = TYPES[self.source, self.target]
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
        return {"from": {"id": source}, "to": {"id": target}, "associationSpec": spec}

    def _put(self, source: str, target: str, types: Sequence[Mapping[str, Any]] | None) -> None:
        if "no_association" in self.faults:
            return
        source, target = self._now(self.source, source), self._now(self.target, target)
        numbers = [TYPES[self.source, self.target]] if types is None else [one["associationTypeId"] for one in types]
        self.hubspot.associations.put((self.source, source), (self.target, target), numbers)
        self.hubspot.counted["associations made"] += 1

    def _now(self, kind: str, id_: str) -> str:
        """The id of the record today: it may have been merged."""
        record = self.hubspot.records[kind].live(id_)
        return id_ if record is None else record.id

    def _wrong(self, source: str, target: str, types: Sequence[Mapping[str, Any]] | None) -> dict[str, Any] | None:
        """The entry of ``errors``, where a record is not there or the type is none of theirs."""
        known = TYPES[self.source, self.target]
        if types is not None and any(one["associationTypeId"] != known for one in types):
            words = f"There is no association type like that from {self.source} to {self.target}; there is {known}"
            return of_input(Refusal(400, VALIDATION, words), None) | {
                "context": {"fromObjectId": [source], "toObjectId": [target]}
            }
        for kind, id_ in ((self.source, source), (self.target, target)):
            if self.hubspot.records[kind].live(id_) is None or id_ in self.gone:
                error = of_input(Refusal(404, NOT_FOUND, f"{ONE[kind].upper()}={id_} is not valid"), None)
                error["subCategory"] = "crm.associations.INVALID_OBJECT_IDS"
                error["context"] = {"fromObjectId": [source], "toObjectId": [target], ONE[kind].upper(): [id_]}
                return error
        return None


def _kind(name: str) -> str:
    if name not in KINDS:
        raise Refusal(400, VALIDATION, f"Unable to infer object type from: {name}", wrong=True)
    return KINDS[name]
