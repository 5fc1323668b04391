"""Ringostat's words: each status, who is the customer, and what time it was where; and the settings."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from marshmallow import ValidationError

from dialers.asking import Window
from dialers.base import Connection, Evidence
from dialers.fields import moment
from dialers.ringostat import DIALER, Settings
from dialers.ringostat.times import walls
from tests.dialers.ringostat.stage import account

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ringostat"
KYIV = ZoneInfo("Europe/Kyiv")
CALL = {"uniqueid": "1795000000.71", "calldate": "2026-11-18 12:00:00"}


def logged(connection=None, **columns):
    """The events of a row of the call log."""
    body = json.dumps(CALL | columns).encode()
    return DIALER.read(Evidence("report", "calls", body), connection or account()).events


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


# Statuses -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("ANSWERED", "connected"),
        ("PROPER", "connected"),
        ("NO ANSWER", "no_answer"),
        ("NO+ANSWER", "no_answer"),
        ("no_answer", "no_answer"),
        ("BUSY", "busy"),
        ("FAILED", "failed"),
        ("NO-FORWARD", "failed"),
        ("VOICEMAIL", "voicemail"),
        ("WRONG EXTENSION", "failed"),
        ("NO_EXTENSION", "failed"),
        ("CLIENT NO ANSWER", "no_answer"),
        ("FAILED FORBIDDEN DESTINATION", "blocked"),
        ("Decline", "rejected"),
        ("Answered", "connected"),
        ("Call forwarding scheme did not work", "failed"),
        ("No answer from a customer (Callback)", "no_answer"),
        ("Forbidden destination", "blocked"),
        ("SOMETHING NEW", "unknown"),
    ],
)
def test_every_status_of_a_call_that_is_over(word, outcome):
    """By its code, as clients read it, and by its label in "Call log. Description of call statuses"."""
    (ended,) = logged(disposition=word)
    assert ended.kind == "call_ended"
    assert (ended.facts["connect_outcome"], ended.facts["status_raw"]) == (outcome, word)
    assert ended.facts.get("answered_by") == ("machine" if outcome == "voicemail" else None)


@pytest.mark.parametrize("word", ["REPEATED", "Repeat call"])  # the code, and the page's label
@pytest.mark.parametrize(("billsec", "outcome"), [("35", "connected"), ("0", "no_answer"), ("", "unknown")])
def test_whether_a_repeated_call_was_answered_is_decided_by_its_talk_time(word, billsec, outcome):
    (ended,) = logged(disposition=word, billsec=billsec)
    assert ended.facts["connect_outcome"] == outcome


def test_a_call_in_progress_is_not_over():
    (event,) = logged(disposition="IN_PROGRESS")
    assert (event.kind, event.facts["connect_outcome"]) == ("dialed", "in_progress")


def test_the_tenant_says_what_a_word_means():
    tenant = account(words={"SOMETHING NEW": "busy", "PROPER": "voicemail"})
    assert logged(tenant, disposition="something_new")[0].facts["connect_outcome"] == "busy"
    assert logged(tenant, disposition="PROPER")[0].facts["answered_by"] == "machine"


# Rows -----------------------------------------------------------------------------------------------------------------
def test_a_row_of_the_call_log():
    ended, disposed = DIALER.read(Evidence("report", "calls", payload("row_in.json")), account()).events
    assert (ended.kind, ended.keys, ended.attempt) == ("call_ended", ("uniqueid:1795000000.71",), "1795000000.71")
    assert ended.happened_at == datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert ended.facts == {
        "call_id": "1795000000.71",
        "attempt_id": "1795000000.71",
        "direction": "inbound",
        "customer_number": "+380671234567",
        "customer_number_raw": "380671234567",
        "caller_number": "+380440000000",
        "agent_name": "Olena Koval",
        "agent_username": "olena",
        "started_at": "2026-11-18T12:00:00Z",
        "connect_outcome": "connected",
        "status_raw": "PROPER",
        "ring_seconds": 12,
        "talk_seconds": 95,
        "duration_seconds": 107,
        "recording_url": "https://recordings.example.test/71.mp3",
        "custom_fields": {
            "call_type": "in",
            "dst": "380440000000",
            "category_mark": "5",
            "department": "Sales",
            "proper_flag": "1",
            "repeated_flag": "0",
            "has_recording": "1",
            "utm_source": "google",
        },
    }
    assert (disposed.kind, disposed.facts) == ("disposed", {"disposition": "Sale", "flags": ["contact", "sale"]})


@pytest.mark.parametrize(
    ("columns", "direction", "customer", "agent"),
    [
        ({"call_type": "in", "caller": "380671234567", "dst": "380440000000"}, "inbound", "+380671234567", {}),
        (
            {"call_type": "in", "caller": "380671234567", "dst": '"olena" <olena>'},
            "inbound",
            "+380671234567",
            {"agent_username": "olena"},
        ),
        (
            {"call_type": "callback", "caller": "380671234567", "connected_with": "380501112233"},
            "inbound",
            "+380671234567",
            {"agent_number": "380501112233"},
        ),
        (
            {"call_type": "out", "caller": '"taras" <taras>', "dst": "380671234567"},
            "outbound",
            "+380671234567",
            {"agent_username": "taras"},
        ),
        (
            {"call_type": "transitout", "caller": "taras", "dst": "380671234567"},
            "outbound",
            "+380671234567",
            {"agent_username": "taras"},
        ),
        ({"call_type": "transitin", "caller": "380671234567"}, "inbound", "+380671234567", {}),
        ({"call_type": "in", "caller": "anonymous"}, "inbound", None, {}),
        ({"call_type": "sideways", "caller": "380671234567", "dst": "380440000000"}, None, None, {}),
    ],
)
def test_who_talked(columns, direction, customer, agent):
    (ended,) = logged(disposition="ANSWERED", **columns)
    facts = ended.facts
    assert (facts.get("direction"), facts.get("customer_number")) == (direction, customer)
    assert {name: value for name, value in facts.items() if name.startswith("agent_")} == agent


def test_a_card_is_a_disposition_only_as_text():
    assert [event.kind for event in logged(disposition="ANSWERED", call_card={"a": 1})] == ["call_ended"]
    assert [event.kind for event in logged(disposition="ANSWERED", call_card=" ")] == ["call_ended"]
    other = logged(disposition="ANSWERED", call_card="Wrong person")[1]
    assert other.facts == {"disposition": "Wrong person", "flags": []}


@pytest.mark.parametrize("card", [{"Result": "Sale"}, '{"Result": "Sale"}'])
def test_a_card_of_several_fields_is_shown_and_is_no_disposition(card):
    """What a form posts of it is JSON in a text ("How to realise the Ringostat integration using Webhooks": form or JSON)."""
    (ended,) = logged(disposition="ANSWERED", call_card=card)
    assert ended.facts["custom_fields"]["call_card"] == '{"Result": "Sale"}'


@pytest.mark.parametrize("card", [{}, [], "{}", "[]"])
def test_an_empty_card_is_none(card):
    (ended,) = logged(disposition="ANSWERED", call_card=card)
    assert ended.facts.get("custom_fields") is None


# Time -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-11-18 12:00:00", "2026-11-18T10:00:00"),  # Kyiv is two hours ahead in winter
        ("2026-07-18 12:00:00", "2026-07-18T09:00:00"),
        ("18.11.2026 12:00", "2026-11-18T10:00:00"),
        ("2026-11-18T12:00:00+01:00", "2026-11-18T11:00:00"),
        ("1795000000", "2026-11-18T11:06:40"),
        ("2026-10-25 03:30:00", "2026-10-25T00:30:00"),  # shown twice: the first
        ("2026-03-29 03:30:00", "2026-03-29T01:30:00"),  # never shown: what a clock that was not changed showed
        ("2026-11-18 12:00", "2026-11-18T10:00:00"),  # without seconds
        ("2026-11-18 12:00:00 EET", "2026-11-18T10:00:00"),
        ("2026-11-18 12:00:00 IST", None),  # of three zones, none is Kyiv's
        ("18/11/2026 12:00:00", "2026-11-18T10:00:00"),  # there is no eighteenth month
        ("05/11/2026 12:00:00", None),
        ("2026-02-30 12:00:00", None),
        ("0000-00-00 00:00:00", None),
        ("", None),
    ],
)
def test_a_wall_clock_becomes_utc(written, utc):
    place = Connection("r", "ringostat", {"timezone": str(KYIV)})
    assert moment(written, place) == (datetime.fromisoformat(utc).replace(tzinfo=UTC) if utc else None)


def test_a_window_is_as_long_on_the_wall():
    window = Window(datetime(2026, 11, 18, 6, tzinfo=UTC), datetime(2026, 11, 18, 10, tzinfo=UTC))
    assert [str(wall) for wall in walls(window, KYIV)] == ["2026-11-18 08:00:00", "2026-11-18 12:00:01"]


def test_where_clocks_are_changed_a_window_holds_both_walls():
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)  # 04:00 becomes 03:00
    window = Window(change - timedelta(minutes=10), change + timedelta(minutes=10))
    start, end = (str(wall) for wall in walls(window, KYIV))
    assert start <= "2026-10-25 03:00:00" and end >= "2026-10-25 03:59:59"


# Settings -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"timezone": "Europe/Kyjiv"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"report_fields": ["uniqueid"]}, "report_fields"),
        ({"webhook_fields": {"nothing_of_ours": "x"}}, "webhook_fields"),
        ({"auth_key": "with a blank"}, "auth_key"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
    ],
)
def test_settings_that_cannot_be_meant(wrong, named):
    with pytest.raises(ValidationError) as refused:
        Settings().load({"project_id": "123", "auth_key": "demo"} | wrong)
    assert list(refused.value.messages) == [named]


def test_the_key_and_the_project_are_needed():
    with pytest.raises(ValidationError) as refused:
        Settings().load({})
    assert set(refused.value.messages) == {"project_id", "auth_key"}
