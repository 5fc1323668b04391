"""Signing in and out, and who may see what."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from lib import clock, ids
from models import SignIn
from service.app import create_app
from tests.web.pages.conftest import Browser, new_key
from web import keys, sign_ins
from web.context import context
from web.pages.session import local


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


def test_one_who_may_only_read_cannot_replay_and_sees_no_button(app, reader):
    for path in (f"/receipts/{ids.new()}/replay", "/quarantine/replay"):
        response = reader.post(path, reason="unparseable")
        assert response.status_code == 403
        assert "scope admin" in response.get_data(as_text=True)


def test_callback_urls_are_secrets_shown_to_admins_only(admin, reader):
    assert "/callbacks/ryng-main/token-of-ryng/terminal" in admin.get("/").get_data(as_text=True)

    assert "token-of-ryng" not in reader.get("/").get_data(as_text=True)
