"""Ringostat's words: each status, each form of a webhook, who is the customer, and what time it was where."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from marshmallow import ValidationError

from dialers.base import Evidence, Unreadable, Window
from dialers.ringostat import DIALER, NAMES, Settings
from dialers.ringostat.times import moment, walls
from tests.dialers.ringostat.stage import INCOMING, account

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ringostat"
KYIV = ZoneInfo("Europe/Kyiv")
CALL = {"uniqueid": "1795000000.71", "calldate": "2026-11-18 12:00:00"}


def logged(connection=None, **columns):
    """The events of a row of the call log."""
    body = json.dumps(CALL | columns).encode()
    return DIALER.read(Evidence("report", "calls", body), connection or account()).events


def told(body=b"", query=None, content_type="application/json", connection=None, method="POST"):
    """The events of a webhook."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DIALER.read(Evidence("callback", "call", raw, content_type, query, method), connection or account()).events


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
        ("SOMETHING NEW", "unknown"),
    ],
)
def test_every_status_of_a_call_that_is_over(word, outcome):
    (ended,) = logged(disposition=word)
    assert ended.kind == "call_ended"
    assert (ended.facts["connect_outcome"], ended.facts["status_raw"]) == (outcome, word)
    assert ended.facts.get("answered_by") == ("machine" if outcome == "voicemail" else None)


@pytest.mark.parametrize(("billsec", "outcome"), [("35", "connected"), ("0", "no_answer"), ("", "unknown")])
def test_whether_a_repeated_call_was_answered_is_decided_by_its_talk_time(billsec, outcome):
    (ended,) = logged(disposition="REPEATED", billsec=billsec)
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


@pytest.mark.parametrize("body", [{}, {"calldate": "2026-11-18 12:00:00"}, {"uniqueid": ""}, {"uniqueid": None}])
def test_a_call_without_an_id_is_not_understood(body):
    with pytest.raises(Unreadable) as refused:
        told(body)
    assert refused.value.reason == "no_call_id"


# Webhooks -------------------------------------------------------------------------------------------------------------
def test_every_form_of_a_webhook_says_the_same():
    given = {"uniqueid": "7", "call_type": "out", "caller": '"olena" <olena>', "dst": "380671234567"}
    given |= {"disposition": "NO ANSWER", "billsec": "0", "calldate": "2026-11-18 12:00:00"}
    form = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in given.items())
    inner = {name: value for name, value in given.items() if name not in ("uniqueid", "calldate")}
    nested = {name: given[name] for name in ("uniqueid", "calldate")} | {"additional_call_data": inner}
    in_form = form.replace("dst=", "additional_call_data[dst]=")
    said = told(given)
    assert said[0].facts["agent_username"] == "olena"
    assert told(query=form, content_type=None, method="GET") == said
    assert told(form.encode(), content_type="application/x-www-form-urlencoded") == said
    assert told(in_form.encode(), content_type="application/x-www-form-urlencoded") == said
    assert told({"jsonrpc": "2.0", "id": 1, "method": "call", "params": given}) == said
    assert told({"jsonrpc": "2.0", "id": 1, "method": "call", "params": [given]}) == said
    assert told(nested) == said
    assert told([given], content_type=None) == said


def test_the_names_of_webhooks_2_0():
    (ended,) = told(payload("webhook_nested.json"))
    facts = ended.facts
    assert (facts["connect_outcome"], facts["talk_seconds"]) == ("connected", 95)
    assert facts["customer_number"] == "+380671234567"
    assert facts["recording_url"] == "https://recordings.example.test/71.mp3"


def test_parameters_that_the_admin_renamed():
    names = {"id": "call", "customer": "klient", "disposition": "stav", "billsec": "hovor", "calldate": "kdy"}
    body = {"call": 7, "klient": "380671234567", "stav": "BUSY", "hovor": 0, "kdy": "18.11.2026 12:00:00"}
    (ended,) = told(body | {"disposition": "of another kind"}, connection=account(webhook_fields=names))
    assert ended.keys == ("uniqueid:7",)
    assert ended.facts["started_at"] == "2026-11-18T12:00:00Z"
    assert (ended.facts["customer_number"], ended.facts["connect_outcome"]) == ("+380671234567", "busy")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("before_call", "dialed"),
        ("forwarding", "dialed"),
        ("pick_up", "agent_answered"),
        ("after_call", "call_ended"),
        ("after_rating", "call_ended"),
    ],
)
def test_the_url_says_what_the_webhook_is_sent_at(event, kind):
    (found,) = told({**CALL, "disposition": "ANSWERED"}, query=f"event={event}")
    assert found.kind == kind
    assert found.facts["connect_outcome"] == ("connected" if kind == "call_ended" else "in_progress")


def test_without_an_event_a_status_is_the_end_of_a_call():
    assert told(CALL)[0].kind == "dialed"
    assert told({**CALL, "disposition": "IN PROGRESS"})[0].kind == "dialed"
    assert told({**CALL, "disposition": "BUSY"})[0].kind == "call_ended"


def test_an_end_that_says_nothing_of_the_call_is_unknown():
    assert told({**CALL, "billsec": 5}, query="event=after_call")[0].facts["connect_outcome"] == "unknown"


def test_a_probe_of_the_url_is_ignored():
    assert DIALER.read(Evidence("callback", "call", b"", method="GET"), account()).ignored == "empty_body"


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{", "unparseable"), (b"[1,2]", "not_an_object"), (b"a=1&" * 2000, "too_many_parameters")],
)
def test_what_cannot_be_read(body, reason):
    with pytest.raises(Unreadable) as refused:
        told(body, content_type=None)
    assert refused.value.reason == reason


def test_what_was_written_twice_is_kept_as_a_conflict():
    (found,) = told(b'{"uniqueid":"7","uniqueid":"7","disposition":"BUSY","disposition":"FAILED"}')
    assert found.facts["_conflicts"] == {"disposition": ["BUSY", "FAILED"]}


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
        ("18/11/2026 12:00:00", None),
        ("2026-02-30 12:00:00", None),
        ("0000-00-00 00:00:00", None),
        ("", None),
    ],
)
def test_a_wall_clock_becomes_utc(written, utc):
    assert moment(written, KYIV) == (datetime.fromisoformat(utc).replace(tzinfo=UTC) if utc else None)


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


def test_every_column_of_a_usual_call_may_be_renamed():
    assert set(INCOMING) - set(NAMES) == {"department", "has_recording"}  # nobody reads these but people
