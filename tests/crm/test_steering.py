"""What a person does about deliveries: tried again, chosen, paused. On both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from crm import lots, steering
from crm.finding import MOST_CANDIDATES
from crm.registry import CRMS
from lib import ids
from models import Delivery, DestinationState
from models.deliveries import DELIVERY_STATES
from queries.deliveries import conditions
from tests.factories import NOON, delivery, destination, minutes

NOW = NOON + minutes(30)
LATER = NOW + timedelta(hours=5)


def make(database, **given):
    with database.write() as session:
        return delivery(session, **given).id


def now_is(database, delivery_id):
    with database.read() as session:
        return session.get(Delivery, delivery_id)


@pytest.fixture(autouse=True)
def started(database):
    with database.write() as session:
        destination(session)


def test_one_becomes_pending_and_keeps_why_until_the_next_result(database):
    for state in ("refused", "held", "parked"):
        one = make(database, state=state, reason="validation", answer="No.", due_at=LATER)
        row = steering.retry(database, one, NOW)
        assert (row.state, row.due_at, row.reason, row.answer) == ("pending", NOW, "validation", "No.")


def test_one_that_is_pending_is_due_now(database):
    one = make(database, state="pending", due_at=LATER)
    assert (steering.retry(database, one, NOW).state, now_is(database, one).due_at) == ("pending", NOW)


def test_what_cannot_be_tried_again(database):
    for state, sentence in (("done", "It is done"), ("undone", "It is taken back"), ("sending", "It is being sent")):
        one = make(database, state=state)
        with pytest.raises(steering.CannotRetry, match=sentence):
            steering.retry(database, one, NOW)
        assert (now_is(database, one).state, now_is(database, one).due_at) == (state, NOON)


def test_what_a_later_revision_has_replaced_is_not_sent_after_it(database):
    call = ids.new()
    old, new = (make(database, state="refused", outcome_id=call, revision=revision) for revision in (1, 2))
    with pytest.raises(steering.CannotRetry, match="A later revision"):
        steering.retry(database, old, NOW)
    assert steering.retry_many(database, conditions({"outcome": call}), NOW) == 1
    assert (now_is(database, old).state, now_is(database, new).state) == ("refused", "pending")


def test_what_is_unknown_is_looked_up_and_not_before_the_search_can_show_it(database, monkeypatch):
    monkeypatch.setitem(CRMS, "hubspot", replace(CRMS["hubspot"], look_up_after=10.0))
    delay = timedelta(seconds=10)
    known = {"state": "unknown", "due_at": LATER}
    old, new = (make(database, sent_at=at, **known) for at in (NOW - delay, NOW - delay + timedelta(seconds=1)))
    for one in (old, new):
        assert steering.retry(database, one, NOW).state == "unknown"
    assert (now_is(database, old).due_at, now_is(database, new).due_at) == (NOW, LATER)


def test_none_of_that_id(database):
    assert steering.retry(database, ids.new(), NOW) is None
    assert steering.choose(database, ids.new(), "1", NOW) is None


def test_many_are_tried_again_a_lot_at_a_time(database, monkeypatch):
    monkeypatch.setattr(lots, "LOT", 2)
    monkeypatch.setattr(lots, "READ", 4)
    refused = [make(database, state="refused", reason="validation") for _ in range(5)]
    others = [make(database, state="refused", reason="b"), make(database, state="held", reason="validation")]
    done = make(database, reason="validation")
    wanted = conditions({"destination": "sales", "state": "refused", "reason": "validation"})
    assert steering.retry_many(database, wanted, NOW) == 5
    assert {now_is(database, one).state for one in refused} == {"pending"}
    assert [now_is(database, one).state for one in (*others, done)] == ["refused", "held", "done"]
    assert steering.retry_many(database, wanted, NOW) == 0


def test_what_was_given_up_in_doubt_counts_once(database):
    one = make(database, state="refused", reason="in_doubt", sent_at=NOW - timedelta(days=3), due_at=LATER)
    assert steering.retry_many(database, conditions({"destination": "sales"}), NOW) == 1
    assert (now_is(database, one).state, now_is(database, one).due_at) == ("unknown", NOW)


def test_many_of_every_state_touch_only_what_can_be_tried_again(database):
    made = {state: make(database, state=state, due_at=LATER) for state in DELIVERY_STATES}
    assert steering.retry_many(database, conditions({"destination": "sales"}), NOW) == 4
    after = {state: now_is(database, one) for state, one in made.items()}
    assert {state for state, row in after.items() if row.due_at == NOW} == {"refused", "held", "parked", "unknown"}
    assert {row.state for row in after.values()} == {"pending", "sending", "done", "unknown", "undone"}


CANDIDATES = [{"id": "501", "name": "Ravi", "url": None}, {"id": "502", "name": "Asha", "url": None}]


def test_a_record_is_chosen_for_everything_that_is_held_of_the_call_there(database):
    call = ids.new()
    held = {"outcome_id": call, "state": "held", "reason": "several_found", "candidates": CANDIDATES}
    ours = [make(database, **held), make(database, **held, operation="set_status")]
    elsewhere, other = make(database, **held, destination="b"), make(database, **held | {"outcome_id": ids.new()})
    assert steering.choose(database, ours[0], " 502 ", NOW).record_id == "502"
    for one in ours:
        row = now_is(database, one)
        assert (row.state, row.record_id, row.reason, row.candidates, row.due_at) == ("pending", "502", None, None, NOW)
    assert [now_is(database, one).state for one in (elsewhere, other)] == ["held", "held"]
    with pytest.raises(steering.CannotRetry, match="but is pending"):
        steering.choose(database, ours[1], "501", NOW)


NAMED = [
    (CANDIDATES, "503", False),
    ([], "503", True),
    ([{"id": str(number)} for number in range(MOST_CANDIDATES)], "503", True),  # there may be more than are named
    (None, "x" * 200, True),
    ([], "x" * 201, False),
    ([], "  ", False),
    ([], "5\n3", False),
]


def test_which_record_may_be_named(database):
    for candidates, record_id, fine in NAMED:
        one = make(database, state="held", candidates=candidates)
        if fine:
            assert steering.choose(database, one, record_id, NOW).record_id == record_id
            continue
        with pytest.raises(steering.NotChosen):
            steering.choose(database, one, record_id, NOW)
        assert now_is(database, one).state == "held"


def test_another_record_is_named_where_the_record_is_there_no_more(database):
    call = ids.new()
    lost = {"outcome_id": call, "state": "refused", "record_id": "501"}
    ours = [
        make(database, **lost, reason="record_deleted"),
        make(database, **lost, reason="record_gone", operation="set_status"),
    ]
    other = make(database, **lost, reason="validation", operation="post_event")
    assert steering.choose(database, ours[1], "900", NOW).record_id == "900"
    assert {(now_is(database, one).state, now_is(database, one).record_id) for one in ours} == {("pending", "900")}
    assert (now_is(database, other).state, now_is(database, other).record_id) == ("refused", "501")
    with pytest.raises(steering.CannotRetry, match="but is refused"):
        steering.choose(database, other, "900", NOW)


def test_a_call_is_left_out_and_stays_so_until_somebody_has_it_tried_again(database):
    call = ids.new()
    ours = [
        make(database, outcome_id=call, state="held", reason="several_found", candidates=CANDIDATES),
        make(database, outcome_id=call, state="refused", reason="record_gone", operation="set_status"),
    ]
    done = make(database, outcome_id=call, operation="post_event")
    assert steering.leave_out(database, ours[0], "asha", NOW).reason == "left_out"
    for one in ours:
        row = now_is(database, one)
        assert (row.state, row.reason, row.answer, row.candidates) == ("refused", "left_out", "Left out by asha.", None)
    assert now_is(database, done).state == "done"
    with pytest.raises(steering.CannotRetry, match="does not wait"):
        steering.leave_out(database, ours[0], "asha", NOW)
    assert steering.leave_out(database, ids.new(), "asha", NOW) is None
    # What a person said is not undone by the way.
    assert steering.retry_many(database, conditions({"outcome": call}), NOW) == 0
    assert steering.retry(database, ours[0], NOW).state == "pending"


def row_of(database, name="sales"):
    with database.read() as session:
        return session.scalars(select(DestinationState).where(DestinationState.name == name)).one()


def test_paused_by_whom_and_resumed_with_what_was_parked(database, monkeypatch):
    monkeypatch.setattr(lots, "LOT", 2)
    monkeypatch.setattr(lots, "READ", 4)
    parked = [make(database, state="parked", due_at=LATER) for _ in range(3)]
    put_off = make(database, state="pending", reason="unavailable", due_at=LATER)
    looked_up = make(database, state="unknown", due_at=LATER)  # before the CRM can show it, it would be sent twice
    other = make(database, state="parked", due_at=LATER, destination="b")
    assert steering.pause(database, "sales", "asha", NOON) and steering.pause(database, "sales", "ravi", NOW)
    assert (row_of(database).paused_at, row_of(database).paused_by) == (NOON, "asha")
    with database.write() as session:
        row = session.get(DestinationState, "sales")
        row.failures, row.error, row.error_id, row.parked_until = 3, "No.", "credentials_refused", LATER
    assert steering.resume(database, "sales", NOW)
    row = row_of(database)
    assert (row.paused_at, row.paused_by, row.parked_until, row.error, row.error_id) == (None,) * 5
    assert (row.failures, row.next_at) == (0, NOW)
    assert {(now_is(database, one).state, now_is(database, one).due_at) for one in parked} == {("parked", NOW)}
    assert now_is(database, put_off).due_at == NOW
    assert (now_is(database, looked_up).due_at, now_is(database, other).due_at) == (LATER, LATER)


def test_one_that_was_never_started_can_be_neither_paused_nor_resumed(database):
    assert not steering.pause(database, "new", "asha", NOW) and not steering.resume(database, "new", NOW)
