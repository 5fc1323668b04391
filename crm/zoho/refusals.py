"""Whom Zoho says not to call: leads or contacts of which a field says so.

zoho.com/crm/developer, "Get records through a COQL query": 2,000 at once. Each page begins behind the id of the last, as its
pages say of more than a hundred thousand. A query is answered by the records themselves; that it is never late is not said, so
who is not among them is read by its id.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crm.base import NotSetUp, Refusing
from crm.destination import Destination
from crm.zoho import metadata, rows, searching
from crm.zoho.api import Client, Row
from lib.http.errors import WalkStuck

MOST = 2_000  # of one answer
MOST_PAGES = 1_000
BOOLEAN = "boolean"  # Zoho's word for what is ticked
SAYS = "Zoho says so: {} is {}."
NO_FIELD = "None of {} has the field {} (do_not_call_field), which says whom not to call."


def wanted(destination: Destination) -> bool:
    """As of ``crm.base.Refusals``."""
    return destination.settings["do_not_call_field"] is not None


def listed(client: Client) -> Iterable[Sequence[Refusing]]:
    """As of ``crm.base.Refusals``."""
    name, value = _said(client)
    for module in modules(client):
        for page in _pages(client, module, name, value):
            yield [
                Refusing(str(row["id"]), searching.numbers(client, module, row), SAYS.format(name, value))
                for row in page
            ]


def still(client: Client, ids: Sequence[str]) -> Mapping[str, bool]:
    """As of ``crm.base.Refusals``. Who is deleted, or was converted, has taken nothing back."""
    name, value = _said(client)
    found: dict[str, Row] = {}
    for module in modules(client):
        found |= rows.by_id(client, module, ids, [name])
    return {one: _says(found[one], name, value) if one in found else True for one in ids}


def modules(client: Client) -> list[str]:
    """Those of the destination that have the field. Raises NotSetUp where none has: nobody says whom such a list leaves out."""
    name, _ = _said(client)
    found = [module for module in client.modules if name in metadata.of(client, module)]
    if not found:
        raise NotSetUp(NO_FIELD.format(" and ".join(client.modules), name))
    return found


def _said(client: Client) -> tuple[str, str]:
    return client.settings["do_not_call_field"], client.settings["do_not_call_value"]


def _says(row: Row, name: str, value: str) -> bool:
    return metadata.text(row.get(name)).strip().casefold() == value.strip().casefold()


def _pages(client: Client, module: str, name: str, value: str) -> Iterator[list[Row]]:
    numbers = searching.numbers_of(client, module)
    ticked = metadata.of(client, module)[name].type == BOOLEAN
    wanted = value.casefold() if ticked else _quoted(value)
    last = "0"
    for _ in range(MOST_PAGES):
        found = client.query(
            f"select {', '.join([*numbers, name])} from {module} where ({name} = {wanted} and id > {_quoted(last)}) "
            f"order by id limit {MOST}"
        )
        yield [row for row in found if row.get("id") and _says(row, name, value)]
        if len(found) < MOST:
            return
        if str(found[-1].get("id")) == last:
            break
        last = str(found[-1].get("id"))
    raise WalkStuck(f"{client.host} gave the same records again where it was asked whom not to call.")


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
