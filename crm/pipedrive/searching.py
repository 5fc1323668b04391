"""Persons by their numbers, and the leads and deals of these. Whether a person really has a number is the engine's to verify.

developers.pipedrive.com, "Search persons": a term is looked for in numbers as people have typed them in, and nobody makes
these alike. So several ways of writing a number are looked for, all of them: a second person may have it written in another way.
"""

from collections.abc import Mapping, Sequence

from crm.numbers import alike, terms
from crm.pipedrive.api import MOST_OF_A_PAGE, SEARCHES, V1, V2, Client, Row, is_there
from crm.pipedrive.kinds import DEALS, PERSONS

PERSON_SEARCH = f"{V2}/persons/search"
MOST_PAGES = 3  # what many share belongs to none of them
MOST_PERSONS = 20  # of one number, whose leads or deals are asked for
KEPT = 300.0  # seconds that an only hit is kept: a number is often called several times


def persons(client: Client, number: str) -> list[Row]:
    """Persons that look as if they had the number in E.164, as a search shows them. Raises ExchangeError."""
    others: list[Row] = []

    def ask() -> list[Row] | None:
        found = _searched(client, number)
        others[:] = found
        return found if len(found) == 1 else None  # of none, or several, somebody may be mending just that

    return client.facts.get(f"number {number}", ask, KEPT, nothing=0.0) or others


def _searched(client: Client, number: str) -> list[Row]:
    found: dict[str, Row] = {}
    for term, exact in terms(number, client.settings["number_searches"]):
        params = {"term": term, "fields": "phone", "exact_match": "true" if exact else "false"}
        for rows in client.pages(PERSON_SEARCH, {**params, "limit": "100"}, MOST_PAGES, SEARCHES):
            for row in rows:
                item = row.get("item")
                if isinstance(item, Mapping) and item.get("id") and alike(numbers(item), number):
                    found[str(item["id"])] = item
    return list(found.values())


def numbers(row: Row) -> tuple[str, ...]:
    """Of a person, as a search or a list shows it."""
    found = row.get("phones")
    each = [one.get("value") if isinstance(one, Mapping) else one for one in found] if isinstance(found, list) else []
    return tuple(str(one) for one in each if one)


def of_person(client: Client, person_id: str) -> list[Row]:
    """The open leads or deals of a person. Raises ExchangeError."""
    if client.kind.name == DEALS:
        params = {"person_id": person_id, "status": "open", "limit": str(MOST_OF_A_PAGE)}
        pipeline = client.settings["pipeline_id"]
        rows, _ = client.ask_list(f"{V2}/deals", params | ({"pipeline_id": str(pipeline)} if pipeline else {}))
        return [row for row in rows if is_there(row)]
    rows, _ = client.ask_list(f"{V1}/leads", {"person_id": person_id, "limit": "100"})
    return [row for row in rows if row.get("id") and row.get("is_archived") is not True]


def by_field(client: Client, key: str, value: str) -> list[str]:
    """Ids of persons or deals that a search finds by a custom field. Raises ExchangeError."""
    params = {"term": value, "fields": "custom_fields", "exact_match": "true", "limit": "100"}
    name = client.kind.name if client.kind.name in (PERSONS, DEALS) else PERSONS
    rows, _ = client.ask_list(f"{V2}/{name}/search", params, SEARCHES)
    items = [row.get("item") for row in rows]
    return [str(item["id"]) for item in items if isinstance(item, Mapping) and item.get("id")]


def found(client: Client, wanted: Sequence[str]) -> dict[str, list[tuple[Row, tuple[str, ...]]]]:
    """(records, the numbers by which they were found), for each number in E.164. Raises ExchangeError."""
    answer: dict[str, list[tuple[Row, tuple[str, ...]]]] = {}
    for number in wanted:
        client.begin()
        some = persons(client, number)
        if client.kind.name == PERSONS:
            answer[number] = [(row, numbers(row)) for row in some]
            continue
        answer[number] = [
            (row, numbers(person)) for person in some[:MOST_PERSONS] for row in of_person(client, str(person["id"]))
        ]
    return answer
