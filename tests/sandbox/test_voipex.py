"""VoIPEX in the sandbox: tokens, lists, campaigns as documented; calls that post webhooks; faults on request."""

import subprocess
import sys
import time

import pytest
import requests

from rig.patience import stretched
from sandbox.server import running
from sandbox.voipex.api import TOKEN_PATH, create_app
from sandbox.voipex.calls import RESULTS
from sandbox.voipex.dialer import FAULTS, Voipex
from tests.sandbox.receiver import Receiver

WHO = {"grant_type": "password", "client_id": "api", "username": "demo", "password": "demo"}
NUMBERS = [{"number": "601000001", "attributes": []}, {"number": "601000002", "attributes": []}]
CAMPAIGN = {
    "name": "Renewals",
    "callerId": "222333444",
    "activePeriod": {"startTime": "09:00", "endTime": "17:00", "weekDays": [1, 2, 3]},
    "callLists": [1],
    "rescheduleRules": [],
    "ivr": "TUxw53xCBf",
}


class Caller:
    """Somebody with a token."""

    def __init__(self, voipex: Voipex, url: str):
        self.voipex = voipex
        self.url = url
        self.given = self.grant(WHO).json()

    def grant(self, form: dict) -> requests.Response:
        return requests.post(self.url + TOKEN_PATH, data=form, timeout=30)

    def ask(self, verb: str, path: str, content: object = None, token: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.given['access_token']}"}
        return requests.request(verb, self.url + path, json=content, headers=headers, timeout=30, allow_redirects=False)

    def campaign(self) -> int:
        self.ask("POST", "/dialer/call-lists", {"name": "list", "numbers": NUMBERS})
        return self.ask("POST", "/dialer/campaigns", CAMPAIGN).json()["id"]

    def control(self, command: str, campaign: int = 1) -> requests.Response:
        return self.ask("PUT", f"/dialer/campaigns/{campaign}/control", {"command": command})

    def faults(self, wanted: object) -> requests.Response:
        return requests.post(f"{self.url}/sandbox/faults", json=wanted, timeout=30)

    def ledger(self) -> dict:
        return requests.get(f"{self.url}/sandbox/ledger", timeout=30).json()


@pytest.fixture
def caller():
    voipex = Voipex(seed=1, time_scale=0.001)
    with running(create_app(voipex)) as url:
        yield Caller(voipex, url)
    voipex.close()


@pytest.fixture
def receiver(caller):
    found = Receiver()
    with running(found) as url:
        caller.voipex.courier.url = url + "/callbacks/voipex/the-token/event"
        yield found


# Tokens ---------------------------------------------------------------------------------------------------------------
def test_the_password_grant(caller):
    assert (caller.given["expires_in"], caller.given["refresh_expires_in"], caller.given["token_type"]) == (
        3000,
        7200,
        "Bearer",
    )
    refused = caller.grant(WHO | {"password": "x"})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_grant")
    assert caller.grant(WHO | {"client_id": "x"}).status_code == 401


def test_a_refresh_token_gives_new_tokens_once(caller):
    form = {"grant_type": "refresh_token", "client_id": "api", "refresh_token": caller.given["refresh_token"]}
    renewed = caller.grant(form).json()
    assert caller.ask("GET", "/ivr", token=renewed["access_token"]).status_code == 200
    assert caller.grant(form).status_code == 401


def test_tokens_end(caller):
    assert caller.ask("GET", "/ivr").status_code == 200
    caller.voipex.now = lambda: time.time() + 3001
    assert caller.ask("GET", "/ivr").status_code == 401
    form = {"grant_type": "refresh_token", "client_id": "api", "refresh_token": caller.given["refresh_token"]}
    caller.voipex.now = lambda: time.time() + 7201
    assert caller.grant(form).status_code == 401


def test_nothing_is_answered_without_a_token(caller):
    for verb, path in [
        ("GET", "/ivr"),
        ("GET", "/calls"),
        ("POST", "/dialer/call-lists"),
        ("POST", "/dialer/campaigns"),
    ]:
        assert caller.ask(verb, path, token="none").status_code == 401


# Campaigns ------------------------------------------------------------------------------------------------------------
def test_the_four_steps_of_the_manual(caller):
    made = caller.ask("POST", "/dialer/call-lists", {"name": "list", "numbers": NUMBERS}).json()
    assert made == {"id": 1, "message": "Call list successfully created", "numbersCount": 2}
    assert caller.ask("GET", "/ivr").json()[0]["id"] == "TUxw53xCBf"
    assert caller.ask("POST", "/dialer/campaigns", CAMPAIGN).json() == {
        "id": 1,
        "message": "Campaign successfully created",
    }
    assert caller.control("start").status_code == 200
    assert [one["state"] for one in caller.ledger()["campaigns"]] == ["running"]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"callerId": 222333444},
        {"callLists": [7]},
        {"callLists": []},
        {"ivr": "nowhere"},
        {"rescheduleRules": None},  # wanted, although the table marks it optional
        {"rescheduleRules": [{"status": "RS_ERROR"}]},
        {"activePeriod": {"startTime": "9", "endTime": "17:00", "weekDays": [1]}},
        {"activePeriod": {"startTime": "09:00", "endTime": "17:00", "weekDays": [8]}},
        {"endpoint": {"type": "agent"}},
    ],
)
def test_a_campaign_is_checked(caller, changed):
    caller.ask("POST", "/dialer/call-lists", {"name": "list", "numbers": NUMBERS})
    assert caller.ask("POST", "/dialer/campaigns", CAMPAIGN | changed).status_code == 400
    assert caller.ledger()["campaigns"] == []


@pytest.mark.parametrize(
    "numbers", [None, [], ["601000001"], [{"number": 601000001, "attributes": []}], [{"number": "1"}]]
)
def test_a_call_list_is_checked(caller, numbers):
    assert caller.ask("POST", "/dialer/call-lists", {"name": "list", "numbers": numbers}).status_code == 400


def test_commands(caller):
    caller.campaign()
    for command, status in [("pause", 400), ("start", 200), ("pause", 200), ("unpause", 200), ("reload", 200)]:
        assert caller.control(command).status_code == status
    assert caller.control("resume").status_code == 400  # our word, not theirs
    assert caller.control("remove").status_code == 200
    assert caller.control("start").status_code == 404
    assert caller.control("start", 7).status_code == 404


# Calls ----------------------------------------------------------------------------------------------------------------
def place(caller, result: str | None = None) -> str | None:
    found = requests.post(f"{caller.url}/sandbox/calls", json={"result": result}, timeout=30).json()["uniqueId"]
    caller.voipex.timetable.drain()
    return found


def test_only_campaigns_that_run_call_and_each_number_in_turn(caller):
    assert place(caller) is None
    caller.campaign()
    assert place(caller) is None
    caller.control("start")
    assert place(caller) and place(caller) and place(caller)
    assert caller.ledger()["campaigns"][0]["called"] == {"601000001": 2, "601000002": 1}
    caller.control("pause")
    assert place(caller) is None
    assert len(caller.ask("GET", "/calls").json()) == 3


@pytest.mark.parametrize("result", RESULTS)
def test_a_call_posts_its_webhooks(caller, receiver, result):
    caller.campaign()
    caller.control("start")
    unique_id = place(caller, result)
    _, answers, reason = RESULTS[result]
    told = [seen.json for seen in receiver.seen if not seen.json["EventName"].startswith("Agent")]
    assert {one["EventName"] for one in told} == {"NewCall", "Ringing", "Hangup", "CDR"} | (
        {"Answered"} if answers else set()
    )
    assert {(one["UniqueId"], one["From"], one["To"], one["Direction"]) for one in told} == {
        (unique_id, "222333444", "601000001", "outgoing")
    }
    assert {one.get("Reason") for one in told} == {None, reason}
    assert caller.ledger()["webhooks"]["answers"] == {"200": len(receiver.seen)}


def test_keys_may_have_other_names(caller, receiver):
    caller.voipex.courier.renamed = {"EventName": "event", "UniqueId": "id"}
    caller.campaign()
    caller.control("start")
    unique_id = place(caller, "busy")
    assert {seen.json["event"] for seen in receiver.seen} == {"NewCall", "Ringing", "Hangup", "CDR"}
    assert {seen.json["id"] for seen in receiver.seen} == {unique_id}


def test_webhooks_repeated_and_written_otherwise(caller, receiver):
    caller.campaign()
    caller.control("start")
    caller.faults({"repeated": True})
    place(caller, "busy")
    assert len(receiver.seen) == 8
    caller.faults({"unquoted": True})
    place(caller, "busy")
    assert receiver.seen[-1].body.startswith(b"{\n EventName: ")
    caller.faults({"form": True})
    place(caller, "busy")
    assert receiver.seen[-1].body.startswith(b"EventName=")


def test_webhooks_in_any_order():
    voipex, receiver = Voipex(seed=3, time_scale=0.005), Receiver()
    voipex.furnish(5)
    with running(receiver) as url:
        voipex.courier.url = url + "/event"
        voipex.faults.set({"shuffled": True})
        voipex.call("busy")
        voipex.timetable.drain()
        voipex.close()
    assert [seen.json["EventName"] for seen in receiver.seen] != ["NewCall", "Ringing", "Hangup", "CDR"]
    assert len(receiver.seen) == 4


def test_a_receiver_that_is_not_there_is_noted(caller):
    caller.voipex.courier.url = "http://127.0.0.1:9/event"
    caller.campaign()
    caller.control("start")
    place(caller, "busy")
    assert caller.ledger()["webhooks"] == {"posted": 4, "answers": {"ConnectionError": 4}}


# Faults ---------------------------------------------------------------------------------------------------------------
def test_faults_of_every_dialer_and_of_this_one(caller):
    assert set(requests.get(f"{caller.url}/sandbox/faults", timeout=30).json()["known"]) == set(FAULTS)
    assert caller.faults({"nonsense": True}).status_code == 400
    caller.faults({"expired": {"times": 1}})
    assert caller.ask("GET", "/ivr").status_code == 401
    caller.given = caller.grant(WHO).json()
    caller.faults({"too_many": {"times": 1, "value": "2"}})
    answer = caller.ask("GET", "/ivr")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert caller.ask("GET", "/ivr").status_code == 200


def test_what_was_done_although_the_answer_says_otherwise_is_in_the_ledger(caller):
    caller.faults({"error_after": {"path": "call-lists"}})
    assert caller.ask("POST", "/dialer/call-lists", {"name": "list", "numbers": NUMBERS}).status_code == 500
    assert [one["numbers"] for one in caller.ledger()["lists"]] == [["601000001", "601000002"]]


def test_the_command_calls_by_itself():
    receiver = Receiver()
    with running(receiver) as url:
        command = ["-m", "sandbox.voipex", "--port", "0", "--webhook-url", f"{url}/event", "--calls-per-minute", "1200"]
        process = subprocess.Popen(
            [sys.executable, *command, "--time-scale", "0.01", "--rename", "Reason=why"],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            at = process.stderr.readline().split()[3].rstrip(",")
            end = time.monotonic() + stretched(20)
            while not any(seen.json["EventName"] == "CDR" for seen in receiver.seen):
                assert time.monotonic() < end
                time.sleep(0.05)
            ledger = requests.get(f"{at}/sandbox/ledger", timeout=30).json()
            assert ledger["campaigns"][0]["state"] == "running"
            assert any("why" in seen.json for seen in receiver.seen)
        finally:
            process.terminate()
            assert process.wait(10) == 0
            process.stderr.close()
