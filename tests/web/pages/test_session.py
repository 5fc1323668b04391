"""Signing in and out, and who may see what."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from lib import clock, ids
from models import SignIn
from service.app import create_app
from tests.thoroughly import part
from tests.web.pages.conftest import Browser, browser_with, new_key
from web import keys, sign_ins
from web.context import context
from web.pages import overview
from web.pages.policy import CONTENT_POLICY
from web.pages.session import local

OF_PROVIDERS = ("pages.begin_there", "pages.come_back")  # where there is one: ``provider.test_signing_in``


def page_rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]


def address(rule) -> str:
    one_of = re.search(r"<any\((\w+)", rule.rule)
    word = one_of[1] if one_of else "outcomes"
    values = {name: ids.new() if name.endswith("_id") else word for name in rule.arguments}
    return rule.build(values)[1] if rule.arguments else rule.rule


def test_a_reader_signs_in_with_a_key_and_sees_the_first_page(stranger, database):
    stranger.key = new_key(database, "read")

    assert stranger.sign_in().location == "/"

    assert stranger.get("/").status_code == 200


def test_the_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(stranger, database):
    stranger.key = new_key(database, "read")

    cookie = stranger.sign_in().headers["Set-Cookie"]

    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert stranger.key not in cookie


def test_behind_https_the_cookie_never_travels_without_it(app):
    app = create_app(replace(context(app).settings, public_url="https://wrapup.example"))

    cookie = Browser(app.test_client()).get("/login").headers["Set-Cookie"]

    assert cookie.startswith("__Host-wrapup_session=") and "Secure" in cookie and "Path=/" in cookie
    context(app).database.close()


def test_every_failure_to_sign_in_reads_the_same(stranger, database):
    leads_only, revoked = new_key(database, "leads"), new_key(database, "read")
    with database.write() as session:
        keys.revoke_key(session, "read")
    answers = []
    for key in ("", "wk_wrong", leads_only, revoked, "ключ"):
        response = stranger.sign_in(key=key)
        assert response.status_code == 401
        answers.append(response.get_data(as_text=True).replace(stranger.token, ""))

    assert len(set(answers)) == 1
    assert "cannot sign in" in answers[0]


FOR_SCRIPTS = ("pages.live", "pages.live_outcomes", "pages.live_load", "pages.live_loads")


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


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "evil", "", "/a\nb", "/é"],
)
def test_after_signing_in_nobody_is_sent_to_another_site(stranger, database, elsewhere):
    stranger.key = new_key(database, "read")

    assert local(elsewhere) == "/"
    assert stranger.sign_in(next=elsewhere).location == "/"


def test_after_signing_in_one_is_where_one_wanted_to_be(stranger, database):
    stranger.key = new_key(database, "read")

    assert stranger.sign_in(next="/calls?flag=sale").location == "/calls?flag=sale"


def test_a_revoked_key_is_out_at_its_next_request(reader, database):
    with database.write() as session:
        keys.revoke_key(session, "read")

    assert reader.get("/").status_code == 303
    assert reader.get("/live").status_code == 401


def copied(browser: Browser, app) -> Browser:
    """A browser with the same cookie, of somebody who has got hold of it; it asks another process."""
    other = Browser(app.test_client())
    cookie = browser.client.get_cookie("wrapup_session")
    other.client.set_cookie("wrapup_session", cookie.value)
    return other


def in_(browser: Browser) -> bool:
    return browser.get("/quarantine").status_code == 200


@pytest.fixture
def elsewhere(app):
    """The same service in another process."""
    other = create_app(context(app).settings)
    yield other
    context(other).database.close()


def test_signing_out_ends_the_session_wherever_its_cookie_is(app, elsewhere, database, reader):
    thieves = [copied(reader, app), copied(reader, elsewhere)]
    colleague = Browser(app.test_client(), reader.key)
    colleague.sign_in()
    assert all(in_(one) for one in thieves)

    assert reader.post("/logout").status_code == 303

    assert not in_(reader)
    for thief in thieves:
        assert not in_(thief)
        assert thief.get("/live").status_code == 401
    assert in_(colleague)  # another session, with the same key


def test_signing_out_everywhere_ends_every_session_of_the_key(app, elsewhere, database, reader, admin):
    colleague = Browser(elsewhere.test_client(), reader.key)
    colleague.sign_in()

    assert reader.post("/logout", everywhere="1").status_code == 303

    assert not in_(reader) and not in_(colleague)
    assert in_(admin)
    assert reader.sign_in().status_code == 303 and in_(reader)


def test_signing_in_again_ends_the_session_before(app, reader):
    before = copied(reader, app)

    reader.sign_in()
    assert in_(reader)

    reader.client.get("/")
    assert reader.post("/login", key=reader.key).status_code == 303
    assert in_(reader) and not in_(before)


def test_a_session_ends_twelve_hours_after_signing_in_whatever_is_done_meanwhile(reader, monkeypatch):
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + sign_ins.LASTS - timedelta(minutes=1))
    assert in_(reader)
    with reader.client.session_transaction() as kept:
        kept["another"] = "thing"  # the cookie is signed anew, with the present time

    monkeypatch.setattr(clock, "now", lambda: now + sign_ins.LASTS + timedelta(minutes=1))
    assert not in_(reader)


def test_a_signed_cookie_alone_opens_nothing(app, stranger, database):
    new_key(database, "admin")
    with database.read() as session:
        (key,) = keys.list_keys(session)
    # Whoever knows the secret that signs cookies cannot make a session, and a cookie of an older release is none.
    for forged in ({"key": str(key.id)}, {"signed_in": str(key.id)}, {"signed_in": key.secret_hash}):
        with stranger.client.session_transaction() as kept:
            kept.clear()
            kept.update(forged)
        assert not in_(stranger), forged


def test_a_key_has_so_many_sessions_and_no_more(app, database, monkeypatch):
    monkeypatch.setattr(sign_ins, "MOST", 3)
    browsers = [Browser(app.test_client(), new_key(database, "read"))]
    browsers += [Browser(app.test_client(), browsers[0].key) for _ in range(4)]

    for browser in browsers:
        assert browser.sign_in().status_code == 303

    assert [in_(browser) for browser in browsers] == [False, False, True, True, True]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 3
    with database.write() as session:
        keys.revoke_key(session, "read")
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_where_the_database_is_away_signing_out_says_so_and_can_be_tried_again(app, reader, monkeypatch):
    def broken(*_):
        raise OperationalError("DELETE", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(sign_ins, "end", broken)
        assert reader.post("/logout").status_code == 503

    assert in_(reader)
    assert reader.post("/logout").status_code == 303
    assert not in_(reader)


def test_a_page_that_is_refreshed_does_not_write_the_session_again(reader):
    # A refresh that overtakes the signing out would bring the session back.
    assert "Set-Cookie" not in reader.get("/live").headers


def test_no_form_is_taken_without_the_token_of_its_session(app, database, admin):
    posts = [rule for rule in page_rules(app) if "POST" in rule.methods]
    other = browser_with(app, database, "admin")

    for rule in posts:
        for token in (None, "", "wrong", "é", other.token):
            admin.token = token
            assert admin.post(address(rule)).status_code == 403, (rule, token)

    assert len(posts) >= 20


def test_one_who_may_only_read_cannot_replay_and_sees_no_button(app, reader):
    for path in (f"/receipts/{ids.new()}/replay", "/quarantine/replay"):
        response = reader.post(path, reason="unparseable")
        assert response.status_code == 403
        assert "scope admin" in response.get_data(as_text=True)


def test_callback_urls_are_secrets_shown_to_admins_only(admin, reader):
    assert "/callbacks/ryng-main/token-of-ryng/terminal" in admin.get("/").get_data(as_text=True)

    assert "token-of-ryng" not in reader.get("/").get_data(as_text=True)


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


MORE = (
    {},
    {"field": "status_raw"},
    {"field": "disposition"},
    {"field": "status_raw", "look": "1"},
)


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
