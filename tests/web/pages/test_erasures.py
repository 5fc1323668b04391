"""The page of erasures: only for who may everything; seen first, then done."""

import html

import pytest
from sqlalchemy import select

from models import Erasure
from tests.evidence import terminal
from tests.outcomes.test_erasing import NUMBER, told
from tests.web.pages import shown
from tests.web.pages.conftest import browser_with

URL = "/erasures"


@pytest.fixture
def owner(app, database):
    return browser_with(app, database, "admin")


def text(browser, path=URL) -> str:
    return html.unescape(shown.text(browser, path))


def test_it_is_seen_first_and_then_begun(owner, database):
    told(database, terminal())
    looked = owner.post(f"{URL}/erase", number="098000 12345", look="1")
    assert looked.status_code == 200 and "Erase for good" in looked.get_data(as_text=True)
    with database.read() as session:
        assert session.scalars(select(Erasure)).all() == []
    assert owner.post(f"{URL}/erase", number=NUMBER, apply="1").status_code == 303
    page = text(owner)
    assert "It is begun." in page and "running" in page and NUMBER not in page


def test_all_that_is_kept_is_downloaded(owner, database):
    told(database, terminal(notes="after six"))
    file = owner.post(f"{URL}/erase", number="098000 12345", download="1")
    assert file.status_code == 200 and "after six" in file.get_data(as_text=True)
    assert file.headers["Content-Disposition"].startswith('attachment; filename="person-')
    assert owner.post(f"{URL}/erase", number="twelve", download="1").status_code == 422
    assert owner.get("/audit?act=person.show").get_data(as_text=True).count("+9198") == 1


def test_what_is_refused_is_said(owner, database):
    told(database, terminal())
    refused = owner.post(f"{URL}/erase", number="+914900000000", look="1")
    assert refused.status_code == 422 and "a number of ours" in refused.get_data(as_text=True)
    assert owner.post(f"{URL}/erase", number="twelve", look="1").status_code == 422


def test_others_do_not_see_it(app, database):
    assert browser_with(app, database, "read", "leads").get(URL).status_code == 403
