"""What is done to many records at once, and what is said of each."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from sandbox.hubspot.account import Hubspot
from sandbox.hubspot.faults import RULE
from sandbox.hubspot.properties import written
from sandbox.hubspot.records import Record, shown
from sandbox.hubspot.refusals import CONFLICT, NOT_FOUND, VALIDATION, Refusal, of_input

CREATED_WITH = {"calls": ("hs_timestamp",), "contacts": ()}


def answer(results: list[Any], errors: Sequence[Mapping[str, Any]], faults: Mapping[str, Any], status: int = 200):
    """(status, body) of a batch: 207 where some failed."""
    if "results_missing" in faults:
        results = results[::2] if len(results) > 1 else []
    if "shuffled" in faults:
        results = results[::-1]
    now = written(datetime.now(UTC))
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        return 207, body | {"numErrors": len(errors), "errors": list(errors)}
    return status, body


class Batch:
    """One request for several records of a kind."""

    def __init__(self, hubspot: Hubspot, kind: str, faults: Mapping[str, Any], url: str):
        self.hubspot = hubspot
        self.kind = kind
        self.records = hubspot.records[kind]
        self.faults = faults
        self.url = url
        self.gone = {str(one) for one in faults.get("deleted") or ()}

    def read(self, body: Mapping[str, Any], archived: bool):
        name = body.get("idProperty")
        self._want_unique(name)
        results, missing = [], []
        with self.hubspot.lock:
            for one in body["inputs"]:
                record = self.records.found.get(one["id"]) if archived else self._find(name, one["id"])
                if record is None or archived != (record.archived_at is not None):
                    missing.append(one["id"])
                    continue
                results.append(shown(record, body["properties"], self.kind, self.url, body["propertiesWithHistory"]))
        return answer(results, [of_input(self._not_there(), None, missing)] if missing else [], self.faults)

    def write(self, verb: str, inputs: Sequence[Mapping[str, Any]]):
        """``create``, ``update`` or ``upsert``. Where each input has a trace, bad ones fail alone; else all with the first."""
        if verb != "create":
            self._want_different(inputs)
        with self.hubspot.lock:
            checked = [self._checked(verb, one, place) for place, one in enumerate(inputs)]
            bad = [error for _, _, error in checked if error is not None and error.category != NOT_FOUND]
            if bad and ("whole_batch" in self.faults or not all("objectWriteTraceId" in one for one in inputs)):
                raise bad[0]
            results, errors, missing = [], [], []
            for one, (record, kept, error) in zip(inputs, checked, strict=True):
                if error is None:
                    results.append(self._done(verb, one, record, kept))
                elif error.category == NOT_FOUND:
                    missing.append(one["id"])
                else:
                    errors.append(of_input(error, one.get("objectWriteTraceId")))
                    self.hubspot.counted["refused"] += 1
            if missing:
                errors.append(of_input(self._not_there(), None, missing))
        return answer(results, errors, self.faults, 201 if verb == "create" else 200)

    def archive(self, inputs: Sequence[Mapping[str, Any]]) -> None:
        for one in inputs:
            self.hubspot.archive(self.kind, one["id"])

    def _find(self, name: str | None, value: str) -> Record | None:
        record = self.records.by(name, value)
        return None if record is None or record.id in self.gone else record

    def _checked(
        self, verb: str, one: Mapping[str, Any], place: int
    ) -> tuple[Record | None, dict[str, str], Refusal | None]:
        """(the record that is there, the values as they are kept, why it cannot be done)."""
        if "partial" in self.faults and place % 2:
            category = str(self.faults["partial"] or "INTERNAL_ERROR")
            return None, {}, Refusal(500, category, "There was a problem with the request.")
        record, properties = None, one["properties"]
        if verb != "create":
            record = self._find(one.get("idProperty"), one["id"])
        if verb == "upsert":
            properties = {one["idProperty"]: one["id"], **properties}
        if verb == "update" and record is None:
            return None, {}, self._not_there()
        kept, error = self.values(properties, record)
        return record, kept, error

    def values(self, properties: Mapping[str, str], record: Record | None) -> tuple[dict[str, str], Refusal | None]:
        """(the values as they are kept, why the record cannot have them)."""
        kept, bad = self.records.properties.read(properties)
        if bad:
            said = ", ".join(_json(one) for one in bad)
            return kept, Refusal(
                400, VALIDATION, f"Property values were not valid: [{said}]", [_detail(one) for one in bad]
            )
        if "tidied" in self.faults and kept.get("hs_call_body"):
            kept["hs_call_body"] = f"<div>{kept['hs_call_body'].replace('<br>', '<br/>')}</div>"
        after = kept if record is None else record.properties | kept
        absent = [name for name in (CREATED_WITH[self.kind] if record is None else ()) if not after.get(name)]
        for rule in [*self.hubspot.required, *self._rule()]:
            if rule["object"] == self.kind and all(after.get(name) == value for name, value in rule["when"].items()):
                absent += [name for name in rule["need"] if not after.get(name)]
        if absent:
            said = f"Some required properties were not set: {', '.join(absent)}"
            detail = {"message": said, "code": "REQUIRED_PROPERTIES_MISSING", "context": {"properties": absent}}
            return kept, Refusal(400, VALIDATION, said, [detail])
        return kept, self._taken(kept, record)

    def _taken(self, kept: Mapping[str, str], record: Record | None) -> Refusal | None:
        but = None if record is None else record.id
        holder = self.records.holder(kept, but)
        if holder is None and "duplicate_rule" in self.faults:
            name = str(self.faults["duplicate_rule"] or "phone")
            same = [other.id for other in self.records.found.values() if other.properties.get(name) == kept.get(name)]
            holder = next(((name, id_) for id_ in same if kept.get(name) and id_ != but), None)
        if holder is None:
            return None
        if self.kind == "contacts":
            return Refusal(409, CONFLICT, f"Contact already exists. Existing ID: {holder[1]}")
        value = {"isValid": False, "message": f"{kept[holder[0]]} is already held by {holder[1]}"}
        value |= {"error": "CONFLICTING_UNIQUE_VALUE", "name": holder[0]}
        return Refusal(400, VALIDATION, f"Property values were not valid: [{_json(value)}]", [_detail(value)])

    def _done(
        self, verb: str, one: Mapping[str, Any], record: Record | None, kept: Mapping[str, str]
    ) -> dict[str, Any]:
        new = record is None
        if record is None:
            record = self.records.add(kept)
            self.hubspot.counted[f"{self.kind} made"] += 1
            if "no_association" not in self.faults:
                for beside in one.get("associations", ()):
                    types = [spec["associationTypeId"] for spec in beside["types"]]
                    other = "contacts" if self.kind == "calls" else "calls"
                    self.hubspot.associations.put((self.kind, record.id), (other, beside["to"]["id"]), types)
        else:
            self.records.write(record, kept)
            self.hubspot.counted[f"{self.kind} written"] += 1
        found = shown(record, None, self.kind, self.url)
        if "objectWriteTraceId" in one:
            found["objectWriteTraceId"] = one["objectWriteTraceId"]
        return found | ({"new": new} if verb == "upsert" else {})

    def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        with self.hubspot.lock:
            kept, error = self.values(body["properties"], None)
            if error is not None:
                raise error
            return self._done("create", body, None, kept)

    def update(self, record: Record, properties: Mapping[str, str]) -> dict[str, Any]:
        with self.hubspot.lock:
            kept, error = self.values(properties, record)
            if error is not None:
                raise error
            return self._done("update", {}, record, kept)

    def _rule(self) -> list[Mapping[str, Any]]:
        return [self.faults["required_field"] or RULE] if "required_field" in self.faults else []

    def _want_unique(self, name: str | None) -> None:
        if name is not None and name not in self.records.properties.unique():
            at = f"property {name} in portal ID {self.hubspot.portal_id}"
            raise Refusal(400, VALIDATION, f"Unable to perform update/upsert by non-unique {at}")

    def _want_different(self, inputs: Sequence[Mapping[str, Any]]) -> None:
        for name in {one.get("idProperty") for one in inputs}:
            self._want_unique(name)
        ids = [(one.get("idProperty"), one["id"]) for one in inputs]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1}) if len(set(ids)) < len(ids) else []
        if twice:
            said = ", ".join(id_ for _, id_ in twice)
            raise Refusal(
                400, VALIDATION, f"Duplicate IDs found in batch input: [{said}]. IDs must be unique", wrong=True
            )

    def _not_there(self) -> Refusal:
        return Refusal(
            404, NOT_FOUND, f"Could not get some {self.kind[:-1].upper()} objects, they may be deleted or not exist."
        )


def _detail(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"message": value["message"], "code": value["error"], "context": {"propertyName": [value["name"]]}}


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
