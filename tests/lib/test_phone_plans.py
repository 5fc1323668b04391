"""Telephone numbers, whatever comes; and that the fast ways read as phonenumbers does."""

import phonenumbers
from hypothesis import example, given
from hypothesis import strategies as st

from lib import phone
from lib import phone_plans as plans
from lib import phone_writing as writing

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
LIKELY = ["IN", "UA", "CZ", "US", "GB", "BR", "ZA", "RU", "KZ", "DE", "IT", "AR", "MX", "AU", "SG", "IS", "BS", "AD"]
countries = st.sampled_from(LIKELY) | st.sampled_from(COUNTRIES)


@st.composite
def _likely(draw, region=None):
    """Digits that look like a country's: an example of the plan, its end another one, dialled in some way."""
    region = region or draw(countries)
    kinds = [kind for kind in range(0, 11) if phonenumbers.example_number_for_type(region, kind)]
    number = phonenumbers.example_number_for_type(region, draw(st.sampled_from(kinds)))
    national = phonenumbers.national_significant_number(number)
    kept = draw(st.integers(0, len(national)))
    end = draw(st.text("0123456789", min_size=max(0, len(national) - kept - 1), max_size=len(national) - kept + 1))
    before = draw(st.sampled_from(["", "", "0", "1", "8", "00", "011", "0011", f"{number.country_code}"]))
    return before + national[:kept] + end


@st.composite
def _at_home(draw):
    region = draw(countries)
    return draw(_likely(region) | st.text("0123456789", min_size=1, max_size=18)), region


@given(st.text() | st.text("+0123456789 ()-./,;#xEe'\u2068\u00ad"), st.sampled_from([None, *LIKELY]))
@example("=\"'", "IN")
def test_whatever_comes_is_a_number_or_none(text, country):
    found = phone.read(text, country)
    assert found is None or (found.number[0] == "+" and found.number[1:].isdigit())
    assert phone.e164(text, country) == (found and found.number)


@given(st.text("+0123456789 ()-./,;#xEe"))
def test_what_is_plain_is_read_as_what_is_not(text):
    assert writing.read(text.strip()) == writing._read(text.strip())


@given(_at_home())
def test_reading_a_read_number_again_changes_nothing(at_home):
    found = phone.e164(*at_home)
    assert found is None or phone.e164(found, "US") == phone.e164(found[1:], None, signless=True) == found


@given(_at_home(), st.sampled_from([" ", "-", "\u00a0", "\u2011", "\u2060"]), st.integers(0, 18))
def test_what_stands_between_digits_changes_nothing(at_home, separator, place):
    digits, country = at_home
    found = phone.e164(f"{digits[:place]}{separator}{digits[place:]}", country)
    assert found in (phone.e164(digits, country), None)  # none, where a part is a number by itself


# The plans are asked faster than phonenumbers asks them, and answer the same ------------------------------------------
def _parsed(text, country):
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return str(number.country_code), phonenumbers.national_significant_number(number)


@given(_at_home())
@example(("18001234567", "IN"))
@example(("78001234567", "RU"))
@example(("8121234567", "RU"))
def test_what_is_dialled_at_home_is_read_as_phonenumbers_reads_it(at_home):
    digits, country = at_home
    home = plans.home(country)
    national = home.national(digits)
    assert national is None or (home.code, national) == _parsed(digits, country)


@given(st.sampled_from(CODES).map(str) | st.just(""), _likely() | st.text("0123456789", min_size=1, max_size=15))
def test_a_number_with_its_countrys_code_is_read_as_phonenumbers_reads_it(code, rest):
    found = plans.split(code + rest)
    parsed = _parsed("+" + code + rest, None)
    if found is None:
        assert parsed is None
    elif len(found[1]) > 1 and (national := plans.plan(found[0]).prefix.dropped(found[1])) is not None:
        assert parsed == (found[0], national) or len(national) > 15


@given(_at_home())
def test_a_number_is_valid_where_phonenumbers_says_so(at_home):
    digits, country = at_home
    parsed = _parsed(digits, country)
    if parsed is None:
        return
    assert plans.valid(*parsed) == phonenumbers.is_valid_number(phonenumbers.parse(digits, country))


@given(_at_home())
def test_a_valid_reading_at_home_is_preferred(at_home):
    digits, country = at_home
    parsed = _parsed(digits, country)
    if len(digits) >= 7 and not digits.startswith("00") and parsed and plans.valid(*parsed):
        assert phone.e164(digits, country) in (
            "+" + "".join(parsed),
            "+" + digits,
        )  # or with its own code, from 11 digits
