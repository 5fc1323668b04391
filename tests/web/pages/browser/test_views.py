"""The pages of saved views in a real Chromium: without JavaScript, on a phone, by keyboard, and under the content policy."""

import pytest
import requests

from lib import ids
from models.database import Database
from service.app import create_app
from tests.factories import outcome
from tests.web.conftest import settings_for
from tests.web.listening import listening
from tests.web.pages import axe
from tests.web.pages.browser.window import MARKS, PHONE, Window
from tests.web.pages.conftest import new_key
from web.context import context

pytestmark = MARKS


@pytest.fixture
def app(sqlite_url, tmp_path):
    app = create_app(settings_for(sqlite_url, tmp_path))
    yield app
    context(app).database.close()


def fits(page) -> bool:
    page.wait_for_load_state()  # or its styles may be on their way
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_list_becomes_a_view_and_a_link_for_another_program(app, chromium, scheme):
    database: Database = context(app).database
    with database.write() as session:
        outcome(session, flags=["sale"], call_id=str(ids.new()))
        outcome(session)
    with listening(app) as port:
        window = Window(chromium, port, viewport=PHONE, java_script_enabled=False, color_scheme=scheme)
        page = window.page
        page.goto("/login?next=/calls?flag=sale")
        page.get_by_label("API key").fill(new_key(database, "read"))
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Save this view").click()
        page.get_by_role("heading", name="Save a view").wait_for()
        page.get_by_label("Name").fill("Sales of last month, and a name that has no blanks: " + "x" * 60)
        page.get_by_label("Period").select_option("last_month")
        assert fits(page)
        page.get_by_role("button", name="Save").press("Enter")
        page.get_by_role("heading", name="Sales of last month").wait_for()
        page.get_by_label("For whom or what").fill("Power BI")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="The link Power BI is made").wait_for()
        url = page.locator("#url-csv").input_value()
        assert fits(page)
        page.get_by_role("link", name="Views").click()
        page.get_by_role("heading", name="Views").wait_for()
        assert fits(page) and page.get_by_text("read and keys with admin").is_visible()
        assert window.complaints == []
        window.context.close()
        answer = requests.get(f"http://127.0.0.1:{port}{url.partition('8080')[2]}", timeout=10)
        assert answer.status_code == 200 and answer.text.startswith("id,connection")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(app, chromium, scheme):
    with listening(app) as port:
        window = Window(chromium, port, color_scheme=scheme)
        page = window.page
        page.goto("/login?next=/views/new?kind=outcomes%26connection=ryng-main")
        page.get_by_label("API key").fill(new_key(context(app).database, "read"))
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Save a view").wait_for()
        assert axe.found(page) == []
        page.get_by_label("Name").fill("Mine")
        page.keyboard.press("Enter")
        page.get_by_label("For whom or what").fill("Power BI")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="The link Power BI is made").wait_for()
        assert axe.found(page) == []
        context(app).connections = {}
        for path in ("/views", page.url.removesuffix("/links")):
            page.goto(path)
            assert page.get_by_text("is not in the settings").is_visible() and axe.found(page) == []
        assert window.complaints == []
        window.context.close()
