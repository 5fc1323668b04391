"""Pages in a real Chromium: their numbers followed, their look on a phone and without JavaScript, and axe."""

import os
import re
from datetime import timedelta

import pytest

from lib import clock
from tests import factories
from tests.web.listening import listening
from tests.web.pages import axe
from tests.web.pages.browser.window import MARKS, PHONE, Window
from tests.web.pages.conftest import new_key
from tests.web.pages.crawling import FOLLOW
from web.pages import zones

ADMINISTRATION = ("/keys", "/sessions", "/audit", "/erasures", "/suppressions")

SAID = "nodes => nodes.map((one) => [one.getAttribute('href'), one.textContent.trim()])"
OVER = """[...document.querySelectorAll("main .list td")].filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
  .map((cell) => cell.innerText)"""  # what a cell does not hold lies over the next one
NUMBER = re.compile(r"(?:.* × )?([\d,]+)(?: (?:finished )?(?:calls?|leads?))?")

pytestmark = MARKS


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
