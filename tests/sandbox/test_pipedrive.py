"""Pipedrive's sandbox refuses what Pipedrive would refuse, and misbehaves as it is told."""

from contextlib import contextmanager

import pytest
import requests

from sandbox.pipedrive.account import STATUS_FIELD, Pipedrive
from sandbox.pipedrive.api import create_app
from sandbox.pipedrive.limits import Limits
from sandbox.server import running

LOG = {
    "outcome": "connected",
    "to_phone_number": "+919810012345",
    "start_time": "2026-11-18 10:12:52",
    "end_time": "2026-11-18 10:13:12",
}


class Asker:
    def __init__(self, pipedrive: Pipedrive, url: str):
        self.pipedrive = pipedrive
        self.url = url
        self.token = next(iter(pipedrive.tokens))

    def ask(self, verb: str, path: str, content: object = None, **more) -> requests.Response:
        headers = {"x-api-token": self.token}
        return requests.request(verb, self.url + path, json=content, headers=headers, timeout=30, **more)

    def faults(self, **wanted) -> None:
        assert requests.post(f"{self.url}/sandbox/faults", json=wanted, timeout=30).status_code == 200


@contextmanager
def asking(**given):
    pipedrive = Pipedrive(**{"lifted": True, "search_delay": 0, **given})
    with running(create_app(pipedrive), keeping=True) as url:
        yield Asker(pipedrive, url)


@pytest.fixture
def asker():
    with asking() as found:
        yield found


def test_a_call_log_is_an_activity_too_and_stays_one_when_it_is_deleted(asker):
    person = int(asker.pipedrive.add_person())
    made = asker.ask(
        "POST", "/api/v1/callLogs", LOG | {"person_id": person, "subject": "Call", "note": "<b>n</b>"}
    ).json()["data"]
    assert (made["start_time"], made["has_recording"]) == ("2026-11-18T10:12:52.000Z", False)
    listed = asker.ask("GET", "/api/v2/activities", params={"person_id": person}).json()["data"]
    assert [(one["id"], one["subject"], one["note"]) for one in listed] == [(made["activity_id"], "Call", "<b>n</b>")]
    for status in (200, 410):
        assert asker.ask("DELETE", f"/api/v1/callLogs/{made['id']}").status_code == status
    assert asker.ask("GET", "/api/v1/callLogs").json()["data"] is None
    assert len(asker.ask("GET", "/api/v2/activities").json()["data"]) == 1
    again = asker.ask("POST", "/api/v1/callLogs", LOG | {"activity_id": made["activity_id"], "outcome": "busy"}).json()[
        "data"
    ]
    assert again["activity_id"] == made["activity_id"]
    assert asker.ask("DELETE", f"/api/v2/activities/{made['activity_id']}").status_code == 200
    assert asker.pipedrive.calls() == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({**LOG, "outcome": "answered"}, "outcome"),
        ({**LOG, "start_time": "2026-11-18T10:12:52Z"}, "start_time"),
        ({**LOG, "end_time": "2026-11-18 10:00:00"}, "end_time"),
        ({**LOG, "duration": 12}, "duration"),
        ({**LOG, "person_id": "101"}, "person_id"),
        ({**LOG, "deal_id": 1, "lead_id": "0190f3a1-0000-7000-8000-000000000001"}, "either a deal or a lead"),
        ({**LOG, "external_id": "m"}, "external_id"),
        ({name: value for name, value in LOG.items() if name != "outcome"}, "outcome"),
    ],
)
def test_a_call_log_that_is_not_as_documented_is_its_senders_fault(asker, body, why):
    answer = asker.ask("POST", "/api/v1/callLogs", body)
    assert (answer.status_code, answer.json()["success"], why in answer.json()["error"]) == (400, False, True)
    assert len(asker.pipedrive.wrong_requests) == 1


def test_what_this_company_lacks_is_nobodys_fault(asker):
    person = asker.pipedrive.add_person()
    for body in ({"label_ids": [99]}, {"custom_fields": {STATUS_FIELD: 99}}, {"custom_fields": {"nothing": 1}}):
        assert asker.ask("PATCH", f"/api/v2/persons/{person}", body).status_code == 400
    assert asker.ask("POST", "/api/v1/callLogs", LOG | {"person_id": 999}).status_code == 404
    assert (list(asker.pipedrive.wrong_requests), len(asker.pipedrive.refused)) == ([], 4)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/persons?limit=501",
        "/api/v1/callLogs?limit=51",
        "/api/v2/persons?phone=1",
        "/api/v2/persons/search?term=1&fields=phone",
        "/api/v2/activities?ids=",
        "/v2/persons",
    ],
)
def test_a_question_that_is_not_as_documented_is_its_senders_fault(asker, path):
    assert asker.ask("GET", path).status_code in (400, 404)
    assert len(asker.pipedrive.wrong_requests) == 1


def test_a_token_is_needed_and_a_small_one_logs_for_nobody_else(asker):
    asker.pipedrive.tokens["small"] = int(asker.pipedrive.add_user("small@example.test", admin=False))
    asker.token = "small"
    assert asker.ask("POST", "/api/v1/callLogs", LOG | {"user_id": 1}).status_code == 403
    asker.token = "nobodys"
    assert asker.ask("GET", "/api/v1/users/me").status_code == 401


def test_numbers_are_found_as_they_were_typed_in(asker):
    person = asker.pipedrive.add_person(phone="098100 12345")

    def found(term: str, exact: str) -> list[int]:
        params = {"term": term, "fields": "phone", "exact_match": exact}
        items = asker.ask("GET", "/api/v2/persons/search", params=params).json()["data"]["items"]
        return [one["item"]["id"] for one in items]

    assert [found(term, "true") for term in ("098100 12345", "+919810012345")] == [[int(person)], []]
    assert [found(term, "false") for term in ("12345", "810012345")] == [[int(person)], []]


def test_search_is_late_and_lists_are_not():
    with asking(search_delay=60) as asker:
        person = asker.pipedrive.add_person(phone="+919810012345", late=True)
        params = {"term": "+919810012345", "fields": "phone"}
        assert asker.ask("GET", "/api/v2/persons/search", params=params).json()["data"]["items"] == []
        assert len(asker.ask("GET", "/api/v2/persons", params={"ids": person}).json()["data"]) == 1


def test_limits_are_met_and_say_when_there_is_room_again():
    with asking(lifted=False, limits=Limits(requests=3, searches=1, tokens=1_000)) as asker:
        statuses = [asker.ask("GET", "/api/v1/users/me").status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        answer = asker.ask("GET", "/api/v1/users/me")
        assert answer.headers["x-ratelimit-reset"] == "2"
        assert answer.headers["x-daily-ratelimit-token-remaining"] == "994"  # two tokens each


def test_a_day_is_spent_by_what_requests_cost():
    with asking(lifted=False, limits=Limits(requests=100, tokens=25)) as asker:
        assert asker.ask("GET", "/api/v1/users").status_code == 200
        assert asker.ask("GET", "/api/v2/stages").status_code == 200
        answer = asker.ask("GET", "/api/v1/users/me")
        assert (answer.status_code, answer.headers["x-daily-ratelimit-token-remaining"]) == (429, "0")


def test_persons_are_merged_with_their_activities(asker):
    old, new = asker.pipedrive.add_person(), asker.pipedrive.add_person()
    asker.ask("POST", "/api/v1/callLogs", LOG | {"person_id": int(old)})
    assert requests.post(f"{asker.url}/sandbox/persons/{old}/merge", json={"into": new}, timeout=30).status_code == 200
    assert asker.ask("GET", "/api/v2/persons", params={"ids": f"{old},{new}"}).json()["data"][0]["id"] == int(new)
    assert len(asker.ask("GET", "/api/v2/activities", params={"person_id": new}).json()["data"]) == 1


@pytest.mark.parametrize(
    ("fault", "status", "made"),
    [
        ("token_revoked", 401, 0),
        ("scope_missing", 403, 0),
        ("permission_denied", 403, 0),
        ("shut_out", 403, 0),
        ("too_often", 429, 0),
        ("day_spent", 429, 0),
        ("gateway_timeout", 504, 0),
        ("error_in_200", 200, 0),
        ("error_in_200_after", 200, 1),
        ("error_after", 500, 1),
        ("not_told", 200, 1),
    ],
)
def test_what_each_fault_does(asker, fault, status, made):
    asker.faults(**{fault: {"path": "callLogs"}})
    answer = asker.ask("POST", "/api/v1/callLogs", LOG)
    assert (answer.status_code, asker.pipedrive.counted["call logs made"]) == (status, made)
    asker.faults()
    assert asker.ask("GET", "/api/v1/users/me").status_code == 200


def test_people_change_records_behind_and_read_the_ledger(asker):
    person = asker.pipedrive.add_person()
    where = f"{asker.url}/sandbox/persons/{person}"
    assert requests.patch(where, json={STATUS_FIELD: 2}, timeout=30).status_code == 200
    assert asker.pipedrive.statuses(person) == [2]
    assert [requests.delete(where, timeout=30).status_code for _ in range(2)] == [200, 404]
    ledger = requests.get(f"{asker.url}/sandbox/ledger", timeout=30).json()
    assert (ledger["persons"][0]["is_deleted"], ledger["calls"]) == (True, [])
    assert requests.post(f"{asker.url}/sandbox/settings", json={"nothing": 1}, timeout=30).status_code == 400
