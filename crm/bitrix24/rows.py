"""Records as Bitrix24 writes them, by their ids. What is deleted is not there."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm.bitrix24.api import PAGE, Client, Row
from crm.bitrix24.kinds import Kind, is_id

LIST = "crm.item.list"
ALL = "*"  # all fields, with the numbers, which nobody can ask for by name
PHONES = "PHONE"


def by_id(client: Client, ids: Iterable[str], fields: Sequence[str], kind: Kind | None = None) -> dict[str, Row]:
    """Those that are there, with these fields. Raises ExchangeError."""
    wanted = [one for one in dict.fromkeys(ids) if is_id(one)]
    kind, found = kind or client.kind, dict[str, Row]()
    for at in range(0, len(wanted), PAGE):
        some = [int(one) for one in wanted[at : at + PAGE]]
        params = {"entityTypeId": kind.type_id, "select": list(fields), "filter": {"@id": some}}
        rows, _ = client.ask_list(LIST, params, "items")
        found |= {str(row["id"]): row for row in rows if row.get("id")}
    return {one: found[one] for one in wanted if one in found}


def numbers(row: Row) -> tuple[str, ...]:
    """All that it has, where it was asked for with all of its fields."""
    found = row.get("fm")
    each = found if isinstance(found, list) else []
    return tuple(
        str(one["value"])
        for one in each
        if isinstance(one, Mapping) and one.get("typeId") == PHONES and one.get("value")
    )


def name(row: Row) -> str | None:
    """What people call it."""
    person = " ".join(str(row[part]) for part in ("name", "lastName") if row.get(part))
    return person or (str(row["title"]) if row.get("title") else None)


def fields(row: Row, names: Sequence[str]) -> dict[str, str]:
    """Its fields as texts, as settings have them; absent ones as empty texts."""
    return {name: text(row.get(name)) for name in names}


def text(value: Any) -> str:
    """Several values in one order and with commas between them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ",".join(sorted(map(text, value)))
    return json.dumps(value)
