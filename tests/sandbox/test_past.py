"""A sandbox's past and its restarts: the same past whenever it is told, no id of a run before, no call before its lead."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from rig.patience import stretched
from sandbox import past
from sandbox.jaicp.book import Book
from sandbox.jaicp.dialer import Jaicp
from sandbox.qvoice.dialer import QVoice
from sandbox.ringostat import calls as ringostat_calls
from sandbox.ringostat.dialer import Ringostat
from sandbox.ryng import past as ryng_past
from sandbox.ryng.dialer import Ryng
from tests.sandbox.receiver import Receiver, receiving

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)  # a Wednesday
LATER = NOW + timedelta(hours=30)


def test_the_past_is_office_hours_of_days_that_are_over():
    told = [at for at, _ in past.moments(NOW, 14, 20)]
    assert told == sorted(told, key=lambda at: at.date()) and len({at.date() for at in told}) == 13  # two Sundays
    assert all(at.weekday() != 6 and 8 <= at.hour < 18 and at < NOW - past.STILL_GOING for at in told)
    assert sum(at.weekday() == 5 for at in told) == 2 * 6
    assert list(past.moments(NOW, 0, 20)) == []


def test_the_past_is_the_same_when_it_is_told_again():
    first = {at for at, _ in past.moments(NOW, 14, 20)}
    again = {at for at, _ in past.moments(LATER, 14, 20)}
    common = {at for at in again if at < NOW - past.STILL_GOING}
    assert common <= first and len(common) > 150 and again - first


@pytest.mark.parametrize("seed", [1, 2])
def test_qvoice_that_was_started_again_tells_the_same_past_and_new_calls(seed):
    def told(dice, at):
        qvoice = QVoice(seed=dice, now=at.timestamp)
        qvoice.furnish(past_calls=0, past_days=14)
        rows = {call.columns["call_id"]: call.columns for call in qvoice.calls(None, None)}
        qvoice._call(at.timestamp(), 0)
        (new,) = {call.columns["call_id"] for call in qvoice.calls(None, None)} - set(rows)
        return rows, new, list(qvoice.campaigns)

    first, again = told(0, NOW), told(seed, LATER)
    assert first[2] == again[2]
    both = set(first[0]) & set(again[0])
    assert len(both) > 150 and all(first[0][one] == again[0][one] for one in both)
    assert first[1] != again[1] and first[1] not in again[0]


def test_ringostat_that_was_started_again_tells_the_same_past():
    def told(seed, at):
        ringostat = Ringostat(seed=seed, now=lambda: at)
        ringostat.furnish(past_calls=0, past_days=14)
        return {call.uniqueid: call.row(ringostat.zone) for call in ringostat.log("2026", "2027")}

    first, again = told(1, NOW), told(2, LATER)
    both = set(first) & set(again)
    assert len(both) > 150 and all(first[one] == again[one] for one in both)


def test_ryng_posts_its_past_once_and_under_ids_that_stay():
    def told():
        receiver, stop = Receiver(), threading.Event()
        with receiving(receiver) as (connect, terminal), Ryng(time_scale=0.01) as ryng:
            wanted = len(list(past.moments(datetime.now(UTC), 2, 9)))
            ryng_past.start(ryng, connect, terminal, 2, 9, stop)
            until = time.monotonic() + stretched(20)
            while len(ryng.calls) < wanted and time.monotonic() < until:
                time.sleep(0.05)
            ryng.drain()
        return [seen.json for seen in receiver.of_kind("terminal")]

    first, again = told(), told()
    assert first and {body["callID"] for body in first} == {body["callID"] for body in again}
    assert {body["callLogID"] for body in first} == {body["callLogID"] for body in again}
    now = datetime.now(UTC)
    assert all(datetime.fromisoformat(body["callEnded"]) < now for body in first)


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_no_call_of_ryng_begins_before_it_was_asked_for_or_ends_in_the_future(scale):
    asked = datetime.now(UTC)
    with Ryng(time_scale=scale) as ryng:
        for at in range(40):
            call = ryng.place(f"+9198125500{at:02d}", None, None, asked_for=True)
            ends = asked + timedelta(
                seconds=5 + scale * max(step.offset for step in ryng._placed[call.call_id].plan.steps)
            )
            for attempt in call.attempts:
                assert asked <= call.created <= attempt.started <= attempt.ended <= ends
                assert (attempt.talk_seconds > 0) == (attempt.status == "completed")


def test_qvoice_calls_no_lead_that_has_just_come():
    qvoice = QVoice(now=NOW.timestamp)
    qvoice.furnish(leads=0, past_calls=0)
    campaign = next(iter(qvoice.campaigns))
    qvoice.add_lead(campaign, {"number": "+12125550100", "created": 0})
    qvoice._call(NOW.timestamp(), 0)
    assert qvoice.calls(None, None) == []
    qvoice.now = LATER.timestamp
    qvoice._call(LATER.timestamp(), 0)
    (call,) = qvoice.calls(None, None)
    assert call.columns["timestamp"] >= NOW.timestamp()


@pytest.mark.parametrize("seconds", [0.01, 1, 7.4, 90])
def test_a_call_of_ringostat_lasts_as_long_as_it_says(seconds):
    for talk in (0, 200):
        columns = ringostat_calls.lasting({"waittime": 20, "billsec": talk}, seconds)
        assert columns["waittime"] + columns["billsec"] == columns["duration"] == max(1, round(seconds))
        assert (columns["billsec"] > 0) == (talk > 0)


def test_jaicp_goes_on_with_its_numbers(tmp_path):
    book = Book(tmp_path / "book")
    items = [{"phone": 79115550000 + at} for at in range(30)]
    first = Jaicp({"renewals": "demo"}, now=lambda: 1000.0, book=book, at_once=10)
    ids = first.add("renewals", items, "key")
    again = Jaicp({"renewals": "demo"}, now=lambda: 5000.0, book=book, at_once=10)
    first.now = lambda: 5000.0
    assert again.add("renewals", items, "key") == ids  # the same request again
    assert again.rows("renewals", ids, []) == first.rows("renewals", ids, [])
    assert min(row["startedAt"] for row in again.rows("renewals", ids, [])) >= 1000_000
    assert not set(again.add("renewals", items, "another")) & set(ids)
    with book._path.open("a") as file:
        file.write('{"campaign": "ren')
    assert len(Jaicp({"renewals": "demo"}, book=book).taken()) == 60


def test_jaicp_calls_some_at_once():
    jaicp = Jaicp({"renewals": "demo"}, now=lambda: 1000.0, at_once=10)
    ids = jaicp.add("renewals", [{"phone": 79115550000 + at} for at in range(30)])
    jaicp.now = lambda: 1030.0
    begun = [row["jobStatus"] != "planned" for row in jaicp.rows("renewals", ids, [])]
    assert begun == [True] * 10 + [False] * 20
