"""Several events in one body, and calls within an envelope."""

import json
from dataclasses import replace

import pytest

from dialers.base import Unreadable
from tests.dialers.posting import CALLS, every_dialer, read, told


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


@every_dialer
@pytest.mark.parametrize(
    "outer",
    [
        {"type": "call.ended", "data": {"color": "green"}},
        {"type": "call.ended", "data": "soon", "body": []},
        {"data": {"HERE": 1}, "payload": {"HERE": 2}},  # which of the two?
        {"a": [1, 2], "b": [3]},
        {"a": [1, 2], "data": []},
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
