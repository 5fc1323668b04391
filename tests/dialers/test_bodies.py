"""JSON that is nearly right: each slip whose meaning is certain is read, and said; what could be read in two ways is not."""

import json
from pathlib import Path

import pytest

from callbacks.http.line import KEPT_BYTES
from dialers.base import Unreadable
from dialers.bodies.forgiven import FORGIVEN, sentences
from dialers.bodies.inflating import LARGEST
from tests.dialers.posting import CALLS, PAYLOADS, every_dialer, read, told


def test_every_slip_has_a_sentence_and_every_sentence_a_slip():
    source = "".join(
        (Path(__file__).parents[2] / name).read_text()
        for name in (
            "dialers/bodies/members.py",
            "dialers/bodies/opening.py",
            "dialers/bodies/inflating.py",
            "dialers/bodies/forms.py",
            "lib/charsets.py",
            "lib/json_mending.py",
        )
    )
    assert [word for word in FORGIVEN if f'"{word}"' not in source] == []
    assert sentences(["gzip", "of next year"]) == [FORGIVEN["gzip"], "of next year"]


def test_as_much_is_inflated_as_is_kept():
    assert LARGEST == KEPT_BYTES


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
    # There it is a custom field.
    if case.endswith("without quotes") and dialer == "ringostat" and "more" in bend(written):
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
