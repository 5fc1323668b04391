"""Whom Bitrix24 says not to call: records of which a field says so.

apidocs.bitrix24.com, "crm.item.list": fifty at once, here each page behind the id of the last; fields of one's own that are
ticked are filtered by 1, though they are read as Y.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crm.base import NotSetUp, Refusing
from crm.bitrix24 import rows, settable
from crm.bitrix24.api import PAGE, Client, Row
from crm.destination import Destination
from lib.http.errors import WalkStuck

MOST_PAGES = 20_000
TICKED = ("boolean", "Y", 1)
SAYS = "Bitrix24 says so: {} is {}."
NO_FIELD = "{} have no field {} (do_not_call_field) that says whom not to call."


def wanted(destination: Destination) -> bool:
    """As of ``crm.base.Refusals``."""
    return destination.settings["do_not_call_field"] is not None


def listed(client: Client) -> Iterable[Sequence[Refusing]]:
    """As of ``crm.base.Refusals``."""
    name, value = _said(client)
    for page in _pages(client):
        yield [Refusing(str(row["id"]), rows.numbers(row), SAYS.format(name, value)) for row in page]


def still(client: Client, ids: Sequence[str]) -> Mapping[str, bool]:
    """As of ``crm.base.Refusals``. Who is deleted has taken nothing back."""
    check(client)
    name, value = _said(client)
    found = rows.by_id(client, ids, ["id", name])
    return {one: _says(found[one], name, value) if one in found else True for one in ids}


def check(client: Client) -> None:
    """Raises NotSetUp where the records have no such field: Bitrix24 may pass over what it does not know."""
    name, _ = _said(client)
    if name not in settable.of(client):
        raise NotSetUp(NO_FIELD.format(client.kind.name.title(), name))


def _said(client: Client) -> tuple[str, str]:
    return client.settings["do_not_call_field"], client.settings["do_not_call_value"]


def _says(row: Row, name: str, value: str) -> bool:
    return rows.text(row.get(name)).strip() == value.strip()


def _pages(client: Client) -> Iterator[list[Row]]:
    check(client)
    name, value = _said(client)
    kind, yes, one = TICKED
    asked = one if settable.of(client)[name].type == kind and value == yes else value
    last = 0
    for _ in range(MOST_PAGES):
        params = {
            "entityTypeId": client.kind.type_id,
            "select": [rows.ALL],
            "filter": {f"={name}": asked, ">id": last},
            "order": {"id": "ASC"},
        }
        found, _ = client.ask_list(rows.LIST, params, "items")
        yield [row for row in found if row.get("id") and _says(row, name, value)]
        if len(found) < PAGE:
            return
        if int(found[-1].get("id") or 0) <= last:
            break
        last = int(found[-1]["id"])
    raise WalkStuck(f"{client.host} gave the same records again where it was asked whom not to call.")
