"""The dashboard in a real Chromium, on a real server, with outcomes made by the real pipeline."""

import os
import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from werkzeug.serving import WSGIRequestHandler, make_server

from dialers.base import Connection
from lib import clock, ids
from models import Erasure, LeadLoad, LoadedLead, PollCursor, ScheduledSend
from models.database import Database
from outcomes import applying
from outcomes.applying import apply_next
from schedules import managing, noting
from schedules.settings import Settings
from service.app import create_app
from tests import factories
from tests.evidence import CONNECTIONS, keep, normalize
from tests.schedules.rig import OPS, mail_of, view
from tests.web.conftest import settings_for
from tests.web.pages import axe
from tests.web.pages.conftest import CHROMIUM, new_key
from tests.web.pages.crawling import FOLLOW
from tests.web.pages.day import call, lived
from web import keys
from web.context import context
from web.pages import zones

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ADMINISTRATION = ("/keys", "/sessions", "/audit", "/erasures", "/suppressions")
SENDING = Settings(mail_of(9), tell=OPS)
IMAGES = Path(__file__).parents[3] / "docs" / "images"

SAID = "nodes => nodes.map((one) => [one.getAttribute('href'), one.textContent.trim()])"
OVER = """[...document.querySelectorAll("main .list td")].filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
  .map((cell) => cell.innerText)"""  # what a cell does not hold lies over the next one
NUMBER = re.compile(r"(?:.* × )?([\d,]+)(?: (?:finished )?(?:calls?|leads?))?")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, and there is none on the PATH"),
]


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


@pytest.fixture(scope="module")
def day(sqlite_template, tmp_path_factory) -> Path:
    """A database with a day at a dialer, which takes some time to be lived."""
    path = tmp_path_factory.mktemp("day") / "wrapup.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    lived(database, clock.now())
    scheduled(database)
    administered(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def scheduled(database):
    """A paused schedule, with a send in doubt, and one after it that left."""
    order = {
        "name": "Every morning " + "x" * 60,
        "view_id": view(database).id,
        "to": [OPS],
        "at": ["07:00"],
        "tz": "UTC",
    }
    with database.write() as session:
        row = managing.keep(session, order, "admin", SENDING, clock.now())
        managing.pause(session, row, clock.now())
        long_ago = {"settled_at": clock.now() - timedelta(days=3), "answer": "421 " + "y" * 60}
        for state in ("unknown", "sent"):
            one = noting.tried(session, row, clock.now() - timedelta(days=3))
            session.execute(update(ScheduledSend).where(ScheduledSend.id == one).values(state=state, **long_ago))


def administered(database):
    """A person who is being erased, one who was and of whom somebody has to be told, and a number that must not be called."""
    ago, stand_in = clock.now() - timedelta(days=3), "+380~9f86d081884c7d65"
    own = {"stand_in": stand_in, "key_id": "k", "by": "Ann " + "x" * 60, "keep_uncalled": True, "erased_at": ago}
    own |= {"counts": {"receipts": 4}, "touched": 4}
    told = [{"to": "sales", "records": ["501"], "made": [], "state": "by_hand", "said": None}]
    with database.write() as session:
        session.add(Erasure(id=ids.new(), step="scrub", state="done", told=told, left=["y" * 90], **own))
        waits = {"step": "files", "told": [], "left": [], "waits_for": "Callbacks wait in the spool."}
        session.add(Erasure(id=ids.new(), **own | waits))
        factories.take_out(session)


@pytest.fixture
def app(day, tmp_path):
    shutil.copy(day, tmp_path / "wrapup.db")
    connections = CONNECTIONS | {"qvoice-main": Connection("qvoice-main", "qvoice")}
    settings = settings_for(f"sqlite:///{tmp_path}/wrapup.db", tmp_path)
    app = create_app(replace(settings, connections=connections, schedules=SENDING))
    yield app
    context(app).database.close()


@pytest.fixture
def database(app):
    return context(app).database


@contextmanager
def listening(app, port: int = 0):
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Window:
    """A page of the browser, and everything that it complained about."""

    def __init__(self, chromium, port: int, **options):
        self.complaints: list[str] = []
        self.address = f"http://127.0.0.1:{port}"
        self.context = chromium.new_context(base_url=self.address, **({"viewport": DESKTOP} | options))
        self.page = self.context.new_page()
        # A violation of the content policy is a console error too.
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._stays_here)

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # a refresh that was under way when the page was left
            self.complaints.append(f"{request.url} {request.failure}")

    def _stays_here(self, request):
        if not request.url.startswith(self.address):
            self.complaints.append(f"asked {request.url}")

    def sign_in(self, key: str):
        self.page.goto("/")
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Calls today").wait_for()
        return self.page


def picture(page, name: str, tmp_path: Path) -> bytes:
    """A screenshot: kept in docs/images where that is asked for, else beside the test's other files."""
    folder = IMAGES if os.environ.get("WRAPUP_TEST_SCREENSHOTS") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return page.screenshot(path=folder / name, animations="disabled")


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


@pytest.mark.skipif(
    os.environ.get("WRAPUP_TEST_CRAWL") != "1", reason="follows every number; each has a test of its own"
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_every_number_leads_to_as_many_rows(app, database, chromium, zone):
    with listening(app) as port:
        window = Window(chromium, port)
        window.context.add_cookies([{"name": zones.COOKIE, "value": zone, "url": window.address}])
        page, followed = window.sign_in(new_key(database, "read")), 0
        page.goto("/loads")
        load = page.locator("tbody tr a").first.get_attribute("href")
        for path in ("/", "/connections/ryng-main", "/loads", load):
            page.goto(path)
            links = [
                [href, int(text[1].replace(",", ""))]
                for href, said in page.locator("main a").evaluate_all(SAID)
                if href.startswith(("/calls?", "/loads/")) and (text := NUMBER.fullmatch(said))
            ]
            assert page.evaluate(FOLLOW, links) == [], path
            followed += len(links)
    print(f"{followed} numbers were followed")
    assert followed > 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(app, database, chromium, scheme):
    with listening(app) as port:
        page = Window(chromium, port, color_scheme=scheme).sign_in(new_key(database, "admin"))
        page.goto("/loads")
        load = page.locator("tbody tr a").first.get_attribute("href")
        page.goto(load)
        lead = page.locator('main a[href^="/leads/"]').first.get_attribute("href")
        page.goto("/schedules")
        schedule = page.locator("tbody tr a").first.get_attribute("href")
        paths = (
            "/",
            "/calls?limit=9",
            "/calls?limit=9&columns=notes,talk_seconds",
            "/loads",
            load,
            lead,
            "/leads?figure=contact_rate.per_lead&tz=UTC",
            "/schedules",
            schedule,
            *ADMINISTRATION,
        )
        for path in paths:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
            assert axe.found(page) == []


def test_a_key_that_is_revoked_ends_the_watching(app, database, chromium):
    with listening(app) as port:
        window = Window(chromium, port)
        page = window.sign_in(new_key(database, "read"))
        with database.write() as session:
            keys.revoke_key(session, "read")

        page.get_by_role("heading", name="Sign in").wait_for(timeout=15_000)


def test_without_javascript_everything_is_there_and_nothing_claims_to_be_live(app, database, chromium):
    with listening(app) as port:
        window = Window(chromium, port, java_script_enabled=False)
        page = window.sign_in(new_key(database, "read"))

        page.wait_for_load_state()
        assert page.locator("[aria-labelledby=outcomes-title] tbody tr").count() == 50
        assert page.get_by_text("load the page again for what is newer").count() == 4
        assert page.get_by_text("Live", exact=True).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_runs_off_the_side(app, database, chromium, tmp_path, scheme):
    with listening(app) as port:
        window = Window(chromium, port, viewport=PHONE, color_scheme=scheme, is_mobile=True, device_scale_factor=2)
        page = window.sign_in(new_key(database, "admin"))
        one = page.locator("[aria-labelledby=outcomes-title] tbody tr a").first.get_attribute("href")
        with database.write() as session:  # of another day, which its time says then
            factories.outcome(session, customer_number="+380501112233", started_at=clock.now() - timedelta(days=3))
        chosen = "/calls?columns=id,customer_number,custom_fields,notes,agent"
        for name, path in {
            "overview": "/",
            "connection": "/connections/ryng-main",
            "calls": "/calls",
            "columns": chosen,
            "columns of another day": f"{chosen}&number=%2B380501112233",
            "loads": "/loads",
            "quarantine": "/quarantine",
            "schedules": "/schedules",
            "call": one,
            **{path[1:]: path for path in ADMINISTRATION},
        }.items():
            page.goto(path)
            page.screenshot(path=tmp_path / f"{name}-phone-{scheme}.png")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE["width"], path
            assert page.evaluate(OVER) == [], path
        for path in ("/loads", "/schedules"):
            page.goto(path)
            page.goto(page.locator("tbody tr a").first.get_attribute("href"))  # a click would not wait for how it looks
            page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            page.screenshot(path=tmp_path / f"one-of-{path[1:]}-phone-{scheme}.png")
        assert window.complaints == []
