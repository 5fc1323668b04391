"""Promise 2 for polled rows: the same call with and without its id, late and corrected dispositions, in any order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from dialers.base import Connection
from models import CallGroup, Receipt
from tests.evidence import CONNECTIONS, START, keep, normalize, outcomes, receipt
from tests.reruns import LATER, PROPERTY, copies, deliver, drain, empty, facts

pytestmark = pytest.mark.slow

QVOICE = Connection("qvoice-main", "qvoice", settings={}, default_country="US")


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    monkeypatch.setitem(CONNECTIONS, QVOICE.name, QVOICE)


EPOCH = 1_763_460_000


def row(second: int, **more) -> dict:
    """A row as documented; ``more`` are the columns of a richer one."""
    return {
        "timestamp": EPOCH + second,
        "campaign_name": "spring",
        "lead_number": "+12195011918",
        "lead_name": "Raven",
        "agent_name": "Jim",
        "agent_extension": "1071",
        "lead_history": [],
    } | more


def polled(body: dict, minute: float) -> Receipt:
    at = START + timedelta(minutes=minute)
    return receipt(body, "lead_history", at, QVOICE, source="report", method=None, headers=None)


@st.composite
def reports(draw):
    """Up to three calls to one number, some within the same second, each seen in several versions."""
    found = []
    for call in range(draw(st.integers(1, 3))):
        second = draw(st.sampled_from([0, 0, 60]))
        call_id = f"call-{call}"
        answered = draw(
            st.sampled_from([{}, {"answered_time": 0}, {"answered_time": EPOCH + 9, "agent_talk_time": 30}])
        )
        hangup = draw(st.sampled_from([{}, {"campaign_timestamps": {"lead_hangup_time": EPOCH + 50}}]))
        cause = draw(st.sampled_from([{}, {"hangup_cause": "USER_BUSY"}, {"hangup_cause": "NORMAL_CLEARING"}]))
        for version in range(draw(st.integers(1, 4))):
            body = row(second, **answered, **cause, **hangup)
            form = draw(st.sampled_from(["documented", "rich", "id only"]))
            if form != "documented":
                body["call_id"] = call_id
            if form == "id only":
                del body["timestamp"]
            if draw(st.booleans()):
                body |= {"agent_disposition": draw(st.sampled_from(["Sold", "Lost"])), "follow_up_notes": f"v{version}"}
            found.append(polled(body, draw(st.integers(0, 60))))
    return found


@pytest.mark.parametrize("workers", [1, 4])
@PROPERTY
@given(data=st.data())
def test_any_order_any_batches_give_the_same_outcomes(database, workers, data):
    evidence = data.draw(reports())
    unique = {(one.content_hash): one for one in evidence}  # the poller keeps each content once
    evidence = list(unique.values())
    empty(database)
    deliver(database, [copies(evidence)])
    expected = facts(database)

    order = data.draw(st.permutations(evidence))
    size = data.draw(st.integers(1, len(order)))
    empty(database)
    deliver(database, [copies(order[at : at + size]) for at in range(0, len(order), size)], workers)
    assert facts(database) == expected

    with database.write() as session:
        session.execute(update(Receipt).values(state="pending"))
    drain(database, workers, now=LATER)
    assert facts(database) == expected


def test_a_call_seen_first_without_and_then_with_its_id_stays_one_row(database):
    keep(database, polled(row(0), 1))
    normalize(database)
    (before,) = outcomes(database)
    keep(database, polled(row(0, call_id="abc", hangup_cause="USER_BUSY"), 2))
    normalize(database)
    (after,) = outcomes(database)
    assert (after.id, after.attempt_id, after.connect_outcome) == (before.id, "abc", "busy")


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_per_agent_who_was_tried_is_the_call_of_the_one_who_talked(database, order):
    times = {"call_id": "abc", "answered_time": EPOCH + 5}
    rung = row(0, **times, agent_talk_time=0, agent_extension="1071", agent_name="Jim", hangup_cause="NO_ANSWER")
    talked = row(
        0, **times, agent_talk_time=30, agent_extension="1008", agent_name="Ann", hangup_cause="NORMAL_CLEARING"
    )
    for minute, body in enumerate([rung, talked][::order]):
        keep(database, polled(body, minute))
        normalize(database)
    (found,) = outcomes(database)
    assert (found.connect_outcome, found.talk_seconds, found.agent_name) == ("connected", 30, "Ann")
    assert (found.agent_extension, found.hangup_cause) == ("1008", "NORMAL_CLEARING")


def test_two_rows_that_turn_out_to_be_one_call_become_one_and_say_so(database):
    only_id = {key: value for key, value in row(0, call_id="abc").items() if key != "timestamp"}
    keep(database, polled(row(0), 1), polled(only_id, 2))
    normalize(database)
    assert len(outcomes(database)) == 2

    keep(database, polled(row(0, call_id="abc"), 3))
    normalize(database)
    (stands,) = outcomes(database)
    (merged,) = [one for one in outcomes(database, merged=True) if one.id != stands.id]
    assert merged.merged_into == stands.id
    assert (merged.revision, merged.position > stands.revision) == (2, True)
    with database.read() as session:
        assert len(session.scalars(select(CallGroup.id)).all()) == 1


def test_two_calls_within_one_second_to_one_number_stay_two(database):
    keep(database, polled(row(0, call_id="a"), 1), polled(row(0, call_id="b"), 1), polled(row(0), 2))
    normalize(database)
    assert [one.attempt_id for one in outcomes(database)] == ["a", "b"]


def test_a_disposition_set_corrected_and_set_back_ends_as_it_stands(database):
    sold, lost = polled(row(0, agent_disposition="Sold"), 1), polled(row(0, agent_disposition="Lost"), 2)
    keep(database, sold, lost)
    normalize(database)
    assert outcomes(database)[0].disposition == "Lost"

    with database.write() as session:  # what the poller does when it sees the first words again
        again = session.get(Receipt, sold.id)
        again.seen_at, again.state = START + timedelta(minutes=3), "pending"
    normalize(database)
    (row_now,) = outcomes(database)
    assert row_now.disposition == "Sold"
    assert row_now.first_seen_at == START + timedelta(minutes=1)


def test_groups_that_meet_in_one_batch_through_different_events_become_one(database):
    keep(database, polled(row(0), 1))
    normalize(database)
    keep(database, polled(row(60, call_id="abc"), 2))
    normalize(database)
    assert len(outcomes(database)) == 2

    # The first names the younger group alone, the second names both.
    keep(database, polled(row(60, lead_name="Raven S."), 3), polled(row(0, call_id="abc"), 3))
    normalize(database)
    (stands,) = outcomes(database)
    assert stands.attempt_id == "abc"
