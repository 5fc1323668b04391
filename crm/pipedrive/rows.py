"""Persons, leads and deals as Pipedrive writes them, by their ids. What is deleted is not there; nor are archived deals."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm.halving import WholeRefused
from crm.pipedrive.answers import RECORD_DELETED
from crm.pipedrive.api import V1, V2, Client, Row, is_there
from crm.pipedrive.kinds import LEADS

MOST_IDS = 100  # of one question
MOST_CUSTOM = 15  # keys of custom fields in one question
CUSTOM = 40  # characters of such a key


def address(client: Client, record_id: str | None = None) -> str:
    version = V1 if client.kind.name == LEADS else V2
    return f"{version}/{client.kind.name}" + (f"/{record_id}" if record_id is not None else "")


def by_id(client: Client, ids: Iterable[str], names: Sequence[str]) -> dict[str, Row]:
    """Those that are there; ``names``: fields that are wanted, of which custom ones are to be named. Raises ExchangeError."""
    wanted = [one for one in dict.fromkeys(ids) if client.kind.is_id(one)]
    if client.kind.name == LEADS:
        leads = {one: _lead(client, one) for one in wanted}
        return {one: row for one, row in leads.items() if row is not None}
    keys_ = [name for name in dict.fromkeys(names) if len(name) == CUSTOM]
    found: dict[str, Row] = {}
    for at in range(0, len(wanted), MOST_IDS):
        for begin in range(0, max(len(keys_), 1), MOST_CUSTOM):
            keys = keys_[begin : begin + MOST_CUSTOM]
            params = {"ids": ",".join(wanted[at : at + MOST_IDS]), "limit": str(MOST_IDS)}
            rows, _ = client.ask_list(address(client), params | ({"custom_fields": ",".join(keys)} if keys else {}))
            for row in rows:
                if is_there(row):
                    found[str(row["id"])] = _joined(found.get(str(row["id"])), row)
    return {one: found[one] for one in wanted if one in found}


def _lead(client: Client, id_: str) -> Row | None:
    try:
        return client.ask_one(address(client, id_))
    except WholeRefused as error:
        if error.refused.reason != RECORD_DELETED:
            raise
        return None


def _joined(before: Row | None, row: Row) -> Row:
    """With the custom fields of an earlier answer."""
    if before is None:
        return row
    return {**row, "custom_fields": {**custom(before), **custom(row)}}


def custom(row: Row) -> Mapping[str, Any]:
    """Its custom fields."""
    found = row.get("custom_fields")
    return found if isinstance(found, Mapping) else {}


def fields(row: Row, names: Sequence[str]) -> dict[str, str]:
    """Its fields as texts, as settings have them; absent ones as empty texts."""
    return {name: text(row.get(name, custom(row).get(name))) for name in names}


def text(value: Any) -> str:
    """Several values, such as labels, in one order and with commas between them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(sorted(map(text, value)))
    if isinstance(value, Mapping):  # of money, an address: what it is about
        return text(value.get("value", value.get("id")))
    return json.dumps(value)
