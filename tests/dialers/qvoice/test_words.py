"""QVoice's words: a record in, what it says out."""

import json
from datetime import UTC, datetime

import pytest

from dialers.base import Connection, Unreadable
from dialers.vocabulary import FACTS
from tests.dialers.qvoice.saying import CALL_ID, CALL_KEYS, events, facts_of, payload, reading


# Calls ----------------------------------------------------------------------------------------------------------------
def test_a_documented_row_is_a_call_of_unknown_outcome():
    dialed, ended = events("row_documented")
    assert (dialed.kind, ended.kind) == ("dialed", "call_ended")
    assert dialed.keys == ended.keys == CALL_KEYS[1:]
    assert dialed.attempt is ended.attempt is None
    assert dialed.happened_at == datetime(2026, 11, 18, 10, 12, 52, 26336, tzinfo=UTC)
    assert ended.facts == {
        "campaign_name": "Renewals",
        "direction": "outbound",
        "customer_number": "+15550100001",
        "customer_number_raw": "+15550100001",
        "customer_name": "Ada Moreno",
        "agent_name": "Marta Vega",  # whom the row credits, not whom the history tried
        "agent_extension": "1101",
        "started_at": "2026-11-18T10:12:52Z",
        "connect_outcome": "unknown",
    }


def test_whom_the_history_tried_is_no_fact_about_the_call():
    dialed = facts_of("row_documented", "dialed")
    assert dialed == {"_agent_name": "Noor Haddad", "_agent_extension": "1102"}


def test_a_rich_row_tells_its_steps_its_end_and_its_disposition():
    found = events("row_rich")
    assert [event.kind for event in found] == [
        "dialed",
        "customer_answered",
        "dialed",
        "agent_answered",
        "milestone",
        "milestone",
        "call_ended",
        "disposed",
    ]
    assert {event.keys for event in found} == {CALL_KEYS}
    assert {event.attempt for event in found} == {CALL_ID}
    assert found[4].facts == {}  # a hold: known, and no word to be decided
    assert found[6].facts == {
        "call_id": CALL_ID,
        "attempt_id": CALL_ID,
        "campaign_name": "Renewals",
        "direction": "outbound",
        "customer_number": "+15550100001",
        "customer_number_raw": "+15550100001",
        "customer_name": "Ada Moreno",
        "agent_name": "Marta Vega",
        "agent_extension": "1101",
        "agent_username": "marta@example.test",
        "agent_email": "marta@example.test",
        "started_at": "2026-11-18T10:12:52Z",
        "answered_at": "2026-11-18T10:13:10.25Z",
        "ended_at": "2026-11-18T10:14:50.5Z",
        "talk_seconds": 95,
        "connect_outcome": "connected",
        "hangup_cause": "NORMAL_CLEARING",
        "custom_fields": {"lead_ticket_id": "T-77", "campaign_type": "progressive"},
    }
    assert found[7].facts == {
        "disposition": "Interested / Wants an offer",
        "disposition_parent": "CONNECTED",
        "notes": "Call again on Monday.",
        "flags": ["contact", "sale"],  # of one of its levels
    }


def test_every_fact_is_one_of_ours():
    names = {name for event in events("row_rich") + events("row_documented") for name in event.facts}
    assert {name for name in names if not name.startswith("_")} <= set(FACTS)


def test_names_of_steps_are_read_in_event_and_in_type():
    def step(**words):
        return [event.kind for event in events(payload("row_documented") | {"lead_history": [words]})][0]

    assert step(event="lead_answer") == step(type="lead_answer") == "customer_answered"
    assert step(event="x", type="Agent_Answer") == "agent_answered"
    assert step(event="answer", type="agent") == "agent_answered"
    assert step(event="answer") == "milestone"  # of whom, nobody said
    assert step(event="dial") == step(type="dial agent") == "dialed"
    # The page's own pair is written with blanks, "campaign dial" and "dial agent"; others with "_".
    assert step(event="Lead Answer") == step(event="lead-answer") == "customer_answered"
    assert step(event="campaign_dial") == step(type="Dial_Agent") == "dialed"


@pytest.mark.parametrize("history", [None, "", "none", 7, [], {}, [None, "x", 3]])
def test_a_history_that_is_none_is_no_reason_to_refuse_the_row(history):
    assert [event.kind for event in events(payload("row_documented") | {"lead_history": history})] == ["call_ended"]


def test_the_same_call_seen_with_and_without_its_id_shares_a_key():
    assert set(events("row_documented")[-1].keys) & set(events("row_rich")[-1].keys) == {CALL_KEYS[1]}


def test_a_row_without_anything_to_tell_it_by_is_unreadable():
    for missing in ({"lead_number": ""}, {"timestamp": 0, "datetime": ""}):
        with pytest.raises(Unreadable) as caught:
            events(payload("row_documented") | missing)
        assert caught.value.reason == "no_call_key"


def test_the_date_stands_in_for_a_missing_timestamp():
    row = payload("row_documented") | {"timestamp": None}
    assert events(row)[-1].keys == CALL_KEYS[1:]


@pytest.mark.parametrize(
    "timestamp",
    [1794996772, "1794996772", 1794996772000, "1794996772000", 1794996772000000, 1794996772.75, 63962215972],
)
def test_times_are_told_apart_by_magnitude(timestamp):
    # 63962215972 = 1794996772 + 62167219200, Kazoo's seconds since the year 0
    assert events(payload("row_documented") | {"timestamp": timestamp})[-1].keys == CALL_KEYS[1:]


def test_numbers_may_be_texts():
    row = payload("row_rich")
    row |= {"agent_talk_time": "95", "answered_time": "1794996790.25", "lead_number": 15550100001}
    row["campaign_timestamps"] = {name: str(value) for name, value in row["campaign_timestamps"].items()}
    facts = facts_of(row)
    assert facts["talk_seconds"] == 95
    assert facts["ended_at"] == "2026-11-18T10:14:50.5Z"
    assert (facts["customer_number"], facts["customer_number_raw"]) == ("+15550100001", "15550100001")


def test_what_does_not_fit_is_left_out():
    facts = facts_of(payload("row_rich") | {"agent_talk_time": 10**30, "lead_name": "  ", "agent_extension": ""})
    assert not {"talk_seconds", "customer_name", "agent_extension"} & set(facts)


def test_ids_that_no_table_holds_are_refused_and_long_keys_shortened():
    with pytest.raises(Unreadable) as caught:
        events(payload("row_rich") | {"call_id": "x" * 201})
    assert caught.value.reason == "bad_identifier"
    with pytest.raises(Unreadable) as caught:
        events(b'{"call_id": "a", "lead_number": "15550100001", "call_id": "b"}')
    assert caught.value.reason == "bad_identifier"
    (_, key) = events(payload("row_rich") | {"campaign_name": "y" * 1000})[0].keys
    assert key.startswith("row:sha256:") and len(key) < 100
    assert events(payload("row_rich") | {"campaign_name": "z" * 1000})[0].keys[1] != key


def test_a_recording_is_shown_only_where_it_is_a_link():
    assert "recording_url" not in facts_of("row_rich")
    link = "https://portal.example.test/recordings/1"
    assert facts_of(payload("row_rich") | {"recording_filename": link})["recording_url"] == link


def test_a_column_may_be_the_crm_reference():
    connection = Connection("q", "qvoice", settings={"crm_reference_field": "lead_ticket_id"})
    assert facts_of("row_rich", connection=connection)["crm_reference"] == "T-77"
    assert "crm_reference" not in facts_of("row_rich")


def test_a_column_written_twice_is_shown_as_a_conflict():
    raw = json.dumps(payload("row_documented"))[:-1] + ', "campaign_name": "Winback"}'
    assert facts_of(raw.encode())["_conflicts"] == {"campaign_name": ["Renewals", "Winback"]}


# The other reports ----------------------------------------------------------------------------------------------------
def test_a_lead():
    (lead,) = reading("lead", "leads").leads
    assert (lead.lead_id, lead.campaign_id) == ("1ead00001ead00001ead00001ead0000", "c0ffee00c0ffee00c0ffee00c0ffee00")
    assert (lead.number, lead.first_name, lead.last_name) == ("+15550100002", "Bruno", "Keller")
    assert (lead.status, lead.retries, lead.priority) == ("new", 11, 4)
    assert lead.created_at == datetime.fromtimestamp(1794900000, UTC)


def test_a_lead_takes_from_its_page_what_it_does_not_say():
    body = payload("lead")
    del body["id"], body["campaign_id"]
    (lead,) = reading(body, "leads", {"campaign_id": "c1", "listed_under": "l1"}).leads
    assert (lead.lead_id, lead.campaign_id) == ("l1", "c1")


def test_a_status_written_twice_is_counted_twice():
    (campaign,) = reading("campaign_status_twice", "campaign_status", {"listed_under": "c1"}).campaigns
    assert campaign.campaign_id == "c1"
    assert campaign.leads_by_status == {"new": 4, "success": 35, "failed": 5}
    assert sum(campaign.leads_by_status.values()) == campaign.total_leads == 44
    assert campaign.repeated_statuses == ("success",)


def test_a_queue():
    (queue,) = reading("queue", "queue_status").queues
    assert (queue.name, queue.extension, queue.strategy) == ("Renewals desk", "5601", "single")
    assert queue.counters == {
        "max_time_caller_in_queue": 120,
        "calls": 2,
        "total_agents": 1,
        "logged_in_agents": 1,
        "idle_agents": 1,
        "agents_on_call": 0,
    }
    assert queue.agents[0]["tags"] == [{"id": "7a6", "name": "Night", "color": "#123456"}]


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("lead_history", b'"a text"', "not_an_object"),
        ("leads", b"[1]", "not_an_object"),
        ("queue_status", b"null", "not_an_object"),
        ("lead_history", b'{"lead_name": "\xe9"}', "no_call_key"),  # a name that cannot be read is not what it lacks
        ("lead_history", b"", "unparseable"),
        ("leads", b"{}", "no_lead_id"),
        ("campaign_status", b"{}", "no_campaign_id"),
        ("queue_status", b"{}", "no_queue_id"),
        ("disposition_webhook", b"{}", "unknown_report"),
    ],
)
def test_what_cannot_be_understood(kind, body, reason):
    with pytest.raises(Unreadable) as caught:
        reading(body, kind)
    assert caught.value.reason == reason


def test_the_detail_never_repeats_the_body():
    with pytest.raises(Unreadable) as caught:
        reading(b'{"lead_name": "Confidential Person", "lead_number": "+15550109999"')
    assert "Confidential" not in caught.value.detail and "9999" not in caught.value.detail
