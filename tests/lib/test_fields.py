"""What a vendor writes in a field, and what is read of it: never a guess, and never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialers import fields
from lib import rawjson


@pytest.mark.parametrize(
    "written, read",
    [
        (0, 0),
        ("42.9", 42),
        (10**8, 10**8),
        (10**8 + 1, None),
        ("9000000000000000000", None),
        (-1, None),
        ("", None),
        (181, 181),
        ("181", 181),
        ("181.0", 181),
        ("1.81e2", 181),
        ("181 s", 181),
        ("181 sec.", 181),
        ("00:03:01", 181),
        ("0:03:01", 181),
        ("1:02:03.5", 3723),
        ("100:00:00", 360_000),
        ("PT3M1S", 181),
        ("PT181S", 181),
        ("P1DT1S", 86_401),
        ("3m1s", 181),  # as Go writes it
        ("3 min 1 sec", 181),
        ("1 hour, 2 minutes", 3720),
        ("1h2m", 3720),
        ("pt3m1s", 181),
        ("18:25 min", 1105),  # what the first part is, is said
        ("1:02 h", 3720),
        ("1.02:03:04", 93_784),  # as .NET writes a day, and as Python and PostgreSQL do
        ("1 day, 2:03:04", 93_784),
        ("1 day 02:03:04", 93_784),
        ("3 мин 1 сек", 181),
        ("3 хв 1 с", 181),
        ("1 час 2 мин. 3 сек.", 3723),
        ("1 hod 2 min", 3720),
        ("\u200e00:03:01", 181),
        ("181\u200b", 181),
        ("-1 day, 23:59:59", None),
        ("-1h30m", None),
        ("18:25", None),
        ("2.5 minutes", None),
        ("10 ms", None),
        ("1 год 2", None),  # an hour in Ukrainian, a year in Russian
        ("0:00", 0),  # whatever its parts are
        ("3:01", None),  # minutes and seconds, or hours and minutes
        ("00:61:00", None),
        ("-00:03:01", None),
        ("181 000", None),
        ("181,5", None),  # a fraction, or thousands
        ("P", None),
        ("PT", None),
        ("h", None),
        ("soon", None),
        (True, None),
        ([181], None),
        ("9" * 5000, None),
        ("99999:00:00", None),  # eleven years
    ],
)
def test_a_duration_is_less_than_some_years(written, read):
    assert fields.seconds(written) == read


@pytest.mark.parametrize(
    "written, read",
    [
        (102, "102"),
        ("102", "102"),
        ("102.0", "102"),  # a number that has passed through a float
        ("102.", "102"),
        ("102.5", None),
        ("9.81235E+11", None),  # a spreadsheet has been at it
        ("12e4", "12e4"),  # may be the beginning of a hash
        (2**53 + 1, "9007199254740993"),
        ("9007199254740993.0", "9007199254740993"),
        ("b0b1-c2.0", "b0b1-c2.0"),
        ("null", None),
        ("NULL", None),
        ("None", None),
        ("undefined", None),
        ("NaN", None),
        ("-", None),
        ("<nil>", None),
        ("%!s(<nil>)", None),
        ("#N/A", None),
        ("<NA>", None),
        ("\\N", None),
        ("Array", None),  # PHP, for any list
        ("[]", None),
        ("{}", None),
        ("[object Object]", None),
        ("Arrays", "Arrays"),
        ("nullable", "nullable"),
        (True, None),
        ({}, None),
    ],
)
def test_an_id_is_the_same_however_its_number_was_written(written, read):
    assert fields.ident(written, "callID") == read


def test_in_some_ids_every_character_counts():
    assert fields.opaque("1795000000.0", "uniqueid") == "1795000000.0"
    assert fields.opaque("1795000000.71", "uniqueid") == "1795000000.71"


@pytest.mark.parametrize(
    "written, read", [("7", 7), ("7.0", 7), ("1e3", 1000), ("1e99", None), ("NaN", None), ("-7", -7), ("seven", None)]
)
def test_whole_numbers(written, read):
    assert fields.whole(written) == read


@pytest.mark.parametrize(
    "nothing", ["null", " Null ", "None", "undefined", "nan", "-", "\u2013", "", None, "<nil>", "#REF!"]
)
def test_what_programs_write_where_they_have_nothing(nothing):
    assert fields.word(nothing) is None
    assert fields.number(nothing) is None


def test_a_person_may_be_called_null():
    assert fields.text("Null") == "Null"
    assert fields.word("N/A") == "N/A"  # an agent may have recorded it
    assert fields.number("n/a") is None


@pytest.mark.parametrize(
    "written, read",
    [
        ({"a": 1}, {"a": 1}),
        ([{"a": 1}], {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        (' [{"a": 1}] ', {"a": 1}),
        ('{"a": 1', {}),
        ("a", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_an_object_may_stand_in_a_text(written, read):
    assert fields.mapping(written) == read


@pytest.mark.parametrize(
    "body, read",
    [
        ('{"callid": 1}', {"callID": 1}),
        ('{"CALLID": 1, "Other": 2}', {"callID": 1, "Other": 2}),
        ('{"callID": 1, "callid": 2}', {"callID": 1, "callid": 2}),  # the right one is there
        ('{"callid": 1, "CallId": 2}', {"callid": 1, "CallId": 2}),  # nobody knows which
    ],
)
def test_a_key_in_other_case_is_the_key_where_nothing_else_can_be_meant(body, read):
    found = fields.spelled(rawjson.loads(body), frozenset({"callID", "talktime"}))
    assert found == read


def test_a_key_that_is_written_twice_stays_twice():
    found = fields.spelled(rawjson.loads('{"callid": 1, "callid": 2}'), frozenset({"callID"}))
    assert found.conflicts() == {"callID": [1, 2]}


@given(
    st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.lists(st.text()), st.text("0123456789.:PTHMS smh"))
)
def test_no_input_makes_an_error(value):
    length = fields.seconds(value)
    assert length is None or 0 <= length <= fields.LONGEST_SECONDS
    fields.whole(value), fields.word(value), fields.number(value), fields.moment(value), fields.mapping(value)
