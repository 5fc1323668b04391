"""Signing in at a provider: who a person is here, and for how long."""

import secrets
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import select

from lib import clock
from models import Audit, SignIn
from tests.web.pages.conftest import Browser, new_key
from tests.web.pages.provider.conftest import BACK, oidc_of, people, sent_back, sessions, signed_in
from tests.web.provider import CLIENT
from web import keys, sign_ins
from web.sign_in_settings import Settings


def test_a_person_signs_in_with_the_role_that_the_claim_names(browser, provider, database):
    assert "Company account" in browser.get("/login").text
    answer = signed_in(browser, "/calls?number=7")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/calls?number=7")
    assert browser.get("/calls").status_code == 200
    assert browser.get("/keys").status_code == 403
    [person] = people(database)
    assert (person.name, person.owner, person.scopes) == ("priya@example.com", "priya@example.com", ["read"])
    with database.read() as session:
        note = session.scalars(select(Audit).where(Audit.act == "session.begin")).one()
    assert (note.who, note.key_id) == ("priya@example.com", person.id)


def test_roles_are_taken_away_at_the_next_sign_in(app, browser, provider, database):
    provider.claims["groups"] = ["chiefs"]
    signed_in(browser)
    assert browser.get("/keys").status_code == 200
    provider.claims["groups"] = ["analysts"]
    other = Browser(app.test_client())
    signed_in(other)
    assert other.get("/keys").status_code == 403
    provider.claims["groups"] = ["cooks"]
    refused = signed_in(Browser(app.test_client()))
    assert refused.status_code == 401 and "no role here" in refused.text
    # And nobody goes on with what they were.
    assert sessions(database) == 0 and browser.get("/calls").status_code == 303
    [person] = people(database)
    assert keys.state(person, clock.now()) == "expired"
    provider.claims["groups"] = ["analysts"]
    assert signed_in(Browser(app.test_client())).status_code == 303


def test_a_person_who_was_locked_out_stays_out(app, browser, database):
    signed_in(browser)
    with database.write() as session:
        assert keys.revoke_key(session, "priya@example.com") == 1
    assert browser.get("/calls").status_code == 303
    refused = signed_in(Browser(app.test_client()))
    assert refused.status_code == 401 and "locked this account out" in refused.text


@pytest.mark.parametrize(
    ("verified", "name"), [(False, "u-1"), ("false", "u-1"), (True, "priya@example.com"), ("true", "priya@example.com")]
)
def test_nobody_acts_under_an_address_that_was_not_verified(browser, provider, database, verified, name):
    """Some providers let everybody write any address into their own account."""
    provider.claims["email_verified"] = verified
    signed_in(browser)
    [person] = people(database)
    assert (person.name, person.owner) == (name, name)


def test_two_people_never_share_a_name(app, browser, provider, database):
    new_key(database, "read")
    provider.claims["email"] = "read"  # as a key is called, to whose name views belong
    signed_in(browser)
    provider.claims |= {"sub": "u-2"}
    signed_in(Browser(app.test_client()))
    names = [person.name for person in people(database)]
    assert len({*names, "read"}) == 3 and all(name.startswith("read (") for name in names)


def test_where_nobody_began_there_nobody_comes_back(app, browser, provider, database):
    path = sent_back(browser)
    stranger = Browser(app.test_client())
    assert stranger.get(path).status_code == 401  # in another browser, as with a link that somebody sends
    assert "/token" not in provider.asked
    assert stranger.get(path.replace("state=", "state=x")).status_code == 401
    assert stranger.get(BACK).status_code == 401
    assert browser.get(path).status_code == 303
    assert stranger.get(path).status_code == 401  # once


def test_who_is_signed_in_and_goes_back_in_the_browser_stays_so(browser, provider, database):
    """The address that the provider has led to is in its history; the code in it counts once."""
    path = sent_back(browser)
    assert browser.get(path).headers["Location"] == "/calls"
    asked = provider.asked.count("/token")
    again = browser.get(path)
    assert (again.status_code, again.headers["Location"]) == (303, "/")
    assert browser.get("/calls").status_code == 200
    assert provider.asked.count("/token") == asked and sessions(database) == 1
    browser.client.delete_cookie("wrapup_session")
    assert browser.get(path).status_code == 401


def test_from_two_windows_of_a_browser_both_come_back(browser):
    """Each of which was opened before the other one was back."""
    paths = [sent_back(browser, wanted) for wanted in ("/calls?number=1", "/calls?number=2")]
    answers = [browser.get(path) for path in paths]
    assert [answer.headers.get("Location") for answer in answers] == ["/calls?number=1", "/calls?number=2"]
    assert browser.get("/calls").status_code == 200


def test_whoever_takes_too_long_there_keeps_the_place_he_wanted_to_go_to(browser, monkeypatch):
    path = sent_back(browser, "/calls?number=1")
    monkeypatch.setattr("web.pages.provider.LASTS", 0.0)
    late = browser.get(path)
    assert late.status_code == 401 and 'value="/calls?number=1"' in late.text


def test_browsers_drop_no_cookie_of_a_sign_in_that_begins(browser):
    """A list with many filters has a long address, and a person may begin often and come back late."""
    for number in range(12):
        wanted = "/calls?" + "&".join(f"agent={secrets.token_hex(20)}" for _ in range(80 * (number % 2)))
        path = sent_back(browser, quote(wanted))
        kept = browser.client.get_cookie("wrapup_session")
        assert len(kept.key) + len(kept.value) < 3_900  # of 4,096, with its attributes
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/calls")


def test_whose_groups_the_provider_leaves_out_is_told_so(browser, provider, database):
    """Of somebody in more than 200 groups Entra names a place where they could be asked for."""
    where = {"src1": {"endpoint": "https://graph.example/users/1/getMemberObjects"}}
    provider.claims |= {"groups": None, "_claim_names": {"groups": "src1"}, "_claim_sources": where}
    refused = signed_in(browser)
    assert refused.status_code == 401 and "mostly because they are too many" in refused.text
    assert sessions(database) == 0


def test_who_is_refused_there_is_told_so(browser, provider):
    provider.faults = {"says_no": True}
    refused = signed_in(browser)
    assert refused.status_code == 401 and "access_denied" in refused.text


def test_where_the_provider_is_away_a_sentence_says_so_and_keys_still_sign_in(app, browser, provider, database):
    provider.faults = {"away": True}
    away = browser.get("/login/provider")
    assert away.status_code == 503 and "cannot answer now" in away.text and "Sign in with a key" in away.text
    provider.faults = {}
    path = sent_back(browser)
    provider.faults = {"token_status": 500}
    assert browser.get(path).status_code == 503
    browser.key = new_key(database, "read")
    assert browser.sign_in().status_code == 303
    provider.close()


def test_where_nobody_listens_a_sentence_says_so(browser, provider):
    provider.close()
    away = browser.get("/login/provider")
    assert away.status_code == 503 and "does not answer" in away.text


def test_nobody_is_sent_elsewhere_after_signing_in(app, provider):
    for wanted in ("//elsewhere.example", "/%5Celsewhere.example", "https://elsewhere.example"):
        answer = signed_in(Browser(app.test_client()), wanted)
        assert answer.headers["Location"] == "/", wanted


def test_signing_out_here_leads_to_the_providers_own(browser, provider, database):
    signed_in(browser)
    browser.get("/zone")
    out = browser.post("/logout")
    assert sessions(database) == 0
    page = browser.get(out.headers["Location"]).text
    assert f"{provider.issuer}/end?client_id={CLIENT}" in page


class TestWithoutKeys:
    @pytest.fixture
    def sign_in(self, provider):
        return Settings(keys=False, oidc=oidc_of(provider))

    def test_keys_do_not_sign_in(self, browser, database, provider):
        browser.key = new_key(database, "admin")
        assert 'name="key"' not in browser.get("/login").text
        browser.token = browser.token or "x"
        assert browser.sign_in().status_code == 403
        provider.faults = {"away": True}
        away = browser.get("/login/provider")
        assert away.status_code == 503 and "with a key" not in away.text


class TestByConnection:
    @pytest.fixture
    def sign_in(self, provider):
        return Settings(oidc=oidc_of(provider, connections_claim="dialers"))

    def test_a_person_sees_the_connections_that_the_claim_names(self, app, browser, provider, database):
        provider.claims["dialers"] = ["ryng-main", "of-another-wrapup"]
        signed_in(browser)
        assert people(database)[0].connections == ["ryng-main"]
        assert browser.get("/calls").status_code == 200
        assert browser.get("/calls?connection=qvoice-main").status_code == 403
        assert browser.get("/reports").status_code == 403
        assert browser.get("/").headers["Location"] == "/calls"
        provider.claims["dialers"] = []
        refused = signed_in(Browser(app.test_client()))
        assert refused.status_code == 401 and "none of the connections" in refused.text
        provider.claims["dialers"] = "*"
        assert signed_in(Browser(app.test_client())).status_code == 303
        assert people(database)[0].connections is None


@pytest.mark.parametrize("good_for", [60, 4_000_000_000])
def test_a_session_lasts_twelve_hours_however_long_the_token_is_good_for(browser, provider, database, good_for):
    """Keycloak's are good for five minutes: whoever reads a report for longer would stand at the door again."""
    provider.faults = {"claims": {"exp": min(int(clock.now().timestamp()) + good_for, 4_000_000_000)}}
    signed_in(browser)
    with database.read() as session:
        begun = session.scalars(select(SignIn)).one()
    assert abs(begun.ends_at - begun.began_at - sign_ins.LASTS) < timedelta(seconds=5)


class TestForAsLongAsTheSettingsSay:
    @pytest.fixture
    def sign_in(self, provider):
        return Settings(oidc=oidc_of(provider, lasts=timedelta(minutes=30)))

    def test_it_is_over_then(self, browser, provider, database):
        signed_in(browser)
        with database.read() as session:
            begun = session.scalars(select(SignIn)).one()
        assert abs(begun.ends_at - begun.began_at - timedelta(minutes=30)) < timedelta(seconds=5)
