"""Ids in bodies: what could make two calls one, or one call two, names none."""

import json
from urllib.parse import urlencode

import pytest

from dialers.base import Unreadable
from tests.dialers.posting import CALLS, FORM, IDS, every_dialer, read, told


@every_dialer
def test_an_id_with_bytes_that_are_no_text_could_be_another_calls(dialer):
    call = CALLS[dialer][1]
    name = {"ryng": "callLogID", "ringostat": "uniqueid", "voipex": "UniqueId"}[dialer]
    with pytest.raises(Unreadable) as refused:
        read(dialer, json.dumps(call | {name: "HERE"}).encode().replace(b"HERE", b"a\xffb"))
    assert refused.value.reason == "bad_identifier"


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
