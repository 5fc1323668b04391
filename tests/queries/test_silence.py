"""Silence: how many callbacks usually come is learned from those that came, and a silence is judged by it."""

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from dialers.base import Connection
from models import CallbackHour, CallbackPace, Kept
from models.database import Database
from outcomes import callback_pace
from queries import health, heard, silence
from queries.lacking import lacking
from tests.chaos.disks import full
from tests.factories import receipt

RYNG = Connection("ryng-main", "ryng")
QVOICE = Connection("qvoice-main", "qvoice")  # posts no callbacks
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def at(days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes)


def office(weeks: int, a_day: int = 30) -> dict[datetime, int]:
    """So many callbacks an hour from 9 to 17 on working days, for the weeks before this Monday."""
    return {
        at(days=day - 7 * week, hours=hour): a_day
        for week in range(1, weeks + 1)
        for day in range(5)
        for hour in range(9, 17)
    }


OLD = at(days=-30)
FRIDAY_EVENING = at(days=-3, hours=16, minutes=58)


@pytest.mark.parametrize(
    ("first", "hours", "last", "now", "missed"),
    [
        # a weekend and a night say nothing; ten of thirty an hour are due by 9:20
        (OLD, office(4), FRIDAY_EVENING, at(hours=9, minutes=10), None),
        (OLD, office(4), FRIDAY_EVENING, at(hours=9, minutes=30), 16),
        (OLD, office(4), FRIDAY_EVENING, at(hours=14), 151),
        # too short to say, however many come
        (OLD, office(4, 6000), at(hours=10), at(hours=10, minutes=2), None),
        (OLD, office(4, 6000), at(hours=10), at(hours=10, minutes=3), 300),
        # one of the four weeks was a holiday
        (OLD, {hour: n for hour, n in office(4).items() if hour > at(days=-21)}, at(hours=9), at(hours=10), 22),
        # a week ago was the first day; then the same hours of the last days are asked
        (at(days=-2), {at(days=-2, hours=10): 40, at(days=-1, hours=10): 20}, at(hours=10), at(hours=10, minutes=30), 15),
        # it is twenty minutes old: sixty came within ten minutes, then none for six
        (at(hours=9, minutes=50), {at(hours=9): 60}, at(hours=10), at(hours=10, minutes=6), "60 came in the 10 min before."),
        # its past came first, a thousand at once: no pace
        (at(hours=9, minutes=59), {at(hours=9): 1000}, at(hours=10), at(hours=10, minutes=5), "1,000 came in the 60 s before."),
        (at(hours=9, minutes=50), {at(hours=9): 5}, at(hours=10), at(hours=10, minutes=6), None),
        # one callback ever: no pace
        (at(hours=9, minutes=50), {at(hours=9): 1}, at(hours=9, minutes=50), at(hours=10), None),
        # nothing has been counted yet
        (None, {}, at(hours=9), at(hours=20), None),
    ],
)  # fmt: skip
def test_a_silence_is_judged_by_what_is_usual(first, hours, last, now, missed):
    found = silence.silence(RYNG, last, first, hours, now)
    if isinstance(missed, str):
        assert found.missed is None and found.words.endswith(missed)
        return
    assert (found and found.missed) == missed
    if found:
        assert found.words.endswith(f"; about {missed} were to be expected in that time.")


@pytest.mark.parametrize(("minutes", "silent"), [(9, False), (11, True)])
def test_where_the_settings_say_how_often_that_alone_counts(minutes, silent):
    told = replace(RYNG, expect_every=timedelta(minutes=10))
    found = silence.silence(told, at(hours=3), OLD, office(4), at(hours=3, minutes=minutes))
    assert (found is not None) == silent
    if found:
        assert found.words == "No callback for 11 min; the settings expect one every 10 min."


def learned(database, now: datetime, connections=None):
    known = {"ryng-main": RYNG, "qvoice-main": QVOICE} if connections is None else connections
    steps = 1
    while callback_pace.learn(database, known, now):
        steps += 1
    with database.read() as session:
        hours = session.execute(select(CallbackHour.connection, CallbackHour.hour, CallbackHour.callbacks)).all()
        return {(name, hour): callbacks for name, hour, callbacks in hours}, steps


def test_the_past_is_counted_once_hour_by_hour(database):
    with database.write() as session:
        for minutes in (61, 65, 119, 121, 300):
            receipt(session, received_at=at(minutes=minutes))
            receipt(session, kind="connect", received_at=at(minutes=minutes))
        receipt(session, received_at=at(minutes=70), stranger=True, state="quarantined")
        receipt(session, received_at=at(minutes=70), source="report", kind="lead_history")
    now = at(minutes=310)
    hours, steps = learned(database, now)
    assert hours == {("ryng-main", at(hours=1)): 6, ("ryng-main", at(hours=2)): 2, ("ryng-main", at(hours=5)): 2}
    assert steps == 5  # an hour at a time, so that nothing is held up
    again, steps = learned(database, now)
    assert (again, steps) == (hours, 1)
    with database.write() as session:
        receipt(session, received_at=at(minutes=310))
    hours, _ = learned(database, at(minutes=312))
    assert hours["ryng-main", at(hours=5)] == 3


def test_two_workers_that_count_at_once_count_once(database):
    with database.write() as session:
        receipt(session, received_at=at(minutes=5))
    learned(database, at(minutes=10))
    with database.write() as session:  # another worker has counted up to here meanwhile
        receipt(session, received_at=at(minutes=11))
        session.get_one(CallbackPace, "ryng-main").counted_to = at(minutes=20)
    hours, _ = learned(database, at(minutes=15))
    assert hours == {("ryng-main", at()): 1}


def test_hours_that_nobody_asks_for_any_more_go(database):
    with database.write() as session:
        session.add(CallbackHour(connection="ryng-main", hour=at(days=-40), callbacks=7))
        receipt(session, received_at=at(minutes=5))
    learned(database, at(hours=2))
    with database.read() as session:
        assert session.scalar(select(func.min(CallbackHour.hour))) == at()


def test_a_silence_is_not_over_because_it_lasts(database):
    """Six weeks of thirty an hour, then none: also when the usual pace is longer ago than is looked back to, and when the
    receipts of the last callbacks are deleted for their age."""
    last = at(hours=17)
    with database.write() as session:
        session.add(CallbackPace(connection="ryng-main", since=at(days=-30), counted_to=last))
        session.add_all(
            CallbackHour(connection="ryng-main", hour=hour, callbacks=came)
            for hour, came in {**office(4), **{at(hours=hour): 30 for hour in range(9, 17)}}.items()
        )
        came = receipt(session, received_at=at(hours=16, minutes=59))
    for weeks in (1, 5, 8):
        now = last + timedelta(weeks=weeks)
        learned(database, now)
        with database.read() as session:
            (found,) = health.connections(session, {"ryng-main": RYNG}, now)
            ages = heard.callback_ages(session, {"ryng-main": RYNG}, now)
        assert found["silence"]["missed"] > 1_000 and ages[0][2], weeks
    assert found["silence"]["words"].endswith("were to be expected in its first 14 days.")
    with database.write() as session:
        session.delete(session.get(type(came), came.id))
        session.add(Kept(kind="receipts", since=at(days=60), rounds=1))
    with database.read() as session:
        (found,) = health.connections(session, {"ryng-main": RYNG}, now)
        ages = heard.callback_ages(session, {"ryng-main": RYNG}, now)
    assert found["last_callback_at"] == "2026-11-16T16:00:00Z" and found["silence"] and ages[0][2]


def test_what_was_never_heard_of_what_is_kept_is_not_said_never_to_have_come(database):
    with database.write() as session:
        session.add(Kept(kind="receipts", since=at(), rounds=1))
    with database.read() as session:
        (found,) = health.connections(session, {"ryng-main": RYNG}, at(days=30))
    assert (found["last_callback"], found["silence"]) == ("no callback since 2026-11-16", None)


def frozen(database) -> datetime:
    """Twenty minutes of callbacks, then none for six; the present."""
    with database.write() as session:
        for second in range(0, 1200, 10):
            receipt(session, received_at=at(hours=10) + timedelta(seconds=second))
    now = at(hours=10, minutes=26)
    learned(database, now)
    return now


def test_what_a_dialer_of_before_has_posted_is_not_waited_for(database):
    """The same name has another dialer by now, one that posts no callbacks."""
    now = frozen(database)
    with database.read() as session:
        (found,) = health.connections(session, {"ryng-main": replace(QVOICE, name="ryng-main")}, now)
    assert (found["silence"], found["last_callback"]) == (None, "last callback 6 min ago")


def test_a_frozen_dialer_is_a_trouble_and_no_quiet_connection(database):
    """Twenty minutes of callbacks, then none for six minutes."""
    now = frozen(database)
    with database.read() as session:
        (found,) = health.connections(session, {"ryng-main": RYNG}, now)
        ages = heard.callback_ages(session, {"ryng-main": RYNG, "qvoice-main": QVOICE}, now)
    assert found["silence"] == {
        "since": "2026-11-16T10:19:50Z",
        "missed": None,
        "expect_every": None,
        "words": "No callback for 6 min; 120 came in the 19 min before.",
    }
    assert ages == [("ryng-main", 370.0, True)]


def said_silent(database) -> list[bool]:
    """Whether pages and API, figures, and mails say that a connection is silent, an hour after its last callback."""
    own, now = {"ryng-main": replace(RYNG, expect_every=timedelta(minutes=5))}, at(hours=1)
    with database.read() as session:
        (shown,) = health.connections(session, own, now)
        figures = heard.callback_ages(session, own, now)
        lacks = lacking(session, own, {}, "UTC", now, 0)
    return [
        shown["silence"] is not None,
        any(silent for *_, silent in figures),
        any("no callback" in one for one in lacks),
    ]


def test_on_a_full_disk_nobody_is_said_to_be_silent(sqlite_template, disk_of):
    """What comes then is answered, and neither in the database nor in the spool."""
    folder = disk_of("20M")
    shutil.copy(sqlite_template, folder / "wrapup.db")
    with closing(Database(f"sqlite:///{folder}/wrapup.db")) as database:
        with database.write() as session:
            receipt(session, received_at=at())
        assert said_silent(database) == [True] * 3
        with full(folder):
            assert said_silent(database) == [False] * 3


def test_while_the_primary_takes_no_writes_nobody_is_said_to_be_silent(postgresql_url):
    with closing(Database(postgresql_url)) as database:
        with database.write() as session:
            receipt(session, received_at=at())
            name = database.url.database
        assert said_silent(database) == [True] * 3
        with database.write() as session:
            session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    with closing(Database(postgresql_url)) as database:
        assert said_silent(database) == [False] * 3
