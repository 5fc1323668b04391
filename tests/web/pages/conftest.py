"""Browsers without a browser: clients that have signed in through the form."""

import re
import shutil

import pytest
from flask.testing import FlaskClient

from lib import clock
from tests.web.pages.shown import NOW
from web import keys

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Browser:
    """A person's browser: follows nothing by itself, and knows the token of the page it looked at last."""

    def __init__(self, client: FlaskClient, key: str | None = None):
        self.client = client
        self.key = key
        self.token = None

    def get(self, path: str, **options):
        response = self.client.get(path, headers={"Accept": "text/html"}, **options)
        found = _TOKEN.search(response.get_data(as_text=True)) if response.mimetype == "text/html" else None
        self.token = found[1] if found else self.token
        return response

    def post(self, path: str, **fields):
        return self.client.post(path, data={"csrf": self.token} | fields, headers={"Accept": "text/html"})

    def sign_in(self, **fields):
        self.get("/login")
        return self.post("/login", **({"key": self.key} | fields))


def new_key(database, *scopes: str) -> str:
    with database.write() as session:
        return keys.create_key(session, " ".join(scopes), scopes)


def browser_with(app, database, *scopes: str) -> Browser:
    app.test_client_class = FlaskClient
    browser = Browser(app.test_client(), new_key(database, *scopes))
    assert browser.sign_in().status_code == 303
    browser.get("/zone")  # a short page, for the token
    return browser


@pytest.fixture
def admin(app, database):
    return browser_with(app, database, "admin")


@pytest.fixture
def reader(app, database):
    return browser_with(app, database, "read")


@pytest.fixture
def stranger(app):
    app.test_client_class = FlaskClient
    return Browser(app.test_client())


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def at_ten_forty_five(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
