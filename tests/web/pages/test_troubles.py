"""What is wrong, as a sentence, and what to do about it."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from leads import loads
from models import WorkerBeat
from models.polls import HISTORY
from models.schema import known
from outcomes import callback_pace
from tests import factories
from tests.databases import refuse_writes
from tests.web.conftest import CONNECTIONS
from tests.web.pages.shown import NOW, text
from upkeep.beats import Beats
from web.context import context
from web.pages import sentences


def test_trouble_is_told_as_a_sentence(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.poll(
            session,
            error_id="unavailable",
            error="The dialer did not answer within 30 s.",
            failures=3,
            last_ok_at=NOW - timedelta(hours=2),
        )
        factories.poll(session, layer="week", due_at=NOW - timedelta(minutes=9))
        # What an error says is of the last try: where nobody tries any more, the dialer may long be well.
        factories.poll(
            session, layer="yesterday", error="Refused.", failures=1, last_ok_at=None, due_at=NOW - timedelta(minutes=7)
        )
        factories.receipt(session, state="pending", received_at=NOW - timedelta(minutes=4), processed_at=None)
        factories.receipt(session, state="quarantined", reason="unparseable", body=b"{")

    page = text(reader)

    assert "The dialer did not answer within 30 s. Failed 3 times in a row; last succeeded 2 h ago." in page
    assert "should have been read 9 min ago. Is a worker running?" in page
    assert "Refused. Failed once; it has never succeeded." in page
    assert "should have been read again 7 min ago. Is a worker running?" in page
    assert "Receipts have been waiting to be read for 4 min" in page
    assert 'href="/quarantine?connection=ryng-main">1 in quarantine' in page


def test_what_is_late_because_the_dialer_does_not_answer_says_so(reader, database, at_ten_forty_five):
    hung = {"lease_owner": "w", "lease_until": NOW + timedelta(minutes=3), "due_at": NOW - timedelta(minutes=5)}
    with database.write() as session:
        asked = NOW - timedelta(minutes=2)
        factories.poll(session, layer="now", report="leads", last_started_at=asked, **hung)
        factories.poll(session, layer="now", report="campaign_status", due_at=NOW - timedelta(minutes=4))

    page = text(reader)

    assert "read 5 min ago. It has been asked for 2 min, and there is no answer yet." in page
    assert "read 4 min ago. It waits for the report leads, which has been asked for 2 min." in page


def test_of_what_is_not_asked_for_any_more_nothing_is_late(reader, database, at_ten_forty_five):
    """A connection that was removed, and a report that a dialer of before had under this name: no worker will ever read them."""
    late = {"due_at": NOW - timedelta(days=3), "error": "It did not go well.", "error_id": "unavailable", "failures": 9}
    with database.write() as session:
        factories.receipt(session, connection="qvoice-old", dialer="qvoice")
        factories.poll(session, connection="qvoice-old", **late)
        history = {"layer": f"{HISTORY}2026-01-01T00:00:00Z/2026-02-01T00:00:00Z", "last_started_at": NOW}
        factories.poll(session, connection="qvoice-old", **history | {"due_at": NOW - timedelta(days=3)})
        factories.load(session, ["pending"], connection="qvoice-old", state="parked", finished_at=None)
        factories.poll(session, connection="qvoice-main", report="calls", **late)
    for path in ("/", "/connections/qvoice-old", "/connections/qvoice-main"):
        page = text(reader, path)
        for wrong in ("should have been read", "It did not go well.", "goes on", "Correct the credentials"):
            assert wrong not in page, (path, wrong)
    page = text(reader, "/connections/qvoice-old")
    assert "nothing is asked of its dialer or sent there" in page and "lead history complete to" in page
    assert "not in the settings (any more)" in text(
        reader, "/reports/attempts?connection=qvoice-old&tz=UTC&group_by=day"
    )


@pytest.mark.parametrize(
    "error_id, todo",
    [
        ("unavailable", "Is the dialer up? Check the address under [connections.qvoice-main]"),
        ("credentials_refused", "Correct the credentials under [connections.qvoice-main]"),
        ("walk_stuck", None),  # the error itself says what there is to say
    ],
)
def test_what_to_do_about_a_trouble_stands_once_beside_it(reader, database, at_ten_forty_five, error_id, todo):
    with database.write() as session:
        for layer in ("recent", "week"):
            factories.poll(session, layer=layer, error_id=error_id, error="It did not go well.", due_at=NOW)

    page = html.unescape(text(reader))

    assert page.count("It did not go well.") == 2
    if todo:
        assert page.count(todo) == 1
    else:
        assert "Check the address" not in page


def test_a_database_of_a_newer_release_is_said_to_stand_still(reader, database):
    pages = ("/", "/live/connections", "/connections/ryng-main")
    assert not any("made by a newer release" in text(reader, path) for path in pages)
    with database.write() as session:
        session.execute(sql("UPDATE alembic_version SET version_num = '9999'"))
    try:
        assert all("made by a newer release" in text(reader, path) for path in pages)
    finally:
        with database.write() as session:
            session.execute(sql("UPDATE alembic_version SET version_num = :latest"), {"latest": max(known())})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_takes_no_writes_is_said(reader, app):
    """For SQLite's file: tests/models/test_writing.py."""
    pages = ("/", "/live/connections", "/connections/ryng-main")
    assert not any("takes no writes" in text(reader, path) for path in pages)
    refuse_writes(context(app).database)
    assert all("The database takes no writes: callbacks are kept in the spool" in text(reader, path) for path in pages)
    assert "<title>(1) " in reader.get("/").text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nobody_is_told_that_callbacks_are_in_a_spool_that_takes_nothing_either(reader, app):
    refuse_writes(context(app).database)
    context(app).spool.probe()
    folder = context(app).spool.folder
    folder.rename(folder.with_name("away"))
    folder.symlink_to("spool")  # a circle
    for path in ("/", "/connections/ryng-main"):
        page = html.unescape(text(reader, path))
        assert "callbacks are in the error log and in memory alone" in page and "kept in the spool" not in page, path


def test_a_worker_that_was_killed_is_said_to_be_away_before_anything_waits_for_it(reader, database, at_ten_forty_five):
    pages = ("/", "/live/connections", "/connections/ryng-main")
    said = "No worker is at work: the last was seen 12 min ago"

    def last_seen(minutes):
        with database.write() as session:
            session.merge(
                WorkerBeat(
                    worker="host:7:5d2a7e0c4b11",
                    started_at=NOW - timedelta(hours=2),
                    beat_at=NOW - timedelta(minutes=minutes),
                    loops={"beats": 0.0, "normalize": 0.1},
                )
            )

    assert not any("has ended, hangs or is stopped" in text(reader, path) for path in pages)
    known = "No worker is known to be at work: none was ever started"  # as here
    assert known in text(reader)
    last_seen(minutes=-58)  # and has hung since, and then the clock was set back
    assert "or its clock is ahead of this one" in text(reader)
    last_seen(minutes=0.5)
    assert not any("No worker" in text(reader, path) for path in pages)
    last_seen(minutes=12)
    assert all(said in text(reader, path) for path in pages)
    assert "<title>(1) " in text(reader)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_where_nothing_can_be_written_no_worker_is_said_to_be_away(reader, app, database, at_ten_forty_five):
    with database.write() as session:
        before = {"started_at": NOW - timedelta(hours=2), "beat_at": NOW - timedelta(minutes=12)}
        session.add(WorkerBeat(worker="host:7:5d2a7e0c4b11", loops={"beats": 0.0}, **before))
    refuse_writes(context(app).database)
    assert not any("No worker" in text(reader, path) for path in ("/", "/connections/ryng-main"))


def test_where_nothing_can_be_written_nobody_is_told_that_nothing_can_be_shown(reader, app):
    refuse_writes(context(app).database)
    answer = reader.post("/login", key=reader.key)
    assert answer.status_code == 503 and "The database can be read and takes no writes now" in answer.text
    assert "No figures can be shown" not in answer.text
    assert reader.get("/").status_code == 200


def test_nobody_is_called_silent_whose_callbacks_may_wait_in_the_spool(reader, app, database, at_ten_forty_five):
    with database.write() as session:
        for seconds in range(360, 1560, 10):
            factories.receipt(session, received_at=NOW - timedelta(seconds=seconds))
    while callback_pace.learn(database, CONNECTIONS, NOW):
        continue
    said = "No callback for 6 min"
    assert said in text(reader) and said in text(reader, "/connections/ryng-main")
    assert 'wrapup_callback_silent{connection="ryng-main"} 1.0' in text(reader, "/metrics")

    context(app).spool.append([b"x" * 90])

    marks = re.findall(r'class="dot (\w+)"></span><a href="/connections/([\w-]+)"', text(reader))
    assert ("warn", "ryng-main") in marks  # no mark of health beside what may wait
    for path in ("/", "/live/connections", "/connections/ryng-main"):
        page = text(reader, path)
        assert said not in page and "last callback 6 min ago, of those that the database has" in page, path
    assert "wrapup_callback_silent{" not in text(reader, "/metrics")
    assert "wrapup_callback_age_seconds{" not in text(reader, "/metrics")


def test_what_waits_in_the_spool_is_said_to_be_missing(reader, app, at_ten_forty_five):
    said = "what is shown lacks them"
    for path in ("/", "/live/connections", "/calls", "/quarantine", "/connections/ryng-main"):
        assert said not in text(reader, path)
    context(app).spool.append([b"x" * 90])
    for path in ("/", "/live/connections", "/calls", "/quarantine", "/connections/ryng-main"):
        assert text(reader, path).count(said) == 1, path
    context(app).spool.folder.rename(context(app).spool.folder.with_name("away"))
    context(app).spool.folder.symlink_to("spool")  # a circle
    assert "cannot be read" in text(reader, "/calls")


def test_leads_in_doubt_are_a_mark_a_sentence_and_what_to_do(reader, database, at_ten_forty_five):
    with database.write() as session:
        doubtful = factories.load(session, [{"state": "unknown", "settled_at": NOW - factories.minutes(15)}, "unknown"])
        factories.load(session, ["accepted"])

    said = "sending leads: 2 leads are in doubt, the oldest for 15 min: somebody has to decide"
    assert said in text(reader)
    page = text(reader, "/connections/ryng-main")
    assert said in page and f"<code>{doubtful.id}</code>" in page and "wrapup leads decide LOAD accepted" in page

    with database.write() as session:
        loads.decide(session, doubtful.id, "rejected")
    assert "in doubt" not in text(reader) + text(reader, "/connections/ryng-main")


def test_a_silence_that_is_not_usual_is_a_trouble(reader, database, at_ten_forty_five):
    with database.write() as session:
        for seconds in range(360, 1560, 10):
            factories.receipt(session, received_at=NOW - timedelta(seconds=seconds))
    while callback_pace.learn(database, CONNECTIONS, NOW):
        continue

    page = text(reader)

    assert "last callback 6 min ago" in page
    said = "No callback for 6 min; 120 came in the 19 min before."
    assert f'<p class="trouble">{said} Does it place calls, and does it have the present callback URLs?</p>' in page
    assert '<span class="dot bad"></span>' in page
    scraped = reader.get("/metrics").get_data(as_text=True)
    assert 'wrapup_callback_silent{connection="ryng-main"} 1.0' in scraped


def test_that_no_worker_is_known_is_said_on_the_page_of_a_connection_as_on_the_first(reader, database):
    for path in ("/", "/connections/ryng-main"):
        assert sentences.NO_WORKER_KNOWN in text(reader, path)
    Beats(database).write()
    for path in ("/", "/connections/ryng-main"):
        assert sentences.NO_WORKER_KNOWN not in text(reader, path)
