"""Salesforce's sandbox refuses what Salesforce would refuse, and misbehaves as it is told."""

from contextlib import contextmanager

import pytest
import requests

from sandbox.salesforce.account import CLIENT, FIELD, SECRET, Salesforce
from sandbox.salesforce.api import create_app
from sandbox.salesforce.objects import made_id
from sandbox.server import running

DATA = "/services/data/v60.0"
COLLECTION = f"{DATA}/composite/sobjects"
TASK = {"attributes": {"type": "Task"}, "Subject": "Call", "TaskSubtype": "Call"}


class Asker:
    def __init__(self, org: Salesforce, url: str):
        self.org = org
        self.url = url
        self.token = org.granted()

    def ask(self, verb: str, path: str, content: object = None, **more) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(verb, self.url + path, json=content, headers=headers, timeout=30, **more)

    def upsert(self, *records: dict) -> requests.Response:
        return self.ask("PATCH", f"{COLLECTION}/Task/{FIELD}", {"allOrNone": False, "records": list(records)})

    def query(self, soql: str) -> list[dict]:
        return self.ask("GET", f"{DATA}/query", params={"q": soql}).json()["records"]

    def faults(self, **wanted) -> None:
        assert requests.post(f"{self.url}/sandbox/faults", json=wanted, timeout=30).status_code == 200


@contextmanager
def asking(**given):
    org = Salesforce(**{"lifted": True, "search_delay": 0, **given})
    with running(create_app(org), keeping=True) as url:
        yield Asker(org, url)


@pytest.fixture
def asker():
    with asking() as found:
        yield found


def task(mark: str, **given) -> dict:
    return {**TASK, FIELD: mark, **given}


def test_ids_tell_capitals_in_their_last_three_characters():
    assert made_id("Contact", 1) == "003000000000001AAA"
    assert made_id("Lead", 1) == "00Q000000000001EAA"


def test_a_task_is_made_once_under_its_external_id_and_its_kind_stays(asker):
    lead = asker.org.add("Lead")
    first = asker.upsert(task("m1", WhoId=lead)).json()[0]
    bare = {name: value for name, value in task("m1", Subject="Other").items() if name != "TaskSubtype"}
    second = asker.upsert(bare).json()[0]
    assert (first["created"], second["created"], first["id"] == second["id"]) == (True, False, True)
    again = asker.upsert(task("m1")).json()[0]
    assert (again["success"], again["errors"][0]["fields"]) == (False, ["TaskSubtype"])
    rows = asker.query(f"SELECT Id, Subject, WhoId FROM Task WHERE {FIELD} = 'm1' AND WhoId IN ('{lead[:15]}')")
    assert [(one["Subject"], one["WhoId"]) for one in rows] == [("Other", lead)]


def test_each_record_is_taken_or_refused_alone(asker):
    gone, converted = asker.org.add("Contact"), asker.org.add("Lead")
    asker.org.delete("Contact", gone)
    asker.org.convert(converted)
    records = [task("m1"), task("m2", WhoId=gone), task("m3", WhoId=converted), task("m4"), task("m4")]
    results = asker.upsert(*records, task("m5", Subject="s" * 256)).json()
    codes = [one["errors"][0]["statusCode"] if one["errors"] else None for one in results]
    wanted = ["INVALID_CROSS_REFERENCE_KEY", "CANNOT_UPDATE_CONVERTED_LEAD", "DUPLICATE_VALUE", "DUPLICATE_VALUE"]
    assert codes == [None, *wanted, "STRING_TOO_LONG"]
    assert len(asker.org.calls()) == 1


@pytest.mark.parametrize(
    ("verb", "path", "content"),
    [
        ("POST", COLLECTION, {"records": []}),
        ("POST", COLLECTION, {"records": [{"Subject": "s"}]}),
        ("POST", COLLECTION, {"records": [TASK] * 201}),
        ("POST", COLLECTION, {"records": [TASK], "allOrNone": "false"}),
        ("POST", COLLECTION, {"records": [TASK | {"CallDurationInSeconds": "12"}]}),
        ("POST", COLLECTION, {"records": [TASK | {"ActivityDate": "2026-11-18T10:00:00Z"}]}),
        ("PATCH", COLLECTION, {"records": [TASK]}),
        ("PATCH", f"{COLLECTION}/Task/{FIELD}", {"records": [task("m1", id="00T000000000001EAA")]}),
        ("PATCH", f"{COLLECTION}/Task/{FIELD}", {"records": [task("")]}),
        ("DELETE", f"{COLLECTION}?ids=1", None),
        ("GET", f"{DATA}/query", None),
        ("GET", f"{DATA}/query?q=SELECT+Id+FROM+Task+WHERE+Subject+LIKE+'a'", None),
        ("GET", f"{DATA}/query?q=SELECT+*+FROM+Task", None),
        ("GET", f"{DATA}/search?q=FIND+{{+91}}+IN+PHONE+FIELDS+RETURNING+Lead(Id)", None),
        ("GET", '/services/data/v60.0/search?q=FIND {"%2B91"} IN PHONE FIELDS RETURNING Lead(Id)', None),
        ("GET", "/services/data/v30.0/query?q=SELECT+Id+FROM+Task", None),
        ("GET", "/services/data/query", None),
    ],
)
def test_a_request_that_is_not_as_documented_is_its_senders_fault(asker, verb, path, content):
    answer = asker.ask(verb, path, content)
    assert answer.status_code in (400, 404, 405)
    assert answer.json()[0]["errorCode"]
    assert len(asker.org.wrong_requests) == 1
    assert asker.org.calls() == []


def test_what_this_org_lacks_is_nobodys_fault(asker):
    answers = [
        asker.upsert(task("m1", Nothing__c="x")),
        asker.ask("PATCH", f"{COLLECTION}/Task/Nothing__c", {"records": [TASK]}),
        asker.ask("GET", f"{DATA}/sobjects/Nothing/describe"),
    ]
    assert [one.status_code for one in answers] == [400, 404, 404]
    assert (list(asker.org.wrong_requests), len(asker.org.refused)) == ([], 3)


def test_numbers_are_found_word_by_word(asker):
    lead = asker.org.add("Lead", Phone="+91 98100-12345")

    def found(term: str) -> list[str]:
        q = f'FIND {{"{term}"}} IN PHONE FIELDS RETURNING Contact(Id), Lead(Id WHERE IsConverted = false)'
        said = asker.ask("GET", f"{DATA}/search", params={"q": q}).json()
        return [one["Id"] for one in said["searchRecords"]]

    assert [found(term) for term in ("98100 12345", "\\+91 98100", "9810012345", "8100")] == [[lead], [lead], [], []]
    asker.org.convert(lead)
    assert lead not in found("98100 12345")


def test_search_is_late_and_questions_are_not():
    with asking(search_delay=60) as asker:
        lead = asker.org.add("Lead", Phone="+919810012345", late=True)
        q = 'FIND {"919810012345"} IN PHONE FIELDS RETURNING Lead(Id)'
        assert asker.ask("GET", f"{DATA}/search", params={"q": q}).json()["searchRecords"] == []
        assert len(asker.query(f"SELECT Id FROM Lead WHERE Id = '{lead}'")) == 1


def test_a_token_is_given_for_a_secret_and_for_nothing_else(asker):
    where = f"{asker.url}/services/oauth2/token"
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    token = requests.post(where, data=form, timeout=30).json()["access_token"]
    asker.token = token
    assert asker.query("SELECT Id FROM Organization")
    for wrong in (form | {"client_secret": "no"}, form | {"grant_type": "password"}, {"grant_type": "x"}):
        assert requests.post(where, data=wrong, timeout=30).status_code == 400
    assert requests.post(where, json=form, timeout=30).status_code == 400
    asker.token = "nobodys"
    assert asker.ask("GET", f"{DATA}/query", params={"q": "SELECT Id FROM Task"}).status_code == 401


def test_requests_of_a_day_are_counted_and_told():
    with asking(lifted=False, limit=2) as asker:
        answers = [asker.ask("GET", f"{DATA}/sobjects/Task/describe") for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 403]
        assert answers[1].headers["Sforce-Limit-Info"] == "api-usage=2/2"
        assert answers[2].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("fault", "status", "made"),
    [
        ("session_ended", 401, 0),
        ("requests_spent", 403, 0),
        ("too_many_at_once", 403, 0),
        ("api_disabled", 403, 0),
        ("server_unavailable", 503, 0),
        ("gateway_timeout", 504, 0),
        ("error_in_200", 200, 0),
        ("error_in_200_after", 200, 1),
        ("error_after", 500, 1),
        ("not_told", 200, 1),
        ("row_locked", 200, 0),
        ("who_dropped", 200, 1),
    ],
)
def test_what_each_fault_does(asker, fault, status, made):
    asker.faults(**{fault: {"path": "composite"}})
    assert (asker.upsert(task("m1")).status_code, asker.org.counted["Tasks made"]) == (status, made)
    asker.faults()
    assert asker.query("SELECT Id FROM Organization")


def test_people_change_records_behind_and_read_the_ledger(asker):
    made = requests.post(f"{asker.url}/sandbox/Lead", json={"records": [{"LastName": "A"}, {}]}, timeout=30).json()[
        "ids"
    ]
    where = f"{asker.url}/sandbox/Lead/{made[0]}"
    assert requests.patch(where, json={"Status": "Working - Contacted"}, timeout=30).status_code == 200
    contact = requests.post(f"{where}/convert", timeout=30).json()["contact"]
    assert (
        asker.query(f"SELECT ConvertedContactId FROM Lead WHERE Id = '{made[0]}'")[0]["ConvertedContactId"] == contact
    )
    other = f"{asker.url}/sandbox/Lead/{made[1]}"
    assert [requests.delete(other, timeout=30).status_code for _ in range(2)] == [200, 404]
    assert requests.post(f"{other}/merge", json={"into": made[0]}, timeout=30).status_code == 404
    ledger = requests.get(f"{asker.url}/sandbox/ledger", timeout=30).json()
    assert ([one["deleted"] for one in ledger["Lead"]], ledger["calls"]) == ([False, True], [])
    assert requests.post(f"{asker.url}/sandbox/settings", json={"nothing": 1}, timeout=30).status_code == 400
    assert requests.post(f"{asker.url}/sandbox/Nothing", json={}, timeout=30).status_code == 404
