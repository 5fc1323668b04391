"""A key that is limited to some connections sees nothing of the others, wherever it asks."""

import json
import re

import pytest
from sqlalchemy import update

from lib import ids
from models import ChangeFeed, KnownToken
from tests import factories
from tests.factories import NOON
from tests.web.conftest import client_with
from tests.web.test_auth import routes
from web import keys
from web.auth import API
from web.keys import Limits

OWN, OTHER = "ryng-main", "qvoice-main"
# What is shown to a limited key, and keeps to its connections: written out, so that opening one more is a decision.
LIMITED = {
    "GET /outcomes",
    "GET /outcomes/changes",
    "GET /outcomes/export",
    "GET /outcomes/<uuid:outcome_id>",
    "GET /reports/summary",
    "GET /reports/reconciliation",
    "GET /reports/definitions",
    "GET /connections",
    "POST /connections/<name>/check",
    "GET /connections/<name>/words",
    "PUT /connections/<name>/words",
    "GET /campaigns",
    "GET /queues",
    "GET /receipts",
    "GET /receipts/<uuid:receipt_id>",
    "POST /receipts/<uuid:receipt_id>/replay",
    "POST /receipts/<uuid:receipt_id>/dismiss",
    "POST /receipts/replay",
    "GET /loads",
    "GET /loads/<uuid:load_id>",
    "POST /loads/<uuid:load_id>/resume",
    "POST /loads/<uuid:load_id>/unknown",
    "GET /sessions",
    "DELETE /sessions/<uuid:session_id>",
    "POST /sessions/end",
}


@pytest.fixture(scope="module")
def two(asked):
    """(limited, unlimited) admins, and the ids of an outcome, a receipt and a load of the other connection."""
    app, database = asked
    with database.write() as session:
        for at, name in enumerate((OWN, OTHER), 1):
            factories.outcome(session, connection=name, position=at, customer_number=f"+91980000000{at}")
            receipt = factories.receipt(session, connection=name)
            load = factories.load(session, connection=name)
        outcome = factories.outcome(session, connection=OTHER, position=3)
        session.execute(update(ChangeFeed).values(last_position=3))
        other = {"outcome": outcome.id, "receipt": receipt.id, "load": load.id}
    limited, unlimited = client_with(app, database, "admin"), client_with(app, database, "admin")
    with database.write() as session:
        limited.key = keys.create_key(session, "limited", ["admin"], Limits(connections=[OWN]), (OWN, OTHER))
    return limited, unlimited, other


def test_every_view_says_whether_it_keeps_to_the_limit(asked):
    app, _ = asked
    found = {
        route.replace(f" {API}", " ")
        for route, endpoint in routes(app).items()
        if app.view_functions[endpoint].limited and "<connection>" not in route
    }
    assert found == LIMITED


def test_every_other_view_is_refused(asked, two):
    app, _ = asked
    refused = 0
    for route, endpoint in routes(app).items():
        if app.view_functions[endpoint].limited:
            continue
        method, rule = route.split(" ")
        address = re.sub(r"<\w+>", "nobody", re.sub(r"<uuid:\w+>", str(ids.new()), rule))
        answer = two[0].open(address, method=method)
        assert (answer.status_code, answer.json["error_id"]) == (403, "key_limited"), route
        refused += 1
    assert refused > 30


@pytest.mark.parametrize(
    "path",
    [
        "/outcomes",
        "/outcomes?number=%2B919800000002",
        "/outcomes/changes",
        "/outcomes/export?format=ndjson",
        "/outcomes/export?format=csv",
        "/reports/summary?group_by=connection",
        "/reports/reconciliation",
        "/connections",
        "/campaigns",
        "/queues",
        "/receipts",
        "/loads",
    ],
)
def test_what_is_listed_names_no_other_connection(two, path):
    limited, unlimited, _ = two
    http = {"environ_overrides": {"SERVER_PROTOCOL": "HTTP/1.1"}}
    shown, everything = limited.get(f"{API}{path}", **http), unlimited.get(f"{API}{path}", **http)
    assert (shown.status_code, everything.status_code) == (200, 200)
    assert OTHER not in shown.text
    if path not in ("/campaigns", "/queues"):
        assert OTHER in everything.text or "reconciliation" in path
    joined = "&" if "?" in path else "?"
    if path != "/connections":
        asked_for = limited.get(f"{API}{path}{joined}connection={OTHER}", **http)
        assert (asked_for.status_code, asked_for.json["error_id"]) == (403, "connection_refused")
        mixed = limited.get(f"{API}{path}{joined}connection={OTHER}&connection={OWN}", **http)
        assert mixed.status_code == 403
        assert limited.get(f"{API}{path}{joined}connection={OWN}", **http).text == shown.text


def test_figures_are_those_of_its_connections(two):
    limited, unlimited, _ = two
    for path in ("/reports/summary?", "/reports/reconciliation?"):
        wanted = unlimited.get(f"{API}{path}connection={OWN}").json
        assert limited.get(f"{API}{path}").json == wanted
        assert json.dumps(wanted) != json.dumps(unlimited.get(f"{API}{path}").json)


def test_what_has_an_id_is_not_there(two):
    limited, unlimited, other = two
    for kind in ("outcome", "receipt", "load"):
        path = f"{API}/{kind}s/{other[kind]}"
        assert (limited.get(path).status_code, unlimited.get(path).status_code) == (404, 200), kind
    assert limited.post(f"{API}/receipts/{other['receipt']}/replay").status_code == 404
    assert limited.post(f"{API}/receipts/{other['receipt']}/dismiss").status_code == 404
    assert limited.post(f"{API}/loads/{other['load']}/resume").status_code == 404
    assert limited.post(f"{API}/loads/{other['load']}/unknown", json={"decision": "accepted"}).status_code == 404


def test_towards_the_dialers_its_connections_alone(two):
    limited, _, _ = two
    leads = {"leads": [{"number": "+919800000001"}]}
    for method, path, body in (
        ("POST", f"/campaigns/{OTHER}/7/leads?dry_run=true", leads),
        ("POST", f"/campaigns/{OTHER}/7/control", {"command": "pause"}),
        ("GET", f"/campaigns/{OTHER}/7", None),
        ("PUT", f"/leads/{OTHER}/7/status", {"status": "x"}),
        ("DELETE", f"/leads/{OTHER}/7", None),
    ):
        answer = limited.open(f"{API}{path}", method=method, json=body)
        assert (answer.status_code, answer.json["error_id"]) == (403, "connection_refused"), path
    assert limited.get(f"{API}/connections/{OTHER}/words").status_code == 404
    assert limited.post(f"{API}/connections/{OTHER}/check").status_code == 404


def test_many_receipts_are_replayed_within_the_limit(app, database):
    client = client_with(app, database, "admin")
    with database.write() as session:
        client.key = keys.create_key(session, "limited", ["admin"], Limits(connections=[OWN]), (OWN, OTHER))
        for name in (OWN, OTHER):
            factories.receipt(session, connection=name, state="quarantined", reason="unparseable", received_at=NOON)
    assert client.post(f"{API}/receipts/replay", json={"state": "quarantined"}).json == {"replayed": 1}
    assert client.post(f"{API}/receipts/replay", json={"connection": OTHER}).status_code == 403
    assert client.post(f"{API}/receipts/replay", json={}).status_code == 422


def test_figures_are_not_opened(two):
    answer = two[0].get(f"{API}/outcomes?figure=connect_rate.connected")
    assert (answer.status_code, answer.json["error_id"]) == (403, "key_limited")


def test_whose_token_it_was_is_told_of_own_connections_alone(asked, two):
    app, database = asked
    mine, other = "f" * 16, "e" * 16
    with database.write() as session:
        for name, fingerprint in ((OWN, mine), (OTHER, other)):
            session.add(KnownToken(connection=name, fingerprint=fingerprint, first_seen_at=NOON, last_seen_at=NOON))
        sent = [
            factories.receipt(
                session,
                body=fingerprint.encode(),
                stranger=True,
                state="quarantined",
                reason="wrong_token",
                headers={"peer": "203.0.113.9", "token-fingerprint": fingerprint},
            )
            for fingerprint in (mine, other)
        ]
    limited, unlimited, _ = two
    told = [
        [client.get(f"{API}/receipts/{one.id}").json["sender"]["token"] for one in sent]
        for client in (limited, unlimited)
    ]
    assert told[0][0] == told[1][0] and "this connection" in told[0][0]
    assert OTHER in told[1][1] and OTHER not in told[0][1] and "another connection" in told[0][1]
