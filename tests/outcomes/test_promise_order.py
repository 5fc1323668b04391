"""Promise 2: order and repetition do not matter. Generated call histories, on both databases, by 1 or 4 workers."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from lib import clock
from models import CallEvent, Receipt
from outcomes.normalize import normalize_pending
from outcomes.revisions import VISIBLE
from tests.evidence import CONNECTIONS, START, connect, outcomes, receipt, terminal
from tests.reruns import LATER, PROPERTY, deliver, drain, empty, facts, same_in_any_order

pytestmark = pytest.mark.slow


def moment(minutes: int) -> str:
    return clock.iso(START + timedelta(minutes=minutes))


@st.composite
def histories(draw):
    """The callbacks of one to three calls, each with one to three attempts, milestones, edits and retries."""
    bodies = []
    for call_id in range(1, draw(st.integers(1, 3)) + 1):
        for attempt in range(draw(st.integers(1, 3))):
            began = attempt * 60
            timed = {"callStarted": moment(began)} if draw(st.booleans()) else {}
            agent = {"agentID": draw(st.sampled_from([1, 2]))}
            for event in draw(
                st.sets(st.sampled_from(["agent-connected", "customer-connected", "moved", "call-ended"]))
            ):
                bodies.append(("connect", connect(call_id, event, **timed, **agent), began))
            if draw(st.booleans()):
                named = {} if draw(st.booleans()) else {"callLogID": None}
                times = {"callStarted": moment(began), "callEnded": moment(began + 2)}
                body = terminal(call_id, call_id * 10 + attempt, **times, **agent, **named)
                body |= {"status": draw(st.sampled_from(["2", "completed", "busy", "odd"]))}
                body |= {
                    "talktime": draw(st.sampled_from([0, 30, None])),
                    "callDuration": draw(st.sampled_from([90, None])),
                }
                undisposed = draw(st.booleans())
                if undisposed:
                    bodies.append(("terminal", body | {"disposition": None, "callDisposed": None}, began + 2))
                if not undisposed or draw(st.booleans()):
                    for edit in range(draw(st.integers(1, 2))):
                        words = {"disposition": f"Word {edit}", "callDisposed": moment(began + 3 + edit)}
                        bodies.append(("terminal", body | words, began + 3 + edit))
    delivered = []
    for kind, body, minute in bodies:
        for retry in range(draw(st.sampled_from([1, 1, 1, 2]))):
            delivered.append((kind, body, START + timedelta(minutes=minute + retry, seconds=len(delivered))))
    return delivered


def receipts(history):
    return [receipt(body, kind, at) for kind, body, at in history]


@pytest.mark.parametrize("workers", [1, 4])
@PROPERTY
@given(data=st.data())
def test_any_order_any_repetition_any_batches_give_the_same_outcomes(database, workers, data):
    history = data.draw(histories())
    evidence = receipts(history)
    expected = same_in_any_order(database, data, evidence, workers)

    # Reading everything again changes nothing, and gives nothing a new revision.
    before = {row.id: row.revision for row in outcomes(database, merged=True)}
    with database.write() as session:
        session.execute(update(Receipt).values(state="pending"))
    drain(database, workers, now=LATER)
    assert facts(database) == expected
    assert {row.id: row.revision for row in outcomes(database, merged=True)} == before


@PROPERTY
@given(data=st.data())
def test_ids_never_vanish_and_revisions_rise_only_on_real_change(database, data):
    order = data.draw(st.permutations(receipts(data.draw(histories()))))
    empty(database)
    seen: dict = {}
    for one in order:
        with database.write() as session:
            session.add(one)
        while normalize_pending(database, CONNECTIONS, now=START):
            pass
        now = {row.id: row for row in outcomes(database, merged=True)}
        assert seen.keys() <= now.keys()
        for known, before in seen.items():
            after = now[known]
            changed = any(getattr(before, name) != getattr(after, name) for name in (*VISIBLE, "merged_into"))
            assert after.revision == before.revision + changed
            assert (after.position > before.position) == changed
            # An attempt that the dialer has named keeps its id for ever.
            if before.attempt_id and not before.merged_into and not after.merged_into:
                assert after.attempt_id == before.attempt_id
            if before.merged_into:
                assert after.merged_into
        for row in now.values():
            assert row.merged_into is None or now[row.merged_into].merged_into is None
        seen = now


def test_every_event_is_counted_into_a_row_that_stands(database):
    empty(database)
    history = [
        ("connect", connect(1), START),
        ("terminal", terminal(1, 10), START),
        ("terminal", terminal(1, 11), START),
    ]
    deliver(database, [receipts(history)])
    with database.read() as session:
        homes = set(session.scalars(select(CallEvent.outcome_id)))
    assert homes == {row.id for row in outcomes(database)}
