"""What all pages have alike: who gets them, what they may load, and what they are where something is wrong."""

import re
from urllib.parse import unquote

import pytest
from sqlalchemy.exc import OperationalError

from lib import ids
from tests.thoroughly import part
from tests.web.pages.conftest import browser_with
from web.pages import overview
from web.pages.policy import CONTENT_POLICY

OF_PROVIDERS = ("pages.begin_there", "pages.come_back")  # where there is one: ``provider.test_signing_in``
FOR_SCRIPTS = ("pages.live", "pages.live_outcomes", "pages.live_load", "pages.live_loads")
MORE = ({}, {"field": "status_raw"}, {"field": "disposition"}, {"field": "status_raw", "look": "1"})


def page_rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]


def address(rule) -> str:
    one_of = re.search(r"<any\((\w+)", rule.rule)
    word = one_of[1] if one_of else "outcomes"
    values = {name: ids.new() if name.endswith("_id") else word for name in rule.arguments}
    return rule.build(values)[1] if rule.arguments else rule.rule


def test_without_a_session_every_page_leads_to_the_form_and_back(app, stranger):
    for rule in page_rules(app):
        if rule.endpoint in ("pages.login", *OF_PROVIDERS, *FOR_SCRIPTS) or "GET" not in rule.methods:
            continue
        response = stranger.get(address(rule))
        assert response.status_code == 303, rule
        assert response.location.startswith("/login?next="), rule

    assert stranger.get("/calls?connection=a").location == "/login?next=/calls?connection%3Da"


def test_a_script_is_told_that_the_session_is_over_and_not_sent_to_a_form(app, stranger):
    asked = [rule for rule in page_rules(app) if rule.endpoint in FOR_SCRIPTS]
    assert {rule.endpoint for rule in asked} == set(FOR_SCRIPTS)
    for rule in asked:
        assert stranger.get(address(rule)).status_code == 401, rule


def test_no_form_is_taken_without_the_token_of_its_session(app, database, admin):
    posts = [rule for rule in page_rules(app) if "POST" in rule.methods]
    other = browser_with(app, database, "admin")

    for rule in posts:
        for token in (None, "", "wrong", "é", other.token):
            admin.token = token
            assert admin.post(address(rule)).status_code == 403, (rule, token)

    assert len(posts) >= 20


def test_every_page_says_what_it_may_load_and_that_nothing_is_to_be_kept(app, admin, stranger):
    for browser in (admin, stranger):
        for rule in page_rules(app):
            response = browser.get(address(rule)) if "GET" in rule.methods else browser.post(address(rule))
            assert response.headers["Content-Security-Policy"] == CONTENT_POLICY, rule
            assert response.headers["Cache-Control"] == "no-store", rule
            assert response.headers["X-Content-Type-Options"] == "nosniff", rule
            assert response.headers["Referrer-Policy"] == "same-origin", rule
            assert "X-Request-Id" in response.headers


def test_no_page_holds_a_style_or_a_script_of_its_own(app, admin):
    for path in ("/", "/calls", "/quarantine", "/zone", "/nothing"):
        html = admin.get(path).get_data(as_text=True)
        assert " style=" not in html and "<style" not in html and " onclick" not in html
        assert html.count("<script") == html.count('<script src="/static/')


def test_what_is_not_there_is_a_page_for_browsers_and_json_for_programs(app, admin):
    page = admin.get("/nothing")
    assert page.status_code == 404 and page.mimetype == "text/html"
    assert page.headers["X-Request-Id"] in page.get_data(as_text=True)
    assert page.headers["Content-Security-Policy"] == CONTENT_POLICY
    assert admin.get(f"/calls/{ids.new()}").mimetype == "text/html"

    assert admin.get("/api/v1/nothing").json["error_id"] == "not_found"
    assert admin.client.get("/nothing").json["error_id"] == "not_found"

    assert admin.get("/logout").mimetype == "text/html"
    assert admin.client.get("/logout").json["error_id"] == "method_not_allowed"


def test_without_the_database_a_page_says_so_and_shows_no_figures(admin, monkeypatch):
    def broken(*_):
        raise OperationalError("SELECT", {}, Exception("gone"))

    for one in ("today", "outcomes", "connections"):
        monkeypatch.setitem(overview.PARTS, one, broken)

    for path in ("/", "/live", "/live/today"):
        response = admin.get(path)
        assert response.status_code == 503 and response.mimetype == "text/html"
        assert "The database cannot be used" in response.get_data(as_text=True)
        assert "<dd>0</dd>" not in response.get_data(as_text=True)


def test_a_fault_of_ours_is_a_page_with_the_request_id(admin, monkeypatch):
    monkeypatch.setitem(overview.PARTS, "today", lambda *_: 1 / 0)
    admin.client.application.config["PROPAGATE_EXCEPTIONS"] = False

    response = admin.get("/")

    assert response.status_code == 500
    assert response.headers["X-Request-Id"] in response.get_data(as_text=True)
    assert "ZeroDivisionError" not in response.get_data(as_text=True)


@pytest.mark.parametrize("text", ["%00", "a%00b", "%ED%A0%80", "9" * 5_000, "[" * 3_000])
def test_whatever_stands_in_an_address_or_a_form_is_no_fault_of_ours(app, admin, database, text):
    given = unquote(text, errors="replace")
    for number, rule in enumerate(page_rules(app)):
        own = (number + database.is_sqlite) % 2
        if rule.endpoint == "pages.logout":
            continue
        paths = [address(rule), *(re.sub(f"<([^<>]+:)?{name}>", text, rule.rule) for name in rule.arguments)]
        names = ("connection", "reason", "cursor", "next", "since", "tz", "agent", "order", "back")
        for path in paths:
            asked = (
                [f"{path}?{name}={text}" for name in part(names, own)]
                if "GET" in rule.methods and path == paths[0]
                else [path]
            )
            for one in asked if "GET" in rule.methods else []:
                assert admin.get(one).status_code < 500, one[:80]
            if "POST" in rule.methods:
                fields = dict.fromkeys(
                    ("reason", "connection", "field", "word", "outcome", "flag", "zone", "back"), given
                )
                for more in part(MORE, own):
                    assert admin.post(path, **fields | more).status_code < 500, (path[:80], more)
