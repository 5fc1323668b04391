"""The page of numbers that must not be called: looked at, put there, taken off, each with who it was."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from crm.destination import Destination
from crm.registry import CRMS
from lib import clock
from models import Suppression
from tests.factories import NOON, destination, outcome, take_out
from tests.web.pages import shown
from tests.web.pages.conftest import browser_with
from web.context import context

URL = "/suppressions"
NUMBER = "+919812345678"


@pytest.fixture
def clerk(app, database):
    return browser_with(app, database, "read", "leads")


def text(browser, path=URL) -> str:
    return html.unescape(shown.text(browser, path))


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


@pytest.fixture
def sales(app, monkeypatch):
    """A destination that is asked whom not to call."""
    own = {"access_token": "theirs", "do_not_call_property": "do_not_call"}
    sales = Destination("sales", "hubspot", CRMS["hubspot"].settings().load(own))
    monkeypatch.setitem(context(app).settings.destinations, "sales", sales)


def row_of(database, **given) -> None:
    with database.write() as session:
        destination(session, refusals_due=NOON, **given)


def scraped(browser) -> str:
    return browser.get("/metrics").get_data(as_text=True)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"refusals_error": "No answer."}, "Whom not to call could not be asked at sales; it has never said so."),
        (
            {"refusals_error": "No answer.", "refusals_at": timedelta(hours=3)},
            "Whom not to call could not be asked at sales; it last said so 3 h ago.",
        ),
        (
            {"refusals_at": timedelta(hours=3)},
            "Nobody has asked sales whom not to call for 3 h. Is a worker running?",
        ),
        ({"refusals_at": timedelta(minutes=20)}, None),
    ],
)
def test_a_list_of_a_crm_that_was_not_read_for_long_is_said(reader, database, sales, given, sentence):
    now = clock.now()
    row_of(database, **{name: now - at if isinstance(at, timedelta) else at for name, at in given.items()})
    page = text(reader, "/")
    assert ("whom not to call" in page.lower()) == bool(sentence) and (sentence or "") in page
    page = text(reader)
    assert (sentence or "") in page and given.get("refusals_error", "") in page
    age = re.search(r'wrapup_refusals_age_seconds{destination="sales"} (.+)', scraped(reader))[1]
    assert age == "+Inf" if "refusals_at" not in given else float(age) >= given["refusals_at"].total_seconds()


def test_a_destination_that_was_not_asked_yet_is_said_and_no_trouble(reader, sales):
    assert "<bdi>sales</bdi> has not said yet whom not to call." in text(reader)
    assert "whom not to call" not in text(reader, "/").lower()
    assert 'wrapup_refusals_age_seconds{destination="sales"} +Inf' in scraped(reader)


def test_a_destination_that_is_asked_no_more_is_no_trouble_and_its_numbers_stay(reader, database):
    row_of(database, refusals_error="No answer.", refusals_at=NOON)
    assert "whom not to call" not in text(reader, "/").lower()
    page = text(reader)
    assert "its numbers stay on the list until somebody takes them off" in page and "No answer." not in page
    assert "wrapup_refusals_age_seconds{" not in scraped(reader)


def test_leads_that_nobody_takes_out_are_said(reader, database):
    at = clock.now() - timedelta(minutes=20)
    with database.write() as session:
        take_out(session, state="pending", due_at=at, reason=None)
    said = "nobody has looked for 20 min. Is a worker running, and the connection in the settings?"
    page = text(reader, "/")
    assert said in page and "<title>(1) Wrapup</title>" in page
    page = text(reader)
    assert said in page and "1 lead with such a number is still to be taken out of a dialer by a worker" in page
    late = re.search(r"^wrapup_suppressed_leads_overdue_seconds (.+)", scraped(reader), re.MULTILINE)[1]
    assert float(late) >= 1200


def test_a_number_of_which_nobody_looks_for_leads_is_said(reader, database):
    with database.write() as session:
        take_out(session, state="done")
        session.execute(update(Suppression).values(spread_at=None, added_at=clock.now() - timedelta(minutes=20)))
    assert "nobody has looked for 20 min." in text(reader, "/")
