"""The sandbox's Ringostat over real HTTP: what it refuses, what it cuts in silence, and webhooks that are sent once."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import requests

from rig.waiting import until
from sandbox.ringostat.api import create_app
from sandbox.ringostat.dialer import OWN, Ringostat
from sandbox.ringostat.webhooks import FORM, GET, JSON, NESTED, RPC, Webhook
from sandbox.server import running
from tests.dialers.ringostat.stage import INCOMING, START, Intake

KEY = {"Auth-key": "demo"}
HEADERS = KEY | {"x-project-id": "123"}
ROW = {"campaignId": 456, "fio": "Ivan Petrenko", "phone_number": "380930000000"}
DAY = {"export_type": "json", "fields": "uniqueid,calldate,billsec,recording", "from": "2026-11-18 00:00:00"}
DAY |= {"to": "2026-11-18 23:59:59", "merge": "0", "order": "calldate"}


@contextmanager
def served(**options):
    ringostat = Ringostat(now=lambda: START, **options)
    with running(create_app(ringostat)) as url:
        yield ringostat, url


def log(url: str, headers=KEY, **query) -> requests.Response:
    return requests.get(f"{url}/calls/list", params=DAY | query, headers=headers, timeout=30)


def give(url: str, headers=HEADERS, **changed) -> requests.Response:
    row = ROW | changed
    return requests.post(f"{url}/power-dialer/campaigns/campaign-rows", json=row, headers=headers, timeout=30)


def test_the_log_is_cut_in_silence():
    with served(limit=50, zone="Europe/Kyiv") as (ringostat, url):
        for number in range(60):
            ringostat.add(INCOMING, START + timedelta(minutes=number), uniqueid=str(number))
        rows = log(url).json()
    assert [row["uniqueid"] for row in rows] == [str(number) for number in range(50)]
    assert rows[0] == {
        "uniqueid": "0",
        "calldate": "2026-11-18 12:00:00",
        "billsec": 95,
        "recording": INCOMING["recording"],
    }


def test_a_call_that_is_not_over_is_in_progress():
    with served() as (ringostat, url):
        call = ringostat.begin(INCOMING)
        shown = log(url, fields="uniqueid,disposition,billsec").json()
        assert shown == [{"uniqueid": call.uniqueid, "disposition": "IN PROGRESS", "billsec": ""}]
        ringostat.end(call)
        assert log(url, fields="disposition").json() == [{"disposition": "PROPER"}]


def test_what_the_log_refuses():
    with served() as (_, url):
        assert log(url, headers={}).status_code == 401
        assert log(url, headers={}, **{"Auth-key": "demo"}).status_code == 400  # a key in the query
        assert log(url, fields="uniqueid,colour").status_code == 400
        assert log(url, **{"from": "yesterday"}).status_code == 400


def test_the_hour_that_is_shown_twice_shows_both_calls():
    with served(zone="Europe/Kyiv") as (ringostat, url):
        for hour in (0, 1):
            ringostat.add(INCOMING, datetime(2026, 10, 25, hour, 30, tzinfo=UTC))
        rows = log(url, **{"from": "2026-10-25 03:00:00", "to": "2026-10-25 03:59:59"}).json()
    assert [row["calldate"] for row in rows] == ["2026-10-25 03:30:00"] * 2


def test_rows_and_the_ledger():
    with served() as (_, url):
        assert give(url).json() == {"result": True}
        assert give(url, headers=KEY).status_code == 401
        assert give(url, campaignId=1).json() == {"result": False, "error": "Campaign not found"}
        assert give(url, campaignId="456").json()["result"] is False
        assert give(url, phone_number="nobody").json()["result"] is False
        ledger = requests.get(f"{url}/sandbox/ledger", timeout=30).json()
    assert ledger["rows"] == [ROW]
    assert [one["status"] for one in ledger["requests"]] == [200, 401, 200, 200, 200]


def test_its_own_faults():
    with served() as (ringostat, url):
        for number in range(3):
            ringostat.add(INCOMING, START + timedelta(minutes=number))
        for fault, value in (("truncates", 2), ("late_recording", None), ("strings", None), ("refuses", "Not today")):
            assert fault in OWN
            asked = requests.post(f"{url}/sandbox/faults", json={fault: {"value": value}}, timeout=30)
            assert asked.status_code == 200
            rows = log(url).json()
            assert len(rows) == (2 if fault == "truncates" else 3)
            assert rows[0]["recording"] == ("" if fault == "late_recording" else INCOMING["recording"])
            assert rows[0]["billsec"] == ("95" if fault == "strings" else 95)
            assert give(url).json()["result"] is (fault != "refuses")


@pytest.mark.parametrize("form", [GET, FORM, JSON, RPC, NESTED])
def test_every_form_of_a_webhook_with_names_of_the_admins(form):
    intake = Intake()
    with running(intake) as taking:
        names = {"billsec": "talk", "department": None}
        ringostat = Ringostat(webhooks=(Webhook(f"{taking}/x?event=after_call", "after_call", form, names),))
        ringostat.add(INCOMING, START, uniqueid="7")
    (taken,) = intake.taken
    assert taken.method == ("GET" if form == GET else "POST")
    if form in (GET, FORM):
        said = {
            name: values[0] for name, values in parse_qs(taken.query if form == GET else taken.body.decode()).items()
        }
    else:
        assert taken.content_type == "application/json"
        said = json.loads(taken.body)
        said = said["params"] if form == RPC else said.pop("additional_call_data", {}) | said
    assert (said["uniqueid"], str(said["talk"]), said["caller"]) == ("7", "95", "380671234567")
    assert "department" not in said and "billsec" not in said
    assert taken.query.startswith("event=after_call")


@pytest.mark.parametrize("status", [200, 302, 500, 503])
def test_a_webhook_is_never_sent_again(status):
    intake = Intake(status)
    with running(intake) as taking:
        ringostat = Ringostat(webhooks=(Webhook(taking),))
        ringostat.add(INCOMING)
    assert len(intake.taken) == 1
    assert [one.answer for one in ringostat.project.deliveries] == [status]


def test_nobody_there_is_noted():
    ringostat = Ringostat(webhooks=(Webhook("http://127.0.0.1:9/x"),))
    ringostat.add(INCOMING)
    assert [one.answer for one in ringostat.project.deliveries] == ["ConnectionError"]


def test_a_webhook_that_is_missed():
    intake = Intake()
    with running(intake) as taking:
        ringostat = Ringostat(webhooks=(Webhook(taking),))
        ringostat.faults.set({"missed_webhook": {"times": 1}})
        ringostat.add(INCOMING)
        assert intake.taken == []
        ringostat.add(INCOMING)
        assert len(intake.taken) == 1


def test_the_command_places_calls_and_calls_the_rows_first():
    intake = Intake()
    with running(intake) as taking:
        command = [sys.executable, "-m", "sandbox.ringostat", "--port", "0", "--webhook-url", taking]
        command += ["--calls-per-minute", "1200", "--longest-call", "0.2", "--missed", "0", "--past-calls", "5"]
        environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ) as process:
            try:
                url = process.stderr.readline().split("answers at ")[1].split(",")[0]
                assert give(url).json() == {"result": True}
                mine = [("event=before_call", b"380930000000"), ("event=after_call", b"380930000000")]
                until(
                    lambda: all(any(e == one.query and n in one.body for one in list(intake.taken)) for e, n in mine),
                    20,
                )
                now = datetime.now(UTC)
                window = {"from": f"{now - timedelta(hours=4):%Y-%m-%d %H:%M:%S}", "to": f"{now:%Y-%m-%d %H:%M:%S}"}
                assert len(log(url, **window).json()) > 5
            finally:
                process.terminate()
        assert process.returncode == 0
