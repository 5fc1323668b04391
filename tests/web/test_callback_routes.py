"""The receiver's addresses stand twice, in front of Flask and in it: both answer and keep the same."""

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from callbacks.ladder import inbox
from models import Receipt
from web.context import context

PATHS = [
    "/callbacks",
    "/callbacks/",
    "/callbacks//ryng-main",
    "/callbacks/ryng-main",
    "/callbacks/ryng-main/token-of-ryng",
    "/callbacks/ryng-main/token-of-ryng/terminal",
    "/callbacks/ryng-main/token-of-ryng/terminal/",
    "/callbacks//ryng-main//token-of-ryng//terminal",
    "/callbacks/ryng-main/wrong/terminal",
    "/callbacks/nobody/a/b/c/d",
    "/callbacks/%00/%ff/x?q=1",
    "/callbacks/a%0Ab/c/d",
    "/callbacks/%0A",
    "/callbacks/a%2Fb%2Fc",
    "/callbacks/../api/v1/outcomes",
    # As if it began with two: what stands between the first two the client takes for a host.
    "////callbacks/ryng-main/token-of-ryng/terminal",
    *(PROBES := ["/healthz", "/readyz", "/healthz/", "////readyz//"]),
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
KEPT = (
    "connection",
    "dialer",
    "kind",
    "method",
    "query",
    "body",
    "body_size",
    "state",
    "reason",
    "stranger",
    "headers",
)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A database that is slow for a moment is waited for: what goes to the spool is not seen here."""
    monkeypatch.setattr(inbox, "DATABASE_SECONDS", 30.0)
    monkeypatch.setattr(inbox, "SPOOL_SECONDS", 30.0)


@pytest.fixture
def lane(app):
    """What stands in front of Flask."""
    return Client(app.wsgi_app)


@pytest.fixture
def endpoints(app):
    """Flask alone."""
    return Client(lambda environ, start_response: Flask.wsgi_app(app, environ, start_response))


def receipts(app) -> list[tuple]:
    with context(app).database.read() as session:
        found = session.scalars(select(Receipt).order_by(Receipt.id))
        return [tuple(getattr(one, name) for name in KEPT) for one in found]


@pytest.mark.parametrize("method", METHODS)
def test_both_answer_the_same_and_keep_the_same(app, lane, endpoints, method):
    found = []
    for client in (lane, endpoints):
        before = len(receipts(app))
        answers = [client.open(path, method=method, data=b'{"callID": 7}') for path in PATHS]
        found.append(([(one.status, one.data, one.headers["Content-Type"]) for one in answers], receipts(app)[before:]))
    for path, in_front, in_flask in zip(PATHS, found[0][0], found[1][0], strict=True):
        assert in_front == in_flask, path
    assert found[0][1] == found[1][1]
    statuses, kept = found[0]
    assert {status for status, _, _ in statuses} == {"200 OK"}
    assert len(kept) == len(PATHS) - len(PROBES)
    body = b"" if method == "HEAD" else b'{"received":true}'
    assert all(data == body for _, data, _ in statuses[: -len(PROBES)])


def test_they_stand_among_the_routes_and_in_the_description(app):
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("receiving.")}
    assert {"/callbacks/<connection>/<token>/<kind>", "/healthz", "/readyz"} <= rules
    spec = app.test_client().get("/openapi.json").json
    operation = spec["paths"]["/callbacks/{connection}/{token}/{kind}"]["post"]
    assert operation["security"] == [] and list(operation["responses"]) == ["200"]
    page = app.test_client().get("/docs").text
    assert "/callbacks/{connection}/{token}/{kind}" in page
