"""Records of a module by their ids. What is not there, or is a lead that was converted, is left out of an answer."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crm.base import NotSetUp, Refused
from crm.halving import halved
from crm.zoho.answers import RECORD_DELETED
from crm.zoho.api import Client, Row, address

MOST_IDS = 100  # of one question
MOST_FIELDS = 50
LONGEST = 1024  # characters of either list
_ID = re.compile(r"[0-9]{1,25}\Z", re.ASCII)
_ABOUT_IDS = re.compile(r"\bids?\b", re.IGNORECASE)


def by_id(client: Client, module: str, ids: Iterable[str], names: Sequence[str]) -> dict[str, Row]:
    """Those that are there, with these fields. Raises ExchangeError."""
    wanted = [one for one in dict.fromkeys(ids) if _ID.match(one)]
    fields = list(dict.fromkeys(names)) or ["id"]
    found: dict[str, dict[str, Any]] = {}

    def ask(some: Sequence[str]) -> list[None]:
        for shown in parts(fields, MOST_FIELDS):
            params = {"ids": ",".join(some), "fields": ",".join(shown)}
            for row in client.ask_list(address(module), params, blames=True)[0]:
                if row.get("id"):
                    found.setdefault(str(row["id"]), {}).update(row)
        return [None] * len(some)

    def alone(one: str, refused: Refused) -> None:
        if refused.reason != RECORD_DELETED and not _ABOUT_IDS.search(refused.answer):
            raise NotSetUp(f"{client.host} refuses to show {module}: {refused.answer}")

    for part in parts(wanted, MOST_IDS):
        halved(part, len(part), ask, alone)
    return {one: found[one] for one in wanted if one in found}


def parts(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """As many of them at once as one list of a request holds."""
    part: list[str] = []
    for name in names:
        if part and (len(part) == most or sum(map(len, part)) + len(part) + len(name) > LONGEST):
            yield part
            part = []
        part.append(name)
    if part:
        yield part


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
