"""Bodies in a character set that is named, or that their bytes show; bytes that are no text."""

from urllib.parse import urlencode

import pytest

from tests.dialers.posting import CALLS, FORM, JSON, every_dialer, read, told


@every_dialer
@pytest.mark.parametrize(
    ("codec", "content_type", "slips"),
    [
        ("utf-8", JSON, ()),
        ("utf-8", "application/json; charset=windows-1251", ()),  # a label that is wrong
        ("utf-8", "application/json; charset=utf8", ()),
        ("utf-8-sig", JSON, ("byte_order_mark",)),
        ("utf-16", JSON, ("byte_order_mark",)),
        ("utf-16-le", JSON, ()),
        ("utf-16-be", "application/json; charset=utf-16be", ()),
        ("utf-16-be", "application/json; charset=utf-16", ()),
        ("utf-16-le", "application/json; charset=utf-16", ()),
        ("utf-32-le", "application/json; charset=utf-32", ()),
        ("utf-16-le", "application/json; charset=utf-16le", ()),
    ],
)
def test_unicode(dialer, codec, content_type, slips):
    events, written = told(dialer)
    found = read(dialer, written.encode(codec), content_type)
    assert (found.events, found.forgiven) == (events, slips)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf_16_with_its_mark_in_either_order(mark):
    events, written = told("ryng")
    found = read("ryng", mark + written.encode("utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"))
    assert (found.events, found.forgiven) == (events, ("byte_order_mark",))


NAMED = [
    ("ringostat", "windows-1251", "cp1251"),
    ("ringostat", "KOI8-R", "koi8-r"),
    ("ringostat", '"Windows-1251"', "cp1251"),
    ("ringostat", "iso-8859-5", "iso8859-5"),
    ("ringostat", "cp866", "cp866"),
    ("ryng", "iso-8859-1", "latin-1"),
    ("ryng", "windows-1252", "cp1252"),
    ("ryng", "us-ascii", "cp1252"),
    ("voipex", "windows-1250", "cp1250"),
    ("voipex", "ISO-8859-2", "iso8859-2"),
]


@pytest.mark.parametrize(("dialer", "name", "codec"), NAMED)
def test_a_character_set_that_is_named(dialer, name, codec):
    events, written = told(dialer)
    found = read(dialer, written.encode(codec), f"application/json; charset={name}")
    assert (found.events, found.forgiven) == (events, ("character_set",))


@pytest.mark.parametrize(("dialer", "name", "codec"), NAMED)
def test_a_form_in_a_character_set_that_is_named(dialer, name, codec):
    events = told(dialer)[0]
    form = urlencode(CALLS[dialer][1], encoding=codec)
    for body in (form.encode(), "&".join(f"{k}={v}" for k, v in CALLS[dialer][1].items()).encode(codec)):
        found = read(dialer, body, f"{FORM}; charset={name}")
        assert found.events == events
        assert "character_set" in found.forgiven


def test_a_form_that_names_its_character_set_itself():
    form = urlencode(CALLS["ringostat"][1] | {"_charset_": "windows-1251"}, encoding="cp1251")
    found = read("ringostat", form.encode(), FORM)
    assert found.events[0].facts["agent_name"] == "Олена К"


@every_dialer
def test_bytes_that_are_no_text_cost_no_other_field(dialer):
    events, written = told(dialer)
    for name, lost in (("Олена", b"\xcb\xcb"), ("Zoë", b"\xeb"), ("Zelená", b"\xe1")):
        body = written.encode().replace(name.encode(), lost)
        if body != written.encode():
            found = read(dialer, body + b"\x00")
    if dialer == "ringostat":
        assert found.events[0].facts["agent_name"] == "\ufffd\ufffd К"
    assert found.forgiven == ("nul_characters", "replaced_characters")
    assert [event.keys for event in found.events] == [event.keys for event in events]
