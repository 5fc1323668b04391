"""Forms of every kind and with every content type, and JSON that stands in them."""

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest

from dialers.base import Unreadable
from tests.dialers.posting import CALLS, FORM, JSON, TEXT, every_dialer, read, told


@every_dialer
@pytest.mark.parametrize(
    ("content_type", "slips"),
    [
        (JSON, ()),
        ("application/json;charset=UTF-8", ()),
        ("application/vnd.ryng+json", ()),
        ("text/json", ()),
        ("application/x-ndjson", ()),
        (None, ()),
        ("", ()),
        (TEXT, ("wrong_content_type",)),
        (FORM, ("wrong_content_type",)),
        ("application/octet-stream", ("wrong_content_type",)),
        ("multipart/form-data; boundary=x", ("wrong_content_type",)),
    ],
)
def test_json_with_whatever_type(dialer, content_type, slips):
    events, written = told(dialer)
    found = read(dialer, written.encode(), content_type)
    assert (found.events, found.forgiven) == (events, slips)


@every_dialer
@pytest.mark.parametrize("content_type", [FORM, JSON, TEXT, None])
def test_a_form_with_whatever_type(dialer, content_type):
    form = urlencode(CALLS[dialer][1])
    for body in (form, f"\ufeff{form}\r\n", f"{form}\x00"):
        found = read(dialer, body.encode(), content_type)
        assert found.events == told(dialer)[0]
        assert ("wrong_content_type" in found.forgiven) == (content_type in (JSON, TEXT))
        assert ("sent_as_form" in found.forgiven) == (dialer == "ryng")


@every_dialer
def test_a_form_that_was_escaped_as_if_it_were_a_part_of_a_page(dialer):
    written = urlencode(CALLS[dialer][1]).replace("&", "&amp;")
    found = read(dialer, written.encode(), FORM)
    assert found.events == told(dialer)[0]
    assert "html_escaped" in found.forgiven
    if dialer == "ringostat":
        assert read(dialer, b"", None, query=written).events == told(dialer)[0]
        found = read("ringostat", written.encode() + b"&amp;copy=1&amp;amp;x=2", FORM)
        assert found.events[0].facts["custom_fields"]["copy"] == "1"


@every_dialer
def test_a_form_of_lists_of_one_value(dialer):
    for brackets in ("[]", "%5B%5D"):
        written = "&".join(f"{name}{brackets}={quote_plus(said)}" for name, said in CALLS[dialer][1].items())
        assert read(dialer, written.encode(), FORM).events == told(dialer)[0]
    several = read("ringostat", b"uniqueid=7&call_type=in&disposition=BUSY&tag[]=a&tag[]=b", FORM)
    assert several.events[0].facts["custom_fields"]["tag[]"] == "b"


@pytest.mark.parametrize(("written", "number"), [("+3725123456", "+3725123456"), ("%2B3725123456", "+3725123456")])
def test_a_plus_in_a_form_that_was_not_encoded(written, number):
    for body in (f"callID=1&callLogID=2&customerNum={written}&status=busy", f"customerNum={written}&callLogID=2"):
        found = read("ryng", body.encode(), FORM)
        facts = found.events[0].facts
        assert (facts["customer_number"], facts["customer_number_raw"]) == (number, number)  # else one of India's
        assert ("plus_signs" in found.forgiven) == written.startswith("+")


def test_a_plus_between_words_in_a_form_is_a_blank():
    ended, said = read("ryng", b"callID=1&callLogID=2&notes=not+2+day&callEnded=2026-11-18T10:09:07+05:30", FORM).events
    assert (said.facts["notes"], ended.facts["ended_at"]) == ("not 2 day", "2026-11-18T04:39:07Z")


@every_dialer
def test_a_query_without_a_body(dialer):
    found = read(dialer, b"", None, query=urlencode(CALLS[dialer][1]))
    assert found.events == told(dialer)[0]
    assert found.forgiven == (() if dialer == "ringostat" else ("sent_in_query",))
    if dialer != "ringostat":  # somebody probes the URL
        assert read(dialer, b" \x00", None, query="color=green").ignored == "empty_body"


def parts(call, boundary="cut", newline="\r\n"):
    head = 'Content-Disposition: form-data; name="{}"'
    written = [f"--{boundary}{newline}{head.format(name)}{newline * 2}{value}{newline}" for name, value in call.items()]
    return ("".join(written) + f"--{boundary}--{newline}").encode()


@every_dialer
@pytest.mark.parametrize(
    ("content_type", "slips"),
    [
        ("multipart/form-data; boundary=cut", set()),
        ('multipart/form-data; charset=utf-8; boundary="cut"', set()),
        ("multipart/form-data", {"missing_boundary"}),
        ("multipart/form-data; boundary=another", {"missing_boundary"}),
        (JSON, {"missing_boundary", "wrong_content_type"}),
        (None, {"missing_boundary"}),
    ],
)
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_a_form_in_parts(dialer, content_type, slips, newline):
    found = read(dialer, parts(CALLS[dialer][1], newline=newline), content_type)
    assert found.events == told(dialer)[0]
    assert set(found.forgiven) == slips | ({"sent_as_form"} if dialer == "ryng" else set())


@every_dialer
@pytest.mark.parametrize("content_type", [FORM, JSON, None, TEXT])
@pytest.mark.parametrize(
    ("write", "slip"),
    [
        (lambda text: text + "=", "json_in_form"),
        (lambda text: quote_plus(text), "percent_encoded"),
        (lambda text: quote_plus(text) + "=", "percent_encoded"),
        (lambda text: quote(text), "percent_encoded"),
        (lambda text: quote(text, safe=":,/{}[]"), "percent_encoded"),
        (lambda text: urlencode({"payload": text}), "json_in_form"),
        (lambda text: urlencode({"whatever": text}), "json_in_form"),
        (lambda text: urlencode({"data": f"[{text}]"}), "json_in_form"),
        (lambda text: urlencode({"token": "s", "data": text}), "json_in_form"),
    ],
)
def test_json_in_a_form(dialer, content_type, write, slip):
    events, written = told(dialer)
    found = read(dialer, write(written).encode(), content_type)
    if "token=s" not in write(written):
        assert found.events == events
    assert [event.keys for event in found.events] == [event.keys for event in events]
    assert slip in found.forgiven


def test_json_in_a_part_of_a_form():
    body = parts({"payload": told("ryng")[1]})
    found = read("ryng", body, "multipart/form-data; boundary=cut")
    assert (found.events, found.forgiven) == (told("ryng")[0], ("json_in_form",))


@pytest.mark.parametrize("note", ["a&b", "100%", "+1 a=b", "a%20b", "x;y"])
@pytest.mark.parametrize("write", ["payload={}", "json= {}", "{}", "{}="])
@pytest.mark.parametrize("content_type", [FORM, None])
def test_json_in_a_form_that_was_not_encoded(note, write, content_type):
    body = json.dumps({"callID": 1, "callLogID": 2, "customerNum": "+919800012345", "disposition": note})
    ended, said = read("ryng", write.format(body).encode(), content_type).events
    assert (ended.facts["customer_number_raw"], said.facts["disposition"]) == ("+919800012345", note)


def test_a_plus_in_percent_encoded_json_is_one_where_blanks_are_written_otherwise():
    body = '{"callID": 1, "callLogID": 2, "status": "busy", "customerNum": "+919800012345", "notes": "a b"}'
    for written in (quote_plus(body), quote(body), quote(body, safe="+:,")):
        ended, said = read("ryng", written.encode()).events
        assert (ended.facts["customer_number_raw"], said.facts["notes"]) == ("+919800012345", "a b")


def test_a_form_with_members_of_members():
    call = {"callID": 1, "callLogID": 2, "status": "completed", "talktime": 0}
    legs = {"leg0Status": "completed", "leg1Status": "completed"}
    names, custom = {"customField1Name": "lead id"}, {"customField1": "XT-1"}
    expected = read(
        "ryng", json.dumps(call | {"legDetails": legs, "customFieldNames": names, "customFields": custom}).encode()
    )
    inner = {f"legDetails[{name}]": value for name, value in legs.items()}
    inner |= {f"customFields[{name}]": value for name, value in custom.items()}
    for form in (
        call | inner | {"customFieldNames": json.dumps(names)},
        call | inner | {"customFieldNames": str(names)},
    ):
        assert read("ryng", urlencode(form).encode(), FORM).events == expected.events


@every_dialer
@pytest.mark.parametrize("body", ["<form a=b>", "hello = world", "ok", "a" * 50, "1", '"a=1"'])
def test_what_is_no_form(dialer, body):
    with pytest.raises(Unreadable) as refused:
        read(dialer, body.encode(), None)
    assert refused.value.reason in ("unparseable", "not_an_object")


@every_dialer
@pytest.mark.parametrize("separator", [";", "; ", ";\n", "\r\n", "\n", "&\n", "&&", " & "])
@pytest.mark.parametrize("content_type", [FORM, TEXT])
def test_forms_with_other_separators(dialer, separator, content_type):
    call = CALLS[dialer][1]
    pairs = [f"{name}={value}" if "\n" in separator else urlencode({name: value}) for name, value in call.items()]
    found = read(dialer, (separator.join(pairs) + "\n").encode(), content_type)
    assert [event.keys for event in found.events] == [event.keys for event in told(dialer)[0]]
    if "&" not in separator:
        assert found.events == told(dialer)[0]
        assert "odd_separators" in found.forgiven


@every_dialer
@pytest.mark.parametrize("tail", [";callID=2;and so on", "\nuniqueid=2\nand so on", ";UniqueId=2=3"])
def test_a_form_whose_fields_end_nobody_knows_where(dialer, tail):
    name, value = next(iter(CALLS[dialer][1].items()))
    with pytest.raises(Unreadable) as refused:
        read(dialer, f"{name}={value}{tail}".encode(), FORM)
    assert refused.value.reason == "unparseable"


@every_dialer
def test_too_large_forms(dialer):
    for body in (b"a=1&" * 2000, parts({f"a{n}": 1 for n in range(1001)})):
        with pytest.raises(Unreadable) as refused:
            read(dialer, body, FORM)
        assert refused.value.reason == "too_many_parameters"
