"""Bitrix24's sandbox refuses what Bitrix24 would refuse, and misbehaves as it is told."""

from contextlib import contextmanager

import pytest
import requests

from sandbox.bitrix24.account import WEBHOOK, Portal
from sandbox.bitrix24.api import create_app
from sandbox.bitrix24.limits import Limits
from sandbox.server import running

ASHA = "+919810012345"
REGISTER, FINISH = "telephony.externalCall.register", "telephony.externalCall.finish"
BEGUN = {"USER_ID": 1, "PHONE_NUMBER": ASHA, "TYPE": 1, "LINE_NUMBER": "wrapup", "EXTERNAL_CALL_ID": "m1", "SHOW": 0}


class Asker:
    def __init__(self, portal: Portal, url: str):
        self.portal = portal
        self.url = url
        portal.tokens.add("known")

    def ask(self, method: str, **params) -> requests.Response:
        return requests.post(f"{self.url}/rest/{method}", json={**params, "auth": "known"}, timeout=30)

    def batch(self, *lines: str, **more) -> dict:
        answer = self.ask("batch", cmd={f"c{at}": line for at, line in enumerate(lines)}, **more)
        assert answer.status_code == 200
        return answer.json()["result"]


@contextmanager
def asking(**given):
    portal = Portal(**{"lifted": True, **given})
    with running(create_app(portal), keeping=True) as url:
        yield Asker(portal, url)


def error_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_call_is_registered_and_finished_in_one_batch():
    with asking() as asker:
        lead = asker.portal.add(phone=ASHA)
        whole = (
            f"{REGISTER}?USER_ID=1&PHONE_NUMBER=%2B919810012345&TYPE=1&CRM_ENTITY_TYPE=LEAD&CRM_ENTITY_ID={lead}&SHOW=0"
        )
        said = asker.batch(whole, f"{FINISH}?CALL_ID=$result[c0][CALL_ID]&USER_ID=1&DURATION=5&ADD_TO_CHAT=0")
        assert said["result_error"] == []
        assert said["result"]["c1"]["CRM_ACTIVITY_ID"] == 7001
        assert "operating_reset_at" in said["result_time"]["c0"]
        assert asker.portal.calls()[0]["on"] == [f"leads/{lead}"]


def test_a_call_of_the_same_mark_is_the_same_one_for_half_an_hour():
    with asking() as asker:
        first, again = (asker.ask(REGISTER, **BEGUN).json()["result"]["CALL_ID"] for _ in range(2))
        other = asker.ask(REGISTER, **BEGUN | {"EXTERNAL_CALL_ID": "m2"}).json()["result"]["CALL_ID"]
        asker.portal.ahead = 1801
        late = asker.ask(REGISTER, **BEGUN).json()["result"]["CALL_ID"]
        assert (first == again, len({first, other, late})) == (True, 3)
        assert error_of(asker.ask(FINISH, CALL_ID="none", USER_ID=1)) == (400, "ERROR_CORE")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (REGISTER, {"PHONE_NUMBER": ASHA, "TYPE": 1}),
        (REGISTER, BEGUN | {"TYPE": 6}),
        (REGISTER, BEGUN | {"CALL_START_DATE": "2026-11-18 10:12:52"}),
        (REGISTER, BEGUN | {"CRM_ENTITY_TYPE": "DEAL"}),
        (REGISTER, BEGUN | {"NOTE": "x"}),
        (FINISH, {"CALL_ID": "x", "USER_ID": 1, "STATUS_CODE": "999"}),
        ("crm.item.list", {"entityTypeId": 1, "select": ["fm"]}),
        ("crm.item.list", {"entityTypeId": 1, "filter": {"@id": "7"}}),
        ("crm.item.update", {"entityTypeId": 1, "fields": {}}),
        ("crm.duplicate.findbycomm", {"type": "PHONE", "values": [ASHA] * 21}),
        ("crm.timeline.comment.add", {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "lead"}}),
        ("crm.timeline.comment.list", {"filter": {"ENTITY_ID": 1}}),
        ("voximplant.statistic.get", {"FILTER": {"MARK": "m1"}}),
        ("crm.nosuch", {}),
        ("batch", {"cmd": "x"}),
    ],
)
def test_what_no_portal_would_take_is_counted_as_wrong(method, params):
    with asking() as asker:
        assert asker.ask(method, **params).status_code in (400, 404)
        assert len(asker.portal.wrong_requests) == 1


def test_what_this_portal_lacks_is_refused_and_nobody_is_to_blame():
    with asking() as asker:
        lead = int(asker.portal.add())
        update = {"entityTypeId": 1, "id": lead}
        assert error_of(asker.ask("crm.item.update", **update, fields={"stageId": "NOSUCH"}))[0] == 400
        assert error_of(asker.ask("crm.item.update", entityTypeId=1, id=9999, fields={})) == (400, "NOT_FOUND")
        assert asker.ask("crm.item.update", **update, fields={"nosuch": "x"}).status_code == 200  # as documented
        assert error_of(asker.ask(REGISTER, **BEGUN | {"USER_ID": 9})) == (400, "ERROR_CORE")
        assert list(asker.portal.wrong_requests) == []


def test_a_webhook_may_not_do_what_only_an_app_may():
    with asking() as asker:
        url = f"{asker.url}/rest/1/{WEBHOOK}"
        assert error_of(requests.post(f"{url}/{REGISTER}", json=BEGUN, timeout=30)) == (403, "WRONG_AUTH_TYPE")
        assert requests.post(f"{url}/profile", json={}, timeout=30).json()["result"]["ID"] == "1"
        assert error_of(requests.post(f"{asker.url}/rest/1/wrong/profile", json={}, timeout=30)) == (
            401,
            "NO_AUTH_FOUND",
        )
        assert error_of(requests.post(f"{asker.url}/rest/profile", json={"auth": "x"}, timeout=30)) == (
            401,
            "expired_token",
        )


def test_more_than_fifty_commands_and_one_that_fails_are_told_one_by_one():
    with asking() as asker:
        said = asker.batch(*["profile"] * 51)
        assert (len(said["result"]), said["result_error"]["c50"]["error"]) == (50, "ERROR_BATCH_LENGTH_EXCEEDED")
        halted = asker.batch("crm.item.fields?entityTypeId=99", "profile", halt=1)
        assert (halted["result"], list(halted["result_error"])) == ([], ["c0"])


def test_the_counter_of_requests_drains_and_a_method_has_so_much_time():
    now = [1000.0]
    limits = Limits(most=3, drains=2, operating=1.0, costs=0.4, now=lambda: now[0])
    with asking(limits=limits) as asker:
        assert [asker.ask("profile").status_code for _ in range(5)] == [200, 200, 200, 429, 503]
        now[0] += 2
        assert error_of(asker.ask("profile")) == (429, "OPERATION_TIME_LIMIT")
        assert asker.ask("user.get").status_code == 200
        now[0] += 601
        assert asker.ask("profile").status_code == 200


def test_a_refresh_token_is_used_once():
    with asking() as asker:
        given = {"grant_type": "refresh_token", "client_id": "demo-app", "client_secret": "demo-secret"}
        url = f"{asker.url}/oauth/token/"
        first = requests.get(url, given | {"refresh_token": "demo-refresh"}, timeout=30)
        assert first.json()["access_token"] in asker.portal.tokens
        again = requests.get(url, given | {"refresh_token": "demo-refresh"}, timeout=30)
        assert error_of(again) == (400, "invalid_grant")
        assert (
            requests.get(url, given | {"refresh_token": first.json()["refresh_token"]}, timeout=30).status_code == 200
        )
        assert error_of(requests.get(url, given, timeout=30)) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("fault", "status", "made"),
    [
        ("query_limit", 503, 0),
        ("operation_limit", 429, 0),
        ("overload", 503, 0),
        ("error_in_200", 200, 0),
        ("gateway_timeout", 504, 0),
        ("error_in_200_after", 200, 1),
        ("error_after", 500, 1),
    ],
)
def test_faults_are_told_from_what_was_done(fault, status, made):
    with asking() as asker:
        asker.portal.faults.set({fault: {"path": "register"}})
        answer = asker.ask(REGISTER, **BEGUN)
        assert (answer.status_code, asker.portal.counted["calls registered"]) == (status, made)


def test_people_change_merge_and_delete_records():
    with asking() as asker:
        behind = f"{asker.url}/sandbox"
        made = requests.post(f"{behind}/leads", json={"records": [{"id": "7", "phone": ASHA}, {"id": "8"}]}, timeout=30)
        assert made.json() == {"ids": ["7", "8"]}
        assert requests.patch(f"{behind}/leads/7", json={"stageId": "JUNK"}, timeout=30).status_code == 200
        assert requests.post(f"{behind}/leads/7/merge", json={"into": "8"}, timeout=30).status_code == 200
        assert requests.delete(f"{behind}/leads/7", timeout=30).status_code == 404
        assert (
            requests.post(f"{behind}/settings", json={"search_delay": 3, "lifted": False}, timeout=30).json()["lifted"]
            is False
        )
        assert requests.post(f"{behind}/settings", json={"nosuch": 3}, timeout=30).status_code == 400
        ledger = requests.get(f"{behind}/ledger", timeout=30).json()
        assert [one["id"] for one in ledger["leads"]] == [8]
        assert (asker.portal.search_delay, asker.portal.limits.lifted) == (3, False)
