"""Bodies that are nearly right: each slip whose meaning is certain is read, and said; what could be read in two ways is not."""

import gzip
import json
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
from flask import Flask

from callbacks.line import KEPT_BYTES
from dialers import bodies
from dialers.base import Evidence, Unreadable
from dialers.forgiven import FORGIVEN, sentences
from dialers.http import Http
from dialers.inflating import LARGEST
from dialers.jaicp import reports as jaicp_reports
from dialers.qvoice import envelopes
from dialers.registry import DIALERS
from dialers.ringostat import reports as ringostat_reports
from lib import mending, rawjson
from sandbox.server import running
from tests.fuzz.targets import connection

PAYLOADS = Path(__file__).parents[1] / "payloads"
JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain"

# What each dialer that posts tells of one call, in texts alone, so that a form can say the same.
CALLS = {
    "ryng": (
        "terminal",
        {"callID": "19", "callLogID": "49", "status": "busy", "disposition": "Later", "notes": "Zoë ok"},
    ),
    "ringostat": (
        "call",
        {
            "uniqueid": "7.1",
            "call_type": "in",
            "caller": "380671234567",
            "disposition": "BUSY",
            "employee_fio": "Олена К",
        },
    ),
    "voipex": (
        "event",
        {"EventName": "Hangup", "UniqueId": "17.2", "To": "601000001", "Reason": "RS_BUSY", "Queue": "Zelená linka"},
    ),
}
every_dialer = pytest.mark.parametrize("dialer", CALLS)


def read(dialer, body, content_type=JSON, encoding=None, query=None, kind=None, source="callback"):
    evidence = Evidence(source, kind or CALLS[dialer][0], body, content_type, query, "POST", content_encoding=encoding)
    return DIALERS[dialer].read(evidence, connection(DIALERS[dialer]))


def told(dialer):
    """What is to be read, and the JSON that says so."""
    written = json.dumps(CALLS[dialer][1], ensure_ascii=False)
    return read(dialer, written.encode()).events, written


def test_every_slip_has_a_sentence_and_every_sentence_a_slip():
    source = "".join(
        (Path(__file__).parents[2] / name).read_text()
        for name in (
            "dialers/bodies.py",
            "dialers/opening.py",
            "dialers/inflating.py",
            "dialers/forms.py",
            "lib/charsets.py",
            "lib/mending.py",
        )
    )
    assert [word for word in FORGIVEN if f'"{word}"' not in source] == []
    assert sentences(["gzip", "of next year"]) == [FORGIVEN["gzip"], "of next year"]


def test_as_much_is_inflated_as_is_kept():
    assert LARGEST == KEPT_BYTES


# JSON -----------------------------------------------------------------------------------------------------------------
BENT = {
    "as it should be": (lambda text: text, ()),
    "blanks around it": (lambda text: f"\r\n  {text} \n", ()),
    "a trailing NUL": (lambda text: text + "\x00", ("nul_characters",)),
    "trailing NULs and a line break": (lambda text: text + "\x00\x00\n", ("nul_characters",)),
    "a comma too many": (lambda text: text[:-1] + ",}", ("extra_commas",)),
    "two commas too many": (lambda text: text.replace(", ", ",, ", 1), ("extra_commas",)),
    "a comma missing": (lambda text: text.replace(", ", "\n", 1), ("missing_commas",)),
    "smart quotes": (lambda text: _bent(text, "“”"), ("smart_quotes",)),
    "low quotes": (lambda text: _bent(text, "„“"), ("smart_quotes",)),
    "pointed quotes": (lambda text: _bent(text, "«»"), ("smart_quotes",)),
    "single quotes": (lambda text: text.replace('"', "'"), ("single_quotes",)),
    "names without quotes": (lambda text: _bare_names(text), ("unquoted_names",)),
    "a bracket too many": (lambda text: text + "}", ("extra_brackets",)),
    "comments": (lambda text: "{// of today\n" + text[1:-1] + "/* end */}", ("comments",)),
    "blanks that are none": (lambda text: text.replace(": ", ":\u00a0", 1), ("odd_blanks",)),
    "a member without a value": (lambda text: text[:-1] + ', "virtualNum": }', ("missing_values",)),
    "a word for nothing": (lambda text: text[:-1] + ', "virtualNum": None}', ("odd_words",)),
    "a text without quotes": (lambda text: text[:-1] + ', "more": not at home}', ("unquoted_values",)),
    "escaped for a page": (lambda text: text.replace('"', "&quot;"), ("html_escaped",)),
    "a mark taken for text": (lambda text: "\u00ef\u00bb\u00bf" + text, ("byte_order_mark",)),
    "quotes of a shell": (lambda text: f"'{text}'", ("single_quotes",)),
    "quotes that are escaped": (lambda text: text.replace('"', '\\"'), ("json_in_json",)),
    "an address without quotes": (
        lambda text: text[:-1] + ', "more": https://x.test/a?b=1&c=2}',
        ("unquoted_values",),
    ),
    "written twice": (lambda text: json.dumps(text), ("json_in_json",)),
    "written three times": (lambda text: json.dumps(json.dumps(text)), ("json_in_json",)),
    "a list of one": (lambda text: f"[{text}]", ()),
    "a wrapper": (lambda text: f'{{"data": {text}}}', ("wrapper",)),
    "a wrapper with a list": (lambda text: f'{{"events": [{text}]}}', ("wrapper",)),
    "a wrapper with a text": (lambda text: json.dumps({"payload": text}), ("json_in_json", "wrapper")),
    "a wrapper and what an event bus says of it": (
        lambda text: f'{{"id": "e-1", "type": "call.ended", "specversion": "1.0", "data": {text}}}',
        ("wrapper",),
    ),
    "a notification with a text": (
        lambda text: json.dumps({"Type": "Notification", "MessageId": "9", "Message": text}),
        ("json_in_json", "wrapper"),
    ),
    "a request that a relay has written down": (
        lambda text: f'[{{"headers": {{"host": "a.test"}}, "params": {{}}, "query": {{}}, "body": {text}}}]',
        ("wrapper",),
    ),
    "a request with a list of calls": (lambda text: f'{{"headers": {{}}, "body": [{text}]}}', ("wrapper",)),
    "taken for the name of a field": (lambda text: json.dumps({text: ""}), ("json_in_json", "wrapper")),
    "the same in a request": (
        lambda text: json.dumps({"headers": {}, "body": {text: ""}}),
        ("json_in_json", "wrapper"),
    ),
    "lists of one value": (
        lambda text: json.dumps({name: [said] for name, said in json.loads(text).items()}),
        ("lists_of_one",),
    ),
}


def _bent(text, marks):
    return "".join(marks[at // 1 % 2] if piece == '"' else piece for at, piece in _numbered(text))


def _numbered(text):
    at = -1
    for letter in text:
        at += letter == '"'
        yield at, letter


def _bare_names(text):
    for name in json.loads(text):
        text = text.replace(f'"{name}":', f"{name}:")
    return text


@every_dialer
@pytest.mark.parametrize("case", BENT)
def test_json_that_is_nearly_right_says_the_same(dialer, case):
    events, written = told(dialer)
    bend, slips = BENT[case]
    found = read(dialer, bend(written).encode())
    if (
        case.endswith("without quotes") and dialer == "ringostat" and "more" in bend(written)
    ):  # there it is a custom field
        assert found.events[0].facts["custom_fields"]["more"] in ("not at home", "https://x.test/a?b=1&c=2")
    else:
        assert found.events == events
    assert found.forgiven == slips


@every_dialer
@pytest.mark.parametrize(
    ("raw", "text", "slips"),
    [
        ("one\ntwo", "one\ntwo", ("raw_line_breaks",)),
        ("one\r\ntwo", "one\r\ntwo", ("raw_line_breaks",)),
        ("one\ttwo", "one\ttwo", ("raw_control_characters",)),
        ("one\x0b\n two", "one\x0b\n two", ("raw_control_characters", "raw_line_breaks")),
        ("{one}, [two]: \n three", "{one}, [two]: \n three", ("raw_line_breaks",)),
        (r"C:\docs", r"C:\docs", ("odd_escapes",)),
        (r"Zoë\'s", "Zoë's", ("odd_escapes",)),
        ("\U0001f44d \\ud83d\\udc4d\n", "\U0001f44d \U0001f44d", ("raw_line_breaks",)),
    ],
)
def test_texts_that_json_would_not_hold(dialer, raw, text, slips):
    name, fact = {
        "ryng": ("notes", "notes"),
        "voipex": ("Queue", "queue_name"),
        "ringostat": ("employee_fio", "agent_name"),
    }[dialer]
    call = CALLS[dialer][1]
    body = json.dumps(call | {name: "HERE"}, ensure_ascii=False).replace("HERE", raw)
    found = read(dialer, body.encode())
    facts = {key: value for event in found.events for key, value in event.facts.items()}
    assert (facts[fact], found.forgiven) == (text.strip(), slips)


@pytest.mark.parametrize(
    ("name", "slips"),
    [
        ("terminal_printed_in_the_docs.json", ("extra_commas", "members_in_a_list", "missing_commas")),
        ("terminal_event_twice_without_a_comma.txt", ("missing_commas",)),
        ("terminal_smart_quotes.txt", ("smart_quotes",)),
        ("terminal_of_a_script.txt", ("comments", "single_quotes")),
    ],
)
def test_files_of_ryng_that_say_the_same(name, slips):
    found = read("ryng", (PAYLOADS / "ryng" / name).read_bytes())
    assert found.events == read("ryng", (PAYLOADS / "ryng" / "terminal_queue_append.json").read_bytes()).events
    assert found.forgiven == slips


def test_a_template_that_leaves_values_and_quotation_marks_out():
    found = read("ryng", (PAYLOADS / "ryng" / "terminal_left_out_values.txt").read_bytes())
    ended, disposed = found.events
    assert (ended.facts["customer_number"], ended.facts["caller_number"]) == ("+919800054321", "+912200000003")
    assert disposed.facts["disposition"] == "Forms requested" and "callback_at" not in disposed.facts
    assert found.forgiven == ("missing_values", "odd_numbers", "unquoted_values")


def test_line_breaks_in_a_file():
    found = read("ryng", (PAYLOADS / "ryng" / "terminal_raw_line_breaks.txt").read_bytes())
    assert found.events[1].facts["notes"] == "Send\tby post,\n  please"
    assert found.forgiven == ("raw_control_characters", "raw_line_breaks")


@every_dialer
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],  # it breaks off
        lambda text: text[: len(text) // 2],
        lambda text: text[: len(text) // 2] + "\x00",
        lambda text: text.replace('": "', '": "he said "yes" to ', 1),  # where does the text end?
        lambda text: _bent(text, "“”").replace("”,", "” and “more” so”,", 1),
        lambda text: text + " and so on",
        lambda text: "so: " + text,
        lambda text: text[:-1] + "]",
        lambda text: text.replace('", "', '", ', 1),
        lambda text: text[:-1] + ', "a": [1, "b": 2]}',  # a list or an object?
        lambda text: text[:-1] + ', "a": [1,, 2]}',
        lambda text: text[:-1] + ', "a": one "b": two}',
        lambda text: text[:-1] + ', "a": one: two}',
        lambda text: '{"a":' * 200 + text + "}" * 200,
        lambda text: text[:-1] + ', "a": 0x13}',  # 19, or a word?
        lambda text: "<html>" + text + "</html>",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(dialer, spoil):
    with pytest.raises(Unreadable) as refused:
        read(dialer, spoil(told(dialer)[1]).encode())
    assert refused.value.reason == "unparseable"


# Character sets -------------------------------------------------------------------------------------------------------
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


@every_dialer
def test_an_id_with_bytes_that_are_no_text_could_be_another_calls(dialer):
    call = CALLS[dialer][1]
    name = {"ryng": "callLogID", "ringostat": "uniqueid", "voipex": "UniqueId"}[dialer]
    with pytest.raises(Unreadable) as refused:
        read(dialer, json.dumps(call | {name: "HERE"}).encode().replace(b"HERE", b"a\xffb"))
    assert refused.value.reason == "bad_identifier"


IDS = {"ryng": "callID", "ringostat": "uniqueid", "voipex": "UniqueId"}


@every_dialer
def test_two_ids_in_one_body_could_be_either_calls(dialer):
    name, call = IDS[dialer], CALLS[dialer][1]
    written = json.dumps({"FIRST": 1} | call).replace('"FIRST": 1', f'"{name}": "71"')
    for body, kind in ((written, "application/json"), (f"{name}=71&{urlencode(call)}", FORM)):
        with pytest.raises(Unreadable) as refused:
            read(dialer, body.encode(), kind)
        assert refused.value.reason == "bad_identifier"
    other = json.dumps(call | {name.swapcase(): "71"})
    with pytest.raises(Unreadable) as refused:
        read(dialer, other.encode())
    assert refused.value.reason == "bad_identifier"
    for nothing in ("", None, call[name]):
        alike = json.dumps(call | {name.swapcase(): nothing})
        assert read(dialer, alike.encode()).events[0].keys == told(dialer)[0][0].keys
    same = json.dumps({"FIRST": 1} | call).replace('"FIRST": 1', f'"{name}": {json.dumps(call[name])}')
    assert read(dialer, same.encode()).events[0].keys == told(dialer)[0][0].keys


@every_dialer
@pytest.mark.parametrize(
    "nothing",
    ["{{call.id}}", "{callId}", "${call_id}", "$callid", "$(CALLID)", "%UNIQUEID%", "%call.Id", "%{callid}", "#{id}",
     "<call id>", "<%= call_id %>", "[CALL_ID]", "__CALLID__",
     "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "0" * 32],
)  # fmt: skip
def test_a_template_that_nobody_has_filled_in_names_no_call(dialer, nothing):
    call = CALLS[dialer][1] | {IDS[dialer]: nothing}
    call.pop("callLogID", None)
    with pytest.raises(Unreadable) as refused:
        read(dialer, json.dumps(call).encode())
    assert refused.value.reason == "no_call_id"


@every_dialer
@pytest.mark.parametrize("told", ["{6f9619ff-8b86-d011-b42d-00c04fc964ff}", "[1]", "_17", "<17>", "%17", "#17", "a{b}"])
def test_an_id_in_brackets_stays_one(dialer, told):
    found = read(dialer, json.dumps(CALLS[dialer][1] | {IDS[dialer]: told}).encode())
    assert found.events[0].facts["call_id"] == told


# Compression ----------------------------------------------------------------------------------------------------------
def _raw_deflate(body):
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


@every_dialer
@pytest.mark.parametrize(
    ("compress", "encoding", "slips"),
    [
        (gzip.compress, "gzip", ("gzip",)),
        (gzip.compress, "x-gzip", ("gzip",)),
        (gzip.compress, "GZIP", ("gzip",)),
        (gzip.compress, None, ("gzip",)),
        (gzip.compress, "deflate", ("gzip",)),
        (lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]), "gzip", ("gzip",)),
        (lambda body: gzip.compress(body) + b"\x00\x00", "gzip", ("gzip",)),
        (lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip", ("gzip",)),
        (zlib.compress, "deflate", ("deflate",)),
        (lambda body: zlib.compress(body, 1), "deflate", ("deflate",)),
        (lambda body: zlib.compress(body, 5), "deflate", ("deflate",)),
        (lambda body: zlib.compress(body, 9), None, ("deflate",)),
        (_raw_deflate, "deflate", ("deflate",)),
        (lambda body: body, "gzip", ("wrong_content_encoding",)),
        (lambda body: body, "br", ("wrong_content_encoding",)),
        (lambda body: body, "identity", ()),
        (lambda body: body, "", ()),
    ],
)
def test_compressed_bodies(dialer, compress, encoding, slips):
    events, written = told(dialer)
    found = read(dialer, compress(written.encode()), JSON, encoding)
    assert (found.events, found.forgiven) == (events, slips)


@pytest.mark.parametrize("dialer", ["ringostat", "voipex"])
def test_a_compressed_form(dialer):
    found = read(dialer, gzip.compress(urlencode(CALLS[dialer][1]).encode()), FORM, "gzip")
    assert (found.events, found.forgiven) == (told(dialer)[0], ("gzip",))


def test_nothing_is_inflated_further_than_a_body_may_be_large():
    bomb = gzip.compress(b" " * 300 * 2**20)
    assert len(bomb) < LARGEST
    tracemalloc.start()
    try:
        for body in (bomb, zlib.compress(b" " * (2**20 + 1)), gzip.compress(b" " * 2**19) * 3):
            with pytest.raises(Unreadable) as refused:
                read("ryng", body, JSON, "gzip")
            assert refused.value.reason == "inflates_too_far"
            assert "1 MiB" in refused.value.detail
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert read("ryng", gzip.compress(told("ryng")[1].encode() + b" " * (2**20 - 200))).events == told("ryng")[0]


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (gzip.compress(b'{"callID": 1, "callLogID": 2}', mtime=0)[:-12], "gzip", "unparseable"),
        (b"\x1f\x8b\x08\x00broken", "gzip", "unparseable"),
        (b"\x8b\x07\x80\x00\x01\xc3\x03", "br", "unknown_encoding"),
        (b"(\xb5/\xfd\x00\x01\xc3\x03", "zstd", "unknown_encoding"),
        (b"\x00\x01\x02\x03\xff", "deflate", "unparseable"),
    ],
)
def test_compressed_bodies_that_are_not_read(body, encoding, reason):
    with pytest.raises(Unreadable) as refused:
        read("ryng", body, JSON, encoding)
    assert refused.value.reason == reason


# Forms and types ------------------------------------------------------------------------------------------------------
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
@pytest.mark.parametrize(
    "outer",
    [
        {"type": "call.ended", "data": {"color": "green"}},
        {"type": "call.ended", "data": "soon", "body": []},
        {"data": {"HERE": 1}, "payload": {"HERE": 2}},  # which of the two?
        {"a": [1, 2], "b": [3]},
    ],
)
def test_what_names_no_call_outside_or_inside(dialer, outer):
    body = json.dumps(outer).replace('{"HERE": 1}', told(dialer)[1]).replace('{"HERE": 2}', told(dialer)[1])
    with pytest.raises(Unreadable) as refused:
        read(dialer, body.encode())
    assert refused.value.reason == ("no_event" if dialer == "voipex" else "no_call_id")


def test_what_an_envelope_says_is_not_said_of_the_call():
    outer = {"status": "ok", "notes": "from the bus", "data": {"callID": 1, "callLogID": 2, "talktime": 5}}
    found = read("ryng", json.dumps(outer).encode())
    assert [(event.kind, event.facts.get("status_raw")) for event in found.events] == [("call_ended", None)]


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


# Several events -------------------------------------------------------------------------------------------------------
def numbered(dialer, count):
    name = {"ryng": "callLogID", "ringostat": "uniqueid", "voipex": "UniqueId"}[dialer]
    other = {"ryng": "callID"}.get(dialer, name)
    return [CALLS[dialer][1] | {other: f"7{number}", name: f"7{number}"} for number in range(count)]


SEVERAL = {
    "a list": (json.dumps, ("several_events",)),
    "a list in a text": (lambda calls: json.dumps(json.dumps(calls)), ("json_in_json", "several_events")),
    "a list of texts": (
        lambda calls: json.dumps([json.dumps(one) for one in calls]),
        ("json_in_json", "several_events"),
    ),
    "a list of lists": (lambda calls: json.dumps([calls[:1], calls[1:]]), ("several_events",)),
    "a wrapper": (lambda calls: json.dumps({"events": calls}), ("several_events", "wrapper")),
    "a wrapper with something beside it": (
        lambda calls: json.dumps({"type": "batch", "records": calls}),
        ("several_events", "wrapper"),
    ),
    "lines": (lambda calls: "\n".join(map(json.dumps, calls)), ("several_documents", "several_events")),
    "lines with an end": (
        lambda calls: "".join(json.dumps(one) + "\r\n" for one in calls),
        ("several_documents", "several_events"),
    ),
    "one behind the other": (lambda calls: "".join(map(json.dumps, calls)), ("several_documents", "several_events")),
    "with commas between": (lambda calls: ", ".join(map(json.dumps, calls)), ("several_documents", "several_events")),
}


@every_dialer
@pytest.mark.parametrize("case", SEVERAL)
def test_several_events_in_one_body(dialer, case):
    calls = numbered(dialer, 3)
    write, slips = SEVERAL[case]
    found = read(dialer, write(calls).encode())
    expected = [
        replace(event, part=number)
        for number, call in enumerate(calls)
        for event in read(dialer, json.dumps(call).encode()).events
    ]
    assert (list(found.events), found.forgiven, found.refused) == (expected, slips, None)


@every_dialer
@pytest.mark.parametrize("bad", [{"color": "green"}, 5, "a text", {}])
def test_a_part_that_cannot_be_understood_costs_no_other_one(dialer, bad):
    one, other = numbered(dialer, 2)
    found = read(dialer, json.dumps([one, bad, other]).encode())
    assert {event.part for event in found.events} == {0, 2}
    assert found.refused.startswith("1 of its 3 parts could not be understood, the others are in. Part 2: ")
    assert "green" not in found.refused


@every_dialer
def test_a_line_that_breaks_off_costs_no_other_one(dialer):
    lines = [json.dumps(call) for call in numbered(dialer, 3)]
    found = read(dialer, "\n".join([lines[0], lines[1][:-9], lines[2]]).encode())
    assert {event.part for event in found.events} == {0, 2}
    assert found.refused


@every_dialer
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("[]", "not_an_object"),
        ("[1, 2]", "not_an_object"),
        ("[[], [null]]", "not_an_object"),
        ('[{"color": "green"}, {"color": "red"}]', None),
        (json.dumps([{}] * 1001), "too_many_events"),
        ("{}\n" * 1001, "too_many_events"),
    ],
)
def test_lists_of_which_nothing_can_be_read(dialer, body, reason):
    with pytest.raises(Unreadable) as refused:
        read(dialer, body.encode())
    assert refused.value.reason == (reason or ("no_event" if dialer == "voipex" else "no_call_id"))


def test_what_agents_do_among_calls_is_no_call():
    paused = {"EventName": "AgentPaused", "Login": "jana"}
    found = read("voipex", json.dumps([paused, CALLS["voipex"][1]]).encode())
    assert ({event.part for event in found.events}, found.ignored, found.refused) == ({1}, None, None)
    assert read("voipex", json.dumps([paused, paused]).encode()).ignored == "agent_event"


# Records --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("dialer", "kind", "body"),
    [
        (
            "ringostat",
            "calls",
            '{"uniqueid": "7", "call_type": "in", "disposition": "ANSWERED", "employee_fio": "HERE"}',
        ),
        ("jaicp", "jobs", '{"id": 7, "jobStatus": "finishedSuccess", "callResult": "HERE"}'),
        ("qvoice", "lead_history", '{"call_id": "a", "timestamp": 1666222318, "agent_disposition": "HERE"}'),
    ],
)
def test_records_are_read_as_bodies_are(dialer, kind, body):
    for raw, text, slips in (
        (b"a\nb", "a\nb", ("raw_line_breaks",)),
        (b"a\tb", "a\tb", ("raw_control_characters",)),
        (b"\xe9b", "\ufffdb", ("replaced_characters",)),
    ):
        found = read(dialer, body.encode().replace(b"HERE", raw), kind=kind, source="report")
        assert text in json.dumps([dict(event.facts) for event in found.events], ensure_ascii=False).replace(
            "\\n", "\n"
        ).replace("\\t", "\t")
        assert found.forgiven == slips


SLIPS_OF_PAGES = [
    lambda page: page + b"\x00",
    lambda page: b"\xef\xbb\xbf" + page + b"\r\n\x00\x00",
    lambda page: page.replace(b"]", b",]"),
    lambda page: page.replace(b"HERE", b"one\ntwo\tthree"),
    lambda page: page.replace(b"HERE", b"one\xe9"),
    lambda page: page.replace(b"HERE", b"one\xe9") + b"\x00",
]


@pytest.mark.parametrize("slip", SLIPS_OF_PAGES)
@pytest.mark.parametrize(
    "cut",
    [
        ringostat_reports.opened,
        lambda body: [record.body for record in jaicp_reports._attempts(body, "renewals", "GET /x")],
        lambda body: [record.body for record in envelopes.opened(body, "GET /x").records],
    ],
)
def test_a_slip_in_a_page_hides_no_record(cut, slip):
    sent = slip(b'[{"id": 7, "uniqueid": "7", "note": "HERE"}, {"id": 8}]')
    records = cut(sent)
    assert len(records) == 2 and all(record in sent for record in records)
    assert bodies.glance(records[0])["uniqueid"] == "7"


def test_an_id_that_holds_bytes_which_are_no_text_is_none():
    assert bodies.glance(b'{"id": "a\xe9", "n": "a\nb", "m": 1}') == {"n": "a\nb", "m": 1}
    assert bodies.glance(b'{"id": "a') is None


def test_a_page_in_a_character_set_that_its_header_names():
    app = Flask("pages")
    said = '[{"name": "Олена"}]'
    kind = {"Content-Type": "application/json; charset=windows-1251"}
    app.get("/<codec>")(lambda codec: (said.encode(codec), kind))
    with running(app) as url:
        for path in ("cp1251", "utf-8"):
            assert Http().exchange("GET", f"{url}/{path}").body == said.encode()


# Mending --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path", sorted(path for path in PAYLOADS.rglob("*.json") if "printed" not in path.name), ids=str
)
def test_what_is_right_is_mended_to_itself(path):
    text = path.read_text()
    (found,), slips = mending.mended(text)
    assert (found, slips) == (rawjson.loads(text), set())
