"""How fresh what is read is, in words, wherever it is told."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from lib import clock
from lib import zones as iana
from models import CallbackHour, CallbackPace, Kept, PollCursor, Receipt, WorkerBeat
from models.polls import HISTORY
from tests import factories
from tests.web.conftest import CONNECTIONS
from tests.web.pages.shown import NOW, text, tile
from web.context import context
from web.pages import zones


def test_freshness_is_told_in_words(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.receipt(session, received_at=NOW - timedelta(seconds=14))
        factories.poll(session, layer="recent", complete_to=NOW - timedelta(minutes=3), due_at=NOW)
        factories.poll(session, layer="week", complete_to=NOW - timedelta(minutes=20), due_at=NOW)

    page = text(reader)

    assert "last callback 14 s ago" in page
    assert "lead history complete to 10:42<" in page


def test_of_what_nobody_has_heard_yet_nobody_says_that_it_is_well(reader, database, at_ten_forty_five):
    page = text(reader, "/live/connections")
    assert page.count('<span class="dot warn">') == len(CONNECTIONS) == page.count('<span class="dot ')
    with database.write() as session:
        factories.receipt(session, received_at=NOW)
    assert text(reader, "/live/connections").count('<span class="dot good">') == 1


def test_a_report_tells_when_it_last_heard_of_each_connection(reader, database, at_ten_forty_five):
    with database.write() as session:
        came = NOW - timedelta(hours=3)
        factories.receipt(session, received_at=came, seen_at=came, state="pending")
        factories.poll(session, layer="recent", complete_to=NOW - timedelta(days=1), due_at=NOW)

    page = " ".join(re.sub("<[^>]+>", "", text(reader, "/reports/attempts?tz=Asia/Kolkata")).split())

    assert "ryng-main: last callback at 13:15:00." in page
    assert "lead history complete to 2026-11-17 16:15, 4 h back; what is older has not been read yet" in page
    assert "What it records later comes later." in page
    assert "Receipts have been waiting to be read for 3 h, and what is shown lacks them." in page
    assert "comes later" not in text(reader, "/reports/attempts?tz=UTC&connection=ryng-main")  # it is asked for nothing


def test_a_past_that_is_not_at_its_end_is_told_wherever_freshness_is(reader, database, at_ten_forty_five):
    since, until = NOW - timedelta(days=30), NOW - timedelta(hours=1)
    with database.write() as session:
        factories.poll(session, complete_to=NOW, due_at=NOW)
        begun = factories.poll(
            session,
            layer=f"{HISTORY}{clock.iso(since)}/{clock.iso(until)}",
            complete_to=NOW - timedelta(days=20),
            last_started_at=NOW - timedelta(minutes=1),
            due_at=NOW,
        )
        session.flush()
        key = (begun.connection, begun.report, begun.layer)
    pages = ("/", "/connections/qvoice-main", "/reports/attempts?tz=UTC")
    past = "the lead history of 2026-10-19 10:45 to 09:45"
    assert all(f"{past} is being asked for and has come to 2026-10-29 10:45" in text(reader, page) for page in pages)

    with database.write() as session:
        row = session.get_one(PollCursor, key)
        row.due_at, row.last_started_at = NOW - timedelta(hours=2), NOW - timedelta(hours=2)
        row.error = "The dialer did not answer."
    goes_on = f"wrapup poll qvoice-main --since {clock.iso(since)} goes on"
    for page in pages:
        said = html.unescape(text(reader, page))
        asked = "asked for last at 08:45 (The dialer did not answer)"
        assert f"{past} has come to 2026-10-29 10:45 and no farther, {asked}: {goes_on}" in said, page


def test_receipts_that_nobody_reads_are_told_on_every_page(reader, database, at_ten_forty_five):
    with database.write() as session:
        row = factories.outcome(session)
        load = factories.load(session, leads=())
        came = NOW - timedelta(seconds=9)
        receipt = factories.receipt(session, received_at=came, state="pending", processed_at=None)
        lead, receipt_id = factories.lead(session, load), receipt.id
    paths = ["/calls", f"/calls/{row.id}", "/loads", f"/loads/{load.id}", f"/leads/{lead.id}", "/reports"]
    paths += ["/reports/times?tz=UTC", "/leads?figure=attempts_per_lead.leads&tz=UTC", "/views", "/schedules"]
    paths += ["/quarantine", f"/receipts/{receipt_id}", "/connections/ryng-main", "/destinations", "/zone", "/"]
    said = "and what is shown lacks them. Is a worker running?"
    soon = "Receipts wait to be read, the oldest for 119 s: what is shown lacks them."
    assert not any("what is shown lacks" in text(reader, path) for path in paths)

    def waits(**seconds):
        with database.write() as session:
            session.get_one(Receipt, receipt_id).seen_at = NOW - timedelta(**seconds)

    waits(seconds=119)
    for path in paths:
        page = text(reader, path)
        assert page.count(soon) == page.count("what is shown lacks") == 1, path
    assert "<title>Wrapup</title>" in text(reader), "it is no trouble"
    waits(minutes=3)
    for path in paths:
        page = text(reader, path)
        assert page.count(f"Receipts have been waiting to be read for 3 min, {said}") == 1 and soon not in page, path
    assert "<title>(1) Wrapup</title>" in text(reader)


def test_receipts_that_a_worker_is_at_work_on_are_told_so(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.receipt(session, received_at=NOW - timedelta(minutes=3), state="pending", processed_at=None)
    pages, begins = ("/", "/live/connections", "/calls"), "Receipts have been waiting to be read for 3 min, and what is"
    at_work, asks = "A worker is at work, and behind", "Is a worker running?"

    def heard(**loops):
        with database.write() as session:
            session.merge(WorkerBeat(worker="host:7:5d2a7e0c4b11", started_at=NOW, beat_at=NOW, loops=loops))

    for loops, why, other in (
        ({}, asks, at_work),
        ({"beats": 0.0, "normalize": 3.0}, at_work, asks),
        ({"beats": 0.0, "normalize": 90.0}, asks, at_work),  # it hangs
        ({"beats": 90.0, "normalize": 90.0}, asks, at_work),
    ):
        heard(**loops)
        for path in pages:
            page = text(reader, path)
            assert begins in page and why in page and other not in page, (path, loops)


def test_a_report_says_whose_last_callback_it_tells_while_others_wait(reader, app, database, at_ten_forty_five):
    with database.write() as session:
        factories.receipt(session, received_at=NOW - timedelta(minutes=6))
    said = "last callback at 10:39:00"
    assert f"{said}." in " ".join(text(reader, "/reports/attempts?tz=UTC").split())
    context(app).spool.append([b"x" * 90])
    assert f"{said}, of those that the database has" in text(reader, "/reports/attempts?tz=UTC")


def test_times_are_in_the_zone_that_the_reader_chose(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.poll(session, complete_to=NOW - timedelta(minutes=3), due_at=NOW)
    reader.get("/zone")
    assert reader.post("/zone", zone="Asia/Kolkata", next="/").location == "/"

    page = text(reader)

    assert "Times in Asia/Kolkata" in page
    assert "lead history complete to 16:12, 4 h back; what is older has not been read yet<" in page


def test_the_zones_are_read_once_and_not_for_each_of_them(reader, monkeypatch):
    asked = []
    real = iana.available_timezones
    monkeypatch.setattr(iana, "available_timezones", lambda: asked.append(1) or real())
    zones.all_known.cache_clear()
    iana.names.cache_clear()

    for _ in range(2):
        assert reader.get("/zone").get_data(as_text=True).count("<option") > 400
    assert asked == [1]


def test_a_zone_that_does_not_exist_is_refused(reader):
    reader.get("/zone")

    assert reader.post("/zone", zone="Mars/Olympus").status_code == 422

    reader.client.set_cookie(zones.COOKIE, "../../etc/passwd")
    assert "Times in UTC" in text(reader)


def test_today_is_the_readers_day(reader, database, at_ten_forty_five):
    with database.write() as session:
        # 18:29 and 18:31 UTC of the 17th: the second is today in India already.
        for minute in (29, 31):
            factories.outcome(session, started_at=datetime(2026, 11, 17, 18, minute, tzinfo=UTC))
        factories.outcome(session, connect_outcome="busy", started_at=NOW)

    assert tile(text(reader), "Attempts").startswith("1 1 of them over")

    reader.client.set_cookie(zones.COOKIE, "Asia/Kolkata")
    page = text(reader)
    assert tile(page, "Attempts").startswith("2 2 of them over")
    assert tile(page, "Connect rate").startswith("50.0 % 1 of 2 finished calls")
    assert "connect_outcome=busy&amp;since=2026-11-17T18:30:00Z&amp;until=2026-11-18T18:30:00Z" in page


@pytest.mark.parametrize(
    ("zone", "now", "begin", "hours"),
    [
        ("UTC", "2026-11-18T10:00:00Z", "2026-11-18T00:00:00Z", 24),
        ("Europe/Kyiv", "2026-03-29T10:00:00Z", "2026-03-28T22:00:00Z", 23),  # clocks go forward
        ("Europe/Kyiv", "2026-10-25T10:00:00Z", "2026-10-24T21:00:00Z", 25),  # and back
        ("Asia/Beirut", "2026-03-29T10:00:00Z", "2026-03-28T22:00:00Z", 23),  # forward at midnight
    ],
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(zone, now, begin, hours):
    since, until = zones.today(clock.parse(now), zone)

    assert clock.iso(since) == begin
    assert until - since == timedelta(hours=hours)


def test_a_report_remembers_a_callback_whose_receipt_was_deleted_as_the_first_page_does(
    reader, database, at_ten_forty_five
):
    came = NOW - timedelta(days=60, hours=1)
    with database.write() as session:
        hour = came.replace(minute=0, second=0, microsecond=0)
        session.add(Kept(kind="receipts", since=NOW - timedelta(days=30), rounds=1))
        session.add(CallbackPace(connection="ryng-main", since=came, counted_to=NOW))
        session.add(CallbackHour(connection="ryng-main", hour=hour, callbacks=3))
    assert "last callback 60 days ago" in text(reader)
    told = " ".join(re.sub("<[^>]+>", "", text(reader, "/reports/attempts?tz=UTC")).split())
    assert f"ryng-main: last callback at {hour:%Y-%m-%d %H:%M:%S}" in told
