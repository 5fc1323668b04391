"""The page of numbers that must not be called: looked at, put there, taken off, each with who it was."""

import html
import re

import pytest

from tests.factories import outcome, take_out
from tests.web.pages.conftest import browser_with

URL = "/suppressions"
NUMBER = "+919812345678"


@pytest.fixture
def clerk(app, database):
    return browser_with(app, database, "read", "leads")


def text(browser, path=URL) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return html.unescape(response.get_data(as_text=True))


def test_numbers_are_put_there_after_a_look_and_taken_off_with_who_it_was(clerk):
    form = {"numbers": "098123 45678\n\n+919812345679\n", "reason": "Asked for it", "until": ""}
    looked = clerk.post(f"{URL}/put", look="1", **form)
    assert looked.status_code == 200 and "2 numbers would be added" in looked.get_data(as_text=True)
    assert "There is none." in text(clerk)
    assert clerk.post(f"{URL}/put", **form).status_code == 303
    page = text(clerk)
    assert "2 numbers put on the list; 0 said so already." in page
    assert page.count("Asked for it") == 2 and page.count("<bdi>read leads</bdi>") >= 2

    off = re.search(rf'action="({URL}/[0-9a-f-]+/off)"', page)[1]
    assert clerk.post(off).status_code == 303
    assert "Taken off. +919812345679 may be called." in text(clerk)
    page = text(clerk, f"{URL}?state=taken_off&number=%2B919812345679")
    assert "by <bdi>read leads</bdi>" in page and NUMBER not in page.partition("The list")[2]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"numbers": f"{NUMBER}\n12"}, "2: Not a"),
        ({"numbers": ""}, "The list is empty."),
        ({"numbers": NUMBER, "until": "2020-01-01"}, "Is over already."),
        ({"numbers": NUMBER, "until": "soon"}, "Not a time that can be used"),
    ],
)
def test_what_cannot_be_read_is_told_and_stays_in_the_form(clerk, form, sentence):
    answer = clerk.post(f"{URL}/put", **form)
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422 and sentence in page
    assert form["numbers"].partition("\n")[0] in page
    assert "There is none." in text(clerk)


def test_who_may_only_read_sees_the_list_and_no_button(reader, clerk):
    clerk.post(f"{URL}/put", numbers=NUMBER)
    page = text(reader)
    assert NUMBER in page and "Put them here" not in page and "Take it off" not in page
    assert reader.post(f"{URL}/put", numbers=NUMBER).status_code == 403


@pytest.mark.parametrize("query", ["state=on", "number=12", "cursor=1"])
def test_what_nobody_can_be_asked_for_is_a_422(reader, query):
    assert reader.get(f"{URL}?{query}").status_code == 422


def test_the_first_page_says_how_many_there_are(reader, clerk):
    assert "must not be called" not in text(reader, "/")
    clerk.post(f"{URL}/put", numbers=NUMBER)
    assert f'<a href="{URL}">1 number must not be called</a>.' in text(reader, "/")


def test_calls_with_the_flag_whose_number_cannot_be_read_are_said(reader, database):
    assert "cannot be read" not in text(reader)
    with database.write() as session:
        outcome(session, flags=["dnc"], customer_number=None)
    assert "Of 1 call with the flag <em>dnc</em> the number cannot be read" in text(reader)


def test_a_lead_that_a_person_has_to_take_out_is_said_until_somebody_has(clerk, database):
    with database.write() as session:
        take_out(session)
    page = text(clerk, "/")
    assert "1 lead whose number must not be called is still in a dialer: somebody has to take it out." in page
    assert "<title>(1) Wrapup</title>" in page
    page = text(clerk)
    assert "Still in a dialer" in page and "The information sent is invalid." in page
    done = re.search(rf'action="({URL}/leads/[0-9a-f-]+/done)"', page)[1]
    assert clerk.post(done).status_code == 303
    page = text(clerk)
    assert "+919800012345 is taken out at qvoice-main, you say." in page and "Still in a dialer" not in page


def test_markup_in_a_reason_stays_text(clerk):
    clerk.post(f"{URL}/put", numbers=NUMBER, reason="<script>alert(1)</script>")
    assert "<script>alert" not in clerk.get(URL).get_data(as_text=True)
