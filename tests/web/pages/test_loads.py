"""Loads on pages: how far they are, why leads were rejected, and deciding the unknown ones."""

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from leads import loads
from lib import clock, ids
from models import LeadLoad, SendingDesk
from tests import factories
from tests.web.pages.conftest import browser_with
from tests.web.pages.test_overview import text

EVIL = "<script>alert(1)</script>"
LEADS = (
    "pending",
    {"state": "sending"},
    "accepted",
    {"state": "rejected", "reason": EVIL},
    {"state": "rejected", "reason": "On the list of numbers that may not be called."},
    {"state": "rejected", "reason": EVIL},
    {"state": "unknown", "reason": "No answer within 30 s.", "number": "+919800000007", "reference": "crm 7"},
    "unknown",
)


@pytest.fixture
def dispatcher(app, database):
    return browser_with(app, database, "read", "leads")


@pytest.fixture
def load(database):
    with database.write() as session:
        return factories.load(session, LEADS, name=EVIL).id


def counts(database, load_id):
    with database.read() as session:
        return loads.counts(session, load_id)


def test_every_load_is_listed_with_its_progress(reader, database, load):
    with database.write() as session:
        for _ in range(30):
            factories.load(session, ["accepted"], connection="qvoice-main")

    page = text(reader, "/loads")
    assert page.count("<tr>") == 1 + 25 and "/loads?cursor=" in page
    page = text(reader, "/loads?connection=ryng-main")
    assert 'aria-label="1 accepted, 3 rejected, 2 unknown, 2 pending"' in page
    assert page.count("<tr>") == 1 + 1 and "&lt;script&gt;" in page and "<script>" not in page
    assert reader.get("/loads?cursor=x").status_code == 422


def test_a_load_that_nobody_sends_is_not_only_running(reader, database, load):
    now = clock.now()
    desk = {"connection": "ryng-main", "next_at": now - timedelta(hours=3)}

    def said(lease_until=None, next_at=desk["next_at"], created_at=now - timedelta(days=1)):
        with database.write() as session:
            session.execute(update(LeadLoad).values(created_at=created_at, state="running"))
            session.execute(update(SendingDesk).values(lease_until=lease_until, next_at=next_at))
        return re.findall("Nobody has been sending it for ([^.]+)\\.", text(reader, f"/loads/{load}"))

    assert said() == ["24 h"]  # nobody ever has
    with database.write() as session:
        session.add(SendingDesk(**desk))
    assert said() == ["3 h"] and said(created_at=now) == []
    assert said(lease_until=now + timedelta(minutes=1)) == said(next_at=now + timedelta(minutes=1)) == []


def test_every_number_of_a_load_leads_to_as_many_leads(reader, load):
    page = text(reader, f"/loads/{load}")
    assert "<script>" not in page

    found = re.findall(rf'<a href="(/loads/{load}\?[^"#]+)[^"]*"[^>]*>(\d+)</a>', page)
    assert sorted(int(number) for _, number in found) == [1, 1, 1, 1, 2, 2, 2, 3]
    for link, number in found:
        listed = text(reader, html.unescape(link)).partition('id="leads-title"')[2]
        assert listed.count('data-label="Row"') == int(number), link


def test_leads_lead_to_their_calls(reader, database, load):
    with database.write() as session:
        factories.outcome(session, customer_number="+919800000007", crm_reference="crm 7")
    page = text(reader, f"/loads/{load}?state=unknown")
    for query in ("connection=ryng-main&amp;number=%2B919800000007", "crm_reference=crm+7"):
        assert f'href="/calls?{query}"' in page
        assert text(reader, f"/calls?{html.unescape(query)}").count("data-key=") == 1


def test_what_is_no_state_and_no_row_is_said(reader, load):
    for query in ("state=lost", "cursor=-1", "cursor=²", "like=1e3", f"cursor={10**30}"):
        response = reader.get(f"/loads/{load}?{query}")
        assert response.status_code == 422, query
        assert 'role="alert"' in response.get_data(as_text=True)


def test_there_is_nothing_where_no_load_is(reader, dispatcher):
    assert reader.get(f"/loads/{uuid4()}").status_code == 404
    for act in ("unknown", "resume"):
        assert dispatcher.post(f"/loads/{ids.new()}/{act}", decision="accepted", seen="0").status_code == 404


@pytest.mark.parametrize(
    ("decision", "after"), [("accepted", "accepted"), ("rejected", "rejected"), ("resend", "pending")]
)
def test_the_unknown_leads_of_a_load_are_decided(dispatcher, database, load, decision, after):
    before = counts(database, load)
    page = text(dispatcher, f"/loads/{load}")
    assert "No answer within 30 s." in page and 'name="seen" value="2"' in page

    response = dispatcher.post(f"/loads/{load}/unknown", decision=decision, seen="2", sure="1")

    assert response.status_code == 303 and response.location == f"/loads/{load}"
    assert counts(database, load) == before | {"unknown": 0, after: before[after] + 2}
    page = text(dispatcher, f"/loads/{load}")
    assert "2 leads" in page and "In doubt" not in page


def test_nothing_is_decided_that_was_not_seen_or_not_confirmed(dispatcher, database, load):
    before = counts(database, load)
    for given, said in (
        ({"decision": "accepted", "seen": "1"}, "are others than when you looked"),
        ({"decision": "resend", "seen": "2"}, "confirm first that somebody may be called twice"),
        ({"decision": "forget", "seen": "2"}, "Choose what became of them"),
    ):
        dispatcher.post(f"/loads/{load}/unknown", **given)
        assert said in text(dispatcher, f"/loads/{load}")
    assert counts(database, load) == before


def test_who_may_only_read_decides_nothing(reader, database, load):
    page = text(reader, f"/loads/{load}")
    assert "Deciding needs a key with the scope" in page and "<button name=" not in page
    for act in ("unknown", "resume"):
        assert reader.post(f"/loads/{load}/{act}", decision="accepted", seen="2").status_code == 403
    assert counts(database, load)["unknown"] == 2


def test_a_parked_load_goes_on(dispatcher, database):
    with database.write() as session:
        parked = {"state": "parked", "parked_at": factories.NOON, "finished_at": None, "reason": "The dialer refused."}
        load = factories.load(session, ["pending"], **parked).id
    assert "The dialer refused." in text(dispatcher, f"/loads/{load}")

    assert dispatcher.post(f"/loads/{load}/resume").status_code == 303

    with database.read() as session:
        assert session.get(LeadLoad, load).state == "running"


def test_a_connection_and_a_call_lead_to_the_load(reader, database, load):
    assert f'href="/loads/{load}"' in text(reader, "/connections/ryng-main")
