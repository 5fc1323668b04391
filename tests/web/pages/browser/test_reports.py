"""Pages of reports in a real Chromium: their numbers followed, their look on a phone, in print and without JavaScript, and axe.

``WRAPUP_TEST_CRAWL=1`` follows every number on every page in three zones; without it, some of each.
"""

import os
import re
from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from models.database import Database
from queries.reports.catalogue import REPORTS
from service.app import create_app
from tests.queries.reports import generated
from tests.web.conftest import settings_for
from tests.web.listening import listening
from tests.web.pages import axe
from tests.web.pages.browser.window import DESKTOP, MARKS, PHONE, Window, picture
from tests.web.pages.conftest import new_key
from tests.web.pages.crawling import FOLLOW
from tests.web.pages.reporting import SINCE, UNTIL, page_of, stored
from web.context import context

ALL = os.environ.get("WRAPUP_TEST_CRAWL") == "1"
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns")
TOLD = {name: replace(one, callback_tokens=("token",)) for name, one in generated.CONNECTIONS.items()}
PICTURED = ("penetration", "best_time", "attempts_to_contact", "compliance")
# A browser that does not know the zone.
OLDER = """Intl.DateTimeFormat = class extends Intl.DateTimeFormat {
  constructor(...given) {
    if (given[1]?.timeZone) throw new RangeError("no such zone");
    super(...given);
  }
};"""
COUNTED = "nodes => nodes.map(one => [one.getAttribute('href'), Number(one.dataset.count)])"

pytestmark = [*MARKS, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(sqlite_template, tmp_path_factory):
    """(port, key) of a server whose calls do not change."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "wrapup.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{folder}/wrapup.db"
    database = Database(url)
    stored(database, 400 if ALL else 160)
    app = create_app(replace(settings_for(url, folder), connections=TOLD))
    with listening(app) as port:
        yield port, new_key(database, "read")
    context(app).database.close()
    database.close()


def opened(chromium, served, **options) -> Window:
    port, key = served
    window = Window(chromium, port, **options)
    window.sign_in(key)
    return window


def test_every_number_leads_to_what_it_counts(chromium, served):
    window, followed = opened(chromium, served), 0
    page = window.page
    for at, name in enumerate(REPORTS if ALL else PICTURED):
        for zone in ZONES if ALL else [ZONES[at % len(ZONES)]]:
            page.goto(page_of(name, zone))
            links = page.locator("a[data-count]").evaluate_all(COUNTED)
            links = links if ALL else links[:: max(1, len(links) // 3)]
            assert page.evaluate(FOLLOW, links) == [], (name, zone)
            followed += len(links)
    print(f"{followed} numbers were followed")
    assert followed > (1000 if ALL else 10)
    assert window.complaints == []


def test_a_newcomer_comes_from_a_question_to_its_calls(chromium, served):
    window = opened(chromium, served, color_scheme="light", viewport={"width": 1360, "height": 900})
    page = window.page
    page.get_by_role("link", name="Reports", exact=True).click()
    page.get_by_role("link", name="On which weekday and at which hour do people answer?").click()
    page.get_by_role("link", name="everything").click()
    page.get_by_text("Definition of connect rate").click()
    assert page.get_by_text("Divided by: Calls that are over.").first.is_visible()
    number = page.locator("tbody a[data-count]").first
    count = int(number.get_attribute("data-count"))
    number.click()
    page.get_by_text("Counted under final of").wait_for()
    assert page.locator("table.list tbody tr").count() == count
    assert window.complaints == []


def test_a_span_of_time_is_dragged_out_into_the_address(chromium, served, tmp_path):
    window = opened(chromium, served, color_scheme="light", viewport={"width": 1360, "height": 900})
    page = window.page
    page.goto(page_of("attempts", "Asia/Kathmandu").partition("&group_by")[0] + "&group_by=day")
    days, whole = page.locator("tbody tr").count(), page.url
    over = page.locator(".plot .u-over")
    over.wait_for()
    box = over.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=3)
    picture(page, "report.png", tmp_path)
    page.mouse.up()
    page.wait_for_url(lambda url: url != whole)
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["since"][0] > SINCE and asked["until"][0] < UNTIL and asked["group_by"] == ["day"]
    assert asked["since"][0].endswith("T18:15:00Z"), "days there begin at a quarter past six in the evening of UTC"
    assert 0 < page.locator("tbody tr").count() < 0.5 * days
    page.emulate_media(media="print")
    assert page.locator("figure svg").bounding_box()["width"] > 300 and not page.locator(".plot").is_visible()
    page.emulate_media(media="screen")
    page.add_init_script(OLDER)
    page.reload()
    assert page.locator("figure svg").bounding_box()["width"] > 300 and page.locator(".plot").count() == 0
    assert window.complaints == []


# How wide a page is, no colour decides: dark ones are for whoever looks at the pictures.
@pytest.mark.parametrize("scheme", ["light", "dark"] if ALL else ["light"])
def test_on_a_phone_nothing_runs_off_the_side(chromium, served, tmp_path, scheme):
    window = opened(chromium, served, viewport=PHONE, color_scheme=scheme, is_mobile=True, device_scale_factor=2)
    for path in ("/reports", *map(page_of, REPORTS if ALL else PICTURED)):
        window.page.goto(path)
        assert window.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        if ALL:
            name = path.split("?")[0].rsplit("/", 1)[-1]
            window.page.screenshot(path=tmp_path / f"{name}-{scheme}.png", full_page=True)
    assert window.complaints == []


def test_a_printed_page_says_where_it_is_from(chromium, served, tmp_path):
    window = opened(chromium, served)
    window.page.goto(page_of("connect_rate"))
    address = window.page.locator(".address")
    assert not address.is_visible()
    window.page.emulate_media(media="print")
    assert address.is_visible() and address.inner_text() == unquote(window.page.url)
    assert not window.page.get_by_role("navigation", name="Pages", exact=True).is_visible()
    assert window.page.locator(".definition p").first.is_visible(), "nobody can open it on paper"
    pdf = window.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert window.page.locator(".figures-table tbody tr").count() > 40
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2


def test_without_javascript_a_question_is_asked_by_its_form(chromium, served):
    window = opened(chromium, served, java_script_enabled=False, viewport=DESKTOP)
    page = window.page
    page.goto(page_of("attempts_per_lead"))
    page.locator(".asking > summary").click()
    page.get_by_label("A row for each").select_option("weekday")
    page.get_by_label("On the clocks of").fill("Europe/Nowhere")
    page.get_by_role("button", name="Show").click()
    assert "Not an IANA time zone" in page.get_by_role("alert").inner_text()
    page.get_by_label("On the clocks of").fill("Europe/Kyiv")
    page.get_by_role("button", name="Show").click()
    assert "group_by=weekday" in page.url and "tz=Europe%2FKyiv" in page.url
    page.locator("figure svg").wait_for()  # the answer has begun, and may not have ended


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium, served, scheme):
    window = opened(chromium, served, color_scheme=scheme)
    window.page.goto(page_of("attempts_per_lead"))
    of_leads = window.page.locator("a[href^='/leads']").first.get_attribute("href")
    of_calls = window.page.locator("a[href^='/calls?figure']").first.get_attribute("href")
    # The other colours are of one style sheet: a page of each kind shows all of them.
    some = PICTURED[:1] if scheme == "dark" else ("may_still_move", *PICTURED)
    for path in ("/reports", of_leads, of_calls, *map(page_of, REPORTS if ALL else some)):
        window.page.goto(path)
        assert axe.found(window.page) == []
