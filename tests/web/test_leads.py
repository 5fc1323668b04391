"""Towards the dialers over HTTP: what is taken, what is refused before anything is sent, and what a dialer cannot do."""

import json
from dataclasses import replace

import pytest

from leads import send_due
from service.app import create_app
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.qvoice.stage import stage as qvoice
from tests.dialers.voipex.stage import stage as voipex
from tests.web.asking import LEADS, numbers
from tests.web.conftest import CONNECTIONS, client_with, settings_for
from web import leads as web_leads
from web import turns
from web.context import context
from web.turns import Turns


@pytest.fixture(params=[qvoice, jaicp], ids=["qvoice", "jaicp"])
def played(request):
    with request.param() as stage:
        yield stage


@pytest.fixture
def app(played, database, database_url, tmp_path):
    settings = replace(settings_for(database_url, tmp_path), connections={played.connection.name: played.connection})
    app = create_app(settings)
    yield app
    context(app).database.close()


@pytest.fixture
def leads(app, database):
    return client_with(app, database, "leads", "read")


@pytest.fixture
def url(played):
    return LEADS.format(played.connection.name, played.campaign)


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


def test_paging_through_the_loads(leads, url):
    made = [leads.post(url, json=numbers(f"+1213555000{at}")).json["load_id"] for at in range(5)]
    shown, following = [], ""
    while following is not None:
        page = leads.get(f"/api/v1/loads?limit=2{following and '&cursor='}{following}").json
        shown += [load["id"] for load in page["loads"]]
        following = page["next"]
    assert shown == made[::-1]
    assert leads.get("/api/v1/loads?limit=5").json["next"] is None
    assert leads.get("/api/v1/loads?connection=nobody").json == {"loads": [], "next": None}


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


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_what_is_doubtful_about_a_number_is_said(leads, url, query):
    answer = leads.post(url + query, json=numbers("+12135550001", "12135550002.0", "+12135550003 x9"))
    assert (answer.status_code, answer.json["doubtful"]) == (200 if query else 202, 2)
    assert [(doubt["row"], doubt["number"], doubt["number_raw"]) for doubt in answer.json["doubts"]] == [
        (2, "+12135550002", "12135550002.0"),
        (3, "+12135550003", "+12135550003 x9"),
    ]
    assert answer.json["doubts"][1]["doubts"][0] == "The extension 9 was dropped."


def test_a_number_that_is_not_full_is_a_fault_of_its_row(leads, url):
    answer = leads.post(url, json=numbers("+12135550001", "5550001"))
    assert (answer.status_code, list(answer.json["details"])) == (422, ["leads.2.number"])
    assert leads.get("/api/v1/loads").json["loads"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_dry_run_hides_the_token_of_our_urls(database, database_url, tmp_path):
    connection = replace(CONNECTIONS["ryng-main"], settings={"api_url": "https://acme.ryng.in", "access_token": "t"})
    app = create_app(replace(settings_for(database_url, tmp_path), connections={"ryng-main": connection}))
    try:
        body = {"leads": [{"number": "+919812345678"}], "options": {"agentMapping": "global", "agents": ["a"]}}
        client = client_with(app, database, "leads")
        answer = client.post(LEADS.format("ryng-main", "24") + "?dry_run=true", json=body)
        shown = json.dumps(answer.json)
        assert "/callbacks/ryng-main/.../connect" in shown and "token-of-ryng" not in shown
    finally:
        context(app).database.close()


def test_one_wrong_row_refuses_the_list_and_names_row_and_field(leads, url, played):
    answer = leads.post(url, json={"leads": [{"number": "+12135550001"}, {"number": "12b"}, {"nmae": "x"}]})
    assert answer.status_code == 422
    assert set(answer.json["details"]) == {"leads.2.number", "leads.3.number"}
    assert leads.get("/api/v1/loads").json["loads"] == [] and played.taken() == []


@pytest.mark.parametrize("kind", [None, "application/x-www-form-urlencoded", "text/plain", "application/json"])
def test_json_is_read_whatever_it_is_said_to_be(leads, url, kind):
    """curl -d says that it sends a form; a program that has a list sends that alone."""
    for body, status in (
        (b'{"leads":[{"number":"+12135550001"}],"options":{}}', 202),
        (b' [{"number":"+12135550001"}]', 202),
        (b'{"leads":[{"number":"+12135550001"}],"options":{"nothing":1}}', 422),
    ):
        assert leads.post(url, data=body, content_type=kind).status_code == status, body


def test_a_mark_at_the_beginning_is_no_fault(leads, url):
    body = b'\xef\xbb\xbf{"leads":[{"number":"+12135550001"}]}'
    assert leads.post(url, data=body, content_type="application/json").status_code == 202
    line = b'\xef\xbb\xbf{"number":"+12135550001"}\n'
    assert leads.post(url, data=line, content_type="application/x-ndjson").status_code == 202


@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_a_list_that_is_too_large_is_a_413_that_says_what_to_do(leads, url, monkeypatch, kind):
    assert web_leads.LARGEST_LIST == 64 << 20
    monkeypatch.setattr(web_leads, "LARGEST_LIST", 18 << 20)
    answer = leads.post(url, data=b" " * (19 << 20), content_type=kind)
    assert (answer.status_code, answer.json["error_id"]) == (413, "too_large")
    assert "18 MiB at most. Split it" in answer.json["message"]


def test_large_lists_are_read_a_few_at_a_time_and_small_ones_always(leads, url, monkeypatch):
    monkeypatch.setattr(turns, "LISTS", Turns("lists", patient=0))
    monkeypatch.setattr(turns, "HASTE", 0.05)
    large = json.dumps(numbers("+12135550001")).encode() + b" " * (2 << 20)
    with turns.LISTS.turn():
        answer = leads.post(url, data=large, content_type="application/json")
        assert (answer.status_code, answer.json["error_id"]) == (429, "too_many_lists")
        assert int(answer.headers["Retry-After"]) > 0
        assert leads.post(url, json=numbers("+12135550001")).status_code == 202
    assert leads.post(url, data=large, content_type="application/json").status_code == 202


def test_a_list_may_be_larger_than_other_bodies(leads, url):
    body = json.dumps(numbers("+12135550001")).encode() + b" " * (17 << 20)
    assert leads.post(url, data=body, content_type="application/json").status_code == 202
    load = leads.get("/api/v1/loads").json["loads"][0]["id"]
    answer = leads.post(f"/api/v1/loads/{load}/unknown", data=body, content_type="application/json")
    assert (answer.status_code, "1 MiB" in answer.json["message"]) == (413, True)


def test_what_the_dialer_cannot_do_is_a_409_that_says_so(leads, played):
    name = played.connection.name
    answer = leads.post(f"/api/v1/campaigns/{name}", json={"name": "New", **numbers("+12135550001")})
    assert (answer.status_code, answer.json["error_id"]) == (409, "not_offered")
    assert answer.json["message"].endswith(".")
    assert leads.get(f"/api/v1/ivrs/{name}").status_code == 409
    assert leads.post(f"/api/v1/calls/{name}", json={"number": "1", "agent": "1", "campaign": "1"}).status_code == 409


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_connection_offers_is_what_is_not_a_409(database, database_url, tmp_path):
    """A Ryng that only receives, and a VoIPEX whose answers cannot be read."""
    with voipex() as stage:
        connections = {"ryng-main": CONNECTIONS["ryng-main"], stage.connection.name: stage.connection}
        app = create_app(replace(settings_for(database_url, tmp_path), connections=connections))
        try:
            client = client_with(app, database, "leads", "read")
            offers = {row["name"]: row["offers"] for row in client.get("/api/v1/connections").json["connections"]}
            assert offers["ryng-main"] == ["callbacks"] and "list_ivrs" in offers[stage.connection.name]
            for path in (LEADS.format("ryng-main", "24"), "/api/v1/campaigns/ryng-main"):
                assert client.post(path, json={}).json["error_id"] == "not_offered"
            assert client.post("/api/v1/calls/ryng-main/1/cancel").json["error_id"] == "not_offered"
            assert client.get(f"/api/v1/ivrs/{stage.connection.name}").status_code == 200
            stage.faults({"html": {"path": "/ivr"}})
            garbled = client.get(f"/api/v1/ivrs/{stage.connection.name}")
            assert (garbled.status_code, garbled.json["error_id"]) == (502, "garbled")
        finally:
            context(app).database.close()


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


def test_the_bodies_of_lists_are_described(leads):
    paths = leads.get("/openapi.json").json["paths"]
    adding = paths["/api/v1/campaigns/{connection}/{campaign}/leads"]["post"]
    making = paths["/api/v1/campaigns/{connection}"]["post"]
    assert set(adding["requestBody"]["content"]) == {"application/json", "text/csv", "application/x-ndjson"}
    assert making["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/NewCampaign"
    }
    assert adding["requestBody"]["required"] and making["requestBody"]["required"]
    assert adding["security"] == [{"key": ["leads"]}]
    assert {"200", "202"} <= set(adding["responses"]) & set(making["responses"])
