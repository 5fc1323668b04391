"""What an operator does on the dashboard in a real Chromium, with outcomes made by the real pipeline."""

from datetime import timedelta

from sqlalchemy import update

from lib import clock
from models import LeadLoad, LoadedLead, PollCursor
from outcomes import applying
from outcomes.applying import apply_next
from tests import factories
from tests.evidence import keep, normalize
from tests.web.listening import listening
from tests.web.pages.browser.window import MARKS, Window, picture
from tests.web.pages.conftest import new_key
from tests.web.pages.day import call
from web import keys
from web.context import context

pytestmark = MARKS


def test_an_operator_signs_in_and_watches_outcomes_arrive(app, database, chromium, tmp_path):
    with listening(app) as port:
        window = Window(chromium, port, color_scheme="light")
        blank = window.page.screenshot()
        page = window.sign_in(new_key(database, "admin"))

        rows = page.locator("[aria-labelledby=outcomes-title] tbody tr")
        page.wait_for_load_state()
        assert rows.count() == 50
        assert page.get_by_text("last callback").is_visible()
        assert page.get_by_text("lead history complete to").is_visible()
        assert page.get_by_text("The dialer did not answer within 30 s.").is_visible()
        page.locator("#outcomes-title + .state [data-live-state]", has_text="Live").wait_for()
        png = picture(page, "overview.png", tmp_path)
        assert png.startswith(b"\x89PNG") and len(png) > 5 * len(blank), "it is blank"

        page.evaluate("window.stillHere = true")
        keep(database, *call(900, clock.now(), disposition="Interested", customerNum="+919899999999"))
        normalize(database, now=clock.now())
        page.get_by_role("link", name="+919899999999").wait_for(timeout=15_000)
        assert page.evaluate("window.stillHere"), "the page was loaded again"
        assert rows.count() == 50

        page.get_by_role("link", name="+919899999999").click()
        page.get_by_role("heading", name="Timeline").wait_for()
        assert page.get_by_text('"callLogID": 90900').is_visible()
        assert page.get_by_text("agent answered").is_visible()
        picture(page, "call.png", tmp_path)
        assert window.complaints == []


def test_the_quarantine_is_looked_at_and_replayed(app, database, chromium, tmp_path):
    with listening(app) as port:
        window = Window(chromium, port)
        page = window.sign_in(new_key(database, "admin"))
        page.get_by_role("link", name="Quarantine", exact=True).click()
        picture(page, "quarantine.png", tmp_path)

        page.get_by_role("row", name="unparseable").get_by_role("button", name="Replay all").click()

        page.get_by_text("sent back to be read again").wait_for()
        assert window.complaints == []


def test_a_word_is_decided_without_a_shell(app, database, chromium, tmp_path, monkeypatch):
    monkeypatch.setattr(applying, "SETTLED", timedelta(0))
    with listening(app) as port:
        window = Window(chromium, port)
        page = window.sign_in(new_key(database, "admin"))
        page.get_by_role("link", name="2 words undecided on ryng-main").click()

        row = page.get_by_role("row", name="Not now")
        row.locator("summary").click()
        row.get_by_label("contact").check()
        row.get_by_label("not interested").check()
        row.get_by_role("button", name="See what would change").click()
        page.get_by_text("outcomes would change. Nothing was changed.").wait_for()
        picture(page, "words.png", tmp_path)
        page.get_by_role("button", name="Decide so").click()
        page.get_by_text("Waits for a worker to read its calls again.").first.wait_for()

        assert apply_next(database, context(app).connections)
        page.reload()
        page.get_by_role("row", name="Not now").get_by_text("outcomes changed.").wait_for()

        row = page.get_by_role("row", name="77")
        calls = int(row.get_by_role("link").first.inner_text())
        row.get_by_role("link").first.click()
        page.get_by_role("heading", name="Calls", exact=True).wait_for()
        assert page.locator("tbody tr").count() == calls
        assert window.complaints == []


def test_a_page_without_answers_says_since_when_and_recovers(app, database, chromium):
    with listening(app) as port:
        window = Window(chromium, port)
        page = window.sign_in(new_key(database, "read"))
        state = page.locator("#outcomes-title + .state")
        state.get_by_text("Live", exact=True).wait_for()

    state.get_by_text("Not live since").wait_for(timeout=15_000)

    with listening(app, port):
        state.get_by_text("Live", exact=True).wait_for(timeout=15_000)


def test_the_tab_tells_what_is_wrong_and_numbers_stay_open(app, database, chromium):
    from playwright.sync_api import expect

    with listening(app) as port:
        window = Window(chromium, port)
        page = window.sign_in(new_key(database, "read"))
        assert page.title() == "(3) Wrapup"
        page.locator("#hours-2 summary").click()

        with database.write() as session:
            session.execute(update(PollCursor).values(error=None, due_at=clock.now()))
        with page.expect_response("**/live/day"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        expect(page).to_have_title("(2) Wrapup", timeout=15_000)
        assert page.locator("#hours-2 table").is_visible()
        assert page.evaluate("document.activeElement.matches('#hours-2 summary')"), "a keyboard has lost its place"
        assert window.complaints == []


def test_leads_in_doubt_are_decided_on_the_page_of_their_load(app, database, chromium, tmp_path):
    with listening(app) as port:
        window = Window(chromium, port)
        page = window.sign_in(new_key(database, "admin"))
        page.get_by_role("link", name="Loads", exact=True).click()
        picture(page, "loads.png", tmp_path)
        page.get_by_role("link", name="2 leads unknown").click()
        picture(page, "load.png", tmp_path)

        page.get_by_role("button", name="The dialer took them").click()

        page.get_by_text("2 leads accepted.").wait_for()
        assert page.get_by_role("heading", name="In doubt").count() == 0

        with database.write() as session:
            load = factories.load(session, ["pending", "pending"], state="running", finished_at=None)
        page.goto(f"/loads/{load.id}")
        page.get_by_text("Live", exact=True).first.wait_for()
        with database.write() as session:
            session.execute(update(LoadedLead).where(LoadedLead.load_id == load.id).values(state="rejected"))
        page.get_by_role("link", name="2 leads rejected").wait_for(timeout=15_000)
        assert page.get_by_role("heading", name="Why leads were rejected").count() == 0
        with database.write() as session:
            session.execute(update(LeadLoad).where(LeadLoad.id == load.id).values(state="done"))
        page.get_by_role("heading", name="Why leads were rejected").wait_for(timeout=15_000)
        assert page.get_by_text("Live", exact=True).count() == 0
        assert window.complaints == []


def test_a_key_that_is_revoked_ends_the_watching(app, database, chromium):
    with listening(app) as port:
        window = Window(chromium, port)
        page = window.sign_in(new_key(database, "read"))
        with database.write() as session:
            keys.revoke_key(session, "read")

        page.get_by_role("heading", name="Sign in").wait_for(timeout=15_000)
