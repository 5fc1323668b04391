"""Routes of collections: records made, changed, made or changed under an external id, deleted. Each is taken or refused alone."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Flask, g, request

from sandbox.salesforce import shapes
from sandbox.salesforce.account import Kept, Row, Salesforce
from sandbox.salesforce.objects import PREFIXES
from sandbox.salesforce.reading import answered
from sandbox.salesforce.refusals import Refusal, Unfit, no_column, wrong
from sandbox.shapes import Wrong

KINDS = {prefix: name for name, prefix in PREFIXES.items()}


def install(app: Flask, org: Salesforce, data: str) -> None:
    collection = f"{data}/composite/sobjects"

    @app.post(collection)
    def insert():
        return _done(org, _records(org), lambda kind, one: _inserted(org, kind, one))

    @app.patch(collection)
    def update():
        return _done(org, _records(org, ("id", "Id")), lambda kind, one: _updated(org, kind, one))

    @app.patch(f"{collection}/<kind>/<name>")
    def upsert(kind: str, name: str):
        known = org.objects[kind].fields.get(name) if kind in org.objects else None
        if known is None or not known.external:
            said = f"Provided external ID field does not exist or is not accessible: {name}"
            raise Refusal(404, "NOT_FOUND", said)
        records = _records(org, only=kind)
        if any(not one.get(name) for _, one in records) or any(
            id_ in one for _, one in records for id_ in ("id", "Id")
        ):
            raise wrong("each record has its external id, and no id", "REQUIRED_FIELD_MISSING")
        with org.lock:
            return _done(org, records, _under(org, kind, name, Counter(one[name] for _, one in records)))

    @app.delete(collection)
    def delete():
        try:
            wanted = shapes.removal(request.args)
        except Wrong as error:
            raise wrong(str(error), "INVALID_QUERY_LOCATOR") from None
        return _done(org, [("Task", {"id": one}) for one in wanted], lambda kind, one: _removed(org, one["id"]))


def _under(org: Salesforce, kind: str, name: str, wanted: Counter[str]) -> Callable[[str, Row], Row]:
    """What is done with a record that stands under its external id."""
    there: dict[str, list[Kept]] = {}
    for kept in org.records[kind].values():
        if not kept.deleted and kept.row.get(name) in wanted:
            there.setdefault(kept.row[name], []).append(kept)

    def done(kind_: str, one: Row) -> Row:
        found = there.get(one[name], [])
        if wanted[one[name]] > 1:
            raise Unfit("DUPLICATE_VALUE", f"Duplicate external id specified: {one[name]}", name)
        if len(found) > 1:
            raise Unfit("DUPLICATE_EXTERNAL_ID", f"{name}: more than one record found for external id field", name)
        if found:
            return _written(org, kind, found[0], one, made=False) | {"created": False}
        return _inserted(org, kind, one) | {"created": True}

    return done


def _records(org: Salesforce, with_id: tuple[str, ...] = (), only: str | None = None) -> list[tuple[str, Row]]:
    """(object, fields) of each. Raises Refusal."""
    if request.mimetype != "application/json" or request.args:
        raise wrong("the body must be application/json, and nothing stands in the address")
    try:
        said = orjson.loads(request.get_data())
        shapes.COLLECTION(said, "body")
    except (orjson.JSONDecodeError, Wrong) as error:
        raise wrong(str(error)) from None
    found = []
    for one in said["records"]:
        kind = one["attributes"]["type"]
        if kind not in org.objects or (only and kind != only):
            raise wrong(f"{kind} cannot stand here", "INVALID_TYPE")
        if with_id and not any(shapes.is_id(one.get(name)) for name in with_id):
            raise wrong("id must be one", "MALFORMED_ID")
        fields = {name: value for name, value in one.items() if name != "attributes"}
        for name, value in fields.items():
            known = org.objects[kind].fields.get("Id" if name == "id" else name)
            if known is None:
                raise no_column(name, kind)
            if not shapes.fits(known.type, value):
                raise wrong(f"Cannot deserialize instance of {known.type} from {name}")
        found.append((kind, fields))
    return found


def _done(org: Salesforce, records: list[tuple[str, Row]], do: Callable[[str, Row], Row]):
    results: list[Row] = []
    step = int(g.faults["row_locked"] or 1) if "row_locked" in g.faults else 0
    with org.lock:
        for place, (kind, one) in enumerate(records, 1):
            try:
                if step and place % step == 0:
                    raise Unfit(
                        "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 003x"
                    )
                results.append({"success": True, "errors": [], **do(kind, one)})
            except Unfit as error:
                org.note_refused(False, {"verb": request.method, "path": request.path, "why": str(error)})
                results.append({"success": False, "errors": [error.error]})
    return answered([] if "not_told" in g.faults else results)


def _inserted(org: Salesforce, kind: str, given: Row) -> Row:
    id_ = org.add(kind)
    kept = org.records[kind][id_]
    try:
        found = _written(org, kind, kept, given, made=True)
    except Unfit:
        del org.records[kind][id_]
        raise
    org.counted[f"{kind}s made"] += 1
    if kind == "Task":
        kept.row |= {"OwnerId": kept.row["OwnerId"] or org.user, "TaskSubtype": kept.row.get("TaskSubtype") or "Task"}
        if "who_dropped" in g.faults:
            kept.row |= {"WhoId": None, "WhatId": None}
    return found


def _updated(org: Salesforce, kind: str, given: Row) -> Row:
    id_ = given.get("id") or given["Id"]
    kept = org.live(kind, id_, g.faults.get("deleted"))
    if kept is None:
        known = any(one[:15] == id_[:15] for one in org.records[kind])
        raise Unfit(*(("ENTITY_IS_DELETED", "entity is deleted") if known else _invalid("Id")))
    return _written(org, kind, kept, {name: value for name, value in given.items() if name.lower() != "id"}, made=False)


def _removed(org: Salesforce, id_: str) -> Row:
    kept = org.live(KINDS.get(id_[:3], "Task"), id_)
    if kept is None:
        raise Unfit("ENTITY_IS_DELETED", "entity is deleted")
    kept.deleted = True
    org.counted["Tasks deleted"] += 1
    return {"id": kept.row["Id"]}


def _invalid(*fields: str) -> tuple[str, ...]:
    return ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", *fields)


def _written(org: Salesforce, kind: str, kept: Kept, given: Mapping[str, Any], made: bool) -> Row:
    """Raises Unfit."""
    if kept.row.get("IsConverted") and not made:
        raise Unfit("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    for name, value in given.items():
        known = org.objects[kind].fields[name]
        if not (known.makeable if made else known.writable):
            said = f"Unable to create/update fields: {name}. Please check the security settings of this field"
            raise Unfit("INVALID_FIELD_FOR_INSERT_UPDATE", said, name)
        if known.longest and value is not None and len(value) > known.longest:
            raise Unfit("STRING_TOO_LONG", f"{name}: data value too large (max length={known.longest})", name)
        if known.type == "reference" and value is not None:
            _check_reference(org, name, value)
    if kind == "Task":
        _check_task(org, {**kept.row, **given})
    org.write(kept, given)
    return {"id": kept.row["Id"]}


def _check_reference(org: Salesforce, name: str, value: str) -> None:
    kind = KINDS.get(value[:3])
    kept = org.live(kind, value, g.faults.get("deleted")) if kind else None
    if kept is None:
        raise Unfit(*_invalid(name))
    if kept.row.get("IsConverted"):
        raise Unfit("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", name)


def _check_task(org: Salesforce, row: Mapping[str, Any]) -> None:
    if row.get("WhoId") and (KINDS[row["WhoId"][:3]] not in ("Contact", "Lead")):
        raise Unfit("FIELD_INTEGRITY_EXCEPTION", "Related To ID: id value of incorrect type", "WhoId")
    if (row.get("WhoId") or "")[:3] == "00Q" and row.get("WhatId"):
        raise Unfit("FIELD_INTEGRITY_EXCEPTION", "a lead has no second record", "WhatId")
    wanted = g.faults.get("required_field")
    if wanted and not row.get(wanted):
        raise Unfit("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{wanted}]", wanted)
    if org.unwanted and org.unwanted in (row.get("Description") or ""):
        raise Unfit("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Nobody wants to see such calls")
