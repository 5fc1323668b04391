"""Reports, connections, campaigns, queues and receipts over HTTP; the probes; the description for people."""

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from callbacks.ladder.database import DatabaseStore
from callbacks.ladder.spooled import understood
from callbacks.strangers import Strangers
from lib import clock
from models import SendingDesk, strangers
from models.database import Database
from tests.callbacks.drafts import draft
from tests.factories import NOON, campaign, event, load, outcome, poll, queue, receipt, take_out
from web import openapi
from web.auth import API
from web.context import context


def test_a_summary(admin, database):
    with database.write() as session:
        outcome(session, campaign_id="6541", campaign_name="Renewals", flags=["contact"])
    found = admin.get(f"{API}/reports/summary?group_by=day,campaign&tz=Asia/Kolkata").json
    assert found["group_by"] == ["day", "campaign"]
    (row,) = found["rows"]
    assert (row["day"], row["campaign_id"], row["contact_rate"]) == ("2026-11-18", "6541", 1.0)
    assert admin.get(f"{API}/reports/summary").json["totals"]["calls"] == 1


def test_a_time_without_a_zone_is_one_of_the_reports_zone(admin, database):
    with database.write() as session:
        outcome(session, started_at=NOON)  # 17:30 in Kolkata
    asked = f"{API}/reports/summary?since=2026-11-18 17:00&until=2026-11-18 18:00"
    assert admin.get(f"{asked}&tz=Asia/Kolkata").json["totals"]["calls"] == 1
    assert admin.get(asked).json["totals"]["calls"] == 0
    assert admin.get(f"{API}/reports/summary?since=2026-11-18 17:30 IST&tz=Asia/Kolkata").json["totals"]["calls"] == 1
    assert admin.get(f"{API}/reports/summary?since=2026-11-18 17:30 IST&tz=Europe/Kyiv").status_code == 422


def test_a_summary_with_too_many_groups_names_the_parameter(admin, database, monkeypatch):
    monkeypatch.setattr("queries.counting.MOST_GROUPS", 1)
    with database.write() as session:
        outcome(session, agent_id="1")
        outcome(session, agent_id="2")
    response = admin.get(f"{API}/reports/summary?group_by=agent")
    assert (response.status_code, list(response.json["details"])) == (422, ["group_by"])


def test_a_reconciliation(admin, database):
    with database.write() as session:
        outcome(session, sources=["callback:terminal"])
    found = admin.get(f"{API}/reports/reconciliation?tz=Asia/Kolkata").json
    figures = {"calls": 1, "callbacks_only": 1, "reports_only": 0, "both": 0, "neither": 0}
    figures |= {"leads_without_call": 0, "callbacks_missed": None}
    assert found["rows"] == [{"connection": "ryng-main", "day": "2026-11-18"} | figures]
    assert found["totals"] == figures
    assert admin.get(f"{API}/reports/reconciliation?agent=Priya").json["totals"]["leads_without_call"] is None


def test_connections(admin, database):
    with database.write() as session:
        poll(session, warning="It sent a page twice.")
        receipt(session, state="quarantined", stranger=True, body=b"12345")
    found = admin.get(f"{API}/connections").json
    assert [row["name"] for row in found["connections"]] == ["qvoice-main", "ryng-main"]
    assert found["connections"][0]["polls"][0]["warning"] == "It sent a page twice."
    assert [row["offers"][0] for row in found["connections"]] == ["reports", "callbacks"]
    assert [row["unmapped_words"] for row in found["connections"]] == [[], []]
    strangers = found["strangers"]
    assert (strangers["receipts"], strangers["bytes"], strangers["most_receipts"]) == (1, 5, 10_000)
    nothing = {"receipts": 0, "bytes": 0, "dropped": 0, "last_dropped_at": None}
    assert strangers["shares"] == [
        {"connection": "qvoice-main"} | nothing,
        {"connection": "ryng-main"} | nothing | {"receipts": 1, "bytes": 5},
        {"connection": None} | nothing,
    ]


def test_campaigns_and_queues(admin, database):
    with database.write() as session:
        campaign(session, repeated_statuses=["Closed"])
        queue(session)
    (row,) = admin.get(f"{API}/campaigns?connection=qvoice-main").json["campaigns"]
    assert (row["leads_by_status"], row["repeated_statuses"]) == ({"Closed": 320, "Open": 80}, ["Closed"])
    (row,) = admin.get(f"{API}/queues").json["queues"]
    assert row["counters"] == {"total_agents": 12}


def test_a_receipt_and_its_way_back(admin, database):
    with database.write() as session:
        row = receipt(session, state="quarantined", reason="unparseable", body=b"\xff")
    (listed,) = admin.get(f"{API}/receipts?state=quarantined").json["receipts"]
    assert listed["id"] == str(row.id) and "body" not in listed
    found = admin.get(f"{API}/receipts/{row.id}").json
    assert (found["body"], found["body_base64"]) == (None, "/w==")

    response = admin.post(f"{API}/receipts/{row.id}/replay")
    assert (response.status_code, response.json["receipt"]["state"]) == (202, "pending")
    assert admin.get(f"{API}/receipts?state=quarantined").json["receipts"] == []


def test_many_receipts_go_back(admin, database):
    with database.write() as session:
        receipt(session, state="quarantined", reason="unparseable")
        receipt(session, state="quarantined", reason="no_call_id")
    order = {"state": "quarantined", "reason": "no_call_id", "since": "2026-11-18T00:00:00Z"}
    response = admin.post(f"{API}/receipts/replay", json=order)
    assert (response.status_code, response.json) == (202, {"replayed": 1})


@pytest.mark.parametrize("address, method", [("", "get"), ("/replay", "post")])
def test_a_receipt_that_is_not_there(admin, address, method):
    response = getattr(admin, method)(f"{API}/receipts/019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11{address}")
    assert (response.status_code, response.json["error_id"]) == (404, "not_found")


@pytest.fixture
def broken(monkeypatch):
    def gone(self):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(Database, "read", gone)
    monkeypatch.setattr(Database, "write", gone)


def test_the_probes(nobody):
    assert nobody.get("/healthz").json == {"status": "ok"}
    assert nobody.get("/readyz").json == {"status": "ok"}


def test_metrics(nobody, database):
    with database.write() as session:
        receipt(session)
        receipt(session, state="quarantined", stranger=True, connection='a"b\n', kind="made-up")
        outcome(session)
        poll(session, failures=2)
        session.add(SendingDesk(connection="jaicp-bot", next_at=NOON))
        load(session, connection="ryng-main", leads=["unknown", "accepted", "unknown"])
        strangers.drop(session, "ryng-main", 3, NOON)
        strangers.drop(session, strangers.NOBODY, 4, NOON)
        take_out(session)
    text = nobody.get("/metrics").text
    assert "wrapup_up 1.0" in text
    assert 'wrapup_receipts{connection="ryng-main",kind="terminal",source="callback",state="normalized"} 1.0' in text
    assert 'wrapup_outcomes{connection="ryng-main",settling="settled"} 1.0' in text
    assert 'wrapup_poll_failures{connection="qvoice-main",layer="recent",report="lead_history"} 2.0' in text
    assert "wrapup_stranger_receipts 1.0" in text
    assert "wrapup_stranger_overflow 7.0" in text
    for name, dropped in (("ryng-main", 3), ("qvoice-main", 0), ("(unknown)", 4)):
        assert f'wrapup_stranger_dropped{{connection="{name}"}} {dropped}.0' in text
    assert 'wrapup_leads_unknown{connection="ryng-main"} 2.0' in text
    assert 'wrapup_leads_unknown{connection="jaicp-bot"} 0.0' in text
    assert 'wrapup_loads_parked{connection="ryng-main"} 0.0' in text
    assert 'wrapup_suppressed_leads_by_hand{connection="qvoice-main"} 1.0' in text
    assert 'wrapup_suppressed_leads_by_hand{connection="ryng-main"} 0.0' in text
    assert "wrapup_suppressed_leads_overdue_seconds 0.0" in text
    assert "made-up" not in text
    assert "wrapup_spool_bytes 0.0" in text


def test_metrics_tell_how_far_behind_each_report_is(nobody, database):
    with database.write() as session:
        poll(session, layer="recent", complete_to=clock.now() - timedelta(seconds=90))
        poll(session, layer="week", complete_to=None, last_ok_at=None, failures=1)
        poll(session, layer="awaiting", complete_to=None, idle_at=NOON)
        # What nobody asks for any more would be behind for ever.
        poll(session, connection="qvoice-old", layer="recent", failures=9)
        poll(session, connection="ryng-main", layer="recent", failures=9)
        poll(session, layer="of a release before", failures=9)
    text = nobody.get("/metrics").text
    told = re.findall(r'^wrapup_poll_behind_seconds\{.*layer="([\w ]+)".*\} (\S+)$', text, re.M)
    behind = {layer: float(seconds) for layer, seconds in told}
    assert behind.keys() == {"recent", "week"} and behind["week"] == float("inf")
    assert 90 <= behind["recent"] < 300
    assert not re.findall(r"^wrapup_poll_failures.* 9.0$", text, re.M)


def test_metrics_tell_what_nobody_has_decided(nobody, database):
    with database.write() as session:
        for _ in range(2):
            outcome(session, disposition="Sale")
        outcome(session, connect_outcome="unknown", status_raw="7")
    text = nobody.get("/metrics").text
    assert 'wrapup_undecided_dispositions{connection="ryng-main"} 2.0' in text
    assert 'wrapup_undecided_dispositions{connection="qvoice-main"} 0.0' in text
    assert 'wrapup_undecided_words{connection="ryng-main",field="disposition"} 1.0' in text
    assert 'wrapup_undecided_words{connection="ryng-main",field="status_raw"} 1.0' in text


def test_what_nobody_can_read_is_shown_and_counted(reader, nobody, database):
    with database.write() as session:
        own = outcome(session)
        event(session, own, receipt(session), facts={"_unread": {"callEnded": "2026-11-18 10:09:07 XYZ"}})
    (found,) = [one for one in reader.get(f"{API}/connections").json["connections"] if one["name"] == "ryng-main"]
    shown = {"field": "callEnded", "sample": "2026-11-18 10:09:07 XYZ", "calls": 1, "sample_outcome_ids": [str(own.id)]}
    assert found["unread_values"] == [shown]
    listed = reader.get(f"{API}/outcomes?connection=ryng-main&unread=callEnded").json["outcomes"]
    assert [row["id"] for row in listed] == [str(own.id)]
    assert 'wrapup_unread_values{connection="ryng-main",field="callEnded"} 1.0' in nobody.get("/metrics").text


def test_metrics_tell_what_waits_in_the_spool(nobody, app):
    context(app).spool.append([b"x" * 90])
    assert "wrapup_spool_bytes 100.0" in nobody.get("/metrics").text


def test_what_was_put_aside_for_a_moment_is_no_trouble_and_is_let_in_first(reader, nobody, app, database):
    one, spool = draft(1), context(app).spool
    spool.append([one.line()])
    assert "wrapup_spool_bytes 0.0" in nobody.get("/metrics").text

    def store() -> None:
        kept = DatabaseStore(database, Strangers(10, 10**6))
        spool.drain(kept.keep, read=understood)
        kept.close()

    keeper = threading.Timer(0.1, store)
    keeper.start()
    assert reader.get(f"{API}/receipts/{one.id}").status_code == 200
    keeper.join()


def test_the_connections_say_what_waits_in_the_spool(reader, app):
    for where in ("/api/v1/connections", "/api/v1/receipts"):
        assert reader.get(where).json["spooled_bytes"] == 0
    context(app).spool.append([b"x" * 90])
    for where in ("/api/v1/connections", "/api/v1/receipts"):
        assert reader.get(where).json["spooled_bytes"] == 100
    context(app).spool.folder.rename(context(app).spool.folder.with_name("away"))
    context(app).spool.folder.symlink_to("spool")  # a circle: nobody can look into it
    for where in ("/api/v1/connections", "/api/v1/receipts"):
        assert reader.get(where).json["spooled_bytes"] is None


def test_metrics_count_what_was_refused_also_without_a_database(nobody, broken):
    nobody.get("/api/v1/outcomes")
    text = nobody.get("/metrics").text
    assert 'wrapup_refused_total{reason="key_required"} 1.0' in text
    assert 'wrapup_refused_total{reason="busy"} 0.0' in text


def test_metrics_without_a_database_have_no_zeros(nobody, broken):
    text = nobody.get("/metrics").text
    assert "wrapup_up 0.0" in text
    said = [line for line in text.splitlines() if not line.startswith("#")]
    said = [line for line in said if not line.startswith(("wrapup_refused", "wrapup_disk", "wrapup_processes"))]
    assert said == [
        "wrapup_up 0.0",
        "wrapup_database_read_only 0.0",
        "wrapup_spool_bytes 0.0",
    ]  # the spool is empty, and asking it needs no database


PAGES = (
    "api",
    "following",
    "integrations",
    "reading",
    "glossary",
    "dashboard",
    "schedules",
    "settings",
    "operations",
    "keys",
)
GUIDES = [f"/docs/{name}.md" for name in PAGES]


def test_the_description_is_made_once_whoever_asks(app, nobody, monkeypatch):
    made = []
    for name in ("render_template", "dumps"):
        real = getattr(openapi, name)
        monkeypatch.setattr(openapi, name, lambda *args, real=real, **more: made.append(1) or real(*args, **more))
    for path in ("/docs", "/openapi.json"):
        first = nobody.get(path)
        assert [nobody.get(path).data for _ in range(3)] == [first.data] * 3 and len(first.data) > 10_000
    assert len(made) == 2


def test_the_description_for_people_needs_nothing_from_elsewhere(nobody):
    """It works under its own content policy: no script, no inline style, nothing from another host."""
    response = nobody.get("/docs")
    page = response.text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "<script" not in page and " style=" not in page and "<style" not in page
    assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', page) == ["/static/docs.css", "/", "/openapi.json", *GUIDES]
    for path in nobody.get("/openapi.json").json["paths"]:
        assert path in page


def test_the_guides_are_served_as_they_are_written(nobody):
    for address in (*GUIDES, "/docs/dialers/ryng.md"):
        response = nobody.get(address)
        assert (response.status_code, response.content_type) == (200, "text/plain; charset=utf-8")
        assert response.text.startswith("# ")
    assert "`after`" in nobody.get("/docs/api.md").text
    for address in (
        "/docs/nothing.md",
        "/docs/../setup.cfg",
        "/docs/%2e%2e/setup.cfg",
        "/docs/..%2fsetup.cfg",
        "/docs/",
    ):
        assert nobody.get(address).status_code == 404, address


def test_every_parameter_and_field_is_described_with_an_example(nobody):
    spec = nobody.get("/openapi.json").json
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                assert parameter["in"] == "path" or parameter.get("description"), (path, parameter)
                assert (
                    parameter["in"] == "path"
                    or parameter["name"] in ("cursor", "after")
                    or "example" in parameter["schema"]
                ), (path, parameter)
    for name, schema in spec["components"]["schemas"].items():
        for field, inner in schema["properties"].items():
            if "$ref" not in inner and inner.get("type") != "array":
                assert inner.get("description") and "example" in inner, (name, field)
