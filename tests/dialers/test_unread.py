"""What is nearly readable and certain is read; what is stated and cannot be read leaves the field and a sample behind."""

import json
from pathlib import Path

import pytest

from dialers.base import Connection, Evidence
from dialers.registry import DIALERS
from dialers.unread import LONGEST_SAMPLE, UNREAD, sample, states

PAYLOADS = Path(__file__).parents[1] / "payloads"

SETTINGS = {"ryng": {"status_codes": {}}, "ringostat": {"timezone": "Europe/Kyiv"}}
KINDS = {
    "ryng": ("callback", "terminal", "IN"),
    "qvoice": ("report", "lead_history", "US"),
    "ringostat": ("callback", "call", "UA"),
    "jaicp": ("report", "jobs", "RU"),
    "voipex": ("callback", "event", "CZ"),
}


def read(dialer, body, country=None):
    source, kind, usual = KINDS[dialer]
    connection = Connection("c", dialer, SETTINGS.get(dialer, {}), default_country=country or usual)
    evidence = Evidence(source, kind, body, "application/json", context={"campaign": "renewals"})
    return DIALERS[dialer].read(evidence, connection).events


def facts(dialer, case, country=None):
    """Everything that the events of a payload say."""
    events = read(dialer, (PAYLOADS / dialer / f"{case}.json").read_bytes(), country)
    return {name: value for event in reversed(events) for name, value in event.facts.items()}


CASES = {
    ("ryng", "terminal_nearly_readable"): (
        {
            "call_id": "102",
            "attempt_id": "9007199254740993",
            "campaign_id": None,
            "agent_id": None,
            "agent_username": None,
            "caller_number": None,
            "created_at": "2026-11-18T10:08:36Z",
            "started_at": "2026-11-18T10:09:07Z",
            "ended_at": "2026-11-18T10:12:08Z",
            "disposed_at": "2026-11-18T10:12:30Z",
            "callback_at": None,
            "talk_seconds": 181,
            "duration_seconds": 181,
            "disposition": "Interested",
            "disposition_parent": None,
            "notes": None,
            "connect_outcome": "connected",
            "custom_fields": {"lead id": "XT-1001"},
        },
        {},
    ),
    ("ryng", "terminal_unreadable"): (
        {"call_id": "103", "attempt_id": None, "disposition": "Interested", "customer_number": None},
        {
            "callLogID": "50.5",
            "campaignID": "9.81235E+11",
            "customerNum": "98-100",
            "callCreated": "05/11/2026 10:08",
            "callStarted": "2026-11-18 10:09:07 EET",
            "callEnded": "soon",
            "callDisposed": "true",
            "callbackTime": "2026-02-30T10:00:00Z",
            "scheduledDate": '{"at": 5}',
            "talktime": "-181",
            "callDuration": "3:01",
            "legDetails": '{"leg0Status":',
            "customFields": "lead id: XT-1001",
        },
    ),
    ("qvoice", "row_nearly_readable"): (
        {
            "started_at": "2026-11-18T10:12:52Z",
            "answered_at": "2026-11-18T10:13:10Z",
            "ended_at": None,
            "talk_seconds": 95,
            "campaign_id": None,
            "disposition": None,
            "connect_outcome": "connected",
        },
        {"campaign_timestamps.lead_hangup_time": "soon"},
    ),
    ("ringostat", "webhook_nested_in_text"): (
        {
            "call_id": "1795000000.0",  # a uniqueid is no number
            "started_at": "2026-11-18T10:00:00Z",
            "customer_number": "+380671234567",
            "talk_seconds": 95,
            "ring_seconds": None,
            "connect_outcome": "connected",
        },
        {"duration": "a while"},
    ),
    ("jaicp", "job_nearly_readable"): (
        {
            "call_id": "7001",
            "ended_at": "2026-11-18T10:14:00Z",
            "talk_seconds": 95,
            "disposition": None,
            "custom_fields": {"City": "Kazan"},
        },
        {},
    ),
    ("voipex", "hangup_nearly_readable"): (
        {
            "call_id": "1795000000.0",
            "direction": "outbound",
            "agent_username": None,
            "agent_extension": "101",
            "status_raw": None,
            "customer_number": None,
            "customer_number_raw": "777 88",
        },
        {"To": "777 88"},
    ),
}


@pytest.mark.parametrize("case", CASES, ids="/".join)
def test_what_is_certain_is_read_and_the_rest_is_noted(case):
    expected, unread = CASES[case]
    found = facts(*case)
    assert {name: found.get(name) for name in expected} == expected
    assert found.get(UNREAD, {}) == unread


@pytest.mark.parametrize(
    ("case", "country", "field"),
    [
        (("ryng", "terminal_nearly_readable"), "IE", "callStarted"),  # IST is Ireland's in summer
        (("jaicp", "job_nearly_readable"), "KZ", "finishedAt"),
        (("qvoice", "row_nearly_readable"), "IN", "lead_history.last_attempt"),
    ],
)
def test_an_abbreviation_that_the_country_does_not_make_certain_is_never_utc(case, country, field):
    assert field in facts(*case, country)[UNREAD]


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted(PAYLOADS.glob("*/*.json"))
        if path.parent.name in KINDS
        and path.stem.startswith(("terminal_", "row_", "webhook_", "job_", "answered"))
        and not path.stem.endswith(("readable", "_in_text", "printed_in_the_docs"))
    ],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_nothing_is_noted_of_what_the_dialers_document(path):
    for event in read(path.parent.name, path.read_bytes()):
        assert set(event.facts.get(UNREAD, {})) <= {"customerNum", "virtualNum", "lead_number"}  # made-up numbers


UNKNOWN = {  # what no page has, in fields for one of a few words, for an address, for a text: field -> what stands there
    "ryng": {
        "callDirection": "sideways",
        "recordingUrl": "Recording pending",
        "status": ["busy"],
        "disposition": {"name": "Interested"},
    },
    "ringostat": {"call_type": "internal", "recording": "/records/7.mp3"},
    "voipex": {"Direction": "out"},
    "jaicp": {"callResult": ["Sale"], "jobStatus": {"name": "done"}},
    "qvoice": {"agent_subdisposition": {"id": 7, "title": "Sale"}, "hangup_cause": ["USER_BUSY"]},
}
RECORDS = {
    "ryng": {"callID": 1, "callLogID": 2, "customerNum": "+919812345678"},
    "ringostat": {"uniqueid": "7.1", "disposition": "ANSWERED", "caller": "380671234567", "dst": "380440000000"},
    "voipex": {"EventName": "Hangup", "UniqueId": "7.1", "From": "222333444", "To": "601000001"},
    "jaicp": {"id": 7, "finishedAt": 1794996095000},
    "qvoice": {"call_id": "a-1", "agent_disposition": "CONNECTED"},
}


@pytest.mark.parametrize("dialer", UNKNOWN)
def test_a_word_or_an_address_that_nobody_knows_is_noted_and_never_guessed(dialer):
    """The words stand in docs.ryng.in, "Create Campaign API" (``callDirection``, ``recordingUrl``), IPEX Confluence, "Webhooks"
    (``Direction``), help.ringostat.com, "Export call log" (``call_type``); ``callResult`` is text, says help.cloud.just-ai.com,
    "Campaign reports"."""
    (event, *_) = read(dialer, json.dumps(RECORDS[dialer] | UNKNOWN[dialer]).encode())
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in UNKNOWN[dialer].items()}
    assert event.facts[UNREAD] == said


EMPTY = [None, "", "null", "-", "N/A", [], {}, False]


@pytest.mark.parametrize("nothing", EMPTY)
@pytest.mark.parametrize("dialer", UNKNOWN)
def test_nothing_is_no_word_that_nobody_knows(dialer, nothing):
    fields = dict.fromkeys(set(UNKNOWN[dialer]) - {"disposition"}, nothing)  # in which an agent may record "N/A"
    for event in read(dialer, json.dumps(RECORDS[dialer] | fields).encode()):
        assert UNREAD not in event.facts


@pytest.mark.parametrize("empty", [{"name": None, "subdisposition": []}, "[]", "{}", {"key": "", "value": None}, 0])
def test_a_disposition_of_which_nothing_is_filled_in_is_none(empty):
    body = RECORDS["qvoice"] | {"agent_subdisposition": empty}
    assert all(UNREAD not in event.facts for event in read("qvoice", json.dumps(body).encode()))


@pytest.mark.parametrize(
    "number",
    [
        *("anonymous", "Unknown", "<private>", "null", "-", "", None),
        *("sip:anonymous@anonymous.invalid", "anonymous@anonymous.invalid"),  # RFC 3323
        "Anonymous <sip:anonymous@anonymous.invalid>",
    ],
)
def test_a_number_that_is_withheld_is_not_unread(number):
    body = b'{"callID": 1, "callLogID": 2, "customerNum": %s}' % (
        b"null" if number is None else b'"%s"' % number.encode()
    )
    (event,) = read("ryng", body)
    assert UNREAD not in event.facts


@pytest.mark.parametrize("key", ["callid", "CallID", "callId", "CALLID"])
def test_an_id_under_a_key_in_other_case_is_the_id(key):
    (event,) = read("ryng", b'{"%s": 5, "callLogID": 2}' % key.encode())
    assert event.keys == ("call:5",)


@pytest.mark.parametrize("nothing", [None, "", "  ", "null", "NaN", "N/A", [], {}, "[]", " {}", False])
def test_what_states_nothing(nothing):
    assert not states(nothing)


@pytest.mark.parametrize("something", [0, "0", "soon", True, [1], {"a": 1}, -1])
def test_what_states_something(something):
    assert states(something)


def test_a_sample_is_short_and_can_be_stored():
    assert len(sample("x" * 5000)) == LONGEST_SAMPLE
    assert sample("a\x00b\n c") == "a\ufffdb c"
    assert sample({"a": [1]}) == '{"a": [1]}'
