"""A number is found in whatever text it stands, however it is spelled, and others are not."""

import base64
import gzip

import pytest

from lib import phone_spellings
from lib.phone_spellings import Spellings, candidates

KYIV = Spellings("+380501234567")


@pytest.mark.parametrize(
    "written",
    [
        "+380501234567",
        "380501234567",
        "380501234567.0",
        "3.80501234567E+11",
        "00380501234567",
        "0501234567",
        "501234567",
        "050 123-45-67",
        "(050) 123 45 67",
        "+380 (0)50 123 45 67",
        "tel:+380-50-123-45-67",
        "sip:380501234567@pbx.example.test",
        "%2B380501234567",
        "%20380501234567",
        "050+123+45+67",
        "\\u002b380 50 123 45 67",
        "050\u00a0123\u201145\u201167",
        '{"n":380501234567}',
    ],
)
def test_it_is_found_and_taken_out(written):
    assert KYIV.within(written) and KYIV.within_bytes(written.encode())
    assert not KYIV.within(KYIV.blotted(written))


@pytest.mark.parametrize(
    "other",
    ["1501234567", "5012345678", "99380501234567", "+380501234568", "2026-05-01T23:45:67", "50, 123, 45, 67", ""],
)
def test_another_is_not(other):
    assert not KYIV.within(other) and KYIV.blotted(other) == other


def test_within_base64_and_what_is_compressed():
    inner = base64.b64encode(b'{"tel": "0501234567"}').decode()
    body = f'{{"body": "{inner}", "other": 17}}'.encode()
    assert KYIV.within_bytes(body) and KYIV.within_bytes(gzip.compress(body))
    left = KYIV.blotted_bytes(body)
    assert not KYIV.within_bytes(left) and b'"other": 17' in left


def test_json_stays_json():
    assert KYIV.blotted_bytes(b'{"n":380501234567,"a":[" 0501234567"]}') == b'{"n":null,"a":[" erased"]}'
    value = {"n": 380501234567, "0501234567": ["x 0501234567", 5, None, True]}
    assert KYIV.blotted_value(value) == {"n": None, "erased": ["x erased", 5, None, True]}
    assert KYIV.within_value(value) and not KYIV.within_value({"n": 5, "b": True})


def test_what_is_no_number_has_no_spellings():
    assert phone_spellings.of("+0") is None and phone_spellings.of(None) is None


def test_what_may_be_a_number_where_it_is_known_by_its_hash_alone():
    assert "+380501234567" in candidates("call 050 123-45-67 today", "380")
    assert "+380501234567" in candidates('{"n":"380501234567"}', "380")
    assert candidates("12:30, 2026", "380") == set()
