"""Contacts and leads by their numbers. Whether a record really has a number is the engine's to verify.

developer.salesforce.com, "SOSL Reference": PHONE FIELDS are searched word by word, and a number is cut into words where people
have put blanks or signs. So several ways of writing it are looked for at once. A search string is cut short at 4,000 characters.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import phonenumbers

from crm import numbers as writing
from crm.salesforce import settable
from crm.salesforce.answers import Row
from crm.salesforce.api import Client
from crm.salesforce.ids import CONTACT, LEAD
from lib import phone

AT_ONCE = 30  # numbers of one search: some hundred characters each
WHERE = {LEAD: " WHERE IsConverted = false"}
_SPECIAL = re.compile(r"""([?&|!{}\[\]()^~*:\\"'+-])""")


_INTERNATIONAL, _NATIONAL = writing.WAYS["international"][0], writing.WAYS["national"][0]
# How a number may be written. "grouped": as abroad, and found also within numbers that have the country's code before it.
WAYS: Mapping[str, Callable[[str], str]] = {
    "digits": phone.national,
    "e164": lambda number: number,
    "grouped": lambda number: _INTERNATIONAL(number).partition(" ")[2],
    "national": _NATIONAL,
    "national_digits": lambda number: writing.digits(_NATIONAL(number)),
}


def found(client: Client, wanted: Sequence[str]) -> dict[str, list[Row]]:
    """The records that look as if they had it, for each number in E.164. Raises ExchangeError."""
    rows: dict[str, Row] = {}
    for at in range(0, len(wanted), AT_ONCE):
        client.begin()
        terms = dict.fromkeys(term for number in wanted[at : at + AT_ONCE] for term in _terms(client, number))
        if terms:
            rows |= {str(row["Id"]): row for row in client.search(_sosl(client, list(terms))) if row.get("Id")}
    by_end: dict[str, dict[str, Row]] = {}
    for id_, row in rows.items():
        for one in numbers(client, row):
            by_end.setdefault(writing.digits(one)[-writing.ENOUGH :], {})[id_] = row
    return {number: _fitting(by_end, number) for number in wanted}


def _fitting(by_end: Mapping[str, Mapping[str, Row]], number: str) -> list[Row]:
    """Those one of whose numbers ends so. Each compared with each, some hundred numbers would take seconds."""
    end = writing.digits(writing.national(number))[-writing.ENOUGH :]
    if len(end) == writing.ENOUGH:
        return list(by_end.get(end, {}).values())
    fitting = [some for there, some in by_end.items() if there.endswith(end)]
    return list({id_: row for some in fitting for id_, row in some.items()}.values())


def phones(client: Client, kind: str) -> Sequence[str]:
    """The fields of an object that hold numbers, as far as the app's user sees them. Raises Unavailable and the like."""
    if kind not in (CONTACT, LEAD):
        return ()
    known = settable.of(client, kind)
    named: Sequence[str] = client.settings["contact_phones" if kind == CONTACT else "lead_phones"]
    return [name for name in named if known is None or name in known]


def numbers(client: Client, row: Row) -> tuple[str, ...]:
    """As Salesforce writes them."""
    names = {*client.settings["contact_phones"], *client.settings["lead_phones"]}
    return tuple(dict.fromkeys(str(row[name]) for name in sorted(names) if row.get(name)))


def _terms(client: Client, number: str) -> list[str]:
    try:
        return [term for way in client.settings["number_searches"] if (term := WAYS[way](number))]
    except phonenumbers.NumberParseException:
        return []


def _sosl(client: Client, terms: Sequence[str]) -> str:
    said = " OR ".join(f'"{_SPECIAL.sub(_escaped, term)}"' for term in terms)
    objects = [
        f"{kind}({', '.join(['Id', 'Name', *phones(client, kind)])}{WHERE.get(kind, '')})"
        for kind in client.settings["records"]
    ]
    return f"FIND {{{said}}} IN PHONE FIELDS RETURNING {', '.join(objects)}"


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[1]
