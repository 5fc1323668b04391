"""A scrape: what it costs whoever asks often, what runs here, and what should be there."""

import re
import shutil
import sys
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from lib import clock
from models import CallbackPace, PollCursor
from models.database import Database
from models.schema import known
from service.passage.refusals import tally
from tests.factories import NOON, load, poll, receipt
from upkeep.alerts.judging import Figures
from upkeep.beats import Beats
from upkeep.metrics import machine
from web.context import context
from web.scraped import Scraped


@pytest.fixture
def nobody(app):
    return app.test_client()


def figures(text: str) -> dict[str, float]:
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def asked(app) -> list[str]:
    """The statements of one scrape."""
    said: list[str] = []

    def note(connection, cursor, statement, *_):
        said.append(statement)

    engine = context(app).database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert app.test_client().get("/metrics").status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return said


def test_who_scrapes_ten_times_a_second_is_given_one_answer(app, database):
    context(app).scraped = Scraped(60.0)
    assert asked(app)
    with database.write() as session:
        receipt(session)
    assert [asked(app) for _ in range(10)] == [[]] * 10
    context(app).scraped = Scraped(0.0)
    assert asked(app)


def test_what_runs_is_said(nobody, database):
    (line,) = [one for one in figures(nobody.get("/metrics").text) if one.startswith("wrapup_build_info")]
    labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
    assert labels.keys() == {"version", "python", "database", "schema"}
    assert labels["python"] == ".".join(map(str, sys.version_info[:3])) and labels["schema"] == max(known())
    assert re.fullmatch(r"(sqlite|postgresql) \d+(\.\d+)+", labels["database"])
    assert labels["database"].startswith("sqlite" if database.is_sqlite else "postgresql")


def test_what_is_set_up_has_its_figures_from_the_beginning(nobody):
    """A figure that begins with its first trouble could not be seen to grow, nor be missed."""
    found = figures(nobody.get("/metrics").text)
    assert found['wrapup_set_up{what="connections"}'] == 2
    assert found['wrapup_set_up{what="polled"}'] == 1
    assert found['wrapup_set_up{what="heard"}'] == 0
    for name in ("ryng-main", "qvoice-main"):
        for metric in ("quarantined_receipts", "misaddressed_receipts", "suppressed_leads_by_hand"):
            assert found[f'wrapup_{metric}{{connection="{name}"}}'] == 0
    assert found['wrapup_leads_unknown{connection="qvoice-main"}'] == 0


def test_a_figure_of_what_a_dialer_of_before_has_posted_is_not_missed(nobody, database):
    """The name has another dialer by now, one that posts nothing."""
    with database.write() as session:
        for name in ("ryng-main", "qvoice-main", "removed"):
            session.add(CallbackPace(connection=name, since=NOON, counted_to=NOON))
    assert figures(nobody.get("/metrics").text)['wrapup_set_up{what="heard"}'] == 1


def test_quarantine_counts_what_came_with_a_right_to(nobody, database):
    with database.write() as session:
        receipt(session, state="quarantined", reason="unparseable")
        receipt(session, state="quarantined", reason="unparseable", dismissed_at=clock.now())
        receipt(session, state="quarantined", reason="wrong_token", stranger=True)
    found = figures(nobody.get("/metrics").text)
    assert found['wrapup_quarantined_receipts{connection="ryng-main"}'] == 1


def test_the_room_on_the_disk(nobody):
    found = figures(nobody.get("/metrics").text)
    assert 0 < found["wrapup_disk_free_bytes"] <= found["wrapup_disk_bytes"]
    assert "wrapup_database_disk_free_bytes" not in found, "it is no disk of its own"


def test_the_room_on_the_disk_of_sqlites_file_where_that_is_another_one(tmp_path, another_disk):
    def found(url: str) -> dict[str, float]:
        database = Database(url)
        values = Figures.of(machine.figures(tmp_path, tally(tmp_path), 0, database.file)).values
        database.close()
        return {name: sum(one.values()) for name, one in values.items() if "disk" in name}

    file, link = another_disk / "wrapup.db", tmp_path / "wrapup.db"
    told = found(f"sqlite:///{file}")
    assert told["wrapup_database_disk_bytes"] == shutil.disk_usage(another_disk).total
    assert 0 < told["wrapup_database_disk_free_bytes"] <= told["wrapup_database_disk_bytes"]
    assert told["wrapup_disk_bytes"] == shutil.disk_usage(tmp_path).total
    for url in (f"sqlite:///{link}", "postgresql://127.0.0.1/x"):
        assert found(url).keys() == {"wrapup_disk_bytes", "wrapup_disk_free_bytes"}
    link.symlink_to(file)
    assert found(f"sqlite:///{link}").keys() == told.keys(), "SQLite follows the link"


def test_nobody_knows_how_long_it_waits_where_the_clock_was_set_back(nobody, database):
    def found() -> dict[str, float]:
        return figures(nobody.get("/metrics").text)

    assert found()["wrapup_pending_age_seconds"] == 0
    with database.write() as session:
        receipt(session, received_at=clock.now() + timedelta(hours=1), state="pending")
    told = found()
    assert "wrapup_pending_age_seconds" not in told and told["wrapup_up"] == 1
    assert not any(name.startswith("wrapup_callback_age_seconds") for name in told)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_takes_no_writes_is_said(nobody, app):
    """For SQLite's file: tests/models/test_writing.py."""

    def told() -> tuple[float, float]:
        found = figures(nobody.get("/metrics").text)
        return found["wrapup_up"], found["wrapup_database_read_only"]

    assert told() == (1, 0)
    event.listen(context(app).database.engine, "begin", lambda line: line.exec_driver_sql("SET TRANSACTION READ ONLY"))
    assert told() == (1, 1)


def test_workers_say_when_their_loops_went_round(nobody, database):
    def ages() -> dict[str, float]:
        found = figures(nobody.get("/metrics").text)
        return {name: age for name, age in found.items() if name.startswith("wrapup_worker_beat_age_seconds")}

    assert ages() == {}
    one, other = Beats(database), Beats(database)
    one.note("normalize")
    one.write()
    other.write()
    told = ages()
    assert set(told) == {f'wrapup_worker_beat_age_seconds{{loop="{name}"}}' for name in ("beats", "normalize")}
    assert all(0 <= age < 60 for age in told.values())
    one.end()
    assert set(ages()) == {'wrapup_worker_beat_age_seconds{loop="beats"}'}
    other.end()
    assert ages() == {}
    Beats(database, lambda: clock.now() + timedelta(hours=1)).write()
    assert ages() == {}, "it was killed, and the clock was set back: nobody knows how long ago"
    living = Beats(database)
    living.write()
    assert set(ages()) == {'wrapup_worker_beat_age_seconds{loop="beats"}'}


def test_a_layer_that_is_asked_for_seldom_is_not_behind_while_it_is_on_time(app, nobody, database):
    """With ``poll_seconds = 600`` the week is asked for every five hours, and its report all the same every ten minutes."""
    now, context(app).scraped = clock.now(), Scraped(0.0)

    def behind(layer: str) -> float:
        found = figures(nobody.get("/metrics").text)
        return found[f'wrapup_poll_behind_seconds{{connection="qvoice-main",layer="{layer}",report="lead_history"}}']

    with database.write() as session:
        poll(session, layer="recent", complete_to=now - timedelta(minutes=4), due_at=now + timedelta(minutes=6))
        poll(session, layer="week", complete_to=now - timedelta(hours=3), due_at=now + timedelta(hours=2))
    assert behind("week") < 300 > behind("recent") >= 240
    with database.write() as session:
        session.execute(update(PollCursor).where(PollCursor.layer == "week").values(due_at=now - timedelta(minutes=3)))
    assert behind("week") >= 3 * 3600 > behind("recent"), "late"


def test_loads_that_are_parked_at_a_connection_that_was_removed_are_no_trouble_of_its_credentials(nobody, database):
    with database.write() as session:
        load(session, leads=("pending",), connection="removed", state="parked")
        load(session, leads=("pending",), connection="qvoice-main", state="parked")
    found = figures(nobody.get("/metrics").text)
    parked = {name: value for name, value in found.items() if name.startswith("wrapup_loads_parked")}
    assert sum(parked.values()) == parked['wrapup_loads_parked{connection="qvoice-main"}'] == 1
