"""JAICP in the sandbox: numbers as documented, jobs that move on in their own time, commands, faults on request."""

import subprocess
import sys
from collections import Counter

import pytest
import requests

from sandbox.jaicp.api import create_app
from sandbox.jaicp.calls import FAULTS, NOT_OVER, OWN
from sandbox.jaicp.dialer import Jaicp
from sandbox.server import running

TOKEN = "8231.7056.1b131df1"


class Caller:
    """Somebody with a token, and the dialer's time in hand."""

    def __init__(self, **options):
        self.at = 1_795_000_000.0
        self.jaicp = Jaicp({"renewals": TOKEN}, now=lambda: self.at, **options)
        self.url = ""

    def ask(self, verb: str, path: str, token: str = TOKEN, **content) -> requests.Response:
        url = f"{self.url}/api/calls/campaign/{token}{path}"
        return requests.request(verb, url, timeout=30, allow_redirects=False, **content)

    def add(self, *items: dict, key: str | None = None) -> list[int]:
        headers = {"Idempotence-Key": key} if key else {}
        return self.ask("POST", "/addPhones", json=list(items), headers=headers).json()

    def report(self, **wanted) -> list[dict]:
        return self.ask("POST", "/callJob/getReport", json=wanted).json()

    def statuses(self, ids: list[int]) -> list[str]:
        return [row["jobStatus"] for row in self.report(ids=ids)]

    def faults(self, wanted: object) -> requests.Response:
        return requests.post(f"{self.url}/sandbox/faults", json=wanted, timeout=30)


@pytest.fixture
def caller():
    found = Caller()
    with running(create_app(found.jaicp)) as found.url:
        yield found


def numbers(count: int) -> list[dict]:
    return [{"phone": 79110000000 + at} for at in range(count)]


def test_the_documented_requests_are_equal(caller):
    query = {"phone": "79110000000", "gmtZone": "+03:00", "name": "Alex"}
    simple = caller.ask("GET", "/addPhone", params=query)
    assert (simple.status_code, simple.text) == (200, "120001")
    assert caller.add({"phone": 79110000000, "gmtZone": "+03:00", "payload": {"name": "Alex"}}) == [120002]
    first, second = caller.jaicp.taken()
    assert first["payload"] == second["payload"] == {"name": "Alex"}
    assert {str(job["phone"]) for job in (first, second)} == {"79110000000"}


def test_one_key_is_taken_once(caller):
    first = caller.add(*numbers(3), key="a")
    assert caller.add(*numbers(3), key="a") == first
    assert len(caller.jaicp.taken()) == 3
    assert caller.add(*numbers(3), key="b") != first
    query = {"phone": "79110000009", "Idempotence-Key": "c"}
    assert caller.ask("GET", "/addPhone", params=query).text == caller.ask("GET", "/addPhone", params=query).text
    assert len(caller.jaicp.taken()) == 7
    caller.faults({"forgetful": {}})
    assert caller.add(*numbers(3), key="a") != first


@pytest.mark.parametrize(
    "items",
    [
        [],
        {},
        [1],
        [{}],
        [{"phone": "abc"}],
        [{"phone": True}],
        [{"phone": 7.5}],
        [{"phone": 1, "gmtZone": "Mars/Olympus"}],
        [{"phone": 1, "gmtZone": 3}],
        [{"phone": 1, "maxAttempts": "3"}],
        [{"phone": 1, "priority": 3}],
    ],
)
def test_what_cannot_be_taken_is_refused_as_a_whole(caller, items):
    answer = caller.ask("POST", "/addPhones", json=items)
    assert answer.status_code == 400 and answer.json()["message"]
    assert caller.jaicp.taken() == []


def test_a_wrong_token_opens_nothing():
    for status in (401, 404):
        found = Caller(wrong_token_status=status)
        with running(create_app(found.jaicp)) as found.url:
            assert found.ask("POST", "/addPhones", "wrong", json=numbers(1)).status_code == status
            assert found.ask("GET", "", "wrong").status_code == status


def test_jobs_move_on_and_end(caller):
    ids = caller.add(*numbers(200))
    assert Counter(caller.statuses(ids)) == {"planned": 200}
    caller.at += 15
    assert {"planned", "inProcess"} <= set(caller.statuses(ids))
    caller.at += 35
    assert "onRetry" in caller.statuses(ids)
    caller.at += 600
    ended = Counter(caller.statuses(ids))
    assert set(ended) == {"longCallWithResult", "longCallWithNoResult", "noAnswer", "nonexistentNumber"}
    row = next(row for row in caller.report(ids=ids) if row["jobStatus"] == "longCallWithResult")
    assert row["callResult"] and row["callDuration"] > 0 and row["reportData"]["Score"]
    assert row["finishedAt"] - row["startedAt"] == pytest.approx(row["callDuration"] * 1000, abs=2)


def test_time_may_run_faster():
    found = Caller(time_scale=0.01)
    with running(create_app(found.jaicp)) as found.url:
        ids = found.add({"phone": 1, "payload": {"sandbox_status": "noAnswer"}})
        found.at += 3
        (row,) = found.report(ids=ids)
        assert row["jobStatus"] == "noAnswer" and row["finishedAt"] <= found.at * 1000
        assert row["startedAt"] >= 1_795_000_000_000


def test_reports_by_id_by_number_and_by_both(caller):
    ids = caller.add(*numbers(3))
    assert [row["id"] for row in caller.report(ids=[ids[1], 999])] == [ids[1]]
    assert [row["id"] for row in caller.report(phones=[79110000002])] == [ids[2]]
    assert [row["id"] for row in caller.report(ids=ids[:1], phones=["79110000001"])] == ids[:2]
    assert caller.report() == []
    assert caller.ask("POST", "/getReport", json={"ids": ids}).json() == caller.report(ids=ids)
    assert len(caller.ask("POST", "/callAttempt/getReport", json={"ids": ids}).json()) == 3


def test_what_is_not_over_can_be_cancelled(caller):
    ids = caller.add(*numbers(2))
    assert caller.ask("POST", "/callJob/cancel", json={"ids": ids[:1]}).json() == ids[:1]
    assert caller.ask("POST", "/callJob/cancel", json={"ids": ids[:1]}).json() == []
    caller.at += 600
    assert caller.statuses(ids)[0] == "canceled"
    assert caller.ask("POST", "/callJob/cancel", json={"phones": [79110000001]}).json() == []


def test_a_pause_stands_still_and_a_stop_ends(caller):
    ids = caller.add(*numbers(5))
    assert caller.ask("POST", "/control/pause").status_code == 200
    assert caller.ask("GET", "/status").text == "paused"
    caller.at += 3600
    assert set(caller.statuses(ids)) == {"planned"}
    caller.ask("POST", "/control/resume")
    caller.at += 30
    assert "planned" not in caller.statuses(ids)
    caller.ask("POST", "/control/stop")
    assert not set(caller.statuses(ids)) & set(NOT_OVER)
    assert "notDone" in caller.statuses(ids)
    assert caller.ask("POST", "/control/explode").status_code == 404


def test_information_about_a_campaign(caller):
    caller.add(*numbers(20))
    caller.at += 600
    info = caller.ask("GET", "").json()
    assert (info["name"], info["status"]) == ("renewals", "inProcess")
    assert info["shortReport"]["totalNumbers"] == info["shortReport"]["processedNumbers"] == 20


def test_what_the_report_says_can_be_changed(caller):
    (job,) = caller.add(*numbers(1))
    requests.patch(f"{caller.url}/sandbox/jobs/{job}", json={"callResult": "New"}, timeout=30)
    assert caller.report(ids=[job])[0]["callResult"] == "New"


def test_more_requests_than_are_allowed():
    found = Caller(requests_per_minute=2)
    with running(create_app(found.jaicp)) as found.url:
        answers = [found.ask("GET", "") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "1"


def test_the_ledger_counts_and_shows_no_token(caller):
    caller.add(*numbers(2), key="a")
    ledger = requests.get(f"{caller.url}/sandbox/ledger", timeout=30)
    assert [(job["campaign"], job["key"]) for job in ledger.json()["jobs"]] == [("renewals", "a")] * 2
    assert [(asked["verb"], asked["path"]) for asked in ledger.json()["requests"]] == [("POST", "/addPhones")]
    assert TOKEN not in ledger.text


def test_faults_are_known_by_name(caller):
    assert set(OWN) < set(FAULTS)
    assert caller.faults(dict.fromkeys(FAULTS, {"times": 1})).status_code == 200
    assert caller.faults({"nonsense": True}).status_code == 400


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("fewer_rows", lambda rows: len(rows) == 2),
        ("no_array", lambda rows: len(rows["rows"]) == 4),
        ("ids_as_text", lambda rows: all(isinstance(row["id"], str) for row in rows)),
    ],
)
def test_reports_may_be_spoiled(caller, fault, seen):
    ids = caller.add(*numbers(4))
    caller.faults({fault: {}})
    assert seen(caller.report(ids=ids))


def test_unknown_ids_and_missing_ids(caller):
    caller.faults({"unknown_ids_refused": {}, "fewer_ids": {}})
    ids = caller.add(*numbers(3))
    assert len(ids) == 2 and len(caller.jaicp.taken()) == 3
    assert len(caller.report(ids=ids)) == 2
    assert caller.ask("POST", "/callJob/getReport", json={"ids": [*ids, 7]}).status_code == 400


def test_the_command_serves():
    command = [sys.executable, "-m", "sandbox.jaicp", "--port", "0", "--token", TOKEN, "--time-scale", "0.1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stderr.readline()
            url = line.split()[3].rstrip(",")
            info = requests.get(f"{url}/api/calls/campaign/{TOKEN}", timeout=30).json()
            assert info["name"] == "campaign-1"
        finally:
            process.terminate()
        assert process.wait(10) == 0
