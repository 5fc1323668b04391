"""The pages of destinations: seen, steered, and nothing that a CRM says becomes markup or a link."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from crm.destination import Destination
from crm.registry import CRMS
from lib import ids
from models import Delivery, DestinationState
from service.app import create_app
from tests.factories import NOON, delivery, destination, outcome
from tests.web.conftest import settings_for
from tests.web.pages import shown
from tests.web.pages.conftest import browser_with
from web.context import context
from web.pages import destinations

HOSTILE = '<script>alert(1)</script>" onclick="x'


@pytest.fixture
def app(database, database_url, tmp_path):
    configured = {"sales": Destination("sales", "hubspot", CRMS["hubspot"].settings().load({"access_token": "theirs"}))}
    app = create_app(replace(settings_for(database_url, tmp_path), destinations=configured))
    yield app
    context(app).database.close()


@pytest.fixture
def started(database):
    with database.write() as session:
        destination(session)


def text(browser, path="/destinations/sales") -> str:
    return shown.text(browser, path)


def make(database, **given):
    with database.write() as session:
        call = outcome(session, customer_number="+919800012345", customer_name="Ravi")
        return delivery(session, **({"outcome_id": call.id} | given))


def state(database, one):
    with database.read() as session:
        return session.get(Delivery, one.id).state


def test_they_are_in_the_navigation_where_there_are_any(reader, app, database, database_url, tmp_path):
    assert 'href="/destinations"' in text(reader, "/")
    none = create_app(settings_for(database_url, tmp_path))
    browser = browser_with(none, database, "read")
    assert 'href="/destinations"' not in text(browser, "/")
    assert "None is in the settings." in text(browser, "/destinations")
    with database.write() as session:
        destination(session, "gone")
    assert 'href="/destinations"' in text(browser, "/")
    assert "not configured" in text(browser, "/destinations")
    context(none).database.close()


def test_the_tab_counts_those_that_stand_still_by_themselves(reader, database):
    with database.write() as session:
        own = destination(session, failures=1, error="The token was refused.")
    page = text(reader, "/")
    assert "<title>(1) Wrapup</title>" in page
    assert '<a href="/destinations/sales"><bdi>sales</bdi></a>: <bdi>The token was refused.</bdi>' in page
    for given in ({"failures": 0, "error": None}, {"failures": 1, "paused_at": NOON, "paused_by": "asha"}):
        with database.write() as session:
            session.execute(update(DestinationState).where(DestinationState.name == own.name).values(**given))
        assert "<title>Wrapup</title>" in text(reader, "/"), given


def test_the_first_page_says_what_waits_for_a_person_as_the_digest_does(reader, database):
    with database.write() as session:
        destination(session)
        destination(session, name="removed")
        for name, state in (("sales", "done"), ("sales", "held"), ("sales", "held"), ("removed", "held")):
            delivery(session, destination=name, state=state)
        delivery(session, state="refused", reason="required_field")
    page = text(reader, "/")
    assert "of its calls 2 wait for a person and 1 was refused." in page and "removed" not in page
    assert "<title>Wrapup</title>" in page, "nothing is broken"


def test_one_that_was_not_started(admin):
    page = text(admin, "/destinations")
    assert "nobody knows what is to be written" in page and "not started" in page
    assert "<button>Pause</button>" not in page
    page = text(admin)
    # Nobody knows what there is, so no figure is shown.
    assert "No call waits for a person." not in page and "Nothing was refused." not in page and "0 calls" not in page
    assert admin.get("/destinations/nowhere").status_code == 404


def test_how_far_it_is_and_pausing(admin, database, started):
    make(database)
    make(database, state="refused", reason="validation")
    page = text(admin, "/destinations")
    assert "All but 1 of 2 calls are in; 1 was refused." in page and "1 done, 1 refused" in page
    assert admin.post("/destinations/sales/pause", back="/destinations").location == "/destinations"
    page = text(admin, "/destinations")
    assert "by admin: nothing is sent." in page and "sales is paused." in page
    assert "<button>Resume</button>" in page and "<button>Pause</button>" not in page
    admin.post("/destinations/sales/resume")
    assert "sales goes on." in text(admin)
    with database.read() as session:
        assert session.get(DestinationState, "sales").paused_at is None


def test_refused_ones_by_reason_with_the_newest_of_each(admin, database, started):
    rows = [make(database, state="refused", reason="required_field", answer=f"No {n}.") for n in range(7)]
    other = make(database, state="refused", reason="validation", answer="Not that.")
    gone = make(database, state="refused", reason="validation", answer="Of another time.")
    make(database, outcome_id=gone.outcome_id, revision=2)
    page = text(admin)
    assert "Of another time." not in page
    assert "7 in all, the newest 5 of them" in page and "1 in all" in page
    assert [f"No {n}." in page for n in range(7)] == [False, False, True, True, True, True, True]

    admin.post("/destinations/sales/retry", reason="required_field")
    assert "7 deliveries will be tried again." in text(admin)
    assert {state(database, one) for one in rows} == {"pending"} and state(database, other) == "refused"

    admin.post(f"/deliveries/{other.id}/retry")
    assert "It will be tried again." in text(admin) and state(database, other) == "pending"
    admin.post("/destinations/sales/retry")
    assert "Choose a reason first" in text(admin)


CANDIDATES = [
    {"id": "501", "name": "Asha", "url": "https://crm.example/501"},
    {"id": "502", "name": HOSTILE, "url": "javascript:alert(1)"},
]


def test_a_call_goes_to_the_record_that_a_person_picks(admin, database, started):
    several = make(database, state="held", reason="several_found", candidates=CANDIDATES)
    nobody = make(database, state="held", reason="nobody_found", candidates=[])
    page = text(admin)
    assert "several found" in page and "2 calls in all" in page
    assert '<a href="https://crm.example/501" rel="noreferrer noopener" target="_blank"><bdi>Asha</bdi></a>' in page
    assert "javascript:" not in page and "<script>alert" not in page
    assert re.findall(r'name="record_id" value="(\w+)"', page) == ["501", "502"]
    assert f'<input id="record-{nobody.id}" name="record_id"' in page

    admin.post(f"/deliveries/{several.id}/choose", record_id="777")
    assert "Nothing was changed. Several records were found" in text(admin)
    admin.post(f"/deliveries/{several.id}/choose", record_id="502")
    admin.post(f"/deliveries/{nobody.id}/choose", record_id="900")
    assert "The call will be written to the record 900." in text(admin)
    with database.read() as session:
        found = [session.get(Delivery, one.id) for one in (several, nobody)]
    assert [(row.state, row.record_id) for row in found] == [("pending", "502"), ("pending", "900")]
    admin.post(f"/deliveries/{nobody.id}/choose", record_id="901")
    assert "Nothing was changed. It does not wait" in text(admin, "/destinations")


def test_a_call_that_belongs_to_nobody_is_left_out(admin, database, started):
    one = make(database, state="held", reason="nobody_found", candidates=[])
    assert f'action="/deliveries/{one.id}/leave-out"' in text(admin)
    admin.post(f"/deliveries/{one.id}/leave-out")
    page = text(admin)
    assert "The call is left out." in page and "left out" in page and "No call waits for a person." in page
    assert state(database, one) == "refused"


def test_another_record_is_named_where_the_record_is_gone(admin, database, started):
    one = make(database, state="refused", reason="record_deleted", record_id="501", answer="The contact is archived.")
    assert f'<input id="record-{one.id}" name="record_id"' in text(admin)
    admin.post(f"/deliveries/{one.id}/choose", record_id="900")
    with database.read() as session:
        assert session.get(Delivery, one.id).record_id == "900"


def test_held_ones_come_page_by_page_and_a_call_once(admin, database, started, monkeypatch):
    monkeypatch.setattr(destinations, "SHOWN_HELD", 2)
    rows = [make(database, state="held") for _ in range(3)]
    both = {"outcome_id": rows[2].outcome_id, "operation": "set_status"}
    make(database, state="held", **both)
    page = text(admin)
    assert page.count('data-label="Call"') == 1  # both rows of the first page are one call's
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert text(admin, following.replace("&amp;", "&")).count('data-label="Call"') == 2
    assert admin.get("/destinations/sales?cursor=x").status_code == 422


def test_on_the_calls_page_stands_what_was_written_where(reader, admin, database, started):
    with database.write() as session:
        call = outcome(session).id
        other = outcome(session).id
        written = {"outcome_id": call, "remote_id": "98451", "record_id": "501", "answer": HOSTILE}
        delivery(session, **written, remote_url="https://crm.example/98451")
        delivery(session, outcome_id=call, operation="set_status", before={"s": "NEW"}, after={"s": "OPEN"}, revision=2)
        delivery(session, outcome_id=call, destination="hook", operation="post_event", remote_url="data:text/html,x")
        refused = delivery(session, outcome_id=call, state="refused", reason="validation", revision=3)
    page = text(reader, f"/calls/{call}")
    assert "Written to destinations" in page and "98451" in page and "<script>alert" not in page
    assert 'href="https://crm.example/98451" rel="noreferrer noopener"' in page and "data:text" not in page
    assert "<bdi>NEW</bdi> → <bdi>OPEN</bdi>" in page and "Try again" not in page
    assert "Written to destinations" not in text(reader, f"/calls/{other}")
    page = text(admin, f"/calls/{call}")
    assert page.count("<button>Try again</button>") == 1
    assert admin.post(f"/deliveries/{refused.id}/retry", back=f"/calls/{call}").location == f"/calls/{call}"


def test_what_the_destination_says_is_text(reader, database):
    with database.write() as session:
        destination(session, failures=1, error=HOSTILE, paused_by=HOSTILE + "!", paused_at=NOON)
    for path in ("/destinations", "/destinations/sales"):
        assert "<script>alert" not in text(reader, path)


POSTS = ["/destinations/sales/pause", "/destinations/sales/resume", "/destinations/sales/retry"]


def test_forms_need_the_scope_and_their_token(reader, admin, database, started):
    one = make(database, state="held", reason="nobody_found")
    assert "<button>" not in text(reader).split("<main")[1]
    for path in (
        *POSTS,
        f"/deliveries/{one.id}/retry",
        f"/deliveries/{one.id}/choose",
        f"/deliveries/{one.id}/leave-out",
    ):
        assert reader.post(path, reason="nobody_found", record_id="1").status_code == 403
        assert admin.client.post(path, data={"reason": "x", "record_id": "1"}).status_code == 403
    assert state(database, one) == "held"


def test_what_is_not_there(admin, started):
    admin.get("/destinations")
    for path in ("/destinations/nowhere/pause", "/destinations/nowhere/resume", f"/deliveries/{ids.new()}/retry"):
        assert admin.post(path).status_code == 404


def test_moments_in_sentences_are_in_the_readers_zone(reader, admin, database):
    with database.write() as session:
        destination(session, paused_at=NOON, paused_by="asha")
    assert "Paused since 2026-11-18 12:00:00 by asha" in text(admin)
    admin.post("/zone", zone="Asia/Kolkata")
    for path in ("/destinations", "/destinations/sales"):
        assert "Paused since 2026-11-18 17:30:00 by asha" in text(admin, path)


def test_what_is_sent_nothing_any_more_has_no_buttons_and_says_so(admin, database, started):
    with database.write() as session:
        destination(session, "gone")
    one = make(database, destination="gone", state="refused", reason="validation")
    page = text(admin, "/destinations/gone")
    assert "nothing is sent." in page and "<button>Pause</button>" not in page
    admin.post("/destinations/gone/resume")
    assert "gone is not in the settings any more, so nothing is sent there." in text(admin)
    admin.post(f"/deliveries/{one.id}/retry")
    assert "Nothing was changed. gone is not in the settings any more" in text(admin)


def test_what_is_unknown_is_looked_up(admin, database, started):
    one = make(database, state="unknown")
    admin.post(f"/deliveries/{one.id}/retry")
    assert "It will be looked up, and sent again where it is not there." in text(admin)
