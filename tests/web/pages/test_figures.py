"""The figures and strips of the first page: beside those of last week, and each number a link to exactly its calls."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from lib import clock
from queries.summary import Tally
from tests import factories
from tests.web.pages.shown import text, tile
from web.pages import figures, zones

NOW = datetime(2026, 11, 18, 10, 45, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
NUMBER = re.compile(r'<a href="(/calls\?[^"]+)"[^>]*>([\d,]+)(?: calls?| finished calls?)?</a>')


@pytest.fixture(autouse=True)
def at_ten_forty_five(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def lived(database):
    """Today four calls; last week to this hour two, and one more later that day."""
    sold = {"disposition": "Sale", "flags": ["contact", "sale"]}
    with database.write() as session:
        factories.outcome(session, started_at=NOW - WEEK - timedelta(days=9), connection="<b>old</b>")
        for at, given in (
            (NOW - timedelta(minutes=1), sold | {"talk_seconds": 60}),
            (NOW - timedelta(minutes=50), {"connect_outcome": "busy"}),
            (NOW - timedelta(hours=4), {"connect_outcome": "no_answer", "connection": "qvoice-main"}),
            (NOW - timedelta(hours=6), {"settling": "awaiting_disposition", "talk_seconds": 30}),
            (NOW - timedelta(hours=20), {}),
            (NOW - WEEK - timedelta(minutes=1), {"talk_seconds": 45}),
            (NOW - WEEK - timedelta(hours=3), {"connect_outcome": "busy"}),
            (NOW - WEEK + timedelta(minutes=1), sold),
        ):
            factories.outcome(session, started_at=at, **given)


def test_each_figure_stands_beside_that_of_last_week_to_the_same_hour(reader, database):
    lived(database)

    page = text(reader)

    assert tile(page, "Attempts") == "4 4 of them over last week 2, +2 (+100.0 %)"
    assert tile(page, "Connect rate") == "50.0 % 2 of 4 finished calls last week 50.0 %, ±0.0 points"
    assert tile(page, "Talk time") == "0:01:30 hours:min:s last week 0:00:45, +100.0 %"
    assert "to the same hour: 2026-11-11 00:00:00 to 10:45:30." in page
    assert "1 call</a> of today still awaits a disposition" in page


def test_talk_time_leads_to_the_calls_of_which_it_is_known(reader, database):
    lived(database)
    links = re.findall(r'<a href="([^"]+agents.talk_seconds[^"]+)">([\d:]+)</a>', text(reader))
    assert [talk for _, talk in links] == ["0:01:30", "0:00:45"]
    assert [text(reader, html.unescape(link)).count("data-key=") for link, _ in links] == [2, 1]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns"])
def test_every_number_leads_to_as_many_calls(reader, database, zone):
    lived(database)
    reader.client.set_cookie(zones.COOKIE, zone)

    page = text(reader)
    found = {(html.unescape(link), int(number.replace(",", ""))) for link, number in NUMBER.findall(page)}

    assert len(found) > 15
    wrong = {link: number for link, number in found if text(reader, link).count("data-key=") != number}
    assert wrong == {}


def test_what_was_before_the_first_call_is_not_known(reader, database):
    with database.write() as session:
        factories.outcome(session, started_at=NOW - timedelta(hours=1))
        session.flush()
    page = text(reader)
    assert tile(page, "Attempts").endswith("last week –")
    assert "Nothing is known of that time: the first call that is known here was at 2026-11-18 09:45:30." in page

    with database.write() as session:
        factories.outcome(session, started_at=NOW - WEEK - timedelta(hours=1))
    page = text(reader)
    assert tile(page, "Attempts").endswith("last week 1, ±0 (±0.0 %)")
    assert "was at 2026-11-11 09:45:30: of the time before, nothing is known." in page


def test_a_figure_that_cannot_be_told_is_a_dash_with_its_reason(reader, database):
    page = text(reader)
    assert tile(page, "Attempts").startswith("0 ")
    assert tile(page, "Connect rate") == f"– {figures.NONE_OVER} last week –"

    with database.write() as session:
        factories.outcome(session, started_at=NOW)
    assert tile(text(reader), "Talk time").startswith(f"– {figures.TALK_UNKNOWN}")


@pytest.mark.parametrize(
    ("zone", "moment", "before"),
    [
        ("Europe/Kyiv", "2026-10-27T08:00:00Z", "2026-10-20T07:00:00Z"),  # ten o'clock both times
        ("Asia/Kolkata", "2026-11-18T08:00:00Z", "2026-11-11T08:00:00Z"),
        ("Europe/Kyiv", "2026-04-05T00:30:00Z", "2026-03-29T01:30:00Z"),  # half past three, which was left out
    ],
)
def test_a_week_before_is_by_the_clocks_of_the_zone(zone, moment, before):
    assert clock.iso(figures.week_before(clock.parse(moment), zone)) == before


def test_differences_are_written_with_their_sign():
    span = {"since": "s", "until": "u"}
    now, then = Tally(final=8, talk=90), Tally(final=4, talk=0)
    now.add("connected", [4, 4, 3, 1, 30, 0, 0, 4, 30, 0, 0, 4, 0, 0])
    then.add("connected", [5, 0, 4, 0, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0])

    tiles = figures.tiles(now.shown(), span, then.shown(), span)

    changes = {name: tile["change"] for name, tile in tiles.items()}
    assert changes == {
        "attempts": "−1 (−20.0 %)",
        "connect_rate": "−91.7 points",
        "contacts": "−1 (−25.0 %)",
        "contact_rate": "−75.0 points",
        "sales": "+1",
        "talk_seconds": "+0:02:00",
    }


def test_the_last_day_of_each_connection_is_a_strip_with_its_numbers(reader, database):
    lived(database)
    reader.client.set_cookie(zones.COOKIE, "Asia/Kolkata")

    page = text(reader, "/live/day")

    # 10:45 UTC is 16:15 there, so that the strip ends at 17:00 there and began a day before.
    assert "from 2026-11-17 17:00:00; the last hour is not over" in page
    assert '<th scope="row">16:00 to 17:00</th>' in page and "2 connected" not in page
    assert page.count("<figure") == 2 and "no call" not in page
    strip = page[page.index("<bdi>qvoice-main") : page.index("<bdi>ryng-main")]
    assert "1 call</a>" in strip and "most from 12:00 to 13:00" in strip


def test_the_title_says_how_many_things_are_wrong(reader, database):
    assert "<title>Wrapup</title>" in text(reader)

    with database.write() as session:
        factories.poll(session, error="The dialer did not answer.", failures=2, due_at=NOW)
        factories.receipt(session, state="pending", received_at=NOW - timedelta(minutes=9), processed_at=None)

    assert "<title>(2) Wrapup</title>" in text(reader)
    assert 'data-title="(2) Wrapup"' in text(reader, "/live/connections")
