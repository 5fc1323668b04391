"""Ryng's words: a payload file in, events out. The files restate the shapes of docs.ryng.in with values of our own."""

import json
from pathlib import Path

import pytest

from dialers.base import Connection, Evidence, Unreadable
from dialers.ryng.words import read

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ryng"
RYNG = Connection(
    "ryng-main",
    "ryng",
    settings={"status_codes": {}, "crm_reference_field": None},
    default_country="IN",
    dispositions={"interested": ("sale", "contact"), "Customer accepted": ("contact",)},
)


def events(body, kind="terminal", connection=RYNG):
    raw = (PAYLOADS / f"{body}.json").read_bytes() if isinstance(body, str) else json.dumps(body).encode()
    return read(Evidence("callback", kind, raw), connection).events


def facts(body, kind="terminal", connection=RYNG):
    return {name: value for event in events(body, kind, connection) for name, value in event.facts.items()}


def test_connect_of_a_campaign():
    (event,) = events("connect_campaign", "connect")
    assert (event.kind, event.keys, event.attempt, event.happened_at) == ("agent_answered", ("call:131",), None, None)
    assert event.facts == {
        "call_id": "131",
        "direction": "outbound",
        "customer_number": "+919800012345",
        "customer_number_raw": "+919800012345",
        "agent_id": "67136",
        "agent_username": "asha@example.test",
        "agent_email": "asha@example.test",
        "agent_number": "+919800000001",
        "created_at": "2026-02-01T18:13:18Z",
        "custom_fields": {"customer name": "Meera", "policy": "Term life", "lead id": "XT-1001"},
        "connect_outcome": "in_progress",
    }


def test_a_body_that_states_two_milestones_gives_both():
    first, second = events("connect_two_events_in_one_body", "connect")
    assert (first.kind, second.kind) == ("agent_answered", "customer_answered")
    assert first.facts["_conflicts"] == {"event": ["agent-connected", "customer-connected"]}


def test_terminal_of_a_campaign():
    ended, disposed = events("terminal_campaign")
    assert (ended.kind, ended.attempt, disposed.kind, disposed.attempt) == ("call_ended", "49", "disposed", "49")
    # Talk time and timestamps disagree in the vendor's own sample. Both are kept, neither is mended.
    assert ended.facts["talk_seconds"] == 5
    assert (ended.facts["started_at"], ended.facts["ended_at"]) == ("2026-01-19T08:07:07Z", "2026-01-19T08:12:52Z")
    assert ended.facts["status_raw"] == "2"
    assert ended.facts["connect_outcome"] == "connected"  # talk time proves a conversation; the number does not
    assert "duration_seconds" not in ended.facts
    assert disposed.facts == {
        "disposed_at": "2026-01-19T08:13:00Z",
        "disposition": "Interested",
        "flags": ["contact", "sale"],
    }


def test_terminal_of_a_queue_has_both_levels_of_disposition():
    found = facts("terminal_queue_create")
    assert (found["disposition_parent"], found["disposition"]) == ("Customer accepted", "Forms requested")
    assert found["flags"] == ["contact"]
    assert found["callback_at"] == "2026-11-20T12:04:34Z"  # two fraction digits
    assert (found["queue_id"], found["notes"], found["duration_seconds"]) == ("2", "Send by post", 32)


@pytest.mark.parametrize("url_kind", ["terminal", "connect"])  # an operator may have pasted the URLs crosswise
def test_terminal_without_callback_type_is_told_by_its_fields(url_kind):
    ended, disposed = events("terminal_queue_append", url_kind)
    assert (ended.kind, ended.attempt, ended.facts["connect_outcome"]) == ("call_ended", "894", "connected")


def test_connect_at_the_terminal_url_stays_a_connect():
    (event,) = events("connect_queue", "terminal")
    assert (event.kind, event.facts["queue_name"]) == ("customer_answered", "Standard Queue")


def test_leg_details_in_a_list_of_one_are_read_alike():
    assert events("terminal_legs_in_a_list") == events("terminal_queue_append")


def test_the_body_as_printed_in_the_docs_is_read():
    """Its ``legDetails`` is a list of bare pairs with a comma too many, and a comma is missing behind it. It is no JSON, but
    there is only one way to read it, and whoever built Ryng's callbacks may have built them so."""
    assert events("terminal_printed_in_the_docs") == events("terminal_queue_append")


BOTH_LEGS = {"leg0Status": "completed", "leg1Status": "completed"}


@pytest.mark.parametrize(
    "status, talktime, legs, expected",
    [
        ("completed", 27, None, "connected"),
        ("completed", 0, BOTH_LEGS, "connected"),
        ("completed", 0, [BOTH_LEGS], "connected"),
        ("completed", 0, None, "unknown"),  # one leg may have completed alone
        ("completed", 0, {"leg0Status": "completed", "leg1Status": "no-answer"}, "no_answer"),
        ("busy", 0, None, "busy"),
        ("no-answer", None, None, "no_answer"),
        ("No-Answer", None, None, "no_answer"),
        ("failed", 0, None, "failed"),
        ("2", 5, None, "connected"),  # by talk time
        ("2", 0, {"leg0Status": 5, "leg1Status": 5}, "unknown"),  # the table of numbers is not published
        (2, "5", None, "connected"),  # numbers as strings and strings as numbers
        (None, None, None, "unknown"),
        ("a word of tomorrow", 0, None, "unknown"),
    ],
)
def test_connect_outcome(status, talktime, legs, expected):
    body = {"callID": 1, "callLogID": 2, "status": status, "talktime": talktime, "legDetails": legs}
    assert facts(body)["connect_outcome"] == expected


AGENT_FIRST, CUSTOMER_FIRST = "agent-first", "customer-first"
UNMAPPED, MAPPED = {}, {"2": "connected", "3": "busy", "9": "unknown"}


@pytest.mark.parametrize(
    "status, direction, first, second, codes, expected",
    [
        # The agent's leg is the first, the customer's the second.
        ("completed", AGENT_FIRST, "completed", "busy", UNMAPPED, "busy"),
        ("completed", AGENT_FIRST, None, "busy", UNMAPPED, "busy"),
        ("completed", AGENT_FIRST, "completed", "no-answer", UNMAPPED, "no_answer"),
        ("completed", AGENT_FIRST, "completed", "failed", UNMAPPED, "failed"),
        ("completed", AGENT_FIRST, "Completed", "NO ANSWER", UNMAPPED, "no_answer"),
        ("completed", "Agent First", "completed", "no_answer", UNMAPPED, "no_answer"),
        ("completed", None, "completed", "busy", UNMAPPED, "busy"),  # the order that connect callbacks suggest
        ("completed", AGENT_FIRST, "completed", None, UNMAPPED, "unknown"),
        ("completed", AGENT_FIRST, "completed", "ringing", UNMAPPED, "unknown"),
        # The agent's leg failed first, whatever is said of the other one.
        ("completed", AGENT_FIRST, "no-answer", None, UNMAPPED, "agent_unavailable"),
        ("completed", AGENT_FIRST, "busy", "failed", UNMAPPED, "agent_unavailable"),
        ("no-answer", AGENT_FIRST, "no-answer", None, UNMAPPED, "agent_unavailable"),
        ("failed", AGENT_FIRST, "failed", "failed", UNMAPPED, "agent_unavailable"),
        ("failed", AGENT_FIRST, "completed", "busy", UNMAPPED, "failed"),  # the call's own word stands
        # The other way round.
        ("completed", CUSTOMER_FIRST, "busy", "completed", UNMAPPED, "busy"),
        ("completed", CUSTOMER_FIRST, "no-answer", None, UNMAPPED, "no_answer"),
        ("completed", CUSTOMER_FIRST, "completed", "no-answer", UNMAPPED, "abandoned"),
        ("no-answer", CUSTOMER_FIRST, "completed", "no-answer", UNMAPPED, "abandoned"),
        ("completed", CUSTOMER_FIRST, "completed", "completed", UNMAPPED, "connected"),
        ("completed", "sideways", "completed", "busy", UNMAPPED, "unknown"),
        # Without a status, and with one that nobody has mapped.
        (None, AGENT_FIRST, "completed", "busy", UNMAPPED, "busy"),
        ("7", AGENT_FIRST, "completed", "no-answer", UNMAPPED, "no_answer"),
        # Numbers have no published table: by the tenant's own, or not at all.
        ("completed", AGENT_FIRST, 2, 3, UNMAPPED, "unknown"),
        ("completed", AGENT_FIRST, 2, 3, MAPPED, "busy"),
        ("completed", AGENT_FIRST, "3", 2, MAPPED, "agent_unavailable"),
        ("completed", CUSTOMER_FIRST, 3, 2, MAPPED, "busy"),
        ("completed", AGENT_FIRST, 2, 2, MAPPED, "connected"),
        ("completed", AGENT_FIRST, 2, 9, MAPPED, "unknown"),
        ("2", AGENT_FIRST, 2, 3, MAPPED, "connected"),  # the call's own code is mapped
    ],
)
def test_results_of_legs(status, direction, first, second, codes, expected):
    tenant = Connection("r", "ryng", settings={"status_codes": codes})
    body = {"callID": 1, "callLogID": 2, "status": status, "talktime": 0, "legDirection": direction}
    details = {"leg0Status": first, "leg0Duration": 4, "leg1Status": second, "leg1Duration": 0}
    parted = [{"leg0Status": first, "leg0Duration": 4}, {"leg1Status": second, "leg1Duration": 0}]
    for written in (details, [details], parted, json.dumps(details)):
        found = facts(body | {"legDetails": written}, connection=tenant)
        assert found["connect_outcome"] == expected
        assert "_unread" not in found


def test_talk_time_outranks_the_legs():
    body = {"callID": 1, "callLogID": 2, "status": "completed", "talktime": 7, "legDirection": AGENT_FIRST}
    assert (
        facts(body | {"legDetails": {"leg0Status": "completed", "leg1Status": "busy"}})["connect_outcome"]
        == "connected"
    )


def test_a_tenants_word_for_a_leg():
    tenant = Connection("r", "ryng", settings={"status_codes": {}}, words={"switched-off": "unreachable"})
    body = {"callID": 1, "callLogID": 2, "status": "completed", "talktime": 0}
    legs = {"leg0Status": "completed", "leg1Status": "Switched Off"}
    assert facts(body | {"legDetails": legs}, connection=tenant)["connect_outcome"] == "unreachable"


@pytest.mark.parametrize("code, word", [("2", "2"), ("completed", "Completed")])
def test_the_tenants_table_comes_before_ours(code, word):
    mapped = Connection("r", "ryng", settings={"status_codes": {code: "voicemail"}})
    body = {"callID": 1, "callLogID": 2, "status": word, "talktime": 9}
    assert facts(body, connection=mapped)["connect_outcome"] == "voicemail"


def test_an_unknown_milestone_is_kept_in_its_own_word():
    (event,) = events({"callID": 1, "event": "customer-hold"}, "connect")
    assert (event.kind, event.facts["_word"]) == ("milestone", "customer-hold")


def test_ids_are_strings_and_keep_their_digits():
    found = facts({"callID": "0019", "callLogID": 12345678901234567890, "agentID": 7})
    assert (found["call_id"], found["attempt_id"], found["agent_id"]) == ("0019", "12345678901234567890", "7")


def test_a_national_number_is_read_with_the_connections_country():
    found = facts({"callID": 1, "callLogID": 2, "customerNum": "09800012345"})
    assert (found["customer_number"], found["customer_number_raw"]) == ("+919800012345", "09800012345")


def test_the_crm_reference_is_the_custom_field_that_the_connection_names():
    for name in ("lead id", "customField3"):
        named = Connection("r", "ryng", settings={"status_codes": {}, "crm_reference_field": name})
        assert facts("terminal_campaign", connection=named)["crm_reference"] == "XT-1001"


def test_custom_fields_without_or_with_the_same_header_lose_nothing():
    body = {"callID": 1, "callLogID": 2, "customFields": {"customField1": "a", "customField2": "b", "customField3": 3}}
    body["customFieldNames"] = {"customField1Name": "Name", "customField2Name": "Name"}
    assert facts(body)["custom_fields"] == {"Name": "a", "Name (customField2)": "b", "customField3": "3"}


def test_a_custom_field_that_is_no_text_is_shown_as_json():
    body = {"callID": 1, "callLogID": 2, "customFields": {"customField1": True, "customField2": ["a", "b"]}}
    assert facts(body)["custom_fields"] == {"customField1": "true", "customField2": '["a", "b"]'}


@pytest.mark.parametrize(
    ("values", "reference"), [(("a", "b"), None), (("a", "a"), "a"), (("a", ""), "a"), (("null", "a"), "a")]
)
def test_of_two_fields_with_the_references_header_none_is_guessed(values, reference):
    body = {
        "callID": 1,
        "callLogID": 2,
        "customFields": dict(zip(("customField1", "customField2"), values, strict=True)),
    }
    body["customFieldNames"] = {"customField1Name": "CRM", "customField2Name": "CRM"}
    named = Connection("r", "ryng", settings={"status_codes": {}, "crm_reference_field": "CRM"})
    assert facts(body, connection=named).get("crm_reference") == reference


@pytest.mark.parametrize(
    "raw, reason",
    [
        (b'{"callID": 1', "unparseable"),
        (b"[" * 1_000_000, "unparseable"),
        (b"\xff\xfe\xff", "unparseable"),
        (
            b'{"callID": "\xc3\x28"}',
            "bad_identifier",
        ),  # which bytes were lost, nobody knows: it may be another call's id
        (b"[]", "not_an_object"),
        (b"3", "not_an_object"),
        (b"{}", "no_call_id"),
        (b'{"callID": null}', "no_call_id"),
        (b'{"callID": {"a": 1}}', "no_call_id"),
        (b'{"callID": "' + b"9" * 300 + b'"}', "bad_identifier"),
    ],
)
def test_what_cannot_be_understood_says_why(raw, reason):
    with pytest.raises(Unreadable) as refused:
        read(Evidence("callback", "terminal", raw), RYNG)
    assert refused.value.reason == reason
    assert raw.decode("latin-1")[:40] not in refused.value.detail  # never a body in a reason


@pytest.mark.parametrize(
    "body, said",
    [
        ({}, "neither"),
        ({"callID": "null"}, "neither"),
        ({"callID": "9.0E+11"}, "callID is stated"),
        ({"callLogID": {"a": 1}}, "callLogID is stated"),
        ({"callID": 1.5, "callLogID": 2.5}, "callID and callLogID are stated"),
    ],
)
def test_an_id_that_is_stated_and_cannot_be_read_is_not_said_to_be_missing(body, said):
    with pytest.raises(Unreadable) as refused:
        read(Evidence("callback", "terminal", json.dumps(body).encode()), RYNG)
    assert refused.value.reason == "no_call_id"
    assert said in refused.value.detail


@pytest.mark.parametrize("zero", [0, "0", "0.0", 0.0])
def test_zero_is_no_campaign_no_queue_and_no_agent(zero):
    body = {"callID": 7, "campaignID": zero, "queueID": zero, "agentID": zero, "status": "busy"}
    said = facts(body)
    assert not {"campaign_id", "queue_id", "agent_id", "_unread"} & set(said)
    assert said["call_id"] == "7"


def test_an_empty_body_is_a_probe():
    assert read(Evidence("callback", "terminal", b" "), RYNG).ignored == "empty_body"


@pytest.mark.parametrize(
    "field, value",
    [
        ("talktime", -3),
        ("talktime", "x"),
        ("talktime", 10**30),
        ("talktime", True),
        ("callEnded", "yesterday"),
        ("callEnded", 0),
        ("callEnded", "0001-01-01T00:00:00Z"),
        ("callEnded", {"a": 1}),
        ("customFields", [1, 2]),
        ("legDetails", "x"),
        ("customerNum", "anonymous"),
    ],
)
def test_a_field_that_makes_no_sense_is_left_out_and_costs_no_other_field(field, value):
    found = facts({"callID": 1, "callLogID": 2, "disposition": "Sold", field: value})
    assert found["disposition"] == "Sold"
    assert "talk_seconds" not in found and "ended_at" not in found and "customer_number" not in found


def test_what_no_outcome_has_a_field_for_stays_in_the_timeline():
    found = facts("terminal_queue_append")
    assert (found["_scheduled_at"], found["_leg_direction"]) == ("2026-11-18T00:11:55Z", "agent-first")
    assert found["_legs"]["leg1Duration"] == "24"
