"""Keys and scopes, on every route there is: a new route without a scope fails here."""

import re

import pytest

from lib import ids
from models import ApiKey
from service.cli.group import wrapup
from tests import factories
from tests.web.conftest import client_with
from web import keys
from web.auth import API
from web.openapi import described

# Every route of the API and the scope it needs. Written out, so that opening one is a decision that somebody reads.
SCOPES = {
    "GET /api/v1/outcomes": "read",
    "GET /api/v1/outcomes/changes": "read",
    "GET /api/v1/outcomes/export": "read",
    "GET /api/v1/outcomes/<uuid:outcome_id>": "read",
    "GET /api/v1/audit": "admin",
    "GET /api/v1/audit/export": "admin",
    "GET /api/v1/keys": "admin",
    "POST /api/v1/keys": "admin",
    "DELETE /api/v1/keys/<uuid:key_id>": "admin",
    "POST /api/v1/keys/<uuid:key_id>/renew": "admin",
    "GET /api/v1/sessions": "read",
    "DELETE /api/v1/sessions/<uuid:session_id>": "read",
    "POST /api/v1/sessions/end": "read",
    "GET /api/v1/reports/summary": "read",
    "GET /api/v1/reports/reconciliation": "read",
    "GET /api/v1/reports/definitions": "read",
    "GET /api/v1/reports/<name>": "read",
    "GET /api/v1/leads": "read",
    "GET /api/v1/connections": "read",
    "POST /api/v1/connections/<name>/check": "admin",
    "GET /api/v1/connections/<name>/words": "read",
    "PUT /api/v1/connections/<name>/words": "admin",
    "GET /api/v1/campaigns": "read",
    "GET /api/v1/queues": "read",
    "GET /api/v1/receipts": "read",
    "GET /api/v1/receipts/<uuid:receipt_id>": "read",
    "POST /api/v1/receipts/<uuid:receipt_id>/replay": "admin",
    "POST /api/v1/receipts/replay": "admin",
    "POST /api/v1/receipts/<uuid:receipt_id>/dismiss": "admin",
    "POST /api/v1/receipts/dismiss": "admin",
    "POST /api/v1/receipts/purge": "admin",
    "GET /api/v1/destinations": "read",
    "POST /api/v1/destinations/<name>/pause": "admin",
    "POST /api/v1/destinations/<name>/resume": "admin",
    "GET /api/v1/deliveries": "read",
    "GET /api/v1/deliveries/<uuid:delivery_id>": "read",
    "POST /api/v1/deliveries/<uuid:delivery_id>/retry": "admin",
    "POST /api/v1/deliveries/<uuid:delivery_id>/leave-out": "admin",
    "POST /api/v1/deliveries/retry": "admin",
    "GET /api/v1/views": "read",
    "POST /api/v1/views": "read",
    "GET /api/v1/views/<uuid:view_id>": "read",
    "PUT /api/v1/views/<uuid:view_id>": "read",
    "DELETE /api/v1/views/<uuid:view_id>": "read",
    "GET /api/v1/views/<uuid:view_id>/file": "read",
    "GET /api/v1/export-links": "read",
    "POST /api/v1/export-links": "read",
    "DELETE /api/v1/export-links/<uuid:link_id>": "read",
    "GET /api/v1/schedules": "read",
    "POST /api/v1/schedules": "admin",
    "GET /api/v1/schedules/<uuid:schedule_id>": "read",
    "PUT /api/v1/schedules/<uuid:schedule_id>": "admin",
    "DELETE /api/v1/schedules/<uuid:schedule_id>": "admin",
    "POST /api/v1/schedules/<uuid:schedule_id>/pause": "admin",
    "POST /api/v1/schedules/<uuid:schedule_id>/resume": "admin",
    "POST /api/v1/schedules/<uuid:schedule_id>/send": "admin",
    "GET /api/v1/schedules/<uuid:schedule_id>/sends": "read",
    "POST /api/v1/scheduled-sends/<uuid:send_id>/repeat": "admin",
    "POST /api/v1/campaigns/<connection>": "leads",
    "POST /api/v1/campaigns/<connection>/<campaign>/leads": "leads",
    "POST /api/v1/campaigns/<connection>/<campaign>/control": "leads",
    "GET /api/v1/campaigns/<connection>/<campaign>": "read",
    "GET /api/v1/ivrs/<connection>": "read",
    "GET /api/v1/loads": "read",
    "GET /api/v1/loads/<uuid:load_id>": "read",
    "POST /api/v1/loads/<uuid:load_id>/resume": "leads",
    "POST /api/v1/loads/<uuid:load_id>/unknown": "leads",
    "POST /api/v1/calls/<connection>": "leads",
    "POST /api/v1/calls/<connection>/<call>/end": "leads",
    "POST /api/v1/calls/<connection>/<call>/cancel": "leads",
    "PUT /api/v1/calls/<connection>/<call>/disposition/voicemail": "leads",
    "PUT /api/v1/leads/<connection>/<lead>/status": "leads",
    "DELETE /api/v1/leads/<connection>/<lead>": "leads",
    "GET /api/v1/erasures": "admin",
    "POST /api/v1/erasures": "admin",
    "POST /api/v1/persons": "admin",
    "GET /api/v1/erasures/<uuid:erasure>": "admin",
    "GET /api/v1/suppressions": "read",
    "POST /api/v1/suppressions": "leads",
    "DELETE /api/v1/suppressions/<suppression>": "leads",
    "GET /api/v1/suppressed-leads": "read",
    "POST /api/v1/suppressed-leads/<uuid:take_out>/done": "leads",
}


def routes(app):
    """``METHOD rule`` -> endpoint of every route of the API."""
    return {
        f"{method} {rule.rule}": rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(API)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def ask(client, route, **kwargs):
    method, rule = route.split(" ")
    address = re.sub(r"<\w+>", "nobody", re.sub(r"<uuid:\w+>", str(ids.new()), rule))
    return client.open(address, method=method, **kwargs)


def test_every_route_has_its_scope(app):
    found = {route: getattr(app.view_functions[endpoint], "scope", None) for route, endpoint in routes(app).items()}
    assert found == SCOPES


def test_every_route_is_described(app):
    with app.app_context():
        spec = described()
    found = {
        f"{method.upper()} {path}"
        for path, operations in spec["paths"].items()
        for method in operations
        if method != "parameters" and path.startswith(API)
    }
    assert found == {re.sub(r"<(?:uuid:)?(\w+)>", r"{\1}", route) for route in routes(app)}


@pytest.mark.parametrize("route", SCOPES)
def test_without_a_key(asking_nobody, route):
    response = ask(asking_nobody, route)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json["error_id"] == "key_required"


@pytest.fixture(scope="module")
def with_scopes(asked):
    """A client for each scope."""
    return {scope: client_with(*asked, scope) for scope in ("read", "leads", "admin")}


@pytest.mark.parametrize("route", SCOPES)
def test_with_the_scope_and_without(with_scopes, route):
    wanted = SCOPES[route]
    for scope, client in with_scopes.items():
        response = ask(client, route)
        if scope in (wanted, "admin"):
            assert response.status_code not in (401, 403)
        else:
            assert response.status_code == 403
            assert response.json["error_id"] == "scope_missing"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wk_guess",
        "Bearer",
        "Bearer ",
        "Basic d2s6",
        "wk_x",
        "bearer  x",
        "Bearer \xff\xfe",
        "Bearer a b",
        "Digest x",
    ],
)
def test_a_wrong_key_is_refused_and_never_repeated(asking_nobody, header):
    response = asking_nobody.get(f"{API}/outcomes", headers={"Authorization": header})
    assert response.status_code == 401
    assert "guess" not in response.get_data(as_text=True)


def test_a_revoked_key_opens_nothing(app, database, reader):
    assert reader.get(f"{API}/outcomes").status_code == 200
    with database.write() as session:
        assert keys.revoke_key(session, "read") == 1
        assert keys.revoke_key(session, "read") == 0
    response = reader.get(f"{API}/outcomes")
    assert (response.status_code, response.json["error_id"]) == (401, "key_refused")


def test_the_scheme_is_read_without_case(nobody, reader):
    assert nobody.get(f"{API}/outcomes", headers={"Authorization": f"bEARER {reader.key}"}).status_code == 200


def test_only_the_hash_of_a_key_is_kept(database, app):
    with database.write() as session:
        text = keys.create_key(session, "crm", ["read", "leads", "read"])
    with database.read() as session:
        (key,) = keys.list_keys(session)
        assert text.startswith("wk_") and len(text) > 30
        assert key.scopes == ["read", "leads"]
        assert all(text not in str(getattr(key, column.name)) for column in ApiKey.__table__.columns)


def test_a_key_is_revoked_by_id_too(database):
    with database.write() as session:
        keys.create_key(session, "crm", ["read"])
        (key,) = keys.list_keys(session)
        assert keys.revoke_key(session, str(key.id)) == 1


@pytest.mark.parametrize(
    "name, scopes", [("crm", []), ("crm", ["write"]), ("", ["read"]), (" ", ["read"]), ("x" * 201, ["read"])]
)
def test_a_bad_key_is_not_made(database, name, scopes):
    with database.write() as session, pytest.raises(ValueError):
        keys.create_key(session, name, scopes)


NASTY = [
    "crm\nadmin",
    "crm\r",
    "\x1b[2Jcrm",
    "crm\x00",
    "crm\x9b31m",
    "\u202ecrm",
    "crm\u200b",
    "a\tb",
    "\ud800",
    "a\u2028b",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_that_a_terminal_would_obey_is_refused(app, database, name):
    with database.write() as session, pytest.raises(ValueError, match="not printed"):
        keys.create_key(session, name, ["read"])
    if "\ud800" not in name:
        made = app.test_cli_runner().invoke(wrapup, ["keys", "create", name])
        assert made.exit_code == 2 and "not printed" in made.output


def test_a_name_may_be_in_any_script(database):
    for name in ("Отчёты", "報表", "Jana Nová – CRM", "عربي", "📞"):
        with database.write() as session:
            assert keys.create_key(session, name, ["read"])


@pytest.mark.parametrize(
    "name", ["crm\nfake-id  root  admin  valid", "\x1b[2Jcrm", "crm\x9b31m", "\u202ecrm", "\x1b" * 200]
)
def test_a_name_of_an_older_release_is_shown_harmlessly(app, database, name):
    client = client_with(app, database, "admin")
    with database.write() as session:
        (key,) = keys.list_keys(session)
        key.name = name
    listed = app.test_cli_runner().invoke(wrapup, ["keys", "list"]).output
    assert listed.count("\n") == 1 and listed.rstrip("\n").isprintable()
    with database.write() as session:
        kept = factories.receipt(session, state="quarantined", reason="unparseable").id
    answer = client.post(f"{API}/receipts/{kept}/dismiss")
    assert answer.status_code == 200
    assert answer.json["receipt"]["dismissed_by"].isprintable()
    assert app.test_cli_runner().invoke(wrapup, ["keys", "revoke", str(key.id)]).output == "Revoked 1 key.\n"


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/static/docs.css"])
def test_what_needs_no_key(asking_nobody, address):
    assert asking_nobody.get(address).status_code == 200
