"""VoIPEX's words: a webhook in, events out. The payloads restate the shapes of IPEX Confluence with values of our own."""

import json
import time
from pathlib import Path

import pytest

from dialers.base import Connection, Evidence, Unreadable
from dialers.voipex.words import read

PAYLOADS = Path(__file__).parents[2] / "payloads" / "voipex"
VOIPEX = Connection("voipex-main", "voipex", {"webhook_fields": {}}, default_country="CZ")


def webhook(event="Answered", **fields):
    call = {"EventName": event, "From": "222333444", "To": "601000001", "UniqueId": "1793000000.17"}
    return call | {"Direction": "outgoing"} | fields


def reading(body, connection=VOIPEX, **evidence):
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    elif isinstance(body, str):
        body = body.encode() if "\n" in body or "{" in body or "=" in body else (PAYLOADS / body).read_bytes()
    return read(Evidence("callback", "event", body, **evidence), connection)


def events(body, connection=VOIPEX):
    return reading(body, connection).events


def facts(body, connection=VOIPEX):
    return {name: value for event in events(body, connection) for name, value in event.facts.items()}


# One webhook ----------------------------------------------------------------------------------------------------------
def test_an_answer():
    (event,) = events("answered.json")
    assert (event.kind, event.keys, event.attempt) == (
        "customer_answered",
        ("uniqueid:1793000000.17",),
        "1793000000.17",
    )
    assert event.happened_at is None
    assert event.facts == {
        "call_id": "1793000000.17",
        "attempt_id": "1793000000.17",
        "direction": "outbound",
        "customer_number": "+420601000001",
        "customer_number_raw": "601000001",
        "caller_number": "+420222333444",
        "agent_username": "jana.nova",
        "agent_email": "jana.nova@example.test",
        "agent_extension": "444",
        "queue_name": "green",
        "started_at": "2026-10-26T07:33:20Z",  # 1793000000 before the dot
        "connect_outcome": "connected",
        "_event": "Answered",
    }


@pytest.mark.parametrize(
    ("event", "kind", "outcome"),
    [
        ("NewCall", "dialed", "in_progress"),
        ("Ringing", "dialed", "in_progress"),
        ("ringing", "dialed", "in_progress"),
        ("Answered", "customer_answered", "connected"),
        ("AttendedTransfer", "milestone", None),
        ("Hangup", "call_ended", "unknown"),
        ("CDR", "call_ended", "unknown"),
        ("Recorded", "milestone", None),  # of next year
    ],
)
def test_every_event(event, kind, outcome):
    (found,) = events(webhook(event))
    assert (found.kind, found.facts.get("connect_outcome"), found.facts["_event"]) == (kind, outcome, event)


@pytest.mark.parametrize(("event", "undecided"), [("AttendedTransfer", False), ("Recorded", True)])
def test_an_event_that_is_documented_waits_for_nobody(event, undecided):
    """IPEX Confluence, "Webhooks", names AttendedTransfer. A tenant may say something of it all the same."""
    assert ("_word" in facts(webhook(event))) is undecided
    tenant = Connection("v", "voipex", {"webhook_fields": {}}, words={event: "customer_answered"})
    assert facts(webhook(event), tenant)["_word"] == event


@pytest.mark.parametrize("event", ["AgentLogin", "AgentLogout", "AgentPaused", "AgentUnPaused"])
def test_what_agents_do_is_no_call(event):
    found = reading({"EventName": event, "Login": "jana.nova", "Line": "444"})
    assert (found.ignored, found.events) == ("agent_event", ())


def test_whoever_was_rung_is_no_fact_about_the_call():
    found = facts(webhook("Ringing", Login="jana.nova", Line="444"))
    assert "agent_username" not in found and found["_agent_username"] == "jana.nova"


@pytest.mark.parametrize(
    ("given", "name"),
    [({"Login": "jana", "Email": "j@x.test"}, "jana"), ({"Email": "j@x.test"}, "j@x.test"), ({}, None)],
)
def test_an_agent_is_named_by_login_or_email(given, name):
    assert facts(webhook(**given)).get("agent_username") == name


# Directions and numbers -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "direction", "customer"),
    [
        ("outgoing", "outbound", "+420601000001"),
        ("incoming", "inbound", "+420222333444"),
        ("outgoinglocal", "internal", "+420601000001"),
        ("incominglocal", "internal", "+420222333444"),
        ("Outgoing", "outbound", "+420601000001"),
        ("sideways", None, None),
        (None, None, None),  # as in the manual's sample: who is the customer is not guessed
    ],
)
def test_the_direction_tells_whose_number_is_the_customers(said, direction, customer):
    found = facts(webhook(Direction=said))
    assert (found.get("direction"), found.get("customer_number")) == (direction, customer)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("601000001", "+420601000001"),
        (601000001, "+420601000001"),
        ("+421901000003", "+421901000003"),
        ("00421901000003", "+421901000003"),
        ("444", None),  # an extension
        ("anonymous", None),
    ],
)
def test_numbers(written, number):
    found = facts(webhook(To=written))
    assert (found.get("customer_number"), found["customer_number_raw"]) == (number, str(written))


@pytest.mark.parametrize(
    ("unique_id", "started"),
    [
        ("1793000000.17", "2026-10-26T07:33:20Z"),
        ("pbx-prague-1793000000.17", "2026-10-26T07:33:20Z"),
        ("1793000000", None),
        ("17930000001.17", None),
        ("0000000001.17", None),
        ("b7e1", None),
    ],
)
def test_the_second_before_the_dot_is_when_it_began(unique_id, started):
    found = facts(webhook(UniqueId=unique_id))
    assert (found.get("started_at"), found["call_id"]) == (started, unique_id)


def test_a_unique_id_that_is_a_number_keeps_its_digits():
    body = b'{"EventName": "Answered", "UniqueId": 1793000000.170}'
    assert events(body)[0].keys == ("uniqueid:1793000000.170",)


# Reasons --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("TERMINATED", "connected"),
        ("RS_BUSY", "busy"),
        ("RS_NOANSWER", "no_answer"),
        ("RS_REJECTED", "failed"),
        ("RS_LOST", "abandoned"),
        ("RS_NUMBER", "invalid_number"),
        ("RS_ERROR", "failed"),
        ("rs-busy", "busy"),
        ("RS_TIMEOUT", "unknown"),  # nobody has verified it
        ("Normal Clearing", "unknown"),
        (None, "unknown"),
    ],
)
@pytest.mark.parametrize("event", ["Hangup", "CDR"])
def test_what_a_reason_means_where_nobody_told_of_an_answer(event, reason, outcome):
    found = facts(webhook(event, Reason=reason))
    assert (found["connect_outcome"], found.get("status_raw"), found.get("hangup_cause")) == (outcome, reason, reason)


def test_a_tenants_words_come_first():
    tenant = Connection("v", "voipex", words={"Normal Clearing": "no_answer", "RS_LOST": "agent_unavailable"})
    assert facts(webhook("Hangup", Reason="normal_clearing"), tenant)["connect_outcome"] == "no_answer"
    assert facts(webhook("Hangup", Reason="RS_LOST"), tenant)["connect_outcome"] == "agent_unavailable"
    assert facts(webhook("Hangup", Reason="RS_BUSY"), tenant)["connect_outcome"] == "busy"


# Bodies ---------------------------------------------------------------------------------------------------------------
def test_the_sample_of_the_manual():
    (event,) = events("sample_of_the_manual.txt")
    assert (event.kind, event.keys) == ("dialed", ("uniqueid:1412256225.1941",))
    assert event.facts == {
        "call_id": "1412256225.1941",
        "attempt_id": "1412256225.1941",
        "started_at": "2014-10-02T13:23:45Z",
        "connect_outcome": "in_progress",
        "_agent_username": "petr.novak",
        "_agent_email": "petr.novak@jehofirma.example",
        "_agent_extension": "444",
        "_event": "Ringing",
    }


def test_renamed_keys():
    renamed = {"EventName": "event", "From": "caller", "To": "called", "UniqueId": "id", "Direction": "smer"}
    tenant = Connection("v", "voipex", {"webhook_fields": renamed | {"Reason": "why"}}, default_country="CZ")
    found = facts("renamed.json", tenant)
    assert (found["call_id"], found["direction"], found["connect_outcome"]) == ("1793000000.20", "inbound", "abandoned")
    assert found["customer_number"] == "+420601000001"
    with pytest.raises(Unreadable) as caught:
        events("answered.json", tenant)  # what was renamed is not looked for under its old name
    assert caught.value.reason == "no_event"


def test_keys_that_have_changed_places():
    swapped = Connection("v", "voipex", {"webhook_fields": {"From": "To", "To": "From"}}, default_country="CZ")
    assert facts(webhook(), swapped)["customer_number"] == "+420222333444"


@pytest.mark.parametrize(
    "body",
    [
        "{EventName: Hangup, UniqueId: 1793000000.17, Reason: Normal Clearing}",
        "{EventName: 'Hangup', UniqueId: \"1793000000.17\", Reason: 'Normal Clearing',}",
        "{\r\n  EventName: Hangup,\r\n  UniqueId: 1793000000.17\r\n  Reason: Normal Clearing\r\n}",
        "EventName=Hangup&UniqueId=1793000000.17&Reason=Normal+Clearing",
        '[{"EventName": "Hangup", "UniqueId": "1793000000.17", "Reason": "Normal Clearing"}]',
    ],
)
def test_other_ways_to_write_the_same(body):
    (event,) = events(body)
    assert (event.kind, event.keys, event.facts["hangup_cause"]) == (
        "call_ended",
        ("uniqueid:1793000000.17",),
        "Normal Clearing",
    )


def test_values_with_colons_and_nothing():
    found = events("{EventName: Hangup, UniqueId: sip:17@pbx, Reason: null, Queue: , Login: undefined}")[0].facts
    assert found["call_id"] == "sip:17@pbx"
    assert not {"hangup_cause", "queue_name", "agent_username"} & set(found)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{EventName: Hangup UniqueId: 17}", "unparseable"),  # one member or two?
        ("{EventName: Hangup, UniqueId: 17, UniqueId: 18}", "unparseable"),  # which?
        ("{EventName: Hangup, UniqueId: 17, Reason: a, b}", "unparseable"),
        ("{EventName: Hangup, Call: {UniqueId: 17}}", "unparseable"),
        ("{EventName: Hangup, UniqueId: 17", "unparseable"),
        ('{"EventName": "Hangup", "UniqueId": ', "unparseable"),
        ('{"EventName": "Hangup", "UniqueId": "17", "Reason": busy, Queue: red}', "unparseable"),
        ('{"EventName": "Hangup", "UniqueId": "17", "EventName": "Answered"}', "bad_identifier"),
        ('{"EventName": "Hangup", "UniqueId": 1.79346E+09}', "no_call_id"),  # of a hundred calls
        ("{}", "no_event"),
        ("<html>\n</html>", "unparseable"),
        ("[1,\n2]", "not_an_object"),
        (b"\xff\xfe\xfd", "unparseable"),
        ('{"UniqueId": "17"}', "no_event"),
        ('{"EventName": "Hangup"}', "no_call_id"),
        ('{"EventName": "Hangup", "UniqueId": ""}', "no_call_id"),
        ('{"EventName": "Hangup", "UniqueId": "' + "1" * 201 + '"}', "bad_identifier"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_unreadable(body, reason):
    with pytest.raises(Unreadable) as caught:
        reading(body)
    assert caught.value.reason == reason
    assert "17" not in caught.value.detail


def test_a_megabyte_is_looked_at_once():
    began = time.process_time()  # the machine may have other work
    for filling in (" ", "a ", "a: ", "a", "\n", ",", '"', "a:b,"):
        for end in ("}", '"', '"}'):
            try:
                reading("{A: " + filling * (2**20 // len(filling)) + end)
            except Unreadable:
                continue
    assert time.process_time() - began < 5


def test_a_key_that_stands_twice_in_json_is_shown():
    found = facts(b'{"EventName": "Ringing", "UniqueId": "17", "To": "1", "To": "2"}')
    assert found["_conflicts"] == {"To": ["1", "2"]}


def test_a_character_that_no_store_takes():
    assert facts("EventName=Answered&UniqueId=17&Queue=a%00b")["queue_name"] == "a\ufffdb"


def test_an_empty_body_is_somebody_who_probes_the_url():
    assert reading(b" ").ignored == "empty_body"


def test_a_polled_call_is_kept_and_not_read():
    found = read(Evidence("report", "calls", b'{"whatever": 1}'), VOIPEX)
    assert (found.ignored, found.events) == ("calls_schema_unknown", ())
