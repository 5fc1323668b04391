"""QVoice in the sandbox: the login, the reports as documented, calls that appear and change, faults on request."""

import json
import subprocess
import sys
import time

import pytest
import requests

from rig.patience import stretched
from sandbox.qvoice.api import HISTORY_PATH, QUEUES_PATH, STATUS_PATH, create_app
from sandbox.qvoice.dialer import QVoice
from sandbox.qvoice.faults import FAULTS
from sandbox.server import running

WHO = {"username": "demo", "password": "demo", "domain": "demo"}


class Caller:
    """Somebody with a token."""

    def __init__(self, qvoice: QVoice, url: str):
        self.qvoice = qvoice
        self.url = url
        self.token = requests.post(f"{url}/api/v2/login", json=WHO, timeout=30).json()["access_token"]

    def get(self, path: str, **query) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "X-Account-ID": "demo"}
        return requests.get(self.url + path, params=query, headers=headers, timeout=30, allow_redirects=False)

    def write(self, verb: str, path: str, body: object = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "X-Account-ID": "demo"}
        url = f"{self.url}/api/v2/config/campaigns{path}"
        return requests.request(verb, url, json=body, headers=headers, timeout=30)

    def faults(self, wanted: object) -> requests.Response:
        return requests.post(f"{self.url}/sandbox/faults", json=wanted, timeout=30)


@pytest.fixture
def caller():
    qvoice = QVoice(seed=1)
    qvoice.furnish(leads=5, past_calls=10)
    with running(create_app(qvoice)) as url:
        yield Caller(qvoice, url)


def calls_of(answer: requests.Response) -> list[str]:
    return [row["call_id"] for row in answer.json()["data"]]


def test_the_login_wants_the_right_credentials(caller):
    answer = requests.post(f"{caller.url}/api/v2/login", json=WHO | {"password": "x"}, timeout=30)
    assert answer.status_code == 401
    good = requests.post(f"{caller.url}/api/v2/login", json=WHO, timeout=30).json()
    assert set(good) == {"user", "access_token", "refresh_token"}


def test_reports_want_a_token_and_the_account(caller):
    assert requests.get(caller.url + HISTORY_PATH, timeout=30).status_code == 401
    headers = {"Authorization": f"Bearer {caller.token}", "X-Account-ID": "other"}
    assert requests.get(caller.url + HISTORY_PATH, headers=headers, timeout=30).status_code == 403
    caller.qvoice.forget_tokens()
    assert caller.get(HISTORY_PATH).status_code == 401


def test_the_four_reports(caller):
    rows = caller.get(HISTORY_PATH, pageSize=100).json()["data"]
    documented = {"datetime", "timestamp", "campaign_name", "lead_name", "lead_number", "agent_name", "agent_extension"}
    assert len(rows) == 10 and all(documented | {"lead_history"} <= set(row) for row in rows)
    status = caller.get(STATUS_PATH).json()
    assert {campaign["total_leads"] for campaign in status.values()} == {5}
    assert all(sum(campaign["leads_by_status"].values()) == 5 for campaign in status.values())
    leads = caller.get(f"/api/v2/config/campaigns/{next(iter(status))}/leads", page_size=50).json()["data"]
    assert {lead["campaign_id"] for lead in leads} == {next(iter(status))}
    assert len(caller.get(QUEUES_PATH).json()) == 2


def test_pages_follow_their_keys(caller):
    whole = calls_of(caller.get(HISTORY_PATH, pageSize=100))
    found, key = [], None
    while True:
        answer = caller.get(HISTORY_PATH, pageSize=4, **({"startKey": key} if key else {}))
        found += calls_of(answer)
        key = answer.json().get("next_start_key")
        if not key:
            break
    assert found == whole and len(found) == 10


def test_the_window_is_of_both_ends_included(caller):
    times = sorted(row["timestamp"] for row in caller.get(HISTORY_PATH, pageSize=100).json()["data"])
    inside = caller.get(HISTORY_PATH, pageSize=100, startDate=times[2], endDate=times[5]).json()["data"]
    assert sorted(row["timestamp"] for row in inside) == times[2:6]


def test_calls_appear_and_are_disposed_later(caller):
    given = [{"row": {"call_id": "c1"}, "after": 0.4, "recorded": {"agent_disposition": "Sold"}, "recorded_after": 1.5}]
    requests.post(f"{caller.url}/sandbox/calls", json=given, timeout=30)
    seen = []
    until = time.monotonic() + stretched(5)
    while len(seen) < 3 and time.monotonic() < until:
        row = next((r for r in caller.get(HISTORY_PATH, pageSize=100).json()["data"] if r["call_id"] == "c1"), None)
        state = row and row.get("agent_disposition", "")
        if state not in seen:
            seen.append(state)
        time.sleep(0.02)
    assert seen == [None, "", "Sold"]


def test_a_call_can_be_changed(caller):
    first = calls_of(caller.get(HISTORY_PATH, pageSize=1))[0]
    requests.patch(f"{caller.url}/sandbox/calls/{first}", json={"follow_up_notes": "x"}, timeout=30)
    assert caller.get(HISTORY_PATH, pageSize=1).json()["data"][0]["follow_up_notes"] == "x"


def test_traffic_brings_calls(caller):
    caller.qvoice.start_traffic(calls_per_minute=6000)
    until = time.monotonic() + stretched(5)
    while len(caller.qvoice.calls(None, None)) < 20 and time.monotonic() < until:
        time.sleep(0.02)
    caller.qvoice.stop_traffic()
    assert len(caller.qvoice.calls(None, None)) >= 20


def test_the_same_seed_gives_the_same_calls():
    def numbers(seed):
        qvoice = QVoice(seed=seed, now=lambda: 1_794_996_772.0)
        qvoice.furnish(leads=5, past_calls=5)
        return [(call.columns["call_id"], call.columns["hangup_cause"]) for call in qvoice.calls(None, None)]

    assert numbers(1) == numbers(1) != numbers(2)


# Writes ---------------------------------------------------------------------------------------------------------------
LEAD = {"number": "+15550100009", "retries": 3, "first_name": "Ada", "last_name": "Moreno", "type": "warm"}
LEAD |= {"priority": 2, "ticket_id": "T-9", "note": "Evenings", "cool_off": 60}


def test_a_lead_that_is_added_stands_in_the_report(caller):
    campaign = next(iter(caller.qvoice.campaigns))
    assert caller.write("PUT", f"/{campaign}/lead", LEAD).status_code == 200
    leads = caller.get(f"/api/v2/config/campaigns/{campaign}/leads").json()["data"]
    assert len(leads) == 6
    assert leads[-1].items() >= (LEAD | {"status": "new", "campaign_id": campaign}).items()
    taken = requests.get(f"{caller.url}/sandbox/leads", timeout=30).json()["taken"]
    assert [lead["number"] for lead in taken] == [LEAD["number"]]


@pytest.mark.parametrize(
    "body", [None, [], {"retries": 3}, LEAD | {"retries": "3"}, LEAD | {"note": 7}, LEAD | {"timezone": "UTC"}]
)
def test_a_lead_that_is_none_is_refused(caller, body):
    campaign = next(iter(caller.qvoice.campaigns))
    assert caller.write("PUT", f"/{campaign}/lead", body).status_code == 400
    assert caller.write("PUT", "/nowhere/lead", LEAD).status_code == 400
    assert caller.qvoice.taken == []


def test_a_leads_status_is_set_and_the_lead_deleted(caller):
    campaign = next(iter(caller.qvoice.campaigns.values()))
    first, second, *_ = campaign.leads
    assert caller.write("POST", f"/leads/{first}/status/success").status_code == 200
    assert caller.write("DELETE", f"/leads/{second}").status_code == 200
    assert campaign.leads[first]["status"] == "success" and second not in campaign.leads
    assert caller.write("DELETE", f"/leads/{second}").status_code == 400
    assert caller.get(STATUS_PATH).json()[campaign.id]["total_leads"] == 4


def test_a_call_is_marked_as_voicemail(caller):
    call = calls_of(caller.get(HISTORY_PATH))[0]
    assert caller.write("PUT", f"/call/{call}/disposition/voicemail").status_code == 200
    assert caller.write("PUT", "/call/none/disposition/voicemail").status_code == 400
    assert caller.qvoice.voicemails == [call]


# Faults ---------------------------------------------------------------------------------------------------------------
def test_a_fault_strikes_where_and_as_often_as_it_is_told(caller):
    caller.faults({"server_error": {"after": 1, "times": 2, "path": "history"}})
    assert [caller.get(HISTORY_PATH).status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert caller.get(STATUS_PATH).status_code == 200
    caller.faults({"server_error": True})
    assert caller.get(STATUS_PATH).status_code == 500
    caller.faults({})
    assert caller.get(STATUS_PATH).status_code == 200


def test_a_fault_that_nobody_knows_is_refused(caller):
    assert caller.faults({"gremlins": True}).status_code == 400
    assert caller.faults({"html": {"often": True}}).status_code == 400
    assert requests.get(f"{caller.url}/sandbox/faults", timeout=30).json()["known"] == list(FAULTS)


@pytest.mark.parametrize(
    ("fault", "status"),
    [("bad_request", 400), ("unauthorized", 401), ("forbidden", 403), ("not_found", 404), ("bad_gateway", 502)],
)
def test_other_answers(caller, fault, status):
    caller.faults({fault: True})
    assert caller.get(HISTORY_PATH).status_code == status


def test_too_many_requests_say_when_to_come_back(caller):
    caller.faults({"too_many": {"value": 7}})
    answer = caller.get(HISTORY_PATH)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    ("shape", "kind", "key"),
    [("array", list, None), ("cdrs", dict, "cdrs"), ("rows", dict, "rows"), ("keyed_data", dict, "data")],
)
def test_shapes(caller, shape, kind, key):
    caller.faults({shape: True})
    body = caller.get(HISTORY_PATH, pageSize=100).json()
    assert isinstance(body, kind)
    assert len(body[key] if key else body) == 10


def test_a_status_can_stand_twice_and_the_totals_still_add_up(caller):
    for lead in next(iter(caller.qvoice.campaigns.values())).leads.values():
        lead["status"] = "success"
    caller.faults({"duplicate_status": True})
    pairs = []
    json.loads(caller.get(STATUS_PATH).text, object_pairs_hook=lambda found: pairs.append(found) or dict(found))
    assert [name for name, _ in pairs[0]].count("success") == 2
    assert sum(leads for _, leads in pairs[0]) == 5


def test_the_wire_can_fail(caller):
    caller.faults({"drop": {"times": 1}})
    with pytest.raises(requests.ConnectionError):
        caller.get(HISTORY_PATH)
    caller.faults({"truncated": {"times": 1}})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        caller.get(HISTORY_PATH)
    caller.faults({"cut": {"times": 1}})
    with pytest.raises(requests.exceptions.JSONDecodeError):
        caller.get(HISTORY_PATH).json()
    assert caller.get(HISTORY_PATH).status_code == 200


def test_the_ledger_shows_what_was_asked(caller):
    caller.get(HISTORY_PATH, startDate=1, endDate=2)
    ledger = requests.get(f"{caller.url}/sandbox/ledger", timeout=30).json()
    assert ledger["logins"] == 1
    assert [(asked["path"], asked["query"], asked["status"]) for asked in ledger["requests"]][-1] == (
        HISTORY_PATH,
        {"startDate": "1", "endDate": "2"},
        200,
    )


def test_it_runs_from_a_shell():
    command = [sys.executable, "-m", "sandbox.qvoice", "--port", "0", "--seconds", "1", "--calls-per-minute", "60"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stderr.readline().split()[3].rstrip(",")
        assert requests.post(f"{url}/api/v2/login", json=WHO, timeout=30).status_code == 200
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
