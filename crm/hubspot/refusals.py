"""Whom HubSpot says not to call: contacts of which a property says so, and contacts that were deleted.

developers.hubspot.com, "Search the CRM": 200 results at once and 10,000 in all, so each page begins behind the id of the last; a
search lags behind writes by seconds. "List contacts" with ``archived``: those that were deleted, for ninety days.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm.base import Refusing
from crm.destination import Destination
from crm.hubspot.api import CONTACTS, SEARCHES, VERSION, Client, fields, following_page, objects, records
from crm.hubspot.contacts import NUMBERS, by_id
from lib.http.errors import WalkStuck

SEARCH = objects(CONTACTS, "search")
LIST = f"/crm/objects/{VERSION}/{CONTACTS}"
MOST_FOUND, MOST_LISTED = 200, 100  # of one page
MOST_PAGES = 100_000
SAYS = "HubSpot says so: {} is {}."
DELETED = "The contact was deleted in HubSpot."


def wanted(destination: Destination) -> bool:
    """As of ``crm.base.Refusals``."""
    return bool(destination.settings["do_not_call_property"] or destination.settings["suppress_deleted"])


def listed(client: Client) -> Iterable[Sequence[Refusing]]:
    """As of ``crm.base.Refusals``."""
    if client.settings["do_not_call_property"]:
        yield from _said(client, client.settings["do_not_call_property"], client.settings["do_not_call_value"])
    if client.settings["suppress_deleted"]:
        yield from _deleted(client)


def still(client: Client, ids: Sequence[str]) -> Mapping[str, bool]:
    """As of ``crm.base.Refusals``. Asked for by their ids, since a search is late; who is deleted has taken nothing back."""
    name, value = client.settings["do_not_call_property"], client.settings["do_not_call_value"]
    found = by_id(client, ids, [name] if name else [])
    return {one: _is_said(found[one], name, value) if one in found else True for one in ids}


def _is_said(row: Mapping[str, Any], name: str | None, value: str) -> bool:
    return name is not None and fields(row).get(name, "").casefold() == value.casefold()


def _said(client: Client, name: str, value: str) -> Iterable[Sequence[Refusing]]:
    last = "0"
    for _ in range(MOST_PAGES):
        filters = [
            {"propertyName": name, "operator": "EQ", "value": value},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last},
        ]
        body = {
            "filterGroups": [{"filters": filters}],
            "properties": list(NUMBERS),
            "limit": MOST_FOUND,
            "sorts": ["hs_object_id"],
            "after": "0",
        }
        page = records(client.ask_list(SEARCH, body, limit=SEARCHES))
        yield [_refusing(row, SAYS.format(name, value)) for row in page]
        if len(page) < MOST_FOUND:
            return
        if str(page[-1]["id"]) == last:
            break
        last = str(page[-1]["id"])
    raise WalkStuck(f"{client.host} gave the same contacts again where it was asked whom not to call.")


def _deleted(client: Client) -> Iterable[Sequence[Refusing]]:
    after: str | None = None
    for _ in range(MOST_PAGES):
        asked = {"archived": "true", "limit": str(MOST_LISTED), "properties": ",".join(NUMBERS)}
        said = client.ask(LIST, params=asked | ({"after": after} if after else {}))
        yield [_refusing(row, DELETED) for row in records(said)]
        following = following_page(said)
        if following is None:
            return
        if following == after:
            break
        after = following
    raise WalkStuck(f"{client.host} named the same next page twice where it was asked for deleted contacts.")


def _refusing(row: Mapping[str, Any], reason: str) -> Refusing:
    said = fields(row)
    return Refusing(str(row["id"]), tuple(said[name] for name in NUMBERS if said.get(name)), reason)
