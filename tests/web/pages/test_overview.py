"""The first page: today's calls, the last outcomes. And the page of a connection."""

from datetime import timedelta

import pytest

from dialers.vocabulary import CONNECT_OUTCOMES, SETTLINGS
from lib import clock
from models import SendingDesk
from models.receipts import STATES
from tests import factories
from tests.web.pages.shown import NOW, text, tile
from web.pages import sentences


def test_the_figures_are_those_of_the_list_behind_them(reader, database, at_ten_forty_five):
    with database.write() as session:
        for minute in range(3):
            factories.outcome(session, connect_outcome="busy", started_at=NOW - timedelta(minutes=minute))

    assert '3 <span class="second">100.0 %' in text(reader)

    since, until = "2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z"
    listed = text(reader, f"/calls?connect_outcome=busy&since={since}&until={until}")
    assert listed.count("data-key=") == 3


@pytest.mark.parametrize("source", ["computed", "observed", "stated", None])
def test_talk_time_that_nobody_stated_is_told(reader, database, at_ten_forty_five, source):
    with database.write() as session:
        factories.outcome(session, started_at=NOW, talk_seconds=65, talk_source=source)
        factories.outcome(session, started_at=NOW, talk_seconds=3600, talk_source="stated")

    talk = tile(text(reader), "Talk time")

    assert talk.startswith("1:01:05")
    assert (f"of it 0:01:05 {source}" in talk) is (source in ("computed", "observed"))


def test_the_fifty_last_changed_outcomes_are_listed_alone_as_well(reader, database):
    with database.write() as session:
        for number in range(55):
            at = factories.NOON + timedelta(minutes=number)
            factories.outcome(session, customer_number=f"+9198000000{number:02}", changed_at=at)

    fragment = reader.get("/live")

    assert fragment.headers["X-As-Of"]
    html = fragment.get_data(as_text=True)
    assert html.count("data-key=") == 50
    assert html.index("+919800000054") < html.index("+919800000005")
    assert "+919800000004" not in html
    assert "<html" not in html


def test_parts_that_there_are_not_are_not_there(reader):
    assert reader.get("/live/secrets").status_code == 404


def test_what_a_dialer_sends_is_never_markup(reader, database):
    evil = '<script>alert("1")</script>'
    with database.write() as session:
        receipt = factories.receipt(session, body=evil.encode(), query=evil, headers={evil: evil}, detail=evil)
        bad = factories.receipt(session, body=evil.encode() + b"2", state="quarantined", reason="x", detail=evil)
        names = (
            "customer_name",
            "customer_number",
            "disposition",
            "notes",
            "agent_name",
            "campaign_name",
            "status_raw",
        )
        row = factories.outcome(
            session,
            connect_outcome="unknown",
            recording_url="javascript:alert(1)",
            custom_fields={evil: evil},
            started_at=clock.now(),
            **dict.fromkeys(names, evil),
        )
        factories.event(session, row, receipt, facts={"_word": evil, "custom_fields": {evil: evil}}, attempt=evil)

    for path in ("/", "/live", "/live/connections", "/calls", f"/calls/{row.id}", "/quarantine"):
        html = text(reader, path)
        assert "<script>" not in html, path
        assert 'href="javascript' not in html
    for one in (receipt, bad):
        assert "<script>" not in text(reader, f"/receipts/{one.id}")
    assert "&lt;script&gt;" in text(reader, f"/calls/{row.id}")


def test_every_connect_outcome_and_state_has_its_words():
    assert {sentences.tone(word) for word in CONNECT_OUTCOMES} == {"good", "open", "bad", "warn", "quiet"}
    assert all(sentences.settling(word, None, "UTC").endswith(".") for word in SETTLINGS)
    assert all(sentences.receipt_state(word).endswith(".") for word in STATES)


def test_the_page_of_a_connection(reader, database, at_ten_forty_five):
    with database.write() as session:
        row = factories.outcome(session, connect_outcome="unknown", status_raw="<NO-FORWARD>", started_at=NOW)
        desk = {
            "next_at": NOW,
            "failures": 1,
            "error_id": "credentials_refused",
            "error": "The dialer refuses the key.",
        }
        session.add(SendingDesk(connection="ryng-main", **desk))

    page = text(reader, "/connections/ryng-main")

    assert "&lt;NO-FORWARD&gt;" in page and f'href="/calls/{row.id}">call 1<' in page
    assert "sending leads: The dialer refuses the key." in page
    assert "It offers: callbacks" in page
    assert "wrapup renormalize --connection ryng-main" in page
    assert 'href="/connections/ryng-main"' in text(reader)


def test_a_connection_that_does_not_exist(reader):
    assert reader.get("/connections/made-up").status_code == 404
