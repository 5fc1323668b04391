"""Records that a search finds: by their numbers, by a field, by our mark. Whether a record really has a number is the engine's
to verify.

zoho.com/crm/developer, "Search records": ``phone`` looks at all telephone fields; how alike a number must be written is not
said, so several ways of writing it are looked for. ``equals`` also finds what only contains a value. What is new may be found
late.
"""

from collections.abc import Iterable, Mapping, Sequence

from crm.halving import WholeRefused
from crm.numbers import alike, terms
from crm.zoho import metadata
from crm.zoho.api import CALLS, Client, Row, address

MOST_CRITERIA = 10  # of one search
MOST_PAGES = 2  # what many share belongs to none of them
NAMES = ("Full_Name", "First_Name", "Last_Name", "Company", "Email")
Found = tuple[str, Row]  # a module, a record of it


def by_number(client: Client, number: str) -> list[Found]:
    """Records that look as if they had the number in E.164. Raises ExchangeError."""
    return [(module, row) for module in client.modules for row in _in_module(client, module, number)]


def _in_module(client: Client, module: str, number: str) -> list[Row]:
    shown = ",".join([*shown_of(client, module), *numbers_of(client, module)])
    found: dict[str, Row] = {}
    for term, _ in terms(number, client.settings["number_searches"]):
        for rows in client.pages(address(module, "search"), {"phone": term, "fields": shown}, MOST_PAGES):
            found |= {
                str(row["id"]): row for row in rows if row.get("id") and alike(numbers(client, module, row), number)
            }
    return list(found.values())


def by_field(client: Client, module: str, name: str, value: str, shown: Sequence[str]) -> list[Row]:
    """Those whose field has the value. Raises ExchangeError."""
    params = {"criteria": _criterion(name, value), "fields": ",".join([*shown, name])}
    try:
        pages = client.pages(address(module, "search"), params, MOST_PAGES, blames=True)
        found = [row for rows in pages for row in rows]
    except WholeRefused:
        return []  # nothing can have such a value
    wanted = value.strip().casefold()
    return [row for row in found if row.get("id") and metadata.text(row.get(name)).strip().casefold() == wanted]


def by_marks(client: Client, marks: Iterable[str], shown: Sequence[str]) -> dict[str, Row]:
    """Calls that have one of our marks in our field. Raises ExchangeError."""
    assert client.unique is not None
    wanted = sorted(marks)
    found: dict[str, Row] = {}
    for at in range(0, len(wanted), MOST_CRITERIA):
        some = [_criterion(client.unique, mark) for mark in wanted[at : at + MOST_CRITERIA]]
        params = {"criteria": some[0] if len(some) == 1 else f"({'or'.join(some)})", "fields": ",".join(shown)}
        for rows in client.pages(address(CALLS, "search"), params, MOST_PAGES):
            found |= {
                str(row[client.unique]): row for row in rows if row.get("id") and row.get(client.unique) in wanted
            }
    return found


def _criterion(name: str, value: str) -> str:
    for char in "\\(),":
        value = value.replace(char, f"\\{char}")
    return f"({name}:equals:{value})"


def shown_of(client: Client, module: str) -> list[str]:
    """The fields by which people know a record."""
    known = metadata.of(client, module)
    return [name for name in NAMES if name in known] or ["Last_Name"]


def numbers_of(client: Client, module: str) -> list[str]:
    """Its telephone fields."""
    return [name for name, one in metadata.of(client, module).items() if one.type == "phone"] or ["Phone", "Mobile"]


def numbers(client: Client, module: str, row: Mapping[str, object]) -> tuple[str, ...]:
    """Of a record, as they are written there."""
    return tuple(str(row[name]) for name in numbers_of(client, module) if row.get(name))
