"""Records: leads and contacts, as the destination says. Found by an id, a field of ours, or a number; read and changed."""

from collections.abc import Mapping, Sequence

from crm.base import Change, Done, Record, Refused, Result, Whom
from crm.destination import NUMBER
from crm.halving import waves
from crm.zoho import batches, metadata, rows, searching
from crm.zoho.answers import RECORD_DELETED, VALIDATION
from crm.zoho.api import Client, Row

GONE = "Zoho has no such record any more."


def find(client: Client, wanted: Sequence[Whom]) -> list[list[Record]]:
    """As of ``crm.base.Records``."""
    client.begin()
    client.account()  # for addresses
    # Nothing is kept of it: a lead that is converted after a call is another record at the next one.
    numbers = {
        one: searching.by_number(client, one) for one in dict.fromkeys(one.value for one in wanted if one.by == NUMBER)
    }
    references = _by_reference(client, list(dict.fromkeys(one.value for one in wanted if one.by != NUMBER)))
    found = []
    for one in wanted:
        some = numbers[one.value] if one.by == NUMBER else references[one.value]
        found.append([_record(client, module, row) for module, row in some])
    return found


def _by_reference(client: Client, references: Sequence[str]) -> dict[str, list[searching.Found]]:
    found: dict[str, list[searching.Found]] = {one: [] for one in references}
    name = client.settings["reference_field"]
    for module in client.modules if references else ():
        shown = [*searching.shown_of(client, module), *searching.numbers_of(client, module)]
        if name is None:
            for one, row in rows.by_id(client, module, references, shown).items():
                found[one].append((module, row))
        elif name in metadata.of(client, module):
            for one in references:
                found[one] += [(module, row) for row in searching.by_field(client, module, name, one, shown)]
    return found


def read(client: Client, ids: Sequence[str], names: Sequence[str]) -> list[Mapping[str, str] | None]:
    """As of ``crm.base.Records``."""
    found: dict[str, Row] = {}
    for module in client.modules:
        left = [one for one in ids if one not in found]
        known = [name for name in names if name in metadata.of(client, module)] if left else []
        found |= rows.by_id(client, module, left, known or ["Last_Name"])
    return [{name: metadata.text(found[one].get(name)) for name in names} if one in found else None for one in ids]


def change(client: Client, changes: Sequence[Change]) -> list[Result]:
    """As of ``crm.base.Records``."""
    client.begin()
    modules = rows.modules_of(client, (one.record_id for one in changes))
    results: dict[int, Result] = {}
    bodies: dict[int, dict[str, object]] = {}
    for at, one in enumerate(changes):
        module = modules.get(one.record_id)
        if module is None:
            results[at] = Refused(RECORD_DELETED, GONE)
            continue
        try:
            bodies[at] = metadata.written(module, metadata.of(client, module), one.fields)
        except ValueError as error:
            results[at] = Refused(VALIDATION, str(error))
    left = list(bodies)
    for wave in waves(left, lambda at: changes[at].record_id):
        for module in client.modules:
            some = [left[at] for at in wave if modules[changes[left[at]].record_id] == module]
            given = [{"id": changes[at].record_id, **bodies[at]} for at in some]
            written = batches.given(client, "PUT", module, given) if given else []
            results.update(zip(some, (_told(client, module, one) for one in written), strict=True))
    return [results[at] for at in range(len(changes))]


def _told(client: Client, module: str, result: Result) -> Result:
    if isinstance(result, Done) and result.remote_id:
        return Done(result.remote_id, client.url(module, result.remote_id), result.answer)
    return result


def _record(client: Client, module: str, row: Row) -> Record:
    id_ = str(row["id"])
    name = row.get("Full_Name") or " ".join(str(row[one]) for one in ("First_Name", "Last_Name") if row.get(one))
    return Record(id_, str(name) or None, client.url(module, id_), searching.numbers(client, module, row))
