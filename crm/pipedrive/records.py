"""Records: persons, leads or deals, as the destination says. Found by an id, a field of ours, or a number; read and changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Change, Done, Record, Refused, Result, Unknown, Whom
from crm.destination import NUMBER
from crm.halving import written
from crm.pipedrive import rows, searching, settable
from crm.pipedrive.answers import VALIDATION
from crm.pipedrive.api import Client, Row
from crm.values import ordered

NOT_TOLD = "Pipedrive's answer does not tell of it."
OTHER_PIPELINE = (
    "The deal is in the pipeline {}, and the stage {} is one of the pipeline {}: it would be moved there. Name pipeline_id "
    "beside stage_id where that is meant."
)


def find(client: Client, wanted: Sequence[Whom]) -> list[list[Record]]:
    """As of ``crm.base.Records``."""
    client.company()  # for addresses
    numbers = searching.found(client, list(dict.fromkeys(one.value for one in wanted if one.by == NUMBER)))
    references = _by_reference(client, list(dict.fromkeys(one.value for one in wanted if one.by != NUMBER)))
    found = []
    for one in wanted:
        some = numbers[one.value] if one.by == NUMBER else [(row, ()) for row in references.get(one.value, ())]
        found.append([_record(client, row, its) for row, its in some])
    return found


def _by_reference(client: Client, references: Sequence[str]) -> dict[str, list[Row]]:
    key = client.settings["reference_field"]
    if key is None:
        return {id_: [row] for id_, row in rows.by_id(client, references, ()).items()}
    ids = {one: searching.by_field(client, key, one) for one in references}
    there = rows.by_id(client, (id_ for some in ids.values() for id_ in some), [key])
    return {
        one: [there[id_] for id_ in some if id_ in there and _alike(rows.fields(there[id_], [key])[key], one)]
        for one, some in ids.items()
    }


def _alike(there: str, reference: str) -> bool:
    """Whether it is this field that has the value: a search looks at all of them."""
    return there.strip().casefold() == reference.strip().casefold()


def read(client: Client, ids: Sequence[str], names: Sequence[str]) -> list[Mapping[str, str] | None]:
    """As of ``crm.base.Records``."""
    found = rows.by_id(client, ids, names)
    return [rows.fields(found[one], names) if one in found else None for one in ids]


def change(client: Client, changes: Sequence[Change]) -> list[Result]:
    """As of ``crm.base.Records``. One after the other: Pipedrive takes no batches."""
    client.begin()
    known = settable.of(client)
    moved = [one.record_id for one in changes if settable.STAGE in one.fields and settable.PIPELINE not in one.fields]
    deals = rows.by_id(client, moved, ()) if moved else {}
    return written(changes, 1, lambda part: [_changed(client, known, part[0], deals.get(part[0].record_id))])


def _changed(client: Client, known: Mapping[str, settable.Field], change_: Change, deal: Row | None) -> Result:
    try:
        body = settable.written(known, change_.fields)
    except ValueError as error:
        return Refused(VALIDATION, str(error))
    if deal is not None and (mistake := _elsewhere(client, change_.fields[settable.STAGE], deal)):
        return Refused("other_pipeline", mistake)
    client.begin()
    said = client.tell("PATCH", rows.address(client, change_.record_id), body).get("data")
    if not isinstance(said, Mapping) or str(said.get("id")) != change_.record_id:
        return Unknown(NOT_TOLD)
    return Done(change_.record_id, client.url(change_.record_id), _kept(said, change_.fields))


def _elsewhere(client: Client, stage: str, deal: Row) -> str | None:
    """What is wrong with a stage that is none of the deal's pipeline."""
    pipeline = str(deal.get(settable.PIPELINE))
    of_stage = settable.stages(client).get(stage, (pipeline, ""))[0]
    return None if of_stage == pipeline else OTHER_PIPELINE.format(pipeline, stage, of_stage)


def _kept(said: Row, wanted: Mapping[str, str]) -> str | None:
    there: Mapping[str, str] = rows.fields(said, list(wanted))
    told: Mapping[str, Any] = {**said, **rows.custom(said)}
    other = [
        f"{name} is {there[name]}" for name, value in wanted.items() if name in told and there[name] != ordered(value)
    ]
    return f"Pipedrive answers that {', '.join(other)}." if other else None


def _record(client: Client, row: Row, numbers: tuple[str, ...]) -> Record:
    id_ = str(row["id"])
    name = row.get("name") or row.get("title")
    return Record(id_, str(name) if name else None, client.url(id_), numbers or searching.numbers(row))
