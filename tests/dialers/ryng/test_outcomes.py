"""From callbacks to outcomes: one call under two names, and a call that is dialled again."""

import itertools
from datetime import timedelta

import pytest

from tests.evidence import START, connect, keep, normalize, outcomes, receipt, terminal
from tests.reruns import copies, empty


def at(minute: float):
    return START + timedelta(minutes=minute)


def shown(database, name="attempt_id") -> list[tuple]:
    return [(row.call_id, getattr(row, name), row.connect_outcome, row.settling) for row in outcomes(database)]


def in_every_order(database, evidence, one_by_one=True) -> None:
    """Deliver the same receipts in every order, each by itself; what is shown must be the same."""
    found = set()
    for order in itertools.permutations(evidence):
        empty(database)
        for batch in [[one] for one in order] if one_by_one else [order]:
            keep(database, *copies(batch))
            normalize(database)
        found.add(tuple(sorted(map(str, shown(database)))))
    assert len(found) == 1


# One attempt under callLogID alone, and under both ids -----------------------------------------------------------------
ALONE = {"callID": None}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
@pytest.mark.parametrize("batches", [1, 4])
def test_a_body_with_the_log_id_alone_and_one_with_both_are_one_attempt(database, order, batches):
    told = [
        receipt(terminal(19, 49, **ALONE, disposition=None, callDisposed=None), at=at(2)),
        receipt(terminal(19, 49), at=at(3)),
        receipt(connect(19), "connect", at(1)),
        receipt(
            terminal(19, 50, **ALONE, callStarted="2026-11-18T11:00:00Z", callEnded="2026-11-18T11:02:00Z"), at=at(62)
        ),
    ]
    told = [told[which] for which in order]
    for batch in [told] if batches == 1 else [[one] for one in told]:
        keep(database, *batch)
        normalize(database)
    first, second = sorted(outcomes(database), key=lambda row: row.attempt_id)
    assert (first.call_id, first.attempt_id, first.disposition, first.settling) == ("19", "49", "Interested", "settled")
    assert (second.call_id, second.attempt_id) == (None, "50")  # nobody has said yet whose it is

    keep(
        database,
        receipt(terminal(19, 50, callStarted="2026-11-18T11:00:00Z", callEnded="2026-11-18T11:02:00Z"), at=at(63)),
    )
    normalize(database)
    assert [row[:2] for row in shown(database)] == [("19", "49"), ("19", "50")]
    merged = [row for row in outcomes(database, merged=True) if row.merged_into]
    assert {row.merged_into for row in merged} <= {row.id for row in outcomes(database)}


@pytest.mark.parametrize("batches", [1, 3])
def test_two_calls_that_have_one_log_id_stay_two(database, batches):
    told = [receipt(terminal(call, 1), at=at(call)) for call in (19, 20, 21)]
    for batch in [told] if batches == 1 else [[one] for one in told]:
        keep(database, *batch)
        normalize(database)
    assert [row[:2] for row in shown(database)] == [("19", "1"), ("20", "1"), ("21", "1")]


def test_a_terminal_callback_without_the_log_id_is_of_the_attempt_that_ended_then(database):
    in_every_order(
        database,
        [
            receipt(terminal(19, None), at=at(2)),
            receipt(terminal(19, 49, disposition="Call back later", callDisposed="2026-11-18T10:03:00Z"), at=at(3)),
            receipt(connect(19), "connect", at(1)),
        ],
    )
    (row,) = outcomes(database)
    assert (row.attempt_id, row.disposition) == ("49", "Call back later")


# Dialled again ---------------------------------------------------------------------------------------------------------
def test_a_redial_is_a_new_attempt_from_its_first_callback_on(database):
    keep(database, receipt(connect(), "connect", at(0)), receipt(terminal(status="no-answer", talktime=0), at=at(2)))
    normalize(database)
    (finished,) = outcomes(database)
    # The very same words: campaigns' connect callbacks state no start.
    keep(database, receipt(connect(), "connect", at(30)), receipt(connect(), "connect", at(31)))
    normalize(database, now=at(31))
    again = {row.attempt_id: row for row in outcomes(database)}
    assert (again["49"].id, again["49"].revision, again["49"].connect_outcome) == (
        finished.id,
        finished.revision,
        "no_answer",
    )
    assert (again[None].connect_outcome, again[None].settling) == ("in_progress", "provisional")

    times = {"callStarted": "2026-11-18T10:30:00Z", "callEnded": "2026-11-18T10:33:00Z", "callDisposed": None}
    keep(database, receipt(terminal(log_id=50, **times), at=at(33)))
    normalize(database, now=at(33))
    both = {row.attempt_id: row for row in outcomes(database)}
    assert set(both) == {"49", "50"}
    assert both["50"].id == again[None].id  # the row that was shown as the call in progress
    assert both["49"].revision == finished.revision


@pytest.mark.parametrize("minute, attempts", [(0.5, 1), (2.5, 1), (4.5, 1), (30, 2)])
def test_a_connect_callback_may_be_late_but_not_for_ever(database, minute, attempts):
    in_every_order(
        database,
        [
            receipt(connect(), "connect", at(0)),
            receipt(connect(event="customer-connected"), "connect", at(minute)),
            receipt(terminal(), at=at(2)),
            receipt(terminal(), at=at(3)),
        ],
        one_by_one=minute == 30,
    )
    assert len(outcomes(database)) == attempts


def test_two_agents_who_were_tried_in_a_call_without_times(database):
    agents = [{"agentID": 1, "agentUsername": "a@x.test"}, {"agentID": 2, "agentUsername": "b@x.test"}]
    named = set()
    for order in (agents, agents[::-1]):
        empty(database)
        keep(database, *(receipt(connect(**agent), "connect", at(n)) for n, agent in enumerate(order)))
        normalize(database)
        (row,) = outcomes(database)
        named.add((row.agent_id, row.agent_username))
    assert len(named) == 1
