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
from tests.web.pages.shown import text

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
    assert page.count("data-key=") == 25 and "/loads?cursor=" in page
    page = text(reader, "/loads?connection=ryng-main")
    assert 'aria-label="1 accepted, 3 rejected, 2 unknown, 2 pending"' in page
    assert page.count("data-key=") == 1 and "&lt;script&gt;" in page and "<script>" not in page
    assert reader.get("/loads?cursor=x").status_code == 422


def test_the_list_says_where_it_is_asked_for_again_and_is_then_as_the_page_is(reader, stranger, database, load):
    for query in ("", "?connection=ryng-main", "?connection=qvoice-main"):
        page = text(reader, f"/loads{query}")
        address = html.unescape(re.search('data-live="([^"]+)"', page)[1])
        assert address == f"/loads/live{query}"
        part = reader.get(address)
        assert part.headers["X-As-Of"] and part.get_data(as_text=True).strip() in page
    for _ in range(2):
        with database.write() as session:
            for _ in range(25):
                factories.load(session, ["accepted"])
    following = html.unescape(re.search('rel="next" href="([^"]+)"', text(reader, "/loads"))[1])
    address = html.unescape(re.search('data-live="([^"]+)"', text(reader, following))[1])
    assert address == following.replace("/loads?", "/loads/live?")
    assert reader.get(address).get_data(as_text=True).count("data-key=") == 25
    wrong = reader.get("/loads?cursor=x").get_data(as_text=True)
    assert "data-live=" not in wrong and "live.js" not in wrong
    assert stranger.get("/loads/live").status_code == 401


def test_a_load_that_nobody_sends_is_not_only_running(reader, database, load):
    now = clock.now()
    desk = {"connection": "ryng-main", "next_at": now - timedelta(hours=3)}

    def said(lease_until=None, next_at=desk["next_at"], created_at=now - timedelta(days=1)):
        with database.write() as session:
            session.execute(update(LeadLoad).values(created_at=created_at, state="running"))
            session.execute(update(SendingDesk).values(lease_until=lease_until, next_at=next_at))
        return re.findall("Nobody has been sending it for ([^.]+)\\.", text(reader, f"/loads/{load}"))

    assert said() == ["24 h"]  # nobody ever has
    assert "Nobody has been sending it for 24 h." in text(reader, "/loads")
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


def test_a_loaded_lead_has_a_page_with_its_calls(reader, stranger, database):
    with database.write() as session:
        lead = {"number": "+919800000007", "reference": "crm 7", "dialer_id": "77", "reason": EVIL}
        made = factories.load(session, [{"state": "accepted"} | lead, "pending"], name=EVIL, campaign="456")
        own = {"connection": "ryng-main", "lead_id": "77", "campaign_id": "456"}
        calls = [factories.outcome(session, started_at=factories.NOON + timedelta(hours=at), **own) for at in (2, 1)]
        factories.outcome(session, connection="ryng-main", customer_number="+919800000007")  # another lead's
    page = text(reader, f"/loads/{made.id}")
    addresses = re.findall(r'href="(/leads/[^"]+)"', page)
    assert len(addresses) == 2
    page = text(reader, addresses[0])
    assert re.findall(r'id="call-([^"]+)"', page) == [str(one.id) for one in reversed(calls)]
    assert f'href="/loads/{made.id}"' in page and "&lt;script&gt;" in page and "<script>alert" not in page
    assert "told no id" not in page and "No call of it is known." in text(reader, addresses[1])
    assert reader.get(f"/leads/{uuid4()}").status_code == 404 and stranger.get(addresses[0]).status_code == 303
    counted = text(reader, "/leads?figure=penetration.loaded&row=totals&tz=UTC")
    assert f'<a href="{addresses[0]}">2</a>' in counted


def test_of_a_lead_without_an_id_at_the_dialer_it_is_said_how_its_calls_were_found(reader, database):
    with database.write() as session:
        made = factories.load(session, [{"state": "accepted", "number": "+919800000007"}])
        for at in range(-1, 102):
            moment = factories.NOON + timedelta(minutes=at)
            factories.outcome(session, connection="ryng-main", customer_number="+919800000007", started_at=moment)
    (address,) = re.findall(r'href="(/leads/[^"]+)"', text(reader, f"/loads/{made.id}"))
    page = text(reader, address)
    assert "The dialer told no id for it" in page and "The first 100 are shown; there are more." in page
    assert page.count("data-key=") == 100


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
