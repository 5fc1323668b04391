"""Records: leads, deals, contacts or companies, as the destination says. Found by an id, a field, or a number; read, changed."""

from collections.abc import Mapping, Sequence

from crm.base import Change, Done, Record, Refused, Result, Unknown, Whom
from crm.bitrix24 import answers, rows, searching, settable
from crm.bitrix24.api import Client, Row
from crm.bitrix24.commands import Command
from crm.destination import NUMBER
from crm.halving import written
from crm.values import ordered

UPDATE = "crm.item.update"
AT_ONCE = 10  # changes in one batch: robots run on each, and a request may take a minute
NOT_TOLD = "Bitrix24's answer does not tell of it."
OTHER_PIPELINE = (
    "The deal is in the pipeline {}, and the stage {} is one of the pipeline {}. Name categoryId beside stageId where it is to "
    "be moved there."
)


def find(client: Client, wanted: Sequence[Whom]) -> list[list[Record]]:
    """As of ``crm.base.Records``."""
    numbers = searching.found(client, list(dict.fromkeys(one.value for one in wanted if one.by == NUMBER)))
    references = list(dict.fromkeys(one.value for one in wanted if one.by != NUMBER))
    field = client.settings["reference_field"]
    named = searching.by_field(client, field, references) if field else _by_id(client, references)
    found = []
    for one in wanted:
        some = numbers[one.value] if one.by == NUMBER else [(row, ()) for row in named.get(one.value, ())]
        found.append([_record(client, row, its) for row, its in some])
    return found


def _by_id(client: Client, ids: Sequence[str]) -> dict[str, list[Row]]:
    there = rows.by_id(client, ids, ["id", *client.kind.named]) if ids else {}
    return {id_: [row] for id_, row in there.items()}


def read(client: Client, ids: Sequence[str], names: Sequence[str]) -> list[Mapping[str, str] | None]:
    """As of ``crm.base.Records``."""
    known = settable.of(client)
    found = rows.by_id(client, ids, ["id", *(name for name in names if name in known)])
    return [rows.fields(found[one], names) if one in found else None for one in ids]


def change(client: Client, changes: Sequence[Change]) -> list[Result]:
    """As of ``crm.base.Records``."""
    known = settable.of(client)
    moved = [one.record_id for one in changes if settable.STAGE in one.fields and settable.CATEGORY not in one.fields]
    deals = rows.by_id(client, moved, ["id", settable.CATEGORY]) if moved and not client.kind.registered else {}
    return written(changes, AT_ONCE, lambda part: _changed(client, known, part, deals))


def _changed(
    client: Client, known: Mapping[str, settable.Field], some: Sequence[Change], deals: Mapping[str, Row]
) -> list[Result]:
    results: dict[int, Result] = {}
    commands = []
    for at, one in enumerate(some):
        try:
            fields = settable.written(known, one.fields)
        except ValueError as error:
            results[at] = Refused(answers.VALIDATION, str(error))
            continue
        if mistake := _elsewhere(client, one, deals.get(one.record_id)):
            results[at] = Refused("other_pipeline", mistake)
            continue
        params = {"entityTypeId": client.kind.type_id, "id": one.record_id, "fields": fields}
        commands.append(Command(f"c{at}", UPDATE, params))
    said = client.tell_all(commands)
    for at, one in enumerate(some):
        if at in results:
            continue
        failed, told = said.errors.get(f"c{at}"), said.results.get(f"c{at}")
        item = told.get("item") if isinstance(told, Mapping) else None
        if failed is not None:
            results[at] = client.of_record(failed, UPDATE)
        elif not isinstance(item, Mapping) or str(item.get("id")) != one.record_id:
            results[at] = Unknown(NOT_TOLD)
        else:
            results[at] = Done(one.record_id, client.url(one.record_id), _kept(item, one.fields))
    return [results[at] for at in range(len(some))]


def _elsewhere(client: Client, change_: Change, deal: Row | None) -> str | None:
    """What is wrong with a stage that is none of the deal's pipeline."""
    if deal is None:
        return None
    stage, its = change_.fields[settable.STAGE], rows.text(deal.get(settable.CATEGORY)) or "0"
    found = settable.stages(client).get(stage)
    if found is None or found.category == its:
        return None
    return OTHER_PIPELINE.format(its, stage, found.category)


def _kept(item: Row, wanted: Mapping[str, str]) -> str | None:
    there = rows.fields(item, list(wanted))
    other = [
        f"{name} is {there[name]}" for name, value in wanted.items() if name in item and there[name] != ordered(value)
    ]
    return f"Bitrix24 answers that {', '.join(other)}." if other else None


def _record(client: Client, row: Row, numbers: tuple[str, ...]) -> Record:
    id_ = str(row["id"])
    return Record(id_, rows.name(row), client.url(id_), numbers)
