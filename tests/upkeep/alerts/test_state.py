"""What becomes of an alert: when it begins and ends, and who is told what of it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from lib import clock
from tests.factories import NOON
from upkeep.alerts import messages
from upkeep.alerts.condition import KEEPS, WARNING
from upkeep.alerts.conditions import NAMED
from upkeep.alerts.digest import Digests
from upkeep.alerts.judging import Figures, Windows, Wrong, judged
from upkeep.alerts.settings import Alerts
from upkeep.alerts.state import BEGAN, ENDED, WAS, State

CONDITION = NAMED["receipts_wait"]
WRONG = Wrong("[1]", WARNING, timedelta(minutes=3), "It waits.", CONDITION)
ALL = frozenset({"critical", "warning"})


class Told:
    """A state through the minutes, and what one channel is told."""

    def __init__(self):
        self.state, self.now = State(), NOON

    def minute(self, *wrong, minutes=1, unknown=(), quiet=False, held=(), digests=False, taken=True):
        told = []
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            self.state.advance(wrong, unknown, self.now, quiet)
            notes = self.state.notes("mail", held, digests)
            if taken:
                self.state.told("mail", notes)
            told += [note.what for note in notes]
            self.state = State.read(self.state.document())  # as after a restart
        return told


@pytest.fixture
def told():
    return Told()


def test_each_channel_is_told_once_that_it_began_and_once_that_it_ended(told):
    assert told.minute(WRONG, minutes=3) == []  # it has to last
    assert told.minute(WRONG, minutes=5) == [BEGAN]
    assert told.minute(minutes=10) == [ENDED]
    assert [note.what for note in told.state.notes("webhook", (), False)] == [WAS]


def test_what_lasts_for_a_moment_is_no_alert_and_what_flaps_is_told_once(told):
    assert told.minute(WRONG, minutes=2) == told.minute() == told.minute(WRONG, minutes=3) == []
    assert told.minute(WRONG) == [BEGAN]
    assert told.minute(minutes=int(KEEPS / timedelta(minutes=1))) == told.minute(WRONG, minutes=5) == []


def test_what_nobody_can_judge_has_neither_begun_nor_ended(told):
    told.minute(WRONG, minutes=4)
    assert told.minute(minutes=30, unknown={CONDITION.name}) == []
    assert told.minute(minutes=5) == [ENDED]


def test_what_is_well_again_is_over_though_the_clock_was_ahead_then(told):
    told.minute(WRONG, minutes=4)
    told.now += timedelta(hours=1)
    told.minute()
    told.now -= timedelta(hours=1)
    assert told.minute(minutes=4) == [ENDED]


def test_what_could_not_be_told_is_told_when_it_can_be(told):
    assert told.minute(WRONG, minutes=5, taken=False) == [BEGAN, BEGAN]
    assert told.minute(WRONG) == [BEGAN]
    told.minute(minutes=5, taken=False)
    assert told.minute() == [ENDED]
    told.minute(WRONG, minutes=6, taken=False)
    told.minute(minutes=5, taken=False)
    assert told.minute() == [WAS]  # in one, since it is over


def test_quiet_hours_keep_back_what_is_still_true_at_their_end(told):
    assert told.minute(WRONG, minutes=9, quiet=True, held=ALL) == []
    assert told.minute(WRONG) == [BEGAN]
    assert told.minute(minutes=9, quiet=True, held=ALL) == []
    assert told.minute() == [ENDED]


@pytest.mark.parametrize(("digests", "said"), [(True, []), (False, [WAS])])
def test_what_began_and_ended_in_quiet_hours_is_left_to_the_digest(told, digests, said):
    told.minute(WRONG, minutes=9, quiet=True, held=ALL, digests=digests)
    assert told.minute(minutes=9, quiet=True, held=ALL, digests=digests) == []
    assert told.minute(minutes=9, digests=digests) == said


def test_what_is_critical_is_told_at_any_hour_where_the_settings_say_so(told):
    night = NOON.replace(hour=1)
    quiet = Alerts(quiet=(time(22), time(7)), tz="UTC")
    assert quiet.held(night) == ALL and quiet.held(NOON) == frozenset()
    assert replace(quiet, except_critical=True).held(night) == {"warning"}
    assert told.minute(WRONG, minutes=9, quiet=True, held={"critical"}) == [BEGAN]


@pytest.mark.parametrize(
    ("hour", "tz", "is_quiet"),
    [(22, "UTC", True), (21, "UTC", False), (6, "UTC", True), (7, "UTC", False), (20, "Europe/Kyiv", True)],
)
def test_quiet_hours_are_those_of_a_clock_there(hour, tz, is_quiet):
    assert Alerts(quiet=(time(22), time(7)), tz=tz).is_quiet(NOON.replace(hour=hour, minute=0)) is is_quiet


def test_a_channel_that_fails_rests_longer_and_longer(told):
    waits = []
    for _ in range(6):
        told.state.not_told("mail", "hangs", NOON)
        waits.append(next(m for m in range(60) if not told.state.rests("mail", NOON + timedelta(minutes=m))))
    assert waits == [1, 2, 5, 15, 15, 15]
    assert not told.state.rests("mail", NOON - timedelta(days=1)), "a clock that was set back holds nobody up"
    told.state.told("mail", [])
    assert told.state.channels["mail"].failures == 0


def test_a_clock_that_is_set_back_holds_no_alert_up(told):
    told.minute(WRONG)
    told.now -= timedelta(days=1)
    assert told.minute(WRONG, minutes=5) == [BEGAN]


def test_a_machine_that_begins_in_1970_is_watched_then_and_when_it_knows_the_time(told):
    told.now = datetime(1970, 1, 1, tzinfo=UTC)
    assert told.minute(WRONG, minutes=2) == []
    told.now = NOON
    assert told.minute(WRONG) == [BEGAN]
    assert told.minute(minutes=10) == [ENDED]


def test_the_end_of_what_only_an_earlier_release_knows_is_told(told):
    """Its condition is gone with an update while the alert was on: who was told that it began is told that it is over."""
    gone = replace(WRONG, condition=replace(CONDITION, name="of_an_earlier_release"))
    told.minute(gone, minutes=4)
    told.minute(minutes=int(KEEPS / timedelta(minutes=1)) + 1, taken=False)
    (note,) = told.state.notes("mail", (), False)
    settings = Alerts(public_url="https://calls.example.com")
    assert note.what == ENDED and "It is over" in messages.body([note], settings)
    assert messages.shown(note, settings)["runbook_url"] == "https://calls.example.com/docs/alerts.md"


def test_an_hour_that_comes_twice_makes_no_second_digest():
    """In Kyiv 03:00 to 04:00 comes twice on 25 October 2026, at 00:00 and at 01:00 UTC."""
    digests = Digests(Alerts(digest=time(3, 30), tz="Europe/Kyiv"), None, {}, None, None)
    night, last, made = datetime(2026, 10, 24, 22, tzinfo=UTC), "2026-10-23", []
    for quarter in range(16):
        now = night + timedelta(minutes=15 * quarter)
        if digests.is_due(now, last):
            last = digests.due(now)
            made.append((last, f"{now:%H:%M}"))
    assert made == [("2026-10-24", "00:30")]
    assert digests.is_due(night + timedelta(days=1), "2027-01-01"), "a clock that was far ahead holds none up"


@pytest.mark.parametrize(
    ("now", "last", "since"),
    [
        ("2026-11-24T04:00:09Z", "2026-11-22", "2026-11-23T04:00:00Z"),
        ("2026-10-25T04:00:09Z", "2026-10-23", "2026-10-24T03:00:00Z"),  # 25 hours: clocks were set back in the night
        ("2027-03-28T03:00:09Z", "2027-03-26", "2027-03-27T03:00:09Z"),  # 23 hours between the two
        (
            "2026-11-24T09:00:00Z",
            "2026-11-21",
            "2026-11-22T04:00:00Z",
        ),  # no worker ran at the hour of one, nor of the next
        ("2026-11-24T04:00:09Z", "2027-01-01", "2026-11-23T04:00:09Z"),  # the clock was far ahead
    ],
)
def test_what_quiet_hours_left_to_a_digest_is_within_what_the_next_tells(now, last, since):
    digests = Digests(Alerts(digest=time(6), tz="Europe/Kyiv"), None, {}, None, None)
    assert digests.since(clock.read(now), last) == clock.read(since)


def test_what_is_told_and_over_is_forgotten_in_time(told):
    told.minute(WRONG, minutes=5)
    told.minute(minutes=5)
    told.state.forget(["mail"], told.now + timedelta(days=1))
    assert told.state.alerts
    told.state.forget(["mail", "webhook"], told.now + timedelta(days=9))
    assert told.state.alerts, "the webhook was not told yet"
    told.state.forget(["mail"], told.now + timedelta(days=9))
    assert not told.state.alerts


def test_what_has_grown_is_told_at_its_end_by_the_most_that_it_was():
    """Fifteen processes died in two minutes: fifteen minutes later the window has but the last of them."""
    condition, state, told = NAMED["processes_end"], State(), []
    for minute, count in enumerate([0, 1, 8, *[15] * 20]):
        now = NOON + timedelta(minutes=minute)
        figures = Figures({condition.metric: {(("process", "receivers"),): float(count)}})
        state.advance(*judged([condition], figures, state.windows, now), now, False)
        notes = state.notes("mail", (), False)
        state.told("mail", notes)
        told += [(note.what, note.alert.summary.partition("): ")[2]) for note in notes]
        state = State.read(state.document())
    assert [(what, said.partition(".")[0]) for what, said in told] == [(BEGAN, "1"), (ENDED, "15")]
    assert not any(name.endswith("most") for name in state.windows.kept)


def test_what_grows_is_compared_with_its_least_within_the_time():
    windows, over = Windows(), timedelta(minutes=15)
    grown = [
        windows.grown("a", value, NOON + timedelta(minutes=minute), over)
        for minute, value in [(0, 5), (1, 7), (2, 3), (3, 4), (10, 6), (17, 6), (18, 6), (26, 6), (27, 6)]
    ]
    assert grown == [0, 2, 0, 1, 3, 3, 2, 0, 0]
    assert len(windows.kept["a"]) == 1
