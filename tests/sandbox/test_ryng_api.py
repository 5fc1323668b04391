"""Ryng's HTTP side in the sandbox: the documented requests and their documented answers."""

import io

import pytest

from sandbox.ryng.api import create_app
from sandbox.ryng.bodies import APPEND, QUEUE, TRANSACTIONAL
from sandbox.ryng.dialer import Ryng
from tests.sandbox.receiver import Receiver, receiving

FAST = 0.0002  # a minute in 12 ms


@pytest.fixture
def ryng():
    with Ryng(FAST, seed=5) as ryng:
        yield ryng


@pytest.fixture
def api(ryng):
    client = create_app(ryng).test_client()
    client.environ_base["HTTP_X_ACCESS_TOKEN"] = ryng.access_token
    return client


BASE = "/rest-api/v1"
ROW = {"number": "+915550000002", "customField1": "Benji", "agentsAssigned": ["asha@agents.example"]}


def customers(urls, *rows):
    return {"customerData": {"connectCallbackUrl": urls[0], "terminalCallbackUrl": urls[1], "jsonData": list(rows)}}


def test_a_campaign_is_created_and_its_calls_are_told(ryng, api):
    receiver = Receiver()
    with receiving(receiver) as urls:
        body = {"name": "Renewals", "customFieldNames": {"customField1Name": "Name"}, **customers(urls, ROW, ROW)}
        answer = api.post(f"{BASE}/campaign", json=body)
        ryng.drain()
    assert answer.json == {"error": False, "message": "Processing Campaign...", "data": {}}
    assert api.get("/sandbox/campaigns").json == [{"id": 24, "name": "Renewals", "calls": 2}]
    bodies = [seen.json for seen in receiver.of_kind("terminal")]
    assert {body["customerNum"] for body in bodies} == {ROW["number"]}
    assert len({body["callID"] for body in bodies}) == 2
    assert {body["agentUsername"] for body in bodies} == {"asha@agents.example"}
    assert bodies[0]["customFieldNames"] == {"customField1Name": "Name"}
    shown = api.get("/sandbox/ledger?kind=terminal").json
    assert len(shown["callbacks"]) == len(bodies)
    assert shown["callbacks"][0]["answers"] == [200]


def test_a_queue_is_created_and_appended_to(ryng, api):
    receiver = Receiver()
    with receiving(receiver) as urls:
        created = api.post(f"{BASE}/progressive/queue", json={"maxRetries": 0, **customers(urls, ROW)})
        appended = api.post(f"{BASE}/progressive/queue/2/calls", json=customers(urls, ROW))
        single = api.post(f"{BASE}/progressive/queue/2/transactional", json=customers(urls, ROW))
        ryng.drain()
    assert created.json == {"error": False, "message": "Queue Created! Processing Calls...", "data": {}}
    assert appended.json == single.json == {"error": False, "message": "Appending Queue..."}
    assert [call.page for call in ryng.calls] == [QUEUE, APPEND, TRANSACTIONAL]
    assert len(receiver.of_kind("terminal")) == 3  # the queue's maxRetries holds for all of them


def test_a_preview_call_is_ended_by_hand():
    receiver = Receiver()
    with receiving(receiver) as urls, Ryng(1.0) as ryng:
        client = create_app(ryng).test_client()
        headers = {"x-access-token": ryng.access_token}
        body = {"agentID": 67131, "campaignID": 24, "customerNumber": "+915550000003", "terminalCallbackUrl": urls[1]}
        started = client.post(f"{BASE}/preview/call", json=body, headers=headers).json
        url = f"{BASE}/preview/call/{started['data']['callID']}"
        said = {"logID": started["data"]["logID"], "dispositionName": "Interested", "notes": "Send the form."}
        ended = client.patch(url, json=said, headers=headers)
        again = client.patch(url, json=said, headers=headers)
    assert started["message"].startswith("Call Initiated With SID ")
    assert ended.json == {"error": False, "message": "Call disposed and ended."}
    assert (again.status_code, again.json["message"]) == (500, "Failed to dispose of call.")
    (seen,) = receiver.seen
    assert (seen.json["disposition"], seen.json["notes"]) == ("Interested", "Send the form.")
    assert seen.json["callLogID"] == said["logID"]


def test_a_cancelled_call_tells_nothing_more():
    with Ryng(1.0) as ryng:
        call = ryng.place("+915550000001", "http://127.0.0.1:9/connect", "http://127.0.0.1:9/terminal", QUEUE)
        client = create_app(ryng).test_client()
        headers = {"x-access-token": ryng.access_token}
        first = client.post(f"{BASE}/progressive/call/{call.call_id}/cancel", headers=headers)
        again = client.post(f"{BASE}/progressive/call/{call.call_id}/cancel", headers=headers)
    assert first.json == {"error": False, "message": "Call Cancelled"}
    assert (again.status_code, again.json["message"]) == (500, "Call ID does not exist")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/campaign", "Failed to create Campaign"),
        ("/campaign/999", "Failed to create Campaign"),  # an append that fails says "create", too
        ("/preview/call", "Failed to start call."),
        ("/progressive/queue", "Failed to Create Queue"),
        ("/progressive/queue/999/calls", "Failed to Create Queue"),
        ("/progressive/queue/999/transactional", "Failed to Create Queue"),
    ],
)
def test_what_is_refused_is_refused_in_the_pages_words(api, path, message):
    for body in ({"customerData": {"jsonData": [{"customField1": "no number"}]}}, ["not an object"]):
        answer = api.post(BASE + path, json=body)
        assert (answer.status_code, answer.json) == (500, {"error": True, "message": message})


def test_the_token_is_asked_for(api):
    answer = api.post(f"{BASE}/campaign", json={}, headers={"x-access-token": "wrong"})
    assert (answer.status_code, answer.json) == (403, {"error": True, "message": "Unauthorized Token"})


def test_sixty_requests_a_minute_and_no_more():
    with Ryng(1.0) as ryng:
        client = create_app(ryng).test_client()
        headers = {"x-access-token": ryng.access_token}
        answers = [client.post(f"{BASE}/progressive/call/1/cancel", headers=headers).status_code for _ in range(61)]
    assert answers == [500] * 60 + [429]


def test_its_answers_misbehave_on_request(ryng, api):
    known = api.get("/sandbox/wire").json["known"]
    assert {"too_many", "drop", "error_after"} <= set(known)
    assert api.post("/sandbox/wire", json={"typo": True}).status_code == 400
    api.post("/sandbox/wire", json={"too_many": {"times": 1, "value": 7}, "error_after": {"after": 1, "times": 1}})
    body = customers((None, None), ROW)
    first, second, third = (api.post(f"{BASE}/campaign", json=body) for _ in range(3))
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert (second.status_code, second.json) == (500, {"message": "internal error"})
    assert third.status_code == 200
    assert api.get("/sandbox/rows").json["rows"] == [{"page": "campaign", "number": ROW["number"]}] * 2


def test_a_sheet_names_its_agents(ryng, api):
    sheet = "Mobile,Name\n+915550000002,Benji\n"
    form = {"campaign-sheet": (io.BytesIO(sheet.encode()), "leads.csv"), "agents": "dev@agents.example"}
    assert api.post(f"{BASE}/campaign", data=form).status_code == 200
    (call,) = ryng.calls
    assert {attempt.agent.username for attempt in call.attempts} == {"dev@agents.example"}
    assert (call.custom_field_names, call.custom_fields) == ({"customField1Name": "Name"}, {"customField1": "Benji"})
