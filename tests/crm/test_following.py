"""The feed becomes deliveries: what of it, in whose place, and nothing twice. On both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from crm import claiming, following
from crm.destination import FINAL, Destination, Rule
from crm.following import follow
from crm.history import send
from lib import ids
from models import CallOutcome, Delivery, DestinationState
from outcomes.feed import take_positions
from tests import factories
from tests.factories import NOON

SETTINGS = {"access_token": "secret-token", "requests_per_ten_seconds": 100, "searches_per_second": 4}
STATUS = (Rule("flag", "sale", {"hs_lead_status": "CONNECTED"}),)
HUBSPOT = Destination("sales", "hubspot", SETTINGS, status=STATUS)
WEBHOOK = Destination("hook", "webhook")


def now():
    return NOON + timedelta(hours=1)


def followed(database, destination=HUBSPOT):
    while follow(database, destination, now):
        pass
    with database.read() as session:
        mine = select(Delivery).where(Delivery.destination == destination.name).order_by(Delivery.id)
        rows = list(session.scalars(mine))
        kept = session.get(DestinationState, destination.name)
        assert (kept.deliveries, kept.calls) == (len(rows), len({row.outcome_id for row in rows}))
        return rows


def made(database, **given):
    with database.write() as session:
        return factories.outcome(session, **given).id


def changed(database, outcome_id, **values):
    with database.write() as session:
        place = take_positions(session, 1)[0]
        raised = {"revision": CallOutcome.revision + 1, "position": place, "changed_fields": ["notes"]}
        session.execute(update(CallOutcome).where(CallOutcome.id == outcome_id).values(raised | values))


def became(database, state, *which, **values):
    with database.write() as session:
        session.execute(update(Delivery).where(*which).values(state=state, **values))


def told(rows):
    return [(row.operation, row.revision, row.state) for row in rows]


@pytest.fixture
def started(database):
    """A database in which the destinations have begun to follow."""
    for destination in (HUBSPOT, WEBHOOK):
        assert not follow(database, destination, now)
    return database


def test_what_was_before_the_first_start_is_not_sent(database):
    made(database)
    assert followed(database) == []
    made(database)
    assert told(followed(database)) == [("log_call", 1, "pending")]


def test_with_since_calls_from_then_on_are_sent_whenever_they_changed(database):
    made(database, started_at=NOON - timedelta(days=2))
    wanted = made(database, started_at=NOON)
    assert [row.outcome_id for row in followed(database, replace(HUBSPOT, since=NOON))] == [wanted]


def test_a_call_is_logged_and_its_status_set_where_it_is_mapped(started):
    made(started, flags=["contact", "sale"])
    made(started, flags=["contact"])
    assert [row.operation for row in followed(started)] == ["log_call", "set_status", "log_call"]
    assert [row.operation for row in followed(started, WEBHOOK)] == ["post_event", "post_event"]


@pytest.mark.parametrize(
    ("settling", "when_settled", "when_final"),
    [("provisional", 0, 0), ("awaiting_disposition", 0, 1), ("settled", 1, 1), ("never_disposed", 1, 1)],
)
def test_when_an_outcome_is_ripe(started, settling, when_settled, when_final):
    made(started, settling=settling)
    assert len(followed(started, WEBHOOK)) == when_settled
    final = replace(WEBHOOK, name="final", when=FINAL, since=NOON - timedelta(days=1))
    assert len(followed(started, final)) == when_final


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"connections": ("ryng-main",)}, True),
        ({"connections": ("other",)}, False),
        ({"campaigns": ("456",)}, True),
        ({"campaigns": ("Renewals",)}, True),
        ({"campaigns": ("x",)}, False),
        ({"flags": ("sale", "dnc")}, True),
        ({"flags": ("dnc",)}, False),
        ({"connect_outcomes": ("busy",)}, False),
        ({"connect_outcomes": ("connected",)}, True),
    ],
)
def test_which_outcomes_a_destination_gets(started, filters, fits):
    made(started, campaign_id="456", campaign_name="Renewals", flags=["sale"])
    assert bool(followed(started, replace(WEBHOOK, **filters))) is fits


def test_a_later_revision_takes_the_place_of_one_that_was_not_sent(started):
    call = made(started)
    (first,) = followed(started)
    changed(started, call)
    changed(started, call)
    (row,) = followed(started)
    assert (row.id, row.revision, row.state) == (first.id, 3, "pending")


@pytest.mark.parametrize(
    ("state", "after"),
    [
        ("held", [("log_call", 2, "pending")]),
        ("parked", [("log_call", 2, "pending")]),
        ("sending", [("log_call", 1, "sending"), ("log_call", 2, "pending")]),
        ("unknown", [("log_call", 1, "unknown"), ("log_call", 2, "pending")]),
        ("refused", [("log_call", 1, "refused"), ("log_call", 2, "pending")]),
        ("done", [("log_call", 1, "done"), ("log_call", 2, "pending")]),
    ],
)
def test_what_was_sent_stays_and_the_later_revision_comes_after_it(started, state, after):
    call = made(started)
    followed(started)
    became(started, state, candidates=[{"id": "1"}])
    changed(started, call)
    assert told(followed(started)) == after


def test_changed_fields_of_revisions_that_were_not_sent_are_added_up(started):
    call = made(started)
    followed(started, WEBHOOK)
    became(started, "done")
    changed(started, call, changed_fields=["notes"])
    followed(started, WEBHOOK)
    changed(started, call, changed_fields=["disposition", "flags"])
    assert followed(started, WEBHOOK)[-1].changed_fields == ["disposition", "flags", "notes"]


def test_what_was_logged_for_a_merged_row_is_removed_and_what_was_not_is_not_sent(started):
    kept, logged, waiting = (made(started, flags=["sale"]) for _ in range(3))
    followed(started)
    became(started, "done", Delivery.outcome_id == logged, remote_id="77")
    for row in (logged, waiting):
        changed(started, row, merged_into=kept)
    rows = followed(started)
    assert told(row for row in rows if row.outcome_id == logged) == [
        ("log_call", 1, "done"),
        ("set_status", 1, "done"),
        ("remove_call", 2, "pending"),
    ]
    assert [(row.state, row.reason) for row in rows if row.outcome_id == waiting] == [("undone", "merged")] * 2


def test_a_webhook_is_told_of_the_merging_of_what_it_was_told_of(started):
    kept, posted, not_yet = made(started), made(started), made(started, settling="provisional")
    followed(started, WEBHOOK)
    became(started, "done")
    for row in (posted, not_yet):
        changed(started, row, merged_into=kept)
    assert [row.outcome_id for row in followed(started, WEBHOOK) if row.state == "pending"] == [posted]


def test_what_was_logged_is_followed_also_when_it_does_not_fit_any_more(started):
    sales = replace(HUBSPOT, flags=("sale",))
    call = made(started, flags=["sale"])
    followed(started, sales)
    became(started, "done")
    changed(started, call, flags=[])
    pending = told(row for row in followed(started, sales) if row.state == "pending")
    assert pending == [("log_call", 2, "pending"), ("set_status", 2, "pending")]  # which puts back what it had set


def test_place_and_deliveries_move_together(started, monkeypatch):
    made(started)
    monkeypatch.setattr("crm.following.update_rows", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        follow(started, HUBSPOT, now)
    with started.read() as session:
        assert session.scalars(select(Delivery)).all() == []
    monkeypatch.undo()
    assert len(followed(started)) == 1


def test_what_is_sent_again_says_that_the_same_has_changed(started):
    """A revision that was not followed yet is sent as well, and its event, posted again, has the same body."""
    call = made(started, changed_fields=[])
    followed(started, WEBHOOK)
    changed(started, call, changed_fields=["notes"])
    taken = []
    for _ in range(2):
        with started.write() as session:
            taken += claiming.take(session, WEBHOOK.name, 10, now())
        became(started, "pending", Delivery.destination == WEBHOOK.name)
    assert [(one.revision, list(one.changed_fields)) for one in taken] == [(2, ["notes"])] * 2


def test_history_is_sent_once_and_can_be_begun_anew(started, monkeypatch):
    monkeypatch.setattr("crm.history.PIECE", 2)
    made(started, started_at=NOON - timedelta(days=3))
    for minute in range(5):
        made(started, started_at=NOON + timedelta(minutes=minute))
    with started.write() as session:
        session.execute(update(DestinationState).values(position=10**6))  # as if all that was before its time
    half = send(started, HUBSPOT, NOON, NOON + timedelta(hours=1), now)
    assert next(half).calls == 2
    half.close()
    *_, last = send(started, HUBSPOT, NOON, NOON + timedelta(hours=1), now)
    assert (last.calls, last.of, last.made) == (5, 5, 3)
    with started.read() as session:
        assert len(session.scalars(select(Delivery)).all()) == 5


def test_every_delivery_has_an_id_that_sorts_by_its_making(started):
    for _ in range(3):
        made(started)
    assert all(row.id.version == ids.new().version for row in followed(started))


def test_what_a_person_left_out_is_not_held_again_when_the_call_is_corrected(started):
    call = made(started)
    (row,) = followed(started)
    became(started, "refused", Delivery.id == row.id, reason="left_out")
    changed(started, call, notes="again")
    assert told(followed(started)) == [("log_call", 1, "refused")]
    became(started, "refused", Delivery.id == row.id, reason="validation")
    changed(started, call, notes="and again")
    assert told(followed(started)) == [("log_call", 1, "refused"), ("log_call", 3, "pending")]


def test_what_is_changed_while_it_is_worked_out_is_worked_out_again(started, monkeypatch):
    """Between reading and writing nobody is held up, so that a delivery may be sent and another revision may be followed."""
    call = made(started)
    (row,) = followed(started)
    changed(started, call, notes="again")
    inner = following._planned
    planned = []

    def meanwhile(*given):
        planned.append(inner(*given))
        if len(planned) == 1:
            became(started, "sending", Delivery.id == row.id)
        return planned[-1]

    monkeypatch.setattr(following, "_planned", meanwhile)
    rows = followed(started)
    assert [len(one.work.renewed) for one in planned[:2]] == [1, 0]
    assert told(rows) == [("log_call", 1, "sending"), ("log_call", 2, "pending")]


def test_a_place_that_somebody_else_has_moved_is_followed_from_there(started, monkeypatch):
    made(started)
    inner = following._planned
    planned = []

    def meanwhile(*given):
        planned.append(inner(*given))
        if len(planned) == 1:
            monkeypatch.setattr(following, "_planned", inner)
            assert follow(started, HUBSPOT, now)
        return planned[-1]

    monkeypatch.setattr(following, "_planned", meanwhile)
    assert not follow(started, HUBSPOT, now)
    assert len(followed(started)) == 1


def test_of_somebody_else_a_name_alone_stands_for_another(started):
    """The number of a person who was erased stood in it; a call of that person's, and one of nobody knows whom, are not sent."""
    named = {"call_id": "~9f86d081884c7d65", "lead_id": "~9f86d081884c7d66"}
    wanted = made(started, customer_number="+919800067890", **named)
    made(started, customer_number="+91~9f86d081884c7d67", **named)
    made(started, customer_number=None, **named)
    assert [row.outcome_id for row in followed(started)] == [wanted]
