"""Records: contacts, leads, accounts, opportunities. Found by an id, a field of the org's, or a number; read and changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Change, Done, Record, Refused, Result, Whom
from crm.destination import NUMBER
from crm.halving import written
from crm.salesforce import ids, rows, searching, settable, tasks
from crm.salesforce.answers import Row
from crm.salesforce.api import MOST, Client, said

NO_RECORD = "It is no id of a contact, lead, account or opportunity."


def find(client: Client, wanted: Sequence[Whom]) -> list[list[Record]]:
    """As of ``crm.base.Records``. By a number converted leads are not found: their contacts have it."""
    client.begin()
    numbers = searching.found(client, list(dict.fromkeys(one.value for one in wanted if one.by == NUMBER)))
    references = _by_reference(client, list(dict.fromkeys(one.value for one in wanted if one.by != NUMBER)))
    found = [numbers[one.value] if one.by == NUMBER else references.get(one.value, []) for one in wanted]
    return [[_record(client, row) for row in some] for some in found]


def _by_reference(client: Client, references: Sequence[str]) -> dict[str, list[Row]]:
    field = client.settings["reference_field"]
    if field is None:
        shown = {kind: ("Name", *searching.phones(client, kind)) for kind in ids.by_object(references)}
        there = rows.by_id(client, references, shown)
        return {one: [there[ids.key(one)]] for one in references if ids.is_id(one) and ids.key(one) in there}
    found: dict[str, list[Row]] = {one: [] for one in references}
    for kind in client.settings["records"] if references else ():
        known = settable.of(client, kind)
        if known is not None and field not in known:
            continue
        shown_ = ", ".join(dict.fromkeys(["Id", "Name", *searching.phones(client, kind), field]))
        open_ones = " IsConverted = false AND" if kind == ids.LEAD else ""
        for row in client.among(f"SELECT {shown_} FROM {kind} WHERE{open_ones} {field} IN", references):
            value = str(row.get(field) or "").strip().casefold()
            for one in references:
                if row.get("Id") and value == one.strip().casefold():
                    found[one].append(row)
    return found


def _record(client: Client, row: Row) -> Record:
    id_ = str(row["Id"])
    name = row.get("Name")
    return Record(id_, str(name) if name else None, client.url(id_), searching.numbers(client, row))


def read(client: Client, wanted: Sequence[str], names: Sequence[str]) -> list[Mapping[str, str] | None]:
    """As of ``crm.base.Records``. A field that an object does not have is empty there."""
    shown = {}
    for kind in ids.by_object(wanted):
        known = settable.of(client, kind)
        shown[kind] = [name for name in names if known is None or name in known]
    there = rows.by_id(client, wanted, shown)
    return [said(there[key], names) if (key := ids.key(one)) in there else None for one in wanted]


def change(client: Client, changes: Sequence[Change]) -> list[Result]:
    """As of ``crm.base.Records``. Sorted by their ids, so that those of one object stand together."""
    client.begin()
    lives = rows.lives(client, [one.record_id for one in changes if one.record_id.startswith("00Q")])
    results: dict[str, Result] = {}
    bodies: list[tuple[str, dict[str, Any]]] = []
    for one in sorted(changes, key=lambda one: one.record_id):
        life = lives.get(ids.key(one.record_id))
        if not ids.is_id(one.record_id):
            results[one.trace] = Refused("record_deleted", NO_RECORD)
        elif life is not None and life.converted_to is not None:
            results[one.trace] = rows.refused(life)
        else:
            kind = ids.OBJECTS[one.record_id[:3]]
            try:
                fields = settable.written(settable.of(client, kind), kind, one.fields)
            except ValueError as error:
                results[one.trace] = Refused("validation", str(error))
                continue
            bodies.append((one.trace, {"attributes": {"type": kind}, "id": one.record_id, **fields}))
    answers = written([body for _, body in bodies], MOST, lambda part: tasks.given(client, "PATCH", "", part))
    for (trace, body), answer in zip(bodies, answers, strict=True):
        results[trace] = Done(body["id"], client.url(body["id"])) if isinstance(answer, Done) else answer
    return [results[one.trace] for one in changes]
