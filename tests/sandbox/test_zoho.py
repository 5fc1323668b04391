"""The sandbox's Zoho refuses what Zoho refuses, and misbehaves as it is told."""

from contextlib import contextmanager

import pytest
import requests

from sandbox.server import running
from sandbox.zoho.account import Zoho
from sandbox.zoho.api import create_app
from sandbox.zoho.limits import Limits

CALL = {
    "Subject": "Call",
    "Call_Type": "Outbound",
    "Call_Start_Time": "2026-11-21T10:30:00+00:00",
    "Call_Duration": "00:12",
    "Ours": "m1",
}


class Asker:
    def __init__(self, zoho: Zoho, url: str):
        self.zoho = zoho
        self.url = url
        zoho.tokens.add("good")

    def __call__(self, verb: str, path: str, content=None, **more):
        headers = {"Authorization": "Zoho-oauthtoken good"}
        return requests.request(verb, f"{self.url}{path}", json=content, headers=headers, timeout=30, **more)

    def call(self, lead: str | None = None, **given):
        place = {"What_Id": {"id": lead}, "$se_module": "Leads"} if lead else {}
        row = {name: value for name, value in {**CALL, **place, **given}.items() if value is not None}
        return self("POST", "/crm/v8/Calls", {"data": [row], "trigger": []})


@contextmanager
def played(**given):
    zoho = Zoho(**{"lifted": True, "search_delay": 0, **given})
    zoho.add_field("Calls", "Ours", "text", unique=True)
    with running(create_app(zoho), keeping=True) as url:
        yield Asker(zoho, url)


@pytest.fixture
def asker():
    with played() as found:
        yield found


def test_a_call_is_taken_once_and_the_second_names_the_first(asker):
    lead = asker.zoho.add("Leads", Last_Name="Asha")
    made = asker.call(lead)
    assert (made.status_code, made.json()["data"][0]["code"]) == (201, "SUCCESS")
    again = asker.call(lead)
    told = again.json()["data"][0]
    assert (again.status_code, told["code"], told["details"]["api_name"]) == (400, "DUPLICATE_DATA", "Ours")
    assert told["details"]["duplicate_record"]["id"] == made.json()["data"][0]["details"]["id"]
    assert [one["on"] for one in asker.zoho.calls()] == [lead]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Call_Duration": None}, "MANDATORY_NOT_FOUND"),
        ({"Call_Duration": "00:00"}, "DEPENDENT_MISMATCH"),
        ({"Who_Id": {"id": "554023000001"}}, "INVALID_DATA"),
        ({"Owner": {"id": "554023000001"}}, "INVALID_DATA"),
    ],
)
def test_what_this_account_does_not_take_is_no_mistake_of_the_sender(asker, given, code):
    answer = asker.call(**given)
    assert (answer.status_code, answer.json()["data"][0]["code"]) == (400, code)
    assert list(asker.zoho.wrong_requests) == []


@pytest.mark.parametrize(
    ("verb", "path", "content"),
    [
        ("POST", "/crm/v8/Calls", {"data": [CALL]}),  # automations would run
        ("POST", "/crm/v8/Calls", {"data": [CALL | {"Call_Start_Time": "2026-11-21 10:30:00"}], "trigger": []}),
        ("POST", "/crm/v8/Calls", {"data": [CALL | {"What_Id": {"id": "77"}}], "trigger": []}),
        ("POST", "/crm/v8/Calls", {"data": [CALL] * 101, "trigger": []}),
        ("PUT", "/crm/v8/Leads", {"data": [{"Lead_Status": "Contacted"}], "trigger": []}),
        ("GET", "/crm/v8/Leads?ids=554023000001", None),
        ("GET", "/crm/v8/Leads?fields=Last_Name&ids=" + ",".join(["5540230000010000001"] * 60), None),
        ("GET", "/crm/v8/Leads/search?phone=1234567&word=Asha", None),
        ("GET", "/crm/v8/Leads/search?criteria=(Phone:contains:7)", None),
        ("GET", "/crm/v8/Leads/search?phone=nobody", None),
        ("DELETE", "/crm/v8/Calls", None),
        ("GET", "/crm/v8/nowhere", None),
        ("PATCH", "/crm/v8/Leads", {}),
    ],
)
def test_what_zoho_documents_otherwise_is_refused_and_noted(asker, verb, path, content):
    assert 400 <= asker(verb, path, content).status_code < 500
    assert len(asker.zoho.wrong_requests) == 1


def test_nothing_is_an_answer_without_content(asker):
    for path in ("Leads?fields=Last_Name", "Leads/search?phone=1234567", "Calls/search?criteria=(Ours:equals:m1)"):
        answer = asker("GET", f"/crm/v8/{path}")
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_field_that_a_module_does_not_have_is_dropped_without_a_word(asker):
    assert asker.call(Nothing="7").status_code == 201
    assert "Nothing" not in asker.zoho.calls()[0]["fields"]


def test_a_call_that_is_over_keeps_its_type_start_and_owner(asker):
    id_ = asker.call().json()["data"][0]["details"]["id"]
    for name, value in (("Call_Type", "Inbound"), ("Call_Start_Time", "2026-11-21T10:31:00+00:00")):
        answer = asker("PUT", "/crm/v8/Calls", {"data": [{"id": id_, name: value}], "trigger": []})
        assert answer.json()["data"][0]["details"]["api_name"] == name


def test_what_is_partly_taken_is_a_207(asker):
    body = {"data": [CALL, CALL | {"Call_Duration": "00:00", "Ours": "m2"}], "trigger": []}
    answer = asker("POST", "/crm/v8/Calls", body)
    assert (answer.status_code, [one["code"] for one in answer.json()["data"]]) == (
        207,
        ["SUCCESS", "DEPENDENT_MISMATCH"],
    )


def test_credits_are_told_of_once_half_are_used_and_spent_ones_refused():
    with played(limits=Limits(credits=4)) as asker:
        headers = [asker("GET", "/crm/v8/org").headers.get("X-API-CREDITS-REMAINING") for _ in range(4)]
        assert headers == [None, "2", "1", "0"]
        refused = asker("GET", "/crm/v8/org")
        assert (refused.status_code, refused.headers.get("Retry-After")) == (429, None)


def test_ten_tokens_are_given_in_ten_minutes():
    now = [0.0]
    with played(limits=Limits(now=lambda: now[0])) as asker:
        own = asker.zoho.app
        form = {"client_id": own.id, "client_secret": own.secret, "refresh_token": own.refresh}
        form |= {"grant_type": "refresh_token"}

        def given():
            return requests.post(f"{asker.url}/oauth/v2/token", data=form, timeout=30)

        assert [given().status_code for _ in range(11)] == [200] * 10 + [400]
        now[0] = 600.0
        assert given().json()["api_domain"] == "https://www.zohoapis.com"
