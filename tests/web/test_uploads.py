"""What a receiver is answered when it asks whether its caller may send a large body: who has a key may."""

import pytest

from tests.web.pages.conftest import browser_with
from web.auth import API

ASKING = {"wrapup.asking": True}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{API}/campaigns/ryng-main/1/leads", 204),
        ("POST", f"{API}/receipts/replay", 204),
        ("GET", f"{API}/outcomes", 204),
        ("POST", f"{API}/nothing", 404),
        ("POST", f"{API}/outcomes", 405),
        ("OPTIONS", f"{API}/outcomes", 413),
        ("POST", "/login", 413),  # the key is the API's; a page knows sessions
    ],
)
def test_with_a_key(admin, method, path, status):
    headers = {"Authorization": f"Bearer {admin.key}"}
    assert admin.open(path, method=method, headers=headers, environ_overrides=ASKING).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{API}/campaigns/ryng-main/1/leads", 401),
        ("POST", f"{API}/nothing", 404),
        ("POST", "/login", 413),
        ("POST", "/logout", 413),
        ("GET", "/openapi.json", 413),
        ("POST", "/static/pages.css", 405),
    ],
)
def test_without_one(nobody, method, path, status):
    assert nobody.open(path, method=method, environ_overrides=ASKING).status_code == status


def test_who_lacks_the_scope_is_told_so(reader):
    answered = reader.post(f"{API}/campaigns/ryng-main/1/leads", environ_overrides=ASKING)
    assert (answered.status_code, answered.json["error_id"]) == (403, "scope_missing")


def test_who_is_signed_in_may_and_nothing_is_done(app, database):
    browser = browser_with(app, database, "admin")
    assert browser.client.post("/logout", environ_overrides=ASKING).status_code == 204
    assert browser.get("/").status_code == 200  # still signed in


def test_nobody_asks_by_a_header(nobody):
    assert nobody.get("/login", headers={"X-Wrapup-Asking": "1"}).status_code == 200
