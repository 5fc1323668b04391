"""Towards the dialers over HTTP: what is taken, what is refused before anything is sent, and what a dialer cannot do."""

import json
from dataclasses import replace

import pytest

from leads import send_due
from service.app import create_app
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.qvoice.stage import stage as qvoice
from tests.web.conftest import client_with, settings_for

LEADS = "/api/v1/campaigns/{}/{}/leads"


@pytest.fixture(params=[qvoice, jaicp], ids=["qvoice", "jaicp"])
def played(request):
    with request.param() as stage:
        yield stage


@pytest.fixture
def app(played, database, database_url, tmp_path):
    settings = replace(settings_for(database_url, tmp_path), connections={played.connection.name: played.connection})
    app = create_app(settings)
    yield app
    app.extensions["database"].close()


@pytest.fixture
def leads(app, database):
    return client_with(app, database, "leads", "read")


@pytest.fixture
def url(played):
    return LEADS.format(played.connection.name, played.campaign)


def numbers(*given: str) -> dict:
    return {"leads": [{"number": number} for number in given]}


def test_a_list_becomes_a_load_and_every_lead_has_its_end(leads, url, played, database):
    answer = leads.post(url, json=numbers("+12135550001", "+12135550002", "+12135550001"))
    assert answer.status_code == 202
    assert answer.json["repeated"] == {"+12135550001": [1, 3]}
    load = f"/api/v1/loads/{answer.json['load_id']}"
    assert leads.get(load).json["counts"]["pending"] == 3
    while send_due(database, played.connection, {}):
        pass
    found = leads.get(load + "?limit=2").json
    assert (found["state"], found["counts"]["accepted"], found["next"]) == ("done", 3, "2")
    assert [lead["row"] for lead in leads.get(load + "?limit=2&cursor=2").json["leads"]] == [3]
    assert [lead["state"] for lead in leads.get(load + "?state=rejected").json["leads"]] == []
    assert leads.get("/api/v1/loads").json["loads"][0]["id"] == answer.json["load_id"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("text/csv", "number;name\n+12135550001;Ann\n+12135550002;\n"),
        ("application/x-ndjson", '{"number":"+12135550001","name":"Ann"}\n{"number":"+12135550002"}\n'),
    ],
)
def test_csv_and_ndjson_say_the_same(leads, url, kind, data):
    answer = leads.post(url, data=data.encode(), content_type=kind)
    assert answer.status_code == 202, answer.json
    assert leads.get(f"/api/v1/loads/{answer.json['load_id']}").json["total"] == 2


def test_a_dry_run_shows_the_requests_and_keeps_nothing(leads, url, played):
    answer = leads.post(url + "?dry_run=true", json=numbers("+12135550001"))
    assert (answer.status_code, answer.json["leads"], answer.json["requests"]) == (200, 1, 1)
    assert "12135550001" in json.dumps(answer.json["shown"])
    secrets = [str(value) for name, value in played.connection.settings.items() if name in ("password", "campaigns")]
    assert not any(secret in json.dumps(answer.json) for secret in secrets)
    assert leads.get("/api/v1/loads").json["loads"] == []


def test_one_wrong_row_refuses_the_list_and_names_row_and_field(leads, url, played):
    answer = leads.post(url, json={"leads": [{"number": "+12135550001"}, {"number": "12b"}, {"nmae": "x"}]})
    assert answer.status_code == 422
    assert set(answer.json["details"]) == {"leads.2.number", "leads.3.number"}
    assert leads.get("/api/v1/loads").json["loads"] == [] and played.taken() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"leads": []}, "leads"),
        ({}, "leads"),
        ({"leads": 7}, "leads"),
        ({"leads": [7]}, "leads.1"),
        ({"leads": [{"number": "+12135550001"}], "options": {"nonsense": 1}}, "options.nonsense"),
        ({"leads": [{"number": "+12135550001"}], "more": 1}, "more"),
        ({"leads": [{"number": 1.5}]}, "leads.1.number"),
        ({"leads": [{"number": "+12135550001", "timezone": "Mars/Olympus"}]}, "leads.1.timezone"),
    ],
)
def test_what_is_wrong_is_named(leads, url, body, field):
    answer = leads.post(url, json=body)
    assert (answer.status_code, list(answer.json["details"])) == (422, [field])


def test_what_is_no_list_is_a_400_or_422(leads, url):
    assert leads.post(url, data=b"[", content_type="application/json").status_code == 400
    assert leads.post(url, data=b"", content_type="text/csv").status_code == 422
    assert "not UTF-8" in str(leads.post(url, data=b"number\n\xff\n", content_type="text/csv").json["details"])


def test_what_the_dialer_cannot_do_is_a_409_that_says_so(leads, played):
    name = played.connection.name
    answer = leads.post(f"/api/v1/campaigns/{name}", json={"name": "New", **numbers("+12135550001")})
    assert (answer.status_code, answer.json["error_id"]) == (409, "not_offered")
    assert answer.json["message"].endswith(".")
    assert leads.get(f"/api/v1/ivrs/{name}").status_code == 409
    assert leads.post(f"/api/v1/calls/{name}", json={"number": "1", "agent": "1", "campaign": "1"}).status_code == 409


def test_connections_and_loads_that_are_not_there_are_404(leads):
    assert leads.post(LEADS.format("nobody", "1"), json=numbers("+12135550001")).status_code == 404
    missing = "/api/v1/loads/019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"
    assert leads.get(missing).status_code == 404
    assert leads.post(missing + "/resume").status_code == 404
    assert leads.post(missing + "/unknown", json={"decision": "resend"}).status_code == 404


def test_loading_needs_the_scope_leads(app, database, url):
    reader = client_with(app, database, "read")
    assert reader.post(url, json=numbers("+12135550001")).status_code == 403


def test_a_dialer_that_is_away_is_a_502_or_503_and_its_refusal_a_409(leads, played):
    name = played.connection.name
    path = (
        f"/api/v1/leads/{name}/1" if played.connection.dialer == "qvoice" else f"/api/v1/calls/{name}/renewals:1/cancel"
    )
    ask = leads.delete if played.connection.dialer == "qvoice" else leads.post
    for fault, status in (("drop_after", 502), ("unavailable", 503), ("bad_request", 409)):
        played.faults({fault: {"path": "/leads/1" if ask == leads.delete else "/cancel"}})
        answer = ask(path)
        assert answer.status_code == status, (fault, answer.json)
        assert answer.json["message"]
