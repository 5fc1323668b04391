"""What is called: numbers that are read for certain, with what is doubtful about them; the others are told by row and field."""

import pytest

from dialers.base import Connection
from dialers.giving import BadLeads
from leads import checking
from lib import phone, phone_reading
from lib import phone_writing as writing


def of(country, *given):
    connection = Connection("kyiv", "ringostat", {"project_id": "1"}, default_country=country)
    rows = [(at, {"number": number}) for at, number in enumerate(given, 1)]
    return checking.check(connection, "456", rows, {})


@pytest.mark.parametrize(
    ("country", "given", "number", "doubts"),
    [
        ("UA", "+380935550001", "+380935550001", None),
        ("UA", "0935550001", "+380935550001", None),
        ("UA", 380935550001, "+380935550001", None),
        ("UA", "0935550001.0", "+380935550001", [writing.FRACTION]),
        ("IN", 9812345678.0, "+919812345678", [writing.FRACTION]),
        ("IN", "9.812345678E+09", "+919812345678", [writing.EXPONENT]),
        ("IN", "0919812345678", "+919812345678", [phone_reading.ZERO_BEFORE_CODE]),
        ("US", "212 555 0123 x7", "+12125550123", [writing.EXTENSION.format("7")]),
        ("CZ", "123456789", "+420123456789", [phone.ONLY_FULL]),
        ("CZ", "48501234567", "+48501234567", [phone.ELSEWHERE.format("+48", "CZ")]),
        (None, "+48501234567", "+48501234567", None),
        ("UA", "\u2068+380935550001\u2069", "+380935550001", None),
        ("UA", "'0935550001", "+380935550001", None),
    ],
)
def test_what_is_called_and_what_is_doubtful_about_it(country, given, number, doubts):
    found = of(country, "+380935550009", given)
    assert [lead.number for lead in found.leads] == ["+380935550009", number]
    assert found.leads[1].number_raw == str(given)
    said = [{"row": 2, "number": number, "number_raw": str(given), "doubts": doubts}] if doubts else []
    assert [doubt for doubt in found.doubts if doubt["row"] == 2] == said


SHORT = "Not a full number: it has too few digits to be called"
NO_NUMBER = "Not a telephone number that can be called"


@pytest.mark.parametrize(
    ("country", "given", "sentence"),
    [
        ("UA", "5550001", SHORT),
        ("UA", "+3805550001", SHORT),
        ("UA", "5550001.0", SHORT),
        ("UA", "101", SHORT),
        ("UA", "093555000", SHORT),
        ("UA", "+380093555000", SHORT),
        ("IN", "1234567", SHORT),
        ("IN", "98765432", SHORT),
        ("US", "555-0123", SHORT),
        (None, "5550", SHORT),
        (None, "0935550001", NO_NUMBER),
        ("UA", "09355500012", NO_NUMBER),
        ("IN", "9.81E+09", NO_NUMBER),
        ("IN", "9812345678.5", NO_NUMBER),
        ("IN", "9812345678/79", NO_NUMBER),
        ("IN", "9812345678, 9812345679", NO_NUMBER),
        ("IN", "+91" + " " * 200 + "9812345678", NO_NUMBER),
        ("IN", 9.81e9, "its last digits may be lost"),
        ("IN", "9810000000.0", "its last digits may be lost"),
        ("IN", float("1e30"), NO_NUMBER),
        ("IN", None, "may not be null"),
        ("IN", True, NO_NUMBER),
        ("IN", ["+919812345678"], NO_NUMBER),
    ],
)
def test_what_is_not_called(country, given, sentence):
    with pytest.raises(BadLeads) as refused:
        of(country, "+380935550009", given, "+380935550010")
    (fault,) = refused.value.faults
    assert (fault["row"], fault["field"]) == (2, "number")
    assert sentence in fault["message"]


def test_what_is_null_is_not_given():
    """Programs that write every name, and null for what they have not."""
    names = (
        "name",
        "first_name",
        "last_name",
        "reference",
        "priority",
        "timezone",
        "agents",
        "note",
        "fields",
        "options",
    )
    connection = Connection("kyiv", "ringostat", {"project_id": "1"}, default_country="UA")
    rows = [
        (1, {"number": "0935550001", **dict.fromkeys(names)}),
        (2, {"number": "0935550002", "fields": {"Policy": None}}),
    ]
    found = checking.check(connection, "456", rows, {})
    assert [(lead.number, lead.agents, lead.fields, lead.options) for lead in found.leads] == [
        ("+380935550001", (), {}, {}),
        ("+380935550002", (), {}, {}),
    ]
