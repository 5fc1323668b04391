"""Telephone numbers: what is read, what is none, and that the fast ways read as phonenumbers does."""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib import phone
from lib import phone_plans as plans
from lib import phone_writing as writing

READ = [
    # As the dialers write them
    ("+919800012345", None, "+919800012345"),
    ("09800012345", "IN", "+919800012345"),  # with the zero that is dialled before it
    ("9800012345", "IN", "+919800012345"),
    ("919800012345", "IN", "+919800012345"),
    (919800012345, "IN", "+919800012345"),  # an integer
    ("380930000000", None, "+380930000000"),  # eleven digits and more need no sign
    ("380930000000", "UA", "+380930000000"),
    ("601234567", "CZ", "+420601234567"),
    ("123456789", "CZ", "+420123456789"),  # full, not valid: a vendor's own sample
    ("79115550001", None, "+79115550001"),
    ("sip:+919800012345@pbx.example", None, "+919800012345"),
    # India
    ("9812345678", "IN", "+919812345678"),  # ten digits that begin with Iran's code stay Indian
    ("0919812345678", "IN", "+919812345678"),  # zero, own code, number
    ("00919812345678", "IN", "+919812345678"),
    ("91 09812345678", "IN", "+919812345678"),  # the zero behind the code
    ("+91 (0)98123 45678", "IN", "+919812345678"),
    ("98123 45678", "IN", "+919812345678"),
    ("+91-9812345678", "IN", "+919812345678"),
    ("01129017031", "IN", "+911129017031"),  # a landline in Delhi, not 011 and another country
    ("022-25551234", "IN", "+912225551234"),
    ("18001234567", "IN", "+9118001234567"),  # free of charge, eleven digits
    ("1234567890", "IN", "+911234567890"),
    # Ukraine
    ("0935550001", "UA", "+380935550001"),
    ("935550001", "UA", "+380935550001"),  # a spreadsheet took the zero
    ("098.123.45.67", "UA", "+380981234567"),
    ("(044) 123-45-67", "UA", "+380441234567"),
    ("044/123-45-67", "UA", "+380441234567"),
    ("0380935550001", "UA", "+380935550001"),
    # Czechia
    ("48501234567", "CZ", "+48501234567"),  # valid in Poland, not valid in Czechia
    ("420601234567", "CZ", "+420601234567"),
    ("+420 (0)601 234 567", "CZ", "+420601234567"),  # Czech numbers have no zero
    ("421901234567", "CZ", "+421901234567"),
    ("3725123456", "CZ", "+3725123456"),  # ten digits, which no Czech number has
    ("601 23 45 67", "CZ", "+420601234567"),
    # United States and Canada
    ("(212) 555-0123", "US", "+12125550123"),
    ("1-212-555-0123", "US", "+12125550123"),
    ("212.555.0123", "US", "+12125550123"),
    ("+1.212.555.0123", "US", "+12125550123"),
    ("416 555 0123", "US", "+14165550123"),  # Canada has the same code
    ("4165550123", "CA", "+14165550123"),
    ("011919800012345", "US", "+919800012345"),
    ("011919800012345", "JM", "+919800012345"),
    ("00442079460018", "US", "+442079460018"),  # 00 is understood where 011 is dialled
    ("44 20 7946 0018", "US", "+442079460018"),
    ("3221234", "BS", "+12423221234"),  # the plan says what stands before seven digits in the Bahamas
    # Great Britain
    ("020 7946 0018", "GB", "+442079460018"),
    ("+44 (0)20 7946 0018", None, "+442079460018"),
    ("+44(0)2079460018", "IN", "+442079460018"),
    ("0044 (0)20 7946 0018", "IN", "+442079460018"),
    ("(0)20 7946 0018", "GB", "+442079460018"),
    ("07700 900123", "GB", "+447700900123"),
    # Brazil and South Africa
    ("01130921234", "BR", "+551130921234"),
    ("11 98765-4321", "BR", "+5511987654321"),
    ("0 15 11 98765-4321", "BR", "+5511987654321"),  # with a carrier's code
    ("0055 81 99123-4567", "BR", "+5581991234567"),  # 0055 is a carrier's way to Japan, too
    ("0112345678", "ZA", "+27112345678"),
    ("082 123 4567", "ZA", "+27821234567"),
    # Russia and Kazakhstan
    ("8 (912) 123-45-67", "RU", "+79121234567"),
    ("9121234567", "RU", "+79121234567"),  # India's code before eight digits is no number of India's
    ("79121234567", "RU", "+79121234567"),
    ("8 812 123 45 67", "RU", "+78121234567"),
    ("+7 812 123-45-67", None, "+78121234567"),
    ("810 380 93 555 00 01", "RU", "+380935550001"),
    ("87012345678", "KZ", "+77012345678"),
    # Germany and Italy
    ("030/1234567", "DE", "+49301234567"),
    ("+49 30/1234567", "DE", "+49301234567"),
    ("0151 23456789", "DE", "+4915123456789"),
    ("4915123456789", "DE", "+4915123456789"),  # its own code, though 04915 is an area of Germany's
    ("55991234567", "BR", "+5555991234567"),  # 55 is an area of Brazil's
    ("030 1234567-0", "DE", "+493012345670"),  # what follows the dash belongs to it in Germany
    ("06 1234 5678", "IT", "+390612345678"),  # Italy keeps its zero
    ("+39 06 12345678", None, "+390612345678"),
    ("+39 (0)6 12345678", None, "+390612345678"),
    ("347 123 4567", "IT", "+393471234567"),
    # Argentina and Mexico
    ("011 15 2345-6789", "AR", "+5491123456789"),  # 15 at home is 9 from abroad
    ("+54 9 11 2345-6789", None, "+5491123456789"),
    ("+54 11 2345-6789", None, "+541123456789"),
    ("55 1234 5678", "MX", "+525512345678"),
    ("+52 1 55 1234 5678", None, "+525512345678"),  # the 1 of mobile numbers ended in 2019
    ("5215512345678", "MX", "+525512345678"),
    ("044 55 1234 5678", "MX", "+525512345678"),
    # Australia, Singapore, and others that dial abroad in their own way
    ("0412 345 678", "AU", "+61412345678"),
    ("0011 44 20 7946 0018", "AU", "+442079460018"),
    ("0011 65 6123 4567", "AU", "+6561234567"),  # not 00, and 1 165 ...
    ("6123 4567", "SG", "+6561234567"),
    ("001 44 20 7946 0018", "SG", "+442079460018"),
    ("0065 6123 4567", "SG", "+6561234567"),
    ("010 44 20 7946 0018", "JP", "+442079460018"),
    ("03-1234-5678", "JP", "+81312345678"),
    # Countries with short numbers
    ("312345", "AD", "+376312345"),
    ("51234", "FK", "+50051234"),
    ("+500 51234", None, "+50051234"),
    ("611 1234", "IS", "+3546111234"),
    ("20 12 34 56", "DK", "+4520123456"),
    # What spreadsheets make of them
    ("0935550001.0", "UA", "+380935550001"),
    ("9812345678.0", "IN", "+919812345678"),
    (9812345678.0, "IN", "+919812345678"),
    ("380935550001.00", None, "+380935550001"),
    ("+380935550001.0", None, "+380935550001"),
    ("9812345678,00", "IN", "+919812345678"),
    ("9.812345678e9", "IN", "+919812345678"),
    ("9.812345678E+09", "IN", "+919812345678"),
    ("3,80935550001E+11", "IN", "+380935550001"),
    ("'+380935550001", None, "+380935550001"),
    ("’0935550001", "UA", "+380935550001"),
    ('="0935550001"', "UA", "+380935550001"),
    ('"+380935550001"', None, "+380935550001"),
    ("98123.00000", "IN", "+919812300000"),  # the dot is where Indians put it
    ("9.812345678E+009", "IN", "+919812345678"),
    ("9,812,345,678", "IN", "+919812345678"),
    ("9,812,345,678.00", "IN", "+919812345678"),
    ("9.812.345.678,00", "IN", "+919812345678"),
    ("9,81,23,45,678", "IN", "+919812345678"),  # as Indians group amounts
    # What lists and forms put around them
    ("9812345678,", "IN", "+919812345678"),
    (";9812345678 ;", "IN", "+919812345678"),
    ("4084568908#", "US", "+14084568908"),  # as people dial
    ("p:+919812345678", "UA", "+919812345678"),
    ("whatsapp:+14155238886", "IN", "+14155238886"),
    ("919812345678@c.us", "CZ", "+919812345678"),
    ("Ph: 9812345678", "IN", "+919812345678"),
    ("Mob. No. 9812345678", "IN", "+919812345678"),
    ("9812345678 (mobile)", "IN", "+919812345678"),
    ("9812345678 - office", "IN", "+919812345678"),
    ("+380935550001, моб.", None, "+380935550001"),
    ("📞 +91 98123 45678", None, "+919812345678"),
    ("☎0935550001", "UA", "+380935550001"),
    # Signs of other scripts, and signs that are not seen
    ("+1\ufe0d-650-253-0000", None, "+16502530000"),
    ("98\u3164123\u034f45678", "IN", "+919812345678"),
    ("\u202a+91\u00a09800012345\u202c", None, "+919800012345"),
    ("\u2068+919800012345\u2069", None, "+919800012345"),
    ("98000\u00ad12345", "IN", "+919800012345"),
    ("\ufeff+91\u200b98000\u206012345", None, "+919800012345"),
    ("\u061c+٩١٩٨٠٠٠١٢٣٤٥", None, "+919800012345"),
    ("९८०००१२३४५", "IN", "+919800012345"),
    ("＋９１（９８０００）１２３４５", None, "+919800012345"),
    ("+420\u2009601\u202f234\u3000567", None, "+420601234567"),
    ("+420‑601–234—567", None, "+420601234567"),
    ("+420−601·234_567", None, "+420601234567"),
    # Addresses
    ("tel:+380-93-555-00-01", None, "+380935550001"),
    ("TEL:+380935550001;ext=5", None, "+380935550001"),
    ("tel:863-1234;phone-context=+1-914", None, "+19148631234"),
    ("tel:0935550001;phone-context=example.com", "UA", "+380935550001"),
    ("sips:0935550001:secret@pbx.example;transport=tls", "UA", "+380935550001"),
    ('"Olena" <sip:+380935550001@pbx.example>', None, "+380935550001"),
    ("9812345678@pbx", "IN", "+919812345678"),
    ("%2B919812345678", None, "+919812345678"),
    ("Tel.: 0935550001", "UA", "+380935550001"),
    # Extensions
    ("+1 212 555 0123 x123", None, "+12125550123"),
    ("+1 212 555 0123, ext. 5", None, "+12125550123"),
    ("+12125550123#5", None, "+12125550123"),
    ("+12125550123,,5#", None, "+12125550123"),
    ("0441234567 доб. 12", "UA", "+380441234567"),
    # Slips whose meaning is certain
    ("++919812345678", None, "+919812345678"),
    ("+00919812345678", None, "+919812345678"),
    ("00 91 98123 45678", None, "+919812345678"),
    ("+91 +919812345678", "UA", "+919812345678"),  # a form put the code in front of what had it
    ("91 +919812345678", "UA", "+919812345678"),
    ("+7+78639222222", None, "+78639222222"),
    ("+91 91 98123 45678", None, "+919812345678"),
    ("0091919812345678", "UA", "+919812345678"),
    ("91919812345678", "IN", "+919812345678"),
    ("+39390294759500", None, "+390294759500"),
    ("+919112345678", "IN", "+919112345678"),  # begins so by itself
    ("+49 4921 123456", None, "+494921123456"),
]
NONE = [
    (None, "IN"),
    ("", "IN"),
    (True, "IN"),
    ({}, "IN"),
    ("anonymous", "IN"),
    ("unknown", "IN"),
    ("1008", "IN"),
    ("1008@pbx", "IN"),
    ("123456", "IN"),  # an extension
    ("+", "IN"),
    ("++91", "IN"),
    ("12345678x", "IN"),
    ("9" * 40, "IN"),
    ("9" * 15_000, "IN"),
    ("Ⅻ9812345678", "IN"),
    # Only within a town
    ("5550001", "UA"),
    ("1234567", "IN"),
    ("+12131204", None),  # a vendor's own sample
    ("5550123", "US"),
    ("+3805550001", None),
    ("5551234", "ZA"),
    # A digit too few or too many
    ("98765432", "IN"),
    ("981234567", "IN"),
    ("98123456789", "UA"),
    ("+91981234567", None),
    ("+9198123456789", None),
    ("60123456", "CZ"),
    ("93555000", "UA"),
    # The zero, or the 8, or the 1, that is dialled before a number is none of its digits
    ("093555000", "UA"),
    ("+380093555000", "UA"),
    ("380093555000", None),
    ("8916123456", "RU"),
    ("0770090012", "GB"),
    ("061234567", "HU"),
    ("021123456", "RO"),
    ("1506234567", "US"),
    ("+33 (0)1 23 45 67 8", "FR"),
    # And neither is its country's code
    ("420777888", "CZ"),
    ("4477009001", "GB"),
    ("341234567", "ES"),
    # A zero too many at home, or a number abroad that no country gives out
    ("005012345678", "TR"),
    ("0011961234567", "BR"),
    ("004-92-58-76-11", "FR"),  # the same: who means Germany writes 49 in one piece
    ("+91 +19812345678", "IN"),
    ("+9191981234567", "IN"),
    # Nobody knows whose
    ("01129017031", None),
    ("9812345678", None),
    ("0919812345678", None),
    ("+0919812345678", "IN"),
    # Digits that were lost
    ("9.81E+09", "IN"),
    ("9,81E+09", "IN"),
    ("3.80936E+11", "UA"),
    ("9.8123456789e9", "IN"),
    ("9812345678.5", "IN"),
    ("98123456.00", "IN"),  # not 9812345600
    ("981234567.8", "IN"),
    ("5550001.0", "UA"),
    ("12345.0", "IN"),
    ("nan", "IN"),
    ("98xxxx5678", "IN"),
    ("98****5678", "IN"),
    ("98,123,456", "IN"),
    ("9812345678,5", "IN"),
    # Nobody may call it
    ("9812345678 (wrong number)", "IN"),
    ("9812345678 do not call", "IN"),
    # Two numbers
    ("9812345678 or 9812345679", "IN"),
    ("9812345678 (mobile) 9812345679", "IN"),
    ("9812345678 9812345679", "IN"),
    ("9812345678, 9812345679", "IN"),
    ("9812345678;9812345679", "IN"),
    ("9812345678\n9812345679", "IN"),
    ("9812345678/9812345679", "IN"),
    ("9812345678-79", "IN"),  # not +98 1234567879
    ("25551234/35", "IN"),
    ("0301234567/68", "DE"),
    ("6111234 6111235", "IS"),
    ("+380935550001 +380935550002", "UA"),
    ("+380935550001 x 0935550002", "UA"),
    # Other things
    ("+551123456789 9", "BR"),
    ("0055 1123456789-9", "DE"),
    ("1123456789 9", "BR"),  # together they are as long as a number, and none
    ("1123456789 89", "AR"),  # not +1 234567 8989
    ("95.214.235.205", "UA"),
    ("sip:95.214.235.205", "UA"),
    ("sip:95.214.235.205:5060", "UA"),
    ("27/11/2026", "UA"),
    ("12:34:56 7890", "IN"),
]


@pytest.mark.parametrize(("written", "country", "expected"), READ)
def test_read(written, country, expected):
    assert phone.e164(written, country) == expected


@pytest.mark.parametrize(("written", "country"), NONE)
def test_not_a_number(written, country):
    assert phone.e164(written, country) is None


@pytest.mark.parametrize(
    ("written", "country", "doubts"),
    [
        ("+919812345678", "IN", ()),
        ("9812345678", "IN", ()),
        ("+919812345678", None, ()),
        ("0935550001.0", "UA", (writing.FRACTION,)),
        ("9.812345678E9", "IN", (writing.EXPONENT,)),
        ("0919812345678", "IN", (phone.ZERO_BEFORE_CODE,)),
        ("+420 (0)601234567", "CZ", (writing.ZERO_IN_BRACKETS,)),
        ("+12125550123 x7", "US", ("The extension 7 was dropped.",)),
        ("++420601234567", "CZ", (writing.TWO_SIGNS,)),
        ("9,812,345,678", "IN", (writing.GROUPED,)),
        ("9812345678 (mobile)", "IN", (writing.KIND.format("mobile"),)),
        ("60123456 (mobile)", "CZ", None),
        ("+91 +91 98123 45678", "IN", (writing.CODE_TWICE,)),
        ("+91 91 98123 45678", "IN", (writing.CODE_TWICE,)),
        ("+52 1 55 1234 5678", "MX", (phone.RETIRED.format("Mexico"),)),
        ("123456789", "CZ", (phone.ONLY_FULL,)),
        ("91007410410123", "IN", (phone.DROPPED.format("9100"),)),
        ("+91 00 7410410123", "IN", None),
        ("1112205552637", "US", (phone.DROPPED.format("111"),)),
        ("0091 07410410123", "IN", ()),
        ("+7 8 912 345-67-89", "RU", ()),
        ("011 91 7410410123", "US", ("It is a number of +91, and the default country is US.",)),
        ("0 11 15 2345-6789", "AR", ()),  # their way to dial a mobile, and written otherwise from abroad
        ("48501234567", "CZ", ("It is a number of +48, and the default country is CZ.",)),
        ("+14165550123", "US", ()),  # one code, one way to dial
        ("+420123456789 x1", "CZ", None),  # what stands before an extension must be a number for sure
    ],
)
def test_what_is_doubtful_is_said(written, country, doubts):
    found = phone.read(written, country)
    assert (found and found.doubts) == doubts


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("79121234567", "IN", "+79121234567"),
        ("9121234567", "RU", "+79121234567"),  # not +91 21234567
        ("14155550123", "RU", "+14155550123"),
        ("3725123456", None, "+3725123456"),
        ("9812345678", "IN", "+919812345678"),
    ],
)
def test_of_a_dialer_that_leaves_the_sign_out(written, country, expected):
    assert phone.e164(written, country, signless=True) == expected


# What comes, whatever it is -------------------------------------------------------------------------------------------
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


@pytest.mark.parametrize(
    ("number", "national"),
    [("+420601234567", "601234567"), ("+442079460123", "2079460123"), ("+390612345678", "0612345678")],
)
def test_without_its_countrys_code(number, national):
    assert phone.national(number) == national


def test_masked_tells_nobody_the_number():
    assert phone.masked("+380930001267") == "+3809******67"
    assert phone.masked("1234") == "****"
