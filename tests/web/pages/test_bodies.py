"""Bodies of receipts, as pages show them."""

import pytest

from web.pages import bodies


def test_json_is_indented_without_losing_what_was_written():
    body = b'{"a":1,"a":1.50,"list":[],"inner":{"x":[1,{"y":"{,}\\""}]},"big":12345678901234567890123}'

    shown = bodies.shown(body, 10_000)

    assert shown.form == "JSON"
    assert shown.text == (
        '{\n  "a": 1,\n  "a": 1.50,\n  "list": [],\n  "inner": {\n    "x": [\n      1,\n      {\n'
        '        "y": "{,}\\""\n      }\n    ]\n  },\n  "big": 12345678901234567890123\n}'
    )


@pytest.mark.parametrize(
    ("body", "form", "text"),
    [
        (b"", "empty", ""),
        (b"a=1&b=2", "text", "a=1&b=2"),
        (b"{broken", "text", "{broken"),
        (b"a\x00b\x1b[0m", "text", "a␀b␛[0m"),
        ("abc\u202etxt.exe".encode(), "text", "abc\\u202etxt.exe"),
        (b"\xff\xfe\xfd", "bytes", "00000000  ff fe fd" + " " * 39 + "  ..."),
        ('{"é":1}'.encode("utf-16"), "JSON", '{\n  "é": 1\n}'),
        (b"\xef\xbb\xbf[1]", "JSON", "[\n  1\n]"),
        (b"[" * 100_000, "text", "[" * 100),
    ],
)
def test_bodies_are_shown_for_what_they_are(body, form, text):
    shown = bodies.shown(body, 100)

    assert (shown.form, shown.text) == (form, text)
    assert shown.cut == (len(body) > 1000)


def test_deep_json_is_no_trouble():
    assert bodies.shown(b"[" * 400 + b"]" * 400, 100).cut
