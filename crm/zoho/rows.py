"""Records of a module by their ids. What is not there, or is a lead that was converted, is left out of an answer."""

import re
from collections.abc import Iterable, Mapping, Sequence

from crm.zoho.api import Client, Row, address

MOST_IDS = 100  # of one question
MOST_FIELDS = 50
_ID = re.compile(r"[0-9]{1,25}\Z", re.ASCII)


def by_id(client: Client, module: str, ids: Iterable[str], names: Sequence[str]) -> dict[str, Row]:
    """Those that are there, with these fields. Raises ExchangeError."""
    wanted = [one for one in dict.fromkeys(ids) if _ID.match(one)]
    fields = list(dict.fromkeys(names)) or ["id"]
    found: dict[str, dict[str, object]] = {}
    for at in range(0, len(wanted), MOST_IDS):
        for begin in range(0, len(fields), MOST_FIELDS):
            some = ",".join(fields[begin : begin + MOST_FIELDS])
            rows, _ = client.ask_list(address(module), {"ids": ",".join(wanted[at : at + MOST_IDS]), "fields": some})
            for row in rows:
                if row.get("id"):
                    found.setdefault(str(row["id"]), {}).update(row)
    return {one: found[one] for one in wanted if one in found}


def modules_of(client: Client, ids: Iterable[str]) -> dict[str, str]:
    """In which of the destination's modules each record is; without those that are in none. Raises ExchangeError."""
    left = list(dict.fromkeys(ids))
    found: dict[str, str] = {}
    for module in client.modules:
        found |= dict.fromkeys(by_id(client, module, left, ["Last_Name"]), module)
        left = [one for one in left if one not in found]
    return found


def id_of(value: object) -> str | None:
    """Of a record that stands in a field."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return str(found) if found else None
