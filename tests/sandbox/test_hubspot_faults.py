"""HubSpot in the sandbox: how it misbehaves, each way switched on for some requests."""

import time

import pytest
import requests

from rig.waiting import until
from sandbox.hubspot.account import Hubspot
from sandbox.hubspot.limits import Limits
from tests.sandbox.hubspot import MARK, OBJECTS, asking

CALL = {"hs_timestamp": "2026-11-21T05:00:00Z", "hs_call_status": "COMPLETED"}
SEARCH = {"filterGroups": [], "properties": [], "limit": 10, "after": "0", "sorts": []}
ONE, TWO, THREE = ({"mark": mark, **CALL} for mark in "abc")


@pytest.fixture
def asker():
    with asking(Hubspot(search_delay=0, lifted=True)) as found:
        yield found
    assert list(found.hubspot.wrong_requests) == []


def marks(asker) -> list[str]:
    return [call["mark"] for call in asker.hubspot.calls()]


# Nothing is done --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "status", "category"),
    [
        ("token_expired", 401, "EXPIRED_AUTHENTICATION"),
        ("token_revoked", 401, "INVALID_AUTHENTICATION"),
        ("scope_missing", 403, "MISSING_SCOPES"),
        ("ten_secondly", 429, "RATE_LIMITS"),
        ("secondly", 429, "RATE_LIMITS"),
        ("daily_spent", 429, "RATE_LIMITS"),
        ("locked", 423, "LOCKED"),
        ("migrating", 477, "MIGRATION_IN_PROGRESS"),
        ("gateway_timeout", 504, "TIMEOUT"),
        ("error_in_200", 200, "INTERNAL_ERROR"),
    ],
)
def test_a_refusal_in_hubspot_s_own_words(asker, fault, status, category):
    asker.faults({fault: {"times": 1}})
    answer = asker.upsert(ONE)
    assert (answer.status_code, answer.json()["status"], answer.json()["category"]) == (status, "error", category)
    assert (marks(asker), asker.ledger()["faults"]) == ([], {fault: 1})
    assert asker.upsert(ONE).status_code == 200


@pytest.mark.parametrize(
    ("fault", "policy"),
    [("ten_secondly", "TEN_SECONDLY_ROLLING"), ("secondly", "SECONDLY"), ("daily_spent", "DAILY")],
)
def test_which_limit_it_was_is_said(asker, fault, policy):
    asker.faults({fault: {"value": None if policy == "DAILY" else 3}})
    answer = asker.upsert(ONE)
    assert answer.json()["policyName"] == policy
    assert answer.headers.get("Retry-After") == (None if policy == "DAILY" else "3")


@pytest.mark.parametrize(
    ("fault", "status"), [("bad_gateway", 502), ("html", 200), ("server_error", 500), ("empty", 200)]
)
def test_what_stands_before_hubspot_answers(asker, fault, status):
    asker.faults({fault: {"times": 1}})
    answer = asker.upsert(ONE)
    assert answer.status_code == status
    assert "correlationId" not in answer.text
    assert marks(asker) == []


def test_now_and_then(asker):
    asker.faults({"locked": {"every": 3}, "daily_spent": {"every": 4, "after": 1}})
    said = [asker.read("calls", "1").status_code for _ in range(8)]
    assert said == [207, 207, 423, 207, 429, 423, 207, 207]


# It is done, and the answer is lost -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "kept"), [("drop", []), ("drop_after", ["a"]), ("cut_after", ["a"]), ("hang", []), ("hang_after", ["a"])]
)
def test_an_answer_that_does_not_arrive(asker, fault, kept):
    asker.faults({fault: {"times": 1, "value": 6}})
    asked = {"inputs": [{"idProperty": MARK, "id": "a", "properties": CALL}]}
    with pytest.raises(requests.exceptions.RequestException):
        asker.ask("POST", f"{OBJECTS}/calls/batch/upsert", asked, timeout=0.5 if fault.startswith("hang") else 30)
    assert marks(asker) == kept


def test_what_was_given_up_is_done_later(asker):
    asker.faults({"late": {"times": 1, "value": 0.5}})
    with pytest.raises(requests.exceptions.ReadTimeout):
        asker.ask("POST", f"{OBJECTS}/calls", {"properties": CALL, "associations": []}, timeout=0.1)
    assert asker.hubspot.calls() == []
    until(asker.hubspot.calls, 10)


def test_a_huge_answer_is_the_answer_after_blanks(asker):
    asker.faults({"huge": {"times": 1, "value": 2}})
    answer = asker.upsert(ONE)
    assert (len(answer.content) > 2 << 20, answer.json()["results"][0]["new"]) == (True, True)


def test_an_endless_answer(asker):
    asker.faults({"endless": {"times": 1}})
    with asker.ask("POST", f"{OBJECTS}/calls/search", SEARCH, stream=True) as answer:
        for size, _ in enumerate(answer.iter_content(65_536)):
            if size > 100:
                return
    pytest.fail("it ended")


# Batches ----------------------------------------------------------------------------------------------------------------
def test_every_second_input_fails(asker):
    asker.faults({"partial": {"times": 1}})
    answer = asker.upsert(ONE, TWO, THREE)
    said = answer.json()
    assert (answer.status_code, said["status"], said["numErrors"], marks(asker)) == (207, "COMPLETE", 1, ["a", "c"])
    assert said["errors"][0]["context"] == {"objectWriteTraceId": ["trace-1"]}


def test_one_bad_record_fails_alone_where_inputs_have_traces(asker):
    answer = asker.upsert(ONE, TWO | {"hs_call_direction": "SIDEWAYS"}, THREE)
    assert (answer.status_code, marks(asker)) == (207, ["a", "c"])
    (error,) = answer.json()["errors"]
    assert (error["category"], error["errors"][0]["code"]) == ("VALIDATION_ERROR", "INVALID_OPTION")


@pytest.mark.parametrize("traced", [False, True])
def test_one_bad_record_fails_the_whole_batch(asker, traced):
    """Without traces always; with them where the fault is on."""
    asker.faults({"whole_batch": {}} if traced else {})
    answer = asker.upsert(ONE, TWO | {"hs_call_duration": "long"}, THREE | {"hs_call_duration": "short"}, traced=traced)
    assert (answer.status_code, answer.json()["category"], marks(asker)) == (400, "VALIDATION_ERROR", [])
    assert ("long" in answer.json()["message"], "short" in answer.json()["message"]) == (True, False)


def test_results_that_nobody_tells_of(asker):
    asker.faults({"results_missing": {}})
    assert [len(asker.upsert(ONE, TWO).json()["results"]), len(asker.upsert(THREE).json()["results"])] == [1, 0]
    assert marks(asker) == ["a", "b", "c"]


def test_results_in_another_order(asker):
    asker.faults({"shuffled": {}})
    results = asker.upsert(ONE, TWO).json()["results"]
    assert [one["objectWriteTraceId"] for one in results] == ["trace-1", "trace-0"]


# What the account wants -------------------------------------------------------------------------------------------------
def test_an_association_that_is_not_made(asker):
    contact = asker.hubspot.add_contact(firstname="Asha")
    call = asker.upsert(ONE).json()["results"][0]["id"]
    asker.faults({"no_association": {"times": 1, "path": "associations"}})
    answer = asker.associate((call, contact))
    assert (answer.status_code, len(answer.json()["results"])) == (200, 1)
    assert asker.beside(call).json()["results"] == []
    asker.associate((call, contact))
    assert len(asker.beside(call).json()["results"]) == 1


def test_search_is_late_while_the_fault_is_on(asker):
    asker.upsert(ONE)
    asked = [(MARK, "EQ", "a")]
    asker.faults({"search_delay": {"value": 60}})
    assert asker.search(asked, kind="calls").json()["total"] == 0
    asker.faults({})
    assert asker.search(asked, kind="calls").json()["total"] == 1


def test_a_required_field(asker):
    asker.faults({"required_field": {}})
    answer = asker.upsert(ONE, traced=False)
    assert (answer.status_code, answer.json()["errors"][0]["context"]) == (400, {"properties": ["hs_call_body"]})
    assert asker.upsert(ONE | {"hs_call_body": "said"}).status_code == 200
    contact = asker.hubspot.add_contact(hs_lead_status="NEW")
    rule = {"object": "contacts", "when": {"hs_lead_status": "UNQUALIFIED"}, "need": ["company"]}
    asker.faults({"required_field": {"value": rule}})
    answer = asker.update({"id": contact, "hs_lead_status": "UNQUALIFIED"})
    assert (answer.status_code, answer.json()["errors"][0]["category"]) == (207, "VALIDATION_ERROR")
    assert asker.hubspot.statuses(contact) == ["NEW"]


def test_a_call_needs_its_time(asker):
    answer = asker.upsert({"mark": "a"}, traced=False)
    assert (answer.status_code, answer.json()["errors"][0]["context"]) == (400, {"properties": ["hs_timestamp"]})


def test_records_that_are_gone(asker):
    kept, gone, archived = (asker.hubspot.add_contact(hs_lead_status="NEW") for _ in range(3))
    asker.faults({"deleted": {"value": [gone]}})
    requests.delete(f"{asker.url}/sandbox/contacts/{archived}", timeout=30)
    answer = asker.update(*({"id": one, "hs_lead_status": "OPEN"} for one in (kept, gone, archived)))
    assert (answer.status_code, answer.json()["errors"][0]["context"]) == (207, {"ids": [gone, archived]})
    assert asker.read("contacts", kept, gone, archived).json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert [asker.ask("GET", f"{OBJECTS}/contacts/{one}").status_code for one in (gone, archived)] == [404, 404]
    call = asker.upsert(ONE).json()["results"][0]["id"]
    answer = asker.associate((call, gone), (call, kept))
    assert (answer.status_code, len(answer.json()["results"])) == (207, 1)
    assert answer.json()["errors"][0]["context"]["toObjectId"] == [gone]


def test_a_duplicate(asker):
    asha = asker.hubspot.add_contact(phone="+919810012345", email="asha@example.test")
    other = asker.hubspot.add_contact(firstname="Bharat")
    answer = asker.update({"id": other, "email": "ASHA@example.test"}, traced=False)
    assert (answer.status_code, asha in answer.json()["message"]) == (409, True)
    asker.faults({"duplicate_rule": {"value": "phone"}})
    answer = asker.update({"id": other, "phone": "+919810012345"})
    assert (answer.status_code, answer.json()["errors"][0]["category"]) == (207, "CONFLICT")
    asker.faults({})
    assert asker.update({"id": other, "phone": "+919810012345"}).status_code == 200


def test_a_property_that_is_not_unique_identifies_nobody(asker):
    answer = asker.read("calls", "a", by="hs_call_title")
    assert (answer.status_code, "non-unique" in answer.json()["message"]) == (400, True)
    assert "non-unique" in asker.ledger()["refused"][0]["why"]


def test_a_list_of_numbers_that_finds_nobody(asker):
    asker.hubspot.add_contact("101", phone="+919810012345")
    name = "hs_searchable_calculated_phone_number"
    groups = [{"filters": [{"propertyName": name, "operator": "IN", "values": ["9810012345", "1"]}]}]
    assert asker.search(filterGroups=groups).json()["total"] == 1
    asker.faults({"lists_find_nothing": {}})
    assert asker.search(filterGroups=groups).json()["total"] == 0
    assert asker.search([(name, "EQ", "9810012345")]).json()["total"] == 1


def test_a_body_that_is_tidied(asker):
    asker.faults({"tidied": {}})
    asker.upsert(ONE | {"hs_call_body": "a<br>b"})
    assert asker.hubspot.call("a")["properties"]["hs_call_body"] == "<div>a<br/>b</div>"


def test_an_error_in_a_200_after_it_was_done(asker):
    asker.faults({"error_in_200_after": {}})
    answer = asker.upsert(ONE)
    assert (answer.status_code, answer.json()["status"], marks(asker)) == (200, "error", ["a"])


# Tokens and limits ------------------------------------------------------------------------------------------------------
def test_a_token_and_its_scopes(asker):
    asker.hubspot.tokens = {"reader": ("crm.objects.contacts.read",)}
    assert asker.upsert(ONE).status_code == 401
    asker.token = "reader"
    answer = asker.upsert(ONE)
    assert answer.json()["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.contacts.write"]}
    assert asker.read("calls", "1").status_code == 207
    assert asker.ask("GET", "/crm/owners/2026-09").status_code == 403


def test_so_many_requests_in_ten_seconds(asker):
    clock = [1_000_000.0]
    asker.hubspot.limits = Limits("UTC", ten_seconds=2, now=lambda: clock[0])
    answers = [asker.read("calls", "1") for _ in range(3)]
    assert [one.status_code for one in answers] == [207, 207, 429]
    assert (answers[2].json()["policyName"], answers[2].headers["Retry-After"]) == ("TEN_SECONDLY_ROLLING", "11")
    assert [one.headers["X-HubSpot-RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    clock[0] += 10
    assert asker.read("calls", "1").status_code == 207


def test_so_many_searches_in_a_second(asker):
    asker.hubspot.limits = Limits("UTC", ten_seconds=1, searches=2, now=lambda: 1_000_000.0)
    answers = [asker.search() for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].json()["policyName"] == "SECONDLY"
    assert [name for name in answers[0].headers if "RateLimit" in name] == []


def test_a_day_s_quota_ends_at_midnight_of_the_account(asker):
    clock = [1_800_000_000.0]  # 2027-01-15T08:00:00Z, half past one in the afternoon in Kolkata
    asker.hubspot.limits = Limits("Asia/Kolkata", daily=1, now=lambda: clock[0])
    answers = [asker.read("calls", "1") for _ in range(2)]
    assert (answers[1].status_code, answers[1].json()["policyName"]) == (429, "DAILY")
    clock[0] += 10.5 * 3600 - 1
    assert asker.read("calls", "1").status_code == 429
    clock[0] += 1
    assert asker.read("calls", "1").status_code == 207


def test_settings_are_changed_while_it_runs(asker):
    path = f"{asker.url}/sandbox/settings"
    answer = requests.post(path, json={"lifted": False, "ten_seconds": 1, "search_delay": 0.1}, timeout=30)
    assert answer.json()["ten_seconds"] == 1
    assert [asker.read("calls", "1").status_code for _ in range(2)] == [207, 429]
    assert requests.post(path, json={"unknown": 1}, timeout=30).status_code == 400
    requests.post(path, json={"lifted": True}, timeout=30)
    began = time.monotonic()
    asker.upsert(ONE)
    asked = [(MARK, "EQ", "a")]
    until(lambda: asker.search(asked, kind="calls").json()["total"] == 1, 10)
    assert time.monotonic() - began > 0.1
