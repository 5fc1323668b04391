"""HubSpot in the sandbox holds every request against the documented shape, and says in its ledger who asked wrongly."""

import re

import pytest

from sandbox.hubspot.account import Hubspot
from tests.sandbox.hubspot import BESIDE, MARK, OBJECTS, asking

UPSERT, READ = f"{OBJECTS}/calls/batch/upsert", f"{OBJECTS}/calls/batch/read"
SEARCH = f"{OBJECTS}/contacts/search"
INPUT = {"idProperty": MARK, "id": "a", "properties": {"hs_timestamp": "2026-11-21T05:00:00Z"}}
SPEC = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}
PAIR = {"from": {"id": "1"}, "to": {"id": "2"}, "types": [SPEC]}
ASKED = {"filterGroups": [], "properties": [], "limit": 10, "after": "0", "sorts": []}
FILTER = {"propertyName": "phone", "operator": "EQ", "value": "1"}
PROPERTY = {"name": "ours", "label": "Ours", "type": "string", "fieldType": "text", "groupName": "call_information"}


@pytest.fixture(scope="module")
def asker():
    with asking(Hubspot(search_delay=0, lifted=True)) as found:
        yield found


def without(found: dict, name: str) -> dict:
    return {key: value for key, value in found.items() if key != name}


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        (UPSERT, [], "body must be an object"),
        (UPSERT, {}, "[inputs]"),
        (UPSERT, {"inputs": []}, "1 to 100"),
        (UPSERT, {"inputs": [INPUT] * 101}, "1 to 100 items, not 101"),
        (UPSERT, {"inputs": [INPUT, INPUT]}, "Duplicate IDs"),
        (UPSERT, {"inputs": [without(INPUT, "idProperty")]}, "[idProperty]"),
        (UPSERT, {"inputs": [INPUT | {"id": 7}]}, "inputs[0].id must be a text"),
        (UPSERT, {"inputs": [INPUT | {"associations": []}]}, "no attribute associations"),
        (UPSERT, {"inputs": [INPUT | {"properties": {"hs_call_duration": 12000}}]}, "hs_call_duration must be a text"),
        (UPSERT, {"inputs": [INPUT | {"properties": {"hs_call_body": None}}]}, "hs_call_body must be a text"),
        (f"{OBJECTS}/calls", {"properties": {}}, "[associations]"),
        (f"{OBJECTS}/calls/batch/delete", {}, "no batch/delete"),
        (f"{OBJECTS}/fridges/batch/read", {}, "Unable to infer object type"),
        (READ, {"inputs": [{"id": "1"}], "properties": []}, "[propertiesWithHistory]"),
        (SEARCH, without(ASKED, "sorts"), "[sorts]"),
        (SEARCH, ASKED | {"limit": 201}, "0 to 200"),
        (SEARCH, ASKED | {"query": "a" * 3000}, "more than 3000 characters"),
        (SEARCH, ASKED | {"after": "9999"}, "first 10000"),
        (SEARCH, ASKED | {"filterGroups": [{"filters": [FILTER]}] * 6}, "0 to 5 items, not 6"),
        (SEARCH, ASKED | {"filterGroups": [{"filters": [FILTER] * 6}] * 4}, "more than 18"),
        (SEARCH, ASKED | {"filterGroups": [{"filters": [FILTER | {"operator": "LIKE"}]}]}, "operator must be one of"),
        (SEARCH, ASKED | {"filterGroups": [{"filters": [without(FILTER, "value")]}]}, "EQ needs value"),
        (f"{BESIDE}/calls/contacts/batch/create", {"inputs": [without(PAIR, "types")]}, "[types]"),
        (f"{BESIDE}/calls/contacts/batch/create", {"inputs": [PAIR | {"from": "1"}]}, "from must be an object"),
        (f"{BESIDE}/calls/calls/batch/read", {"inputs": [{"id": "1"}]}, "not associated"),
        (
            f"{BESIDE}/calls/contacts/batch/archive",
            {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}}]},
            "must be a list",
        ),
        ("/crm/properties/2026-09/calls", without(PROPERTY, "groupName"), "[groupName]"),
        ("/crm/properties/2026-09/calls", PROPERTY | {"name": "Ours"}, "small letters"),
        ("/crm/properties/2026-09/calls", PROPERTY | {"type": "bool", "hasUniqueValue": True}, "can be unique"),
        ("/oauth/v2/private-apps/get/access-token-info", {}, "[tokenKey]"),
        ("/crm/v3/objects/calls/batch/upsert", {}, "nothing at POST"),
    ],
)
def test_what_hubspot_would_refuse_is_counted(asker, path, body, why):
    before = asker.hubspot.counted["wrong requests"]
    answer = asker.ask("POST", path, body)
    assert answer.status_code in (400, 404)
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.json()["correlationId"])
    assert (answer.json()["status"], why in answer.json()["message"]) == ("error", True), answer.text
    assert asker.hubspot.counted["wrong requests"] == before + 1
    assert asker.ledger()["wrong_requests"][-1] == {"verb": "POST", "path": path, "why": answer.json()["message"]}


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"hs_call_disposition": "Busy"}, "INVALID_OPTION"),  # the id is wanted, not the label
        ({"hs_call_status": "completed"}, "INVALID_OPTION"),
        ({"hs_timestamp": "2026-11-21"}, "INVALID_LONG"),
        ({"hs_timestamp": "2026-11-21T05:00:00"}, "INVALID_LONG"),
        ({"hs_call_duration": "0:12"}, "INVALID_DOUBLE"),
        ({"hs_call_recording_url": "http://example.test/a.mp3"}, "INVALID_URL"),
        ({"hubspot_owner_id": "999"}, "INVALID_OWNER_ID"),
        ({"hs_call_colour": "red"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_object_id": "1"}, "READ_ONLY_VALUE"),
        ({"hs_call_body": "a" * 65_537}, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_what_the_account_does_not_take_is_refused_and_nobody_s_fault(asker, properties, code):
    before = asker.hubspot.counted["wrong requests"]
    answer = asker.ask("POST", UPSERT, {"inputs": [INPUT | {"properties": INPUT["properties"] | properties}]})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert [one["code"] for one in answer.json()["errors"]] == [code]
    assert asker.hubspot.counted["wrong requests"] == before


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-11-21T10:30:00+05:30", "2026-11-21T05:00:00Z"),
        ("2026-11-21T05:00:00.120Z", "2026-11-21T05:00:00.120Z"),
        ("1795237200000", "2026-11-21T05:00:00Z"),
        ("1795237200120", "2026-11-21T05:00:00.120Z"),
    ],
)
def test_times_are_kept_in_utc(asker, given, kept):
    asker.ask("POST", UPSERT, {"inputs": [INPUT | {"properties": {"hs_timestamp": given}}]})
    assert asker.hubspot.call("a")["properties"]["hs_timestamp"] == kept


def test_a_body_that_is_no_json(asker):
    headers = {"Authorization": f"Bearer {asker.token}", "Content-Type": "application/json"}
    answer = asker.raw("POST", UPSERT, b'{"inputs": [', headers)
    assert (answer.status_code, answer.json()["message"].startswith("Invalid input JSON")) == (400, True)
    assert asker.raw("POST", UPSERT, b"a=1", headers | {"Content-Type": "text/plain"}).status_code == 415
