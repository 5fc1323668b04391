"""The change feed over HTTP: where to begin, some connections only, and waiting for what comes."""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import requests

from dialers.base import Connection
from lib import clock, ending
from outcomes import feed as feed_places
from queries import feed
from rig.patience import stretched
from rig.waiting import until
from sandbox.server import running
from tests.evidence import RYNG, START, keep, normalize, outcomes, receipt, terminal
from web import long_polls
from web.context import context

CHANGES = "/api/v1/outcomes/changes"
OTHER = replace(RYNG, name="ryng-two")
MINUTE = timedelta(minutes=1)


def told(database, number, connection: Connection = RYNG, at=START, **fields):
    """A call of its own, which changed at this time."""
    keep(database, receipt(terminal(number, number, **fields), connection=connection, at=at))
    normalize(database, {connection.name: connection}, now=at)


def ids_of(answer) -> list[str]:
    return [row["call_id"] for row in answer.json["outcomes"]]


def test_now_is_what_changes_from_now_on(reader, database):
    told(database, 1)
    first = reader.get(f"{CHANGES}?after=now").json
    assert (first["outcomes"], first["more"]) == ([], False)
    told(database, 2)
    told(database, 1, disposition="Call back later")
    assert ids_of(reader.get(f"{CHANGES}?after={first['next']}")) == ["2", "1"]


def test_now_of_a_feed_without_anything_is_a_place(reader, database):
    first = reader.get(f"{CHANGES}?after=now").json
    told(database, 1)
    assert ids_of(reader.get(f"{CHANGES}?after={first['next']}")) == ["1"]


def test_a_time_is_every_outcome_that_changed_then_or_later(reader, database):
    for minute in range(6):
        told(database, minute, at=START + minute * MINUTE)
    for written, expected in (
        ("2026-11-18T10:03:00Z", ["3", "4", "5"]),
        ("2026-11-18T12:03:00+02:00", ["3", "4", "5"]),
        ("2026-11-18T10:03:00", ["3", "4", "5"]),  # without a zone, UTC
        ("2026-11-18T10:03:00.000001Z", ["4", "5"]),
        ("2026-11-18", ["0", "1", "2", "3", "4", "5"]),
        ("2020-01-01T00:00:00Z", ["0", "1", "2", "3", "4", "5"]),
        ("2150-01-01T00:00:00Z", []),
    ):
        answer = reader.get(CHANGES, query_string={"after": written})
        assert ids_of(answer) == expected, written
    told(database, 1, at=START, disposition="Call back later")  # what comes is behind it, whatever its time
    assert ids_of(reader.get(CHANGES, query_string={"after": answer.json["next"]})) == ["1"]


def test_a_time_begins_at_the_lowest_place_and_not_at_the_first_row(reader, database):
    """A batch that began first may be visible last: places and times are not in one order."""
    for number, minute in enumerate((0, 5, 2, 6, 1)):
        told(database, number, at=START + minute * MINUTE)
    answer = reader.get(f"{CHANGES}?after=2026-11-18T10:05:00Z")
    assert ids_of(answer) == ["1", "2", "3", "4"]  # 2 and 4 changed before, and stand behind
    assert ids_of(reader.get(f"{CHANGES}?after=2026-11-18T10:06:00Z")) == ["3", "4"]


def test_a_time_finds_what_changed_again_and_what_was_merged(reader, database):
    told(database, 1, at=START)
    told(database, 2, at=START + MINUTE)
    told(database, 1, at=START + 2 * MINUTE, disposition="Call back later")
    unnamed = {name: value for name, value in terminal(2, 2).items() if name != "callLogID"}
    keep(database, receipt(unnamed | {"callEnded": "2026-11-18T10:03:00.000Z"}, at=START + 3 * MINUTE))
    normalize(database, now=START + 3 * MINUTE)
    told(database, 2, at=START + 4 * MINUTE, callEnded="2026-11-18T10:03:00.000Z")
    rows = reader.get(f"{CHANGES}?after=2026-11-18T10:04:00Z").json["outcomes"]
    assert len(rows) == 2 and len([row for row in rows if row["merged_into"]]) == 1
    assert ids_of(reader.get(f"{CHANGES}?after=2026-11-18T10:02:00Z"))[0] == "1"


def test_a_time_knows_the_epoch(reader, database):
    told(database, 1)
    with database.write() as session:
        state = feed_places.begin_epoch(session, clock.now())
    answer = reader.get(f"{CHANGES}?after=2150-01-01")
    assert (answer.status_code, answer.json["outcomes"]) == (200, [])
    told(database, 2, at=START + MINUTE)
    answer = reader.get(f"{CHANGES}?after=2026-11-18T10:01:00Z")
    assert ids_of(answer) == ["2"]
    assert reader.get(f"{CHANGES}?after={answer.json['next']}").status_code == 200
    assert answer.json["outcomes"][0]["position"] > state.begins_above


@pytest.mark.parametrize(
    "after", ["2026-13-01", "2026-11-01T25:00:00Z", "1900-01-01", "Now", "tomorrow", "2026-11-01x"]
)
def test_what_is_neither_is_refused(reader, after):
    answer = reader.get(CHANGES, query_string={"after": after})
    assert answer.status_code == 422 and "after" in answer.json["details"]


def test_a_connection_is_followed_alone_and_its_end_moves_on(reader, database):
    told(database, 1)
    told(database, 2, OTHER)
    told(database, 3)
    answer = reader.get(f"{CHANGES}?connection=ryng-two")
    assert (ids_of(answer), answer.json["more"]) == (["2"], False)
    last = feed.place(answer.json["next"]).position
    assert last == max(row.position for row in outcomes(database))  # beyond the rows of others
    told(database, 4, OTHER)
    assert ids_of(reader.get(f"{CHANGES}?connection=ryng-two&after={answer.json['next']}")) == ["4"]
    both = reader.get(f"{CHANGES}?connection=ryng-two&connection=ryng-main&limit=2")
    assert (ids_of(both), both.json["more"]) == (["1", "2"], True)
    assert ids_of(reader.get(f"{CHANGES}?connection=nobody")) == []


def test_rows_of_others_are_passed_over_some_at_a_time(reader, database, monkeypatch):
    monkeypatch.setattr(feed, "LOOKED_AT", 3)
    for number in range(10):
        told(database, number, OTHER if number in (5, 9) else RYNG)
    seen, after, answers = [], "", 0
    while True:
        page = reader.get(CHANGES, query_string={"connection": "ryng-two", "after": after}).json
        seen += [row["call_id"] for row in page["outcomes"]]
        after, answers = page["next"], answers + 1
        if not page["more"]:
            break
    assert (seen, answers) == (["5", "9"], 4)
    page = reader.get(f"{CHANGES}?connection=ryng-two&limit=1").json
    assert (page["outcomes"], page["more"]) == ([], True)


@contextmanager
def later(act, seconds=0.3):
    thread = threading.Timer(seconds, act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_waiting_ends_with_what_comes(reader, database, monkeypatch):
    monkeypatch.setattr(long_polls, "LOOK_SECONDS", 0.05)
    told(database, 1)
    place = reader.get(f"{CHANGES}?after=now").json["next"]
    began = time.monotonic()
    with later(lambda: told(database, 2)):
        answer = reader.get(f"{CHANGES}?wait=30&after={place}")
    assert ids_of(answer) == ["2"]
    assert 0.3 <= time.monotonic() - began < stretched(10)


def test_waiting_for_one_connection_goes_on_while_others_have_news(reader, database, monkeypatch):
    monkeypatch.setattr(long_polls, "LOOK_SECONDS", 0.05)
    with later(lambda: (told(database, 1), told(database, 2, OTHER))):
        answer = reader.get(f"{CHANGES}?wait=30&after=now&connection=ryng-two")
    assert ids_of(answer) == ["2"]


def test_waiting_is_over_in_time_and_what_is_there_is_not_waited_for(reader, database):
    began = time.monotonic()
    answer = reader.get(f"{CHANGES}?wait=1")
    assert (answer.json["outcomes"], answer.json["more"]) == ([], False)
    assert 1.0 <= time.monotonic() - began < stretched(3)
    told(database, 1)
    began = time.monotonic()
    assert ids_of(reader.get(f"{CHANGES}?wait=60")) == ["1"]
    assert time.monotonic() - began < stretched(2)


def test_a_feed_that_begins_again_meanwhile_is_said(reader, database, monkeypatch):
    monkeypatch.setattr(long_polls, "LOOK_SECONDS", 0.05)

    def restart():
        with database.write() as session:
            feed_places.begin_epoch(session, clock.now())

    with later(restart):
        answer = reader.get(f"{CHANGES}?wait=30")
    assert (answer.status_code, answer.json["error_id"]) == (409, "feed_restarted")


def test_who_finds_no_seat_is_answered_at_once(app, reader, database, monkeypatch):
    """More who wait than there are seats: the others are told that there is nothing, and nobody's thread is held for them."""
    monkeypatch.setattr(long_polls, "LOOK_SECONDS", 0.05)
    seats = threading.BoundedSemaphore(2)
    monkeypatch.setattr(long_polls, "_seats", seats)
    answers, key = [], {"Authorization": f"Bearer {reader.key}"}

    def wait():
        answers.append(app.test_client().get(f"{CHANGES}?wait=30", headers=key))

    threads = [threading.Thread(target=wait) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: seats._value == 0, 10)
    began = time.monotonic()
    assert reader.get(f"{CHANGES}?wait=30").json["outcomes"] == []
    assert time.monotonic() - began < stretched(3)
    told(database, 1)
    for thread in threads:
        thread.join()
    assert [ids_of(answer) for answer in answers] == [["1"], ["1"]]
    assert seats._value == 2


def test_who_waits_is_let_go_when_the_process_is_told_to_end(reader, database, monkeypatch):
    told_to_end = threading.Event()
    monkeypatch.setattr(long_polls, "ENDING", told_to_end)
    assert long_polls.ENDING is not ending.ENDING
    began = time.monotonic()
    with later(told_to_end.set):
        assert reader.get(f"{CHANGES}?wait=60").json["outcomes"] == []
    assert time.monotonic() - began < stretched(5)


@pytest.mark.parametrize("wait", ["61", "-1", "1.5", "long"])
def test_a_wait_is_a_minute_at_most(reader, wait):
    assert reader.get(f"{CHANGES}?wait={wait}").status_code == 422


def test_waiting_holds_no_connection_to_the_database(app, reader, database, monkeypatch):
    monkeypatch.setattr(long_polls, "LOOK_SECONDS", 0.2)
    pool = context(app).database.engine.pool
    with running(app) as url:
        thread = threading.Thread(
            target=requests.get,
            args=(f"{url}{CHANGES}?wait=2",),
            kwargs={"headers": {"Authorization": f"Bearer {reader.key}"}, "timeout": 30},
        )
        thread.start()
        until(lambda: long_polls._seats._value < long_polls.SEATS, 10)
        looks = [pool.checkedout() for _ in range(40) if time.sleep(0.01) is None]
        thread.join()
    assert looks.count(0) > 20
