"""Telephone numbers: the documented forms of each dialer, and what is no number."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import phone


@pytest.mark.parametrize(
    "written, country, expected",
    [
        ("+919800012345", None, "+919800012345"),
        ("+91 98000-12345", None, "+919800012345"),
        ("09800012345", "IN", "+919800012345"),  # trunk zero
        ("9800012345", "IN", "+919800012345"),
        ("00919800012345", "IN", "+919800012345"),
        ("011919800012345", "US", "+919800012345"),
        ("011919800012345", "JM", "+919800012345"),
        ("01129017031", "IN", "+911129017031"),  # a landline in Delhi
        ("01130921234", "BR", "+551130921234"),
        ("0112345678", "ZA", "+27112345678"),
        ("01129017031", None, None),
        (919800012345, "IN", "+919800012345"),  # an integer, never a float
        ("380930000000", None, "+380930000000"),
        ("601234567", "CZ", "+420601234567"),
        ("+12131204", None, "+12131204"),  # possible, not valid: the vendor's own sample
        ("sip:+919800012345@pbx.example", None, "+919800012345"),
        ("\u202a+91\u00a09800012345\u202c", None, "+919800012345"),
        ("+٩١٩٨٠٠٠١٢٣٤٥", None, "+919800012345"),
    ],
)
def test_read(written, country, expected):
    assert phone.e164(written, country) == expected


@pytest.mark.parametrize(
    "written", [None, "", "anonymous", "unknown", "1008", "1008@pbx", "+", "++91", True, {}, "12345678x", "9" * 40]
)
def test_not_a_number(written):
    assert phone.e164(written, "IN") is None


@given(st.text(), st.sampled_from([None, "IN", "CZ", "US"]))
def test_whatever_comes_is_a_number_or_none(text, country):
    found = phone.e164(text, country)
    assert found is None or (found[0] == "+" and found[1:].isdigit())


@given(st.integers(10**9, 10**11))
def test_reading_a_read_number_again_changes_nothing(number):
    found = phone.e164(number, "IN")
    assert found is None or phone.e164(found, "US") == found


CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


@given(st.sampled_from(CODES).map(str) | st.just(""), st.text("0123456789", min_size=1, max_size=18))
def test_a_number_with_its_countrys_code_is_read_as_phonenumbers_reads_it(code, rest):
    digits = code + rest
    try:
        parsed = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        parsed = None
    possible = parsed is not None and phonenumbers.is_possible_number(parsed) and len(digits) > 6
    e164 = phonenumbers.PhoneNumberFormat.E164
    assert phone.e164("+" + digits) == (phonenumbers.format_number(parsed, e164) if possible else None)


@pytest.mark.parametrize(
    ("number", "national"),
    [("+420601234567", "601234567"), ("+442079460123", "2079460123"), ("+390612345678", "0612345678")],
)
def test_without_its_countrys_code(number, national):
    assert phone.national(number) == national
