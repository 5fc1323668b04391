"""A number is found in whatever text it stands, however it is spelled, and others are not."""

import base64
import gzip
import json
import sys
import textwrap
import unicodedata
import zlib
from urllib.parse import quote, quote_plus, unquote

import phonenumbers
import pytest

from lib import phone, phone_spellings
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


def test_with_whatever_is_read_between_its_digits():
    """Every character that there is: what a dialer's number is read with is found where it stands anywhere else."""
    tried = 0
    for char in map(chr, range(0x20, sys.maxunicode + 1)):
        if char.isalpha() or char.isdecimal() or unicodedata.category(char) in ("Cn", "Co", "Cs"):
            continue
        text = f"+380{char}50{char}123{char}45{char}67"
        if phone.e164(text) == KYIV.number:
            tried += 1
            assert KYIV.within(text), (hex(ord(char)), text)
    assert tried > 300


def test_in_the_digits_of_every_script():
    for zero in (char for char in map(chr, range(0x80, sys.maxunicode + 1)) if unicodedata.decimal(char, None) == 0):
        text = "+" + "".join(chr(ord(zero) + int(digit)) for digit in "380501234567")
        assert phone.e164(text) == KYIV.number and KYIV.within(text), hex(ord(zero))


# Blanks that do not break, hyphen, dash and sign of minus of typographers, a wide blank, a middle dot, and marks of direction.
@pytest.mark.parametrize("sign", "\u00a0\u202f\u2011\u2013\u2212\u3000\u00b7\u202a\u2069\uff0d")
def test_with_typographers_signs_as_others_escape_them(sign):
    text = f"+380{sign}50{sign}123{sign}45{sign}67"
    pages = ("".join(char if char.isascii() else f"&#{form};" % ord(char) for char in text) for form in ("%d", "x%x"))
    for one in (
        quote(text),
        quote(quote(text)),
        quote_plus(text).lower(),
        json.dumps(text),
        json.dumps(json.dumps(text)),
        *pages,
    ):
        assert KYIV.within(one), one
        assert not KYIV.within(KYIV.blotted(one))


@pytest.mark.parametrize("zero", "\u0660\u06f0\u0966\u0e50\uff10")
def test_in_the_digits_of_a_script_as_a_url_escapes_them(zero):
    text = quote("+" + "".join(chr(ord(zero) + int(digit)) for digit in "380501234567"))
    assert KYIV.within(f"number={text}&x=1") and KYIV.within(quote(text))
    assert KYIV.blotted(f"number={text}&x=1") == "number=%2Berased&x=1"
    assert KYIV.within(json.dumps(json.dumps(unquote(text))))


LONDON = Spellings("+442079460958")


@pytest.mark.parametrize(
    "written",
    [
        "+91 20 7946 0958",
        "+91-20-7946-0958",
        "0091 20 7946 0958",
        "+91 (20) 79460958",
        "7; +91 20 7946 0958",
        "+912079460958",
    ],
)
def test_digits_behind_another_countrys_code_are_another_number(written):
    for text in (written, f"Pune: {written}."):
        assert not LONDON.within(text) and LONDON.blotted(text) == text
        assert Spellings("+912079460958").within(text)
    both = f"{written}, London +44 20 7946 0958"
    assert LONDON.within(both) and LONDON.blotted(both) == f"{written}, London erased"


@pytest.mark.parametrize("written", ["+0 20 7946 0958", "+91 020 7946 0958 1, 020 7946 0958", "5 20 7946 0958"])
def test_what_is_no_number_of_another_country_is_this_one(written):
    assert LONDON.within(written) and not LONDON.within(LONDON.blotted(written))


def numbers():
    """Of each country, a mobile and one of a town."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
            if number := phonenumbers.example_number_for_type(region, kind):
                yield number


def spelled(number) -> set[str]:
    forms = phonenumbers.PhoneNumberFormat
    written = {
        phonenumbers.format_number(number, form) for form in (forms.NATIONAL, forms.INTERNATIONAL, forms.RFC3966)
    }
    return written | {"".join(filter(str.isdigit, one)) for one in written}


def test_every_country_s_own_spellings_are_found_also_where_the_number_is_known_by_its_hash_alone():
    """Belarus dials 80 before a number, Hungary 06, Argentina puts 15 within."""
    for number in numbers():
        known = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        own = Spellings(known)
        for written in spelled(number):
            assert own.within(written) and not own.within(own.blotted(f"[{written}]")), (known, written)
            if len(phonenumbers.national_significant_number(number)) > 6:  # fewer digits may be anything
                assert known in candidates(f"2026-11-29 10:00:01 {written} 17", str(number.country_code)), (
                    known,
                    written,
                )


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+525512345678", "0445512345678"),
        ("+525512345678", "+52 1 55 1234 5678"),
        ("+5511987654321", "015 11 98765-4321"),
        ("+5491123456789", "+54 11 15 2345 6789"),
        ("+375294911911", "8 029 491-19-11"),
        ("+375294911911", "810375294911911"),
        ("+380501234567", "380380501234567"),
        ("+966501234567", "٠٥٠ ١٢٣ ٤٥٦٧"),
        ("+81312345678", "０３-１２３４-５６７８"),
        ("+919800012345", "\\u0966\\u096f\\u096e\\u0966\\u0966\\u0966\\u0967\\u0968\\u0969\\u096a\\u096b"),
    ],
)
def test_whatever_is_read_as_the_number_is_found(number, written):
    own = Spellings(number)
    assert own.within(written) and own.within_bytes(written.encode())
    left = own.blotted(f"call {written}, please")
    assert not own.within(left) and left.startswith("call ") and left.endswith("erased, please")


def test_what_is_dialled_before_it_in_json():
    assert Spellings("+525512345678").blotted_bytes(b'{"n":5215512345678,"m":7}') == b'{"n":null,"m":7}'


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


@pytest.mark.parametrize(
    "body",
    [
        b'{"b": "%s"}' % base64.b64encode(gzip.compress(b"0501234567", mtime=0)),
        b'{"url": "https://a.example/v1/%s/end"}' % base64.urlsafe_b64encode(b"n=+380501234567&"),
        b'{"mime": "%s"}' % base64.encodebytes(b"." * 60 + b"0501234567").strip().replace(b"\n", b"\\n"),
        "050\xa0123\xa045\xa067".encode("cp1251"),
        b"n=%252B380%252050%2520123%252045%252067",
        "050\u00ad1234567".encode(),
        b'{"b": "%s"}' % base64.b64encode(b"q=%s&" % base64.b64encode(b'{"tel": "+38 (050) 123-45-67"}')),
        b'{"b": "%s"}' % base64.b64encode('{"tel": "0501234567"}'.encode("utf-16-le")),
        '{"b": "тел. 0501234567"}'.encode("utf-16"),
        '[{"tel": "0501234567"}]'.encode("utf-16-be"),
        gzip.compress('{"tel": 380501234567}'.encode("utf-32-le"), mtime=0),
        b"\xff\xfe0\x005\x000\x001\x002\x003\x004\x005\x006\x007\x00\r",  # cut within a character
        b"\x00\xd8" + "0501234567".encode("utf-16-le"),  # no such text
        '{"tel": "050\u2011123\u201145\u201167"}'.encode("utf-16"),
        '{"tel": "٠٥٠١٢٣٤٥٦٧"}'.encode("utf-16-le"),
        '{"tel": "0501234567а"}'.encode("utf-16-le"),  # its low byte is a digit's
        json.dumps({"b": base64.b64encode(b'{"tel": "0501234567"}').decode()}).encode("utf-16"),
        b'{"b": "%s"}' % base64.b64encode('{"b": "MDUwMTIzNDU2Nw=="}'.encode("utf-16-le")),
        gzip.compress(b"{}", mtime=0) + gzip.compress(b'{"tel": "0501234567"}', mtime=0),
        gzip.compress(gzip.compress(b'{"tel": "0501234567"}', mtime=0), mtime=0),
        zlib.compress(b'{"tel": "0501234567"}' * 20)[2:-4],  # deflate without a head
        b'{"tel": "050\\u002d123\\u002d45\\u002d67"}',
        b'{"tel": "&#43;38&#160;050&#160;123&#160;4567"}',
    ],
)
def test_within_what_others_have_packed(body):
    assert KYIV.within_bytes(body)
    left = KYIV.blotted_bytes(body)
    assert not KYIV.within_bytes(left)
    if body.startswith(b"{") and body[1:2] != b"\0":
        json.loads(left)


def test_of_a_body_in_utf_16_the_rest_stays():
    body = '[{"tel": "050 123 45 67"}, {"tel": "0671112233", "name": "Олена"}]'.encode("utf-16")
    left = KYIV.blotted_bytes(body).decode().removeprefix("\ufeff")
    assert json.loads(left) == [{"tel": "erased"}, {"tel": "0671112233", "name": "Олена"}]
    other = '{"tel": "0671112233"}'.encode("utf-16-le")
    assert KYIV.blotted_bytes(other) == other


@pytest.mark.parametrize("before", ["", "?", "??", "a???>>>" * 9, "???~~~" * 9])
@pytest.mark.parametrize(
    "written",
    [
        lambda run: json.dumps({"b": run, "o": [1, "a/b"]}),
        lambda run: json.dumps({"b": run, "o": [1, "a/b"]}).replace("/", "\\/"),  # as PHP writes it
        lambda run: json.dumps({"b": run, "o": [1, "a/b"]}).replace("+", "\\u002B").replace("=", "\\u003d"),
        lambda run: json.dumps({"b": "\n".join(textwrap.wrap(run, 76)), "o": [1, "a/b"]}),
        lambda run: "o=1&b=" + quote(run, safe=""),
        lambda run: "u=" + quote("https://a.example/?b=" + quote(run, safe=""), safe=""),
        lambda run: "\r\n".join(["Content-Transfer-Encoding: base64", "", *textwrap.wrap(run, 76)]),
    ],
)
def test_base64_is_read_as_it_is_escaped_where_it_stands(before, written):
    for space in (0, 1, 2, *range(36, 58, 3)):  # a line may end anywhere in the number
        body = written(base64.b64encode(f"{before}{' ' * space}0501234567 ~~~???>>>".encode()).decode())
        assert KYIV.within_bytes(body.encode()), body
        left = KYIV.blotted_bytes(body.encode())
        assert not KYIV.within_bytes(left)
        if body.startswith("{"):
            found = json.loads(left)
            assert found["o"] == [1, "a/b"] and base64.b64decode(found["b"]).endswith(b"erased ~~~???>>>")


def test_base64_of_urls_stays_what_it_is():
    body = b"https://a.example/v1/%s/end" % base64.urlsafe_b64encode(b"n=0501234567&>>>???").rstrip(b"=")
    run = KYIV.blotted_bytes(body).decode().removeprefix("https://a.example/v1/").removesuffix("/end")
    assert base64.urlsafe_b64decode(run + "=" * (-len(run) % 4)) == b"n=erased&>>>???"


@pytest.mark.parametrize("mark", [b"", b"=2B1=\r\n"])  # the second: each text is read as quoted-printable as well
def test_what_is_compressed_within_what_is_compressed_costs_no_more_than_a_body(monkeypatch, mark):
    """Of 25 kB of a stranger it was hours."""
    monkeypatch.setattr("lib.compressed.MOST_BYTES", 2**20)

    def packed(body: bytes) -> bytes:
        return base64.b64encode(zlib.compress(body, 9))

    runs = b" ".join(packed(b"%d" % one + mark + b" " * 2**17) for one in range(20))
    body = b" ".join(packed(b"%d " % one + mark + runs) for one in range(8)) + b" 0501234567"
    looked = sum(map(len, phone_spellings.texts(body)))
    assert 2**17 < looked < 8 * 2**20
    assert KYIV.within_bytes(body) and KYIV.blotted_bytes(body).endswith(b" erased")


@pytest.mark.parametrize(
    "number",
    ["380501234567", "380501234567.0", "380501234567.50", "3.80501234567E+11", "38050123456.7e1", "-380501234567"],
)
def test_a_number_of_json_becomes_null_in_whatever_form_it_is(number):
    left = KYIV.blotted_bytes(b'{"n": %s , "m": [7, %s]}' % (number.encode(), number.encode()))
    assert json.loads(left) == {"n": None, "m": [7, None]}


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
