"""Contacts by their numbers. HubSpot searches numbers as it has understood them itself, without their countries' codes, some
seconds late; whether a contact really has a number is the engine's to verify.

developers.hubspot.com, "Search the CRM": five groups of filters, 3,000 characters, 200 results at once. ``IN`` takes many
numbers in one search, which is what a backlog needs: few searches are allowed in a second. Nobody documents that it finds
calculated properties, so a list is tried on the first contact that is found; until then numbers are searched one by one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import phonenumbers

from crm.base import NotSetUp
from crm.halving import WholeRefused
from crm.hubspot.api import CONTACTS, SEARCHES, Client, fields, following_page, objects, records
from lib import phone

SEARCH = objects(CONTACTS, "search")
CALCULATED = ("hs_searchable_calculated_phone_number", "hs_searchable_calculated_mobile_number")
WRITTEN = ("phone", "mobilephone")
SHOWN = ("firstname", "lastname", "email", *WRITTEN, *CALCULATED)
AT_ONCE = 25  # numbers of one search: each stands there four times
NOBODY = "0000000000"
MOST_RESULTS = 200  # of one page
MOST_PAGES = 5  # of one search; what many contacts share belongs to none of them

Rows = list[Mapping[str, Any]]


def found(client: Client, numbers: Sequence[str]) -> dict[str, Rows]:
    """Contacts that look as if they had the number, for each number in E.164. Raises ExchangeError."""
    rows: dict[str, Rows] = {}
    size = 1 if client.facts.in_lists is False else AT_ONCE
    for at in range(0, len(numbers), size):
        rows.update(_searched(client, numbers[at : at + size]))
    return rows


def _searched(client: Client, numbers: Sequence[str]) -> dict[str, Rows]:
    try:
        hits, whole = _hits(client, numbers)
    except WholeRefused as error:
        if len(numbers) == 1:  # no number is at fault: each is one in E.164
            raise NotSetUp(f"HubSpot refuses searches for contacts by number: {error}") from None
        hits, whole = [], False
    if len(numbers) == 1:
        return {numbers[0]: hits if whole else _hits(client, numbers)[0]}
    if not whole:
        middle = len(numbers) // 2
        return _searched(client, numbers[:middle]) | _searched(client, numbers[middle:])
    if client.facts.in_lists is None:
        _learn(client, hits)
    if client.facts.in_lists:
        return {number: [row for row in hits if _looks_alike(row, number)] for number in numbers}
    rows = {number: _searched(client, [number])[number] for number in numbers}
    if client.facts.in_lists is None:
        _learn(client, [row for some in rows.values() for row in some])
    return rows


def _learn(client: Client, rows: Rows) -> None:
    """Whether a list finds what is calculated, from a contact of which it is known that it is there."""
    known = ((row, name, fields(row).get(name)) for row in rows for name in CALCULATED)
    row, name, value = next((one for one in known if one[2]), (None, None, None))
    if row is not None:
        filters = [{"propertyName": name, "operator": "IN", "values": [value, NOBODY]}]
        body = {
            "filterGroups": [{"filters": filters}],
            "properties": [],
            "limit": MOST_RESULTS,
            "sorts": [],
            "after": "0",
        }
        there = records(client.ask_list(SEARCH, body, limit=SEARCHES))
        client.facts.in_lists = str(row["id"]) in {str(one["id"]) for one in there}


def _hits(client: Client, numbers: Sequence[str]) -> tuple[Rows, bool]:
    """(what a search gives, whether that is all of it)."""
    filters = [{"filters": [one]} for one in _filters(numbers)]
    body = {"filterGroups": filters, "properties": list(SHOWN), "limit": MOST_RESULTS, "sorts": []}
    rows: dict[str, Mapping[str, Any]] = {}
    after, count = "0", 0
    for _ in range(MOST_PAGES):
        said = client.ask_list(SEARCH, {**body, "after": after}, limit=SEARCHES)
        page = records(said)
        rows |= {str(row["id"]): row for row in page}
        count += len(page)
        following = following_page(said)
        if following is None or following == after:
            total = said.get("total") if isinstance(said, Mapping) else None
            return list(rows.values()), not isinstance(total, int) or count >= total
        after = following
    return list(rows.values()), False


def _filters(numbers: Sequence[str]) -> list[dict[str, Any]]:
    national = [_national(number) for number in numbers]
    asked = [(name, national) for name in CALCULATED] + [(name, list(numbers)) for name in WRITTEN]
    if len(numbers) == 1:
        return [{"propertyName": name, "operator": "EQ", "value": values[0]} for name, values in asked]
    return [{"propertyName": name, "operator": "IN", "values": list(dict.fromkeys(values))} for name, values in asked]


def _looks_alike(row: Mapping[str, Any], number: str) -> bool:
    said = fields(row)
    national = _national(number)
    digits = ("".join(char for char in said.get(name, "") if char.isdigit()) for name in (*CALCULATED, *WRITTEN))
    return any(one.endswith(national) for one in digits)


def _national(number: str) -> str:
    try:
        return phone.national(number)
    except phonenumbers.NumberParseException:
        return number.removeprefix("+")
