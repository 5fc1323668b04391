"""Base64 in values: the query of a URL, a header, a field. It is found as URLs and forms have it, and taken out there."""

import base64
import json
from urllib.parse import parse_qsl, quote, quote_plus

import pytest

from lib.phone_spellings import Spellings, text_as_read

KYIV = Spellings("+380501234567")
TOLD = '{"имя":"Олена Ж","tel":"0501234567","note":"~~~>>>???"}'.encode()


def std(body: bytes) -> str:
    return base64.b64encode(body).decode()


def url_safe(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode()


def decoded(text: str) -> bytes:
    return base64.b64decode(text.replace(" ", "+").replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


@pytest.mark.parametrize("before", ["", "?", "??", "???>>>~~~"])
@pytest.mark.parametrize(
    "written",
    [
        lambda body: "d=" + url_safe(body),
        lambda body: "d=" + url_safe(body).rstrip("="),
        lambda body: "d=" + std(body),
        lambda body: "d=" + quote(std(body), safe=""),
        lambda body: "d=" + quote(quote(std(body), safe=""), safe=""),
        lambda body: "d=" + quote_plus(std(body).replace("+", " ")).replace("+", "%20"),
        lambda body: "d=" + std(body).replace("+", " "),
        lambda body: "d=" + quote(url_safe(body), safe=""),
    ],
)
def test_in_the_query_of_a_url(before, written):
    for space in range(4):
        query = f"a=1&{written(before.encode() + b' ' * space + TOLD)}&z=%2B1"
        assert KYIV.within_value(query), query
        left = KYIV.blotted_value(query)
        assert not KYIV.within_value(left)
        assert left.startswith("a=1&d=") and left.endswith("&z=%2B1")
        said = dict(parse_qsl(left))["d"]
        said = said if "%" not in said else dict(parse_qsl(f"d={said}"))["d"]
        assert decoded(said).endswith(TOLD.replace(b"0501234567", b"erased"))


def test_in_a_header_and_in_words():
    run = std(TOLD)
    for value in ({"x-context": run}, {"referer": f"https://a.example/v1/{url_safe(TOLD)}/end"}, ["see " + run]):
        assert KYIV.within_value(value)
        left = KYIV.blotted_value(value)
        assert not KYIV.within_value(left) and type(left) is type(value)


@pytest.mark.parametrize("words", ["", "see ", "payload: ", "of yesterday "])
def test_a_form_was_read_whose_signs_became_blanks(words):
    for space in range(9):
        run = std("ж".encode() * 3 + b" " * space + TOLD)
        body = json.dumps({"d": words + run.replace("+", " "), "o": 1})
        assert KYIV.within_bytes(body.encode()), body
        left = KYIV.blotted_bytes(body.encode())
        assert not KYIV.within_bytes(left) and json.loads(left)["o"] == 1


def test_in_a_value_a_number_stays_a_text():
    assert KYIV.blotted_value("a: 380501234567, b") == "a: erased, b"
    assert KYIV.blotted_value("d=" + std(b'{"n":380501234567}')) == "d=" + std(b'{"n":null}')


def test_words_cost_no_more_than_they_are_long():
    text = "please call the representatives again " * 20_000 + "x" * 200_000 + " -" * 50_000
    assert sum(map(len, text_as_read(text))) < 4 * len(text)
    assert not KYIV.within_value(text)
