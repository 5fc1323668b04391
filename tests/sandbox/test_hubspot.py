"""HubSpot in the sandbox: what is done where nothing goes wrong."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from rig.waiting import until
from sandbox.hubspot.account import Hubspot
from tests.sandbox.hubspot import BESIDE, MARK, OBJECTS, asking

CALL = {"hs_timestamp": "2026-11-21T05:00:00Z", "hs_call_title": "Call", "hs_call_status": "COMPLETED"}


@pytest.fixture
def asker():
    with asking(Hubspot(search_delay=0)) as found:
        yield found
    assert list(found.hubspot.wrong_requests) == []


@pytest.fixture
def asha(asker):
    return asker.hubspot.add_contact("101", firstname="Asha", phone="+91 98100 12345", hs_lead_status="NEW")


def test_a_call_is_made_once_and_then_renewed(asker):
    first = asker.upsert({"mark": "a", **CALL})
    (made,) = first.json()["results"]
    assert (first.status_code, made["new"], made["objectWriteTraceId"]) == (200, True, "trace-0")
    (again,) = asker.upsert({"mark": "a", "hs_call_title": "Other"}).json()["results"]
    assert (again["new"], again["id"]) == (False, made["id"])
    (call,) = asker.ledger()["calls"]
    assert (call["mark"], call["properties"]["hs_call_title"], call["written"]) == ("a", "Other", 2)
    assert [said.get("hs_call_title") for said in call["history"]] == ["Call", "Other"]


def test_calls_are_read_by_their_unique_property(asker):
    asker.upsert({"mark": "a", **CALL})
    answer = asker.read("calls", "a", "b", names=("hs_call_title", MARK), by=MARK)
    (found,) = answer.json()["results"]
    assert answer.status_code == 207
    assert found["properties"][MARK] == "a"
    (error,) = answer.json()["errors"]
    assert (error["category"], error["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["b"]})


def test_a_call_is_put_on_a_contact_and_taken_away(asker, asha):
    call = asker.upsert({"mark": "a", **CALL}).json()["results"][0]["id"]
    none = asker.beside(call)
    assert (none.status_code, none.json()["errors"][0]["context"]["fromObjectId"]) == (207, [call])
    assert asker.associate((call, asha)).json()["results"][0]["toObjectId"] == asha
    (seen,) = asker.beside(call).json()["results"]
    assert seen["to"] == [{"toObjectId": asha, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 194}]}]
    assert asker.ledger()["contacts"][0]["calls"] == [call]
    pair = {"from": {"id": call}, "to": [{"id": asha}]}
    assert asker.ask("POST", f"{BESIDE}/calls/contacts/batch/archive", {"inputs": [pair]}).status_code == 200
    assert asker.beside(call).json()["results"] == []


def test_a_contact_s_status_is_read_and_written(asker, asha):
    (contact,) = asker.read("contacts", asha, names=("hs_lead_status", "jobtitle")).json()["results"]
    assert (contact["properties"]["hs_lead_status"], contact["properties"]["jobtitle"]) == ("NEW", None)
    assert asker.update({"id": asha, "hs_lead_status": "CONNECTED"}).status_code == 200
    assert asker.ledger()["contacts"][0]["statuses"] == ["NEW", "CONNECTED"]


@pytest.mark.parametrize(
    ("name", "operator", "value", "found"),
    [
        (
            "hs_searchable_calculated_phone_number",
            "EQ",
            "9810012345",
            ["101", "102"],
        ),  # too many: the country is not asked
        ("hs_searchable_calculated_phone_number", "CONTAINS_TOKEN", "*10012345", ["101", "102", "103"]),
        ("phone", "EQ", "+44 9810012345", ["102"]),
        ("phone", "EQ", "+919810012345", []),  # it is written with blanks
        ("email", "EQ", "BHARAT@example.test", ["102"]),
        ("hs_lead_status", "IN", "", ["101", "103"]),
    ],
)
def test_contacts_are_searched(asker, asha, name, operator, value, found):
    asker.hubspot.add_contact("102", phone="+44 9810012345", email="bharat@example.test", hs_lead_status="OPEN")
    asker.hubspot.add_contact("103", phone="+49 15510012345", hs_lead_status="NEW")
    asked = {"propertyName": name, "operator": operator, "value": value}
    if operator == "IN":
        asked = {"propertyName": name, "operator": "IN", "values": ["NEW"]}
    answer = asker.search(filterGroups=[{"filters": [asked]}]).json()
    assert ([one["id"] for one in answer["results"]], answer["total"]) == (found, len(found))


def test_search_is_late(asker, asha):
    asker.hubspot.search_delay = 3600
    asker.update({"id": asha, "phone": "+919999900000"})
    asked = [("hs_searchable_calculated_phone_number", "EQ", "9999900000")]
    assert asker.search(asked).json()["total"] == 0
    asker.hubspot.search_delay = 0.01
    until(lambda: asker.search(asked).json()["total"] == 1, 10)


def test_pages_of_a_search(asker):
    for place in range(5):
        asker.hubspot.add_contact(str(200 + place), firstname="Asha")
    answer = asker.search([("firstname", "EQ", "Asha")], limit=2, after="2", sorts=["-hs_object_id"]).json()
    assert [one["id"] for one in answer["results"]] == ["202", "201"]
    assert (answer["total"], answer["paging"]["next"]["after"]) == (5, "4")


def test_calls_are_made_singly_and_archived(asker, asha):
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}
    beside = {"to": {"id": asha}, "types": [spec]}
    made = asker.ask("POST", f"{OBJECTS}/calls", {"properties": CALL, "associations": [beside]})
    assert made.status_code == 201
    path = f"{OBJECTS}/calls/{made.json()['id']}"
    seen = asker.ask("GET", f"{path}?properties=hs_call_title&associations=contacts").json()
    assert seen["associations"]["contacts"]["results"] == [{"id": asha, "type": "call_to_contact"}]
    assert asker.ask("PATCH", path, {"properties": {"hs_call_title": "Other"}}).status_code == 200
    removed = asker.ask("POST", f"{OBJECTS}/calls/batch/archive", {"inputs": [{"id": made.json()["id"]}]})
    assert (removed.status_code, asker.ask("GET", path).status_code) == (204, 404)
    assert asker.ledger()["calls"] == []


def test_the_account_tells_what_it_has(asker):
    owner = asker.hubspot.add_owner("asha@example.test")
    assert asker.ask("GET", "/crm/owners/2026-09?email=asha@example.test").json()["results"][0]["id"] == owner
    assert asker.ask("GET", "/crm/owners/2026-09?email=nobody@example.test").json()["results"] == []
    assert {"id": "9d9162e7-6cf3-4944-bf63-4dff82258764", "label": "Busy", "deleted": False} in asker.ask(
        "GET", "/calling/v1/dispositions"
    ).json()
    details = asker.ask("GET", "/account-info/v3/details").json()
    assert (details["portalId"], details["timeZone"], details["utcOffset"]) == (45678901, "Asia/Kolkata", "+05:30")
    asked = asker.ask("POST", "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": asker.token}).json()
    assert "crm.objects.contacts.write" in asked["scopes"]
    statuses = asker.ask("GET", "/crm/properties/2026-09/contacts/hs_lead_status").json()["options"]
    assert "ATTEMPTED_TO_CONTACT" in [one["value"] for one in statuses]


def test_a_unique_property_is_made(asker):
    new = {"name": "our_id", "label": "Our id", "type": "string", "fieldType": "text", "groupName": "call_information"}
    made = asker.ask("POST", "/crm/properties/2026-09/calls", new | {"hasUniqueValue": True})
    assert (made.status_code, made.json()["hasUniqueValue"]) == (201, True)
    assert asker.ask("POST", "/crm/properties/2026-09/calls", new).status_code == 409
    names = [one["name"] for one in asker.ask("GET", "/crm/properties/2026-09/calls").json()["results"]]
    assert "our_id" in names


def test_contacts_that_are_merged_are_one(asker, asha):
    other = asker.hubspot.add_contact("102", firstname="Bharat")
    first, second = (asker.upsert({"mark": mark, **CALL}).json()["results"][0]["id"] for mark in "ab")
    asker.associate((first, asha))
    answer = requests.post(f"{asker.url}/sandbox/contacts/{asha}/merge", json={"into": other}, timeout=30)
    assert answer.status_code == 200
    asker.associate((second, asha))  # its old id still leads to it
    assert [asker.hubspot.call(mark)["contacts"] for mark in "ab"] == [[other], [other]]
    (seen,) = asker.read("contacts", asha, names=("hs_merged_object_ids",)).json()["results"]
    assert (seen["id"], seen["properties"]["hs_merged_object_ids"]) == (other, asha)


def test_what_people_change_is_told_from_what_is_written(asker, asha):
    asker.update({"id": asha, "hs_lead_status": "OPEN"})
    answer = requests.patch(f"{asker.url}/sandbox/contacts/{asha}", json={"hs_lead_status": "CONNECTED"}, timeout=30)
    assert answer.status_code == 200
    (contact,) = asker.ledger()["contacts"]
    writes = [(one["by"], one["hs_lead_status"]) for one in contact["writes"]]
    assert writes == [("person", "NEW"), ("api", "OPEN"), ("person", "CONNECTED")]


def test_many_who_write_the_same_at_once(asker, asha):
    def write(_):
        made = asker.upsert(*({"mark": f"m{n}", **CALL} for n in range(20))).json()["results"]
        asker.associate(*((one["id"], asha) for one in made))
        return [one["new"] for one in made]

    with ThreadPoolExecutor(8) as pool:
        new = [one for part in pool.map(write, range(16)) for one in part]
    assert (new.count(True), len(asker.hubspot.calls())) == (20, 20)
    assert {tuple(call["contacts"]) for call in asker.hubspot.calls()} == {(asha,)}


def test_people_see_calls_arrive(asker, asha):
    call = asker.upsert({"mark": "a", **CALL}).json()["results"][0]
    asker.associate((call["id"], asha))
    assert "Asha" in requests.get(asker.url, timeout=30).text
    page = requests.get(f"{asker.url}/contacts/45678901/record/0-1/{asha}", timeout=30)
    assert (page.status_code, "2026-11-21T05:00:00Z" in page.text) == (200, True)
    assert MARK in requests.get(call["url"], timeout=30).text
    assert requests.get(call["url"] + "9", timeout=30).status_code == 404
