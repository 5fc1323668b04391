"""Records by a number, or by the value of a field. Whether a record really has a number is the engine's to verify.

apidocs.bitrix24.com, "crm.duplicate.findbycomm": leads, contacts and companies are found by numbers, twenty ways of writing one
at once. Deals have none: those of the contacts and companies that are found are looked for.
"""

from collections.abc import Mapping, Sequence

from crm import numbers
from crm.bitrix24 import rows
from crm.bitrix24.api import Client, Row
from crm.bitrix24.commands import Command
from crm.bitrix24.kinds import COMPANIES, CONTACTS, KINDS, Kind

FIND = "crm.duplicate.findbycomm"
MOST_HOLDERS = 20  # contacts or companies of one number, whose deals are asked for
Numbered = tuple[Row, tuple[str, ...]]


def ways(number: str) -> list[str]:
    """How a number in E.164 may have been typed in."""
    written = [term for term, exact in numbers.terms(number, list(numbers.WAYS)) if exact]
    return list(dict.fromkeys([*written, *map(numbers.digits, written), numbers.national(number)]))


def found(client: Client, wanted: Sequence[str]) -> dict[str, list[Numbered]]:
    """(records, the numbers by which they were found), for each number in E.164. Raises ExchangeError."""
    if client.kind.registered:
        return _holders(client, wanted, client.kind)
    answer: dict[str, list[Numbered]] = {number: [] for number in wanted}
    for kind, link in ((KINDS[CONTACTS], "contactId"), (KINDS[COMPANIES], "companyId")):
        for number, holders in _holders(client, wanted, kind).items():
            by_id = {str(row["id"]): its for row, its in holders[:MOST_HOLDERS]}
            known = {str(row["id"]) for row, _ in answer[number]}
            for deal in _deals(client, link, list(by_id)) if by_id else ():
                if str(deal["id"]) not in known:
                    answer[number].append((deal, by_id.get(str(deal.get(link)), ())))
    return answer


def _holders(client: Client, wanted: Sequence[str], kind: Kind) -> dict[str, list[Numbered]]:
    commands = [
        Command(f"n{at}", FIND, {"type": "PHONE", "values": ways(number), "entity_type": kind.word.upper()})
        for at, number in enumerate(wanted)
    ]
    said = client.ask_all(commands)
    ids: dict[str, list[str]] = {}
    for at, number in enumerate(wanted):
        told = said.results.get(f"n{at}")
        some = told.get(kind.word.upper()) if isinstance(told, Mapping) else None
        ids[number] = [str(one) for one in some] if isinstance(some, list) else []
    there = rows.by_id(client, (id_ for some in ids.values() for id_ in some), [rows.ALL], kind)
    return {
        number: [(there[id_], rows.numbers(there[id_])) for id_ in some if id_ in there] for number, some in ids.items()
    }


def _deals(client: Client, link: str, ids: Sequence[str]) -> list[Row]:
    """Open ones."""
    category = client.settings["category_id"]
    filter_ = {f"@{link}": [int(one) for one in ids], "closed": "N"}
    filter_ |= {"categoryId": category} if category is not None else {}
    params = {"entityTypeId": client.kind.type_id, "select": ["id", "title", link], "filter": filter_}
    some, _ = client.ask_list(rows.LIST, params, "items")
    return [row for row in some if row.get("id")]


def by_field(client: Client, field: str, values: Sequence[str]) -> dict[str, list[Row]]:
    """Records whose field has the value, for each. Raises ExchangeError."""
    kind = client.kind
    select = ["id", *kind.named, field]
    commands = [
        Command(f"r{at}", rows.LIST, {"entityTypeId": kind.type_id, "select": select, "filter": {f"={field}": value}})
        for at, value in enumerate(values)
    ]
    said = client.ask_all(commands)
    answer: dict[str, list[Row]] = {}
    for at, value in enumerate(values):
        some = client.rows(said.results.get(f"r{at}"), rows.LIST, "items")
        fitting = (row for row in some if row.get("id"))
        answer[value] = [one for one in fitting if rows.text(one.get(field)).strip() == value.strip()]
    return answer
