"""What spares the search for a number a look spares it nothing that it would find: held against ``thorough``, which looks
everywhere."""

import base64
import gzip
import json
import quopri
import textwrap
import zlib
from urllib.parse import quote, quote_plus

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lib import packed, quoted
from lib.phone_spellings import Spellings, text_as_read
from tests.lib import thorough

NUMBERS = (
    "+380501234567",
    "+919800012345",
    "+525512345678",
    "+442079460958",
    "+3726123456",
    "+2901234",
    "+12025550123",
)
SPELLINGS = {number: Spellings(number) for number in NUMBERS}
FORMS = phonenumbers.PhoneNumberFormat
NOISE = (
    *(
        "see ",
        "definition ",
        " -",
        "a=1&d=",
        "https://a.example/v1/",
        "/end",
        "customerPhoneNumber",
        "PRIMARY_KIND_OF_LINE",
    ),
    *(
        "eyJhbGciOiJIUzI1NiJ9",
        "eA",
        "eJx",
        "H4sI",
        "0b5e6d0c-4f7e-7a1d-9c1e-1f0a2b3c4d5e",
        "x" * 64,
        "M" * 9,
        "MDU",
        "=20",
        "=\r\n",
    ),
    *(
        '"',
        '","',
        "\\",
        "\\n",
        "\\/",
        "\\u002b",
        "%2B",
        "%3D",
        "%20",
        "%",
        "=",
        "==",
        "\n",
        "\r\n",
        " ",
        "+",
        "/",
        "_",
        "é",
        "\0",
    ),
    *(
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        "Kontakt: Олена",
        "=D0=9E=D0=BB=",
        "2026-11-18T10:00:00.000Z",
    ),
)
noise = st.lists(st.sampled_from(NOISE) | st.text(max_size=6), max_size=5).map("".join)


@st.composite
def spelled(draw) -> tuple[str, str]:
    """A number, and a text in which it is written in some way."""
    number = draw(st.sampled_from(NUMBERS))
    parsed = phonenumbers.parse(number)
    form = draw(st.sampled_from((FORMS.E164, FORMS.NATIONAL, FORMS.INTERNATIONAL, FORMS.RFC3966)))
    written = phonenumbers.format_number(parsed, form)
    apart = draw(
        st.sampled_from(
            ("", " ", "-", ".", "\u00a0", "\u2011", "%20", "\\u00a0", "\\t", "&nbsp;", "&#160;", "--", " (")
        )
    )
    if draw(st.booleans()):
        written = apart.join(phonenumbers.national_significant_number(parsed))
    if draw(st.booleans()):
        zero = draw(st.sampled_from((0x660, 0x966, 0xFF10)))
        written = "".join(chr(zero + int(one)) if one.isdecimal() and one.isascii() else one for one in written)
    return number, draw(noise) + written + draw(noise)


def std(body: bytes) -> str:
    return base64.b64encode(body).decode()


def url_safe(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode()


PACKERS = (
    lambda body: std(body),
    lambda body: url_safe(body),
    lambda body: url_safe(body).rstrip("="),
    lambda body: std(body).replace("/", "\\/"),
    lambda body: std(body).replace("+", "\\u002B").replace("=", "\\u003d"),
    lambda body: quote(std(body), safe=""),
    lambda body: quote(quote(std(body), safe=""), safe=""),
    lambda body: std(body).replace("+", " "),
    lambda body: quote_plus(std(body).replace("+", " ")).replace("+", "%20"),
    lambda body: "\r\n".join(textwrap.wrap(std(body), 76)),
    lambda body: "\\n".join(textwrap.wrap(std(body), 76)),
    lambda body: quopri.encodestring(body).decode(),
    lambda body: json.dumps(body.decode("utf-8", "replace")),
    lambda body: json.dumps({"a": body.decode("utf-8", "replace"), "b": [1, 2.5]}, ensure_ascii=False),
    lambda body: std(gzip.compress(body, mtime=0)),
    lambda body: std(zlib.compress(body)),
    lambda body: std(body.decode("utf-8", "replace").encode("utf-16-le", "replace")),
    lambda body: body.decode("utf-8", "replace").encode("utf-16-le", "replace").decode("latin-1"),
)


@st.composite
def packed_texts(draw) -> tuple[str, str]:
    """The same, packed up to three times over."""
    number, text = draw(spelled())
    for packer in draw(st.lists(st.sampled_from(PACKERS), max_size=3)):
        text = draw(noise) + packer(text.encode("utf-8", "replace")) + draw(noise)
    if text and draw(st.booleans()):  # something of it is missing
        at = draw(st.integers(0, len(text) - 1))
        text = text[:at] + text[at + draw(st.integers(1, 3)) :]
    return number, text


def of_one(number: str, text: str, others: list[str]) -> None:
    own, body = SPELLINGS[number], text.encode("utf-8", "replace")
    if thorough.within_value(own, text):
        assert own.within_value(text)
        assert own.may_stand_in([*others, text]) and own.may_stand_in([text, *others])
        assert own.may_stand_in([*others, json.dumps(text, ensure_ascii=False)]) or "\\" in json.dumps(
            text, ensure_ascii=False
        )
    if thorough.within_bytes(own, body):
        assert own.within_bytes(body)
        assert own.may_stand_in([*(other.encode("utf-8", "replace") for other in others), body])


@settings(max_examples=150, deadline=None)
@given(packed_texts(), st.lists(noise, max_size=4))
@example(("+2901234", "see MTIzNA=="), [])
@example(("+2901234", "d=MDAyOTAxMjM0&e=MTIzNDU2Nw== %2F"), ["a\\/b"])
def test_what_is_found_by_looking_everywhere_is_found(told, others):
    of_one(*told, others)


@settings(max_examples=60, deadline=None)
@given(packed_texts(), st.sampled_from((gzip.compress, zlib.compress, lambda body: zlib.compress(body)[2:-4])))
def test_also_in_what_is_compressed(told, compress):
    number, text = told
    own, body = SPELLINGS[number], compress(text.encode("utf-8", "replace"))
    if thorough.within_bytes(own, body):
        assert own.within_bytes(body) and own.may_stand_in([b"{}", body, b'{"a":1}'])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(NOISE) | st.text("IJKLMNOPDTjzAEwgQU0123eH4sJF+/_-= \\%n", max_size=24), max_size=12).map(
        "".join
    )
)
def test_the_same_is_unpacked(text):
    """Whatever the text: not only where a number stands in it."""
    assert set(thorough._Unpacking().texts(text)) <= set(text_as_read(text))


SIGNS = {
    "+": ("+", " ", "%20", "%2520", "\\u002b", "\\u002B", "\\\\u002B", "%2b", "%2B", "%252B"),
    "/": ("/", "\\/", "\\\\/", "\\u002f", "\\u002F", "%2f", "%2F", "%252f"),
    "=": ("=", "%3D", "%253d", "\\u003d", ""),
}


@st.composite
def short_runs(draw) -> str:
    """Base64 that is too short to be looked into for its length, with signs in it, escaped in one way each."""
    if draw(st.integers(0, 4)) == 0:
        return std(zlib.compress(draw(st.sampled_from((b"0501234567", b"n=1"))), draw(st.integers(0, 9))))
    body = "".join(draw(st.lists(st.sampled_from("0123456789>?~ ~?\xbf\xfbж"), min_size=9, max_size=36)))
    chosen = {sign: draw(st.sampled_from(ways)) for sign, ways in SIGNS.items()}
    run = "".join(chosen.get(one, one) for one in std(body.encode("latin-1", "replace")))
    return (
        draw(st.sampled_from(("", "see ", 'MTIzNDU2Nzg5MDEy","', '"', "\\n", "d=", "/")))
        + run
        + draw(st.sampled_from(("", " now", '"', "&e=%2B")))
    )


@settings(max_examples=300, deadline=None)
@given(short_runs())
@example('MTIzNDU2Nzg5MDEy","////////////Pz8 PjAwPjAz')  # a blank within what tells of digits
@example('MTIzNDU2Nzg5MDEy","enp6enp6enp6Pz8%20PjAwPjAz')
@example("MDA+MDA+fjAwMDA+MDA=&e=%2B")  # the fifth four ends with what pads it
def test_so_is_what_stands_in_short_runs_with_signs(text):
    assert set(thorough._Unpacking().texts(text)) <= set(text_as_read(text))


_EQUALS = r"(?:=|%3[dD]|\\{1,3}u003[dD])"
_BROKEN = rf"{_EQUALS}[ \t]{{0,76}}+(?:\r?\n|(?:\\{{1,3}}r)?\\{{1,3}}n|(?:%0[dD])?%0[aA])"
_SAYS_SO = packed.re.compile(rf"{_BROKEN}|{_EQUALS}(?:[0-9a-fA-F]{{2}}{_EQUALS}[0-9a-fA-F]{{2}}|2[bB][0-9(])")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ("=", "%3D", "%3d", "\\", "u003d", "\\\\u003D", "20", "2B", "2b1", " ", "\t", "\r", "\n", "\\n", "%0A", "x")
        ),
        max_size=9,
    ).map("".join)
)
def test_quoted_printable_is_known_as_it_was(text):
    assert (quoted._SAYS_SO.search(text) is None) == (_SAYS_SO.search(text) is None)


@pytest.mark.parametrize("number", NUMBERS)
def test_of_what_holds_nothing_nothing_is_looked_at_by_itself(number):
    """Or it would cost what it cost before."""
    rows = [
        f'{{"callID":{at},"agentUsername":"asha@example.test","recordingUrl":"https://r.example.test/{at}.mp3"}}'
        for at in range(200, 250)
    ]
    assert not SPELLINGS[number].may_stand_in([*rows, *(row.encode() for row in rows)])
