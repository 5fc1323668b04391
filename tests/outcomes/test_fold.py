"""Events in, rows out: what is a repetition, what a row says when, and whether it may still change. Without a database."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from outcomes.fold import fold
from tests.told import AGENT_ANSWERED, CONNECTION, DIALED, DISPOSED, ENDED, PLAIN, iso, moment, number, some, told

WINDOW = CONNECTION.disposition_window / timedelta(minutes=1)
LONG_AFTER = moment(99 * WINDOW)


def row(events, now=LONG_AFTER, connection=CONNECTION, dialer=PLAIN):
    """The only attempt, in whatever order its events are given."""
    found = [fold(list(order), connection, dialer, now) for order in permutations(events)]
    folded = [attempt for (attempt,) in found]
    assert all(attempt.values == folded[0].values for attempt in folded)
    return folded[0]


# Repetitions --------------------------------------------------------------------------------------------------------------
def posted(minute, notes, attempt=None, kind=ENDED, happened=None, **given):
    return told(kind, minute, happened, attempt=attempt, source="callback:call", notes=notes, **given)


def shown(minute, notes):
    return told(ENDED, minute, notes=notes)


# What came -> what the row says in the end, and how many of the events were no repetition
REPETITIONS = {
    "a callback's retry says nothing new": ([posted(0, "a"), posted(1, "b"), posted(2, "a")], "b", 2),
    "a report's row, seen again after another, is news": ([shown(0, "a"), shown(1, "b"), shown(2, "a")], "a", 3),
    "a retry alone": ([posted(0, "a"), posted(2, "a")], "a", 1),
    "other words are no retry": ([posted(0, "a"), posted(2, "b")], "b", 2),
    "a retry may be as late as three minutes": ([posted(0, "a"), posted(1, "b"), posted(3, "a")], "b", 2),
    "later than that the call is dialled again": ([posted(0, "a"), posted(1, "b"), posted(3.1, "a")], "a", 3),
    "and what comes then may be tried again, too": (
        [posted(0, "a"), posted(4, "a"), posted(5, "b"), posted(6, "a")],
        "b",
        3,
    ),
    "from the last delivery of the first dialling nothing is counted": (
        [posted(0, "a"), posted(2, "a"), posted(4, "a")],
        "a",
        2,
    ),
    "where the attempt is named, however late": (
        [posted(0, "a", "1"), posted(1, "b", "1"), posted(600, "a", "1")],
        "b",
        2,
    ),
    "of another kind of event it is no retry": ([posted(0, "a"), posted(1, "a", kind=DISPOSED)], "a", 2),
    "nor of another time, though not the later": (
        [posted(0, "a", happened=5), posted(1, "b", happened=3), posted(2, "a", happened=1)],
        "a",
        3,
    ),
    "a time's own retry": ([posted(0, "a", happened=5), posted(1, "a", happened=5)], "a", 1),
}


@pytest.mark.parametrize("reason", REPETITIONS)
def test_repetitions(reason):
    events, notes, news = REPETITIONS[reason]
    attempt = row(events)
    assert (attempt.values["notes"], len(attempt.first)) == (notes, news)
    assert sorted(event.id for event in attempt.events) == sorted(event.id for event in events)


def test_the_first_delivery_is_the_one_that_counts():
    attempt = row([posted(5, "a"), posted(3, "a"), posted(4, "a")])
    (first,) = attempt.first
    assert first.received_at == moment(3)
    assert attempt.values["set_by"]["notes"] == str(first.receipt_id)


def test_of_deliveries_that_were_seen_at_once_the_first_by_receipt_and_place():
    same = [posted(0, "a", receipt=2), posted(0, "a", receipt=1, ordinal=1), posted(0, "a", receipt=1, ordinal=0)]
    (first,) = row(same).first
    assert (first.receipt_id, first.ordinal) == (number(1), 0)


def test_of_another_attempt_it_is_no_retry():
    events = [posted(0, "a", "1"), posted(1, "a", "2")]
    folded = fold(events, CONNECTION, PLAIN, LONG_AFTER)
    assert [(attempt.attempt_key, len(attempt.first)) for attempt in folded] == [("1", 1), ("2", 1)]


def test_members_in_another_order_are_the_same_words():
    other = {"queue_name": "q", "notes": "a"}
    again = [told(ENDED, at, attempt=None, source="callback:call", **other) for at in (1, 2)]
    assert len(row([posted(0, "a", queue_name="q"), *again]).first) == 1


def test_a_repetition_keeps_nothing_waiting():
    events = [posted(0, "a", "1", connect_outcome="connected"), posted(30, "a", "1", connect_outcome="connected")]
    assert row(events, now=moment(31)).values["settle_by"] == moment(WINDOW)


# Attempts -----------------------------------------------------------------------------------------------------------------
def test_a_dialer_is_asked_for_attempts_by_arrival():
    asked = []

    def attempts(events):
        asked.append([event.facts["notes"] for event in events])
        return {"b": events[1:], "a": events[:1]}

    events = [
        told(ENDED, 9, seen=0, notes="1"),
        told(ENDED, 1, receipt=1, ordinal=1, notes="2"),
        told(ENDED, 1, receipt=1, ordinal=2, notes="3"),
        told(ENDED, 1, receipt=2, ordinal=0, notes="4"),
    ]
    for order in permutations(events):
        folded = fold(list(order), CONNECTION, replace(PLAIN, attempts=attempts), LONG_AFTER)
        assert [attempt.attempt_key for attempt in folded] == ["a", "b"]
    assert {tuple(one) for one in asked} == {("1", "2", "3", "4")}


@pytest.mark.parametrize(("attempts", "named"), [((None, None), False), ((None, "1"), True), (("1", "1"), True)])
def test_an_attempt_is_named_where_any_event_names_it(attempts, named):
    events = [told(AGENT_ANSWERED, at, attempt=attempt) for at, attempt in enumerate(attempts)]
    assert row(events).named is named


# Values -------------------------------------------------------------------------------------------------------------------
TIMES = dict(zip(("started_at", "answered_at", "ended_at"), (1, 2, 3), strict=True))


@pytest.mark.parametrize(
    ("stated", "occurred"),
    [
        (TIMES, 1),
        ({"answered_at": 2, "ended_at": 3}, 2),
        ({"ended_at": 3}, 3),
        ({}, 7),  # when it was seen first
        ({"created_at": 4, "disposed_at": 4, "callback_at": 4}, 7),
    ],
)
def test_when_a_call_was(stated, occurred):
    end = told(ENDED, 8, **{name: iso(at) for name, at in stated.items()})
    values = row([end, told(DIALED, 7, seen=9)]).values
    assert values["occurred_at"] == moment(occurred)
    assert {name: values[name] for name in stated} == {name: moment(at) for name, at in stated.items()}


def test_what_nobody_says():
    values = row([told(ENDED)]).values
    assert {name: value for name, value in values.items() if value not in (None, {}, [])} == {
        "connect_outcome": "unknown",
        "settling": "never_disposed",
        "is_final": True,
        "sources": ["report:calls"],
        "first_seen_at": moment(0),
        "occurred_at": moment(0),
    }
    assert (values["flags"], values["custom_fields"], values["notes"]) == ([], {}, None)


def test_where_it_comes_from():
    events = [
        told(ENDED, source=one, receipt=at, notes="n") for at, one in enumerate(("report:b", "callback:a", "report:b"))
    ]
    values = row(events).values
    assert values["sources"] == ["callback:a", "report:b"]
    assert values["set_by"] == {"notes": str(number(2))}


def test_seconds_that_nobody_states_are_measured():
    values = row([told(ENDED, started_at=iso(0), ended_at=iso(2))]).values
    assert (values["duration_seconds"], values["duration_source"]) == (120, "computed")


# Settling -----------------------------------------------------------------------------------------------------------------
NEVER_DISPOSES = replace(PLAIN, disposes=lambda values: values["direction"] != "inbound")
BEFORE, AFTER = WINDOW - 1, WINDOW  # minutes after the last news, within its window and not
RUNG, OVER = told(DIALED, connect_outcome="in_progress"), told(ENDED, connect_outcome="connected")
OPEN = {outcome: told(ENDED, connect_outcome=outcome) for outcome in ("pending", "in_progress", "retry_scheduled")}

# events, minutes later -> connect outcome, settling, whether a time is set to look again
SETTLINGS = {
    "not over": ([RUNG], BEFORE, ("in_progress", "provisional", True)),
    "not over, though somebody answered": (
        [told(AGENT_ANSWERED, connect_outcome="connected")],
        BEFORE,
        ("in_progress", "provisional", True),
    ),
    "nothing is said of it": ([told(DIALED)], BEFORE, ("in_progress", "provisional", True)),
    "not begun": ([told(DIALED, connect_outcome="pending")], BEFORE, ("pending", "provisional", True)),
    "to be tried again": (
        [told(DIALED, connect_outcome="retry_scheduled")],
        BEFORE,
        ("retry_scheduled", "provisional", True),
    ),
    "its end was never told": ([RUNG], AFTER, ("unknown", "never_disposed", False)),
    "nor was it of one that somebody answered": (
        [told(AGENT_ANSWERED, connect_outcome="connected")],
        AFTER,
        ("unknown", "never_disposed", False),
    ),
    "over, and a disposition may come": ([OVER], BEFORE, ("connected", "awaiting_disposition", True)),
    "it did not come": ([OVER], AFTER, ("connected", "never_disposed", False)),
    "over, nobody knows how": ([told(ENDED)], BEFORE, ("unknown", "awaiting_disposition", True)),
    "an end in a word of before the end": ([OPEN["in_progress"]], BEFORE, ("unknown", "awaiting_disposition", True)),
    "an end that is pending": ([OPEN["pending"]], BEFORE, ("unknown", "awaiting_disposition", True)),
    "an end that is to be tried again": ([OPEN["retry_scheduled"]], AFTER, ("unknown", "never_disposed", False)),
    "nobody has anything to record": ([told(ENDED, connect_outcome="busy")], BEFORE, ("busy", "settled", False)),
    "nor of a machine": ([told(ENDED, connect_outcome="voicemail")], AFTER, ("voicemail", "settled", False)),
    "disposed": ([OVER, told(DISPOSED, disposition="Sale")], BEFORE, ("connected", "settled", False)),
    "disposed in the same record": (
        [told(ENDED, connect_outcome="connected", disposition="Sale")],
        BEFORE,
        ("connected", "settled", False),
    ),
    "disposed without a word": ([OVER, told(DISPOSED, disposed_at=iso(1))], BEFORE, ("connected", "settled", False)),
    "a disposition alone tells that the call is over": (
        [told(DISPOSED, disposition="Sale")],
        BEFORE,
        ("unknown", "settled", False),
    ),
    "a record of the agent's work that says nothing": (
        [told(DISPOSED)],
        BEFORE,
        ("unknown", "awaiting_disposition", True),
    ),
    "a call of a kind that is never disposed": (
        [told(ENDED, connect_outcome="connected", direction="inbound")],
        BEFORE,
        ("connected", "settled", False),
    ),
}


@pytest.mark.parametrize("reason", SETTLINGS)
def test_settling(reason):
    events, minute, (outcome, settling, waits) = SETTLINGS[reason]
    values = row(events, moment(minute), dialer=NEVER_DISPOSES).values
    assert (values["connect_outcome"], values["settling"]) == (outcome, settling)
    assert values["settle_by"] == (moment(WINDOW) if waits else None)
    assert values["is_final"] is (settling != "provisional")


@pytest.mark.parametrize(("told_so", "settling"), [(True, "awaiting_disposition"), (False, "settled")])
def test_a_connection_knows_better_whether_a_disposition_comes(told_so, settling):
    end = told(ENDED, connect_outcome="connected", direction="inbound")
    connection = replace(CONNECTION, states_dispositions=told_so)
    assert row([end], moment(1), connection, NEVER_DISPOSES).values["settling"] == settling


def test_the_window_runs_from_the_last_news_by_our_clock():
    connection = replace(CONNECTION, disposition_window=timedelta(minutes=10))
    news = [told(ENDED, 0, 500, connect_outcome="connected"), told(DIALED, 0, 900, seen=3)]
    expected = {"settling": "awaiting_disposition", "settle_by": moment(13)}
    assert some(row(news, moment(12.9), connection).values, expected) == expected
    assert row(news, moment(13), connection).values["settling"] == "never_disposed"
