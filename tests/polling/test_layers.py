"""How far back is asked: late dispositions, pauses, clocks that jump. With the normalizer, where outcomes are the point."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from lib.clock import iso
from models import CallOutcome
from outcomes.settle import settle_due
from polling.tasks import OVERLAP
from queries import health
from tests.dialers.qvoice.portal import row
from tests.polling.polls import NOW, cursor, normalize, on_one_database, poll, poll_all_due, polled_portal, receipts

ANSWERED = {"answered_time": 1, "agent_talk_time": 30, "hangup_cause": "NORMAL_CLEARING"}
DISPOSED = {"agent_disposition": "Interested", "agent_subdisposition": "Wants an offer", "follow_up_notes": "Monday."}


@pytest.fixture
def found():
    with polled_portal() as (portal, clock):
        yield portal, clock


def outcomes(database) -> list[CallOutcome]:
    with database.read() as session:
        return list(session.scalars(select(CallOutcome).order_by(CallOutcome.call_id)))


def windows(portal) -> list[tuple[float, float]]:
    """(start, end) of every question for calls, in hours before the end of the last one."""
    ends = [(int(r.query["startDate"]), int(r.query["endDate"])) for r in portal.asked()]
    return [((ends[-1][1] - start) / 3600, (ends[-1][1] - end) / 3600) for start, end in ends]


def call(number: int, hours_ago: float, **columns) -> dict:
    return row(number, at=NOW - timedelta(hours=hours_ago), **ANSWERED, **columns)


@on_one_database
@pytest.mark.parametrize(("layer", "hours"), [("recent", 4), ("yesterday", 24), ("week", 7 * 24)])
def test_each_layer_looks_back_its_span(database, found, layer, hours):
    poll(database, *found, layer)
    assert windows(found[0]) == [(hours, 0)]


@on_one_database
def test_a_disposition_window_longer_than_a_week_widens_the_widest_layer(database, found):
    portal, clock = found
    portal.connection = replace(portal.connection, disposition_window=timedelta(days=10))
    poll(database, portal, clock, "week")
    poll(database, portal, clock, "yesterday")
    assert [start for start, _ in windows(portal)] == [240, 24]


@on_one_database
def test_after_a_pause_the_window_begins_where_it_was_complete(database, found):
    portal, clock = found
    poll(database, portal, clock)
    clock.pass_(hours=10)
    poll(database, portal, clock)
    assert windows(portal)[-1][0] == pytest.approx((timedelta(hours=10) + OVERLAP) / timedelta(hours=1), abs=1e-3)
    clock.pass_(days=100)
    poll(database, portal, clock)
    assert windows(portal)[-1][0] == pytest.approx((timedelta(days=100) + OVERLAP) / timedelta(hours=1), abs=1e-3)


@on_one_database
def test_a_failed_walk_is_made_up_for(database, found):
    portal, clock = found
    poll(database, portal, clock)
    portal.fault(server_error={"path": "history"})
    for _ in range(6):
        clock.pass_(hours=1)
        assert poll(database, portal, clock).error_id == "unavailable"
    portal.qvoice.add(row(1, at=NOW + timedelta(minutes=30)))
    portal.fault()
    poll(database, portal, clock)
    assert len(receipts(database)) == 1


def test_a_late_disposition_reaches_its_outcome(database, found):
    portal, clock = found
    portal.qvoice.add(call(1, hours_ago=0.5), recorded=DISPOSED, recorded_after=600)
    poll(database, portal, clock)
    normalize(database, portal, clock)
    (before,) = outcomes(database)
    assert (before.connect_outcome, before.settling, before.disposition) == ("connected", "awaiting_disposition", None)
    clock.pass_(minutes=11)
    poll(database, portal, clock)
    normalize(database, portal, clock)
    (after,) = outcomes(database)
    assert (after.id, after.revision, after.settling) == (before.id, 2, "settled")
    assert (after.disposition_parent, after.disposition, after.notes) == ("Interested", "Wants an offer", "Monday.")


def test_a_disposition_that_is_corrected_and_set_back_is_followed(database, found):
    portal, clock = found
    portal.qvoice.add(call(1, hours_ago=0.5, agent_disposition="Interested"))
    said = []
    for word in ("Interested", "Not interested", "Interested"):
        portal.qvoice.change("call-1", agent_disposition=word)
        clock.pass_(minutes=1)
        poll(database, portal, clock)
        normalize(database, portal, clock)
        said.append(outcomes(database)[0].disposition)
    assert said == ["Interested", "Not interested", "Interested"]
    assert len(receipts(database)) == 2
    assert outcomes(database)[0].revision == 3


@on_one_database
def test_a_correction_that_moves_a_time_back_wins_by_being_seen_later(database, found):
    portal, clock = found
    ended = int(NOW.timestamp())
    portal.qvoice.add(call(1, hours_ago=0.5, campaign_timestamps={"lead_hangup_time": ended}))
    poll(database, portal, clock)
    portal.qvoice.change(
        "call-1", campaign_timestamps={"lead_hangup_time": ended - 60}, hangup_cause="ATTENDED_TRANSFER"
    )
    clock.pass_(minutes=1)
    poll(database, portal, clock)
    normalize(database, portal, clock)
    (outcome,) = outcomes(database)
    assert outcome.ended_at == NOW - timedelta(seconds=60)
    assert outcome.hangup_cause == "ATTENDED_TRANSFER"


def test_calls_that_await_their_disposition_are_asked_for_again(database, found):
    """Ten hours old: out of sight of "recent"; the row is found because we know that it waits."""
    portal, clock = found
    portal.qvoice.add(call(1, hours_ago=10), recorded=DISPOSED, recorded_after=300)
    poll_all_due(database, portal, clock)
    normalize(database, portal, clock)
    assert [outcome.settling for outcome in outcomes(database)] == ["awaiting_disposition"]
    clock.pass_(minutes=10)
    portal.qvoice.requests.clear()
    assert poll(database, portal, clock, "awaiting").kept.new == 1
    ((start, end),) = windows(portal)
    assert (start, end) == (pytest.approx(10 + 20 / 60, abs=1e-3), 0)  # the call's age now, and the overlap
    normalize(database, portal, clock)
    assert [outcome.settling for outcome in outcomes(database)] == ["settled"]


@pytest.mark.parametrize("case", ["none", "young", "settled", "given_up"])
def test_where_nothing_waits_nothing_is_asked(database, found, case):
    portal, clock = found
    if case == "young":
        portal.qvoice.add(call(1, hours_ago=3))
    if case == "settled":
        portal.qvoice.add(call(1, hours_ago=10, agent_disposition="Interested"))
    if case == "given_up":
        portal.qvoice.add(call(1, hours_ago=10))
    poll_all_due(database, portal, clock)
    normalize(database, portal, clock)
    if case == "given_up":
        clock.pass_(hours=25)
        settle_due(database, {portal.connection.name: portal.connection}, now=clock())
    portal.qvoice.requests.clear()
    polled = poll(database, portal, clock, "awaiting")
    assert (polled.idle, polled.pages, portal.asked()) == (True, 0, [])
    assert cursor(database, "awaiting").due_at == clock() + timedelta(minutes=10)


def test_a_clock_that_jumps_ahead_and_back_loses_no_call(database, found):
    portal, clock = found
    poll_all_due(database, portal, clock)
    clock.pass_(days=400)  # a wrong date, for one round of polls
    poll_all_due(database, portal, clock)
    clock.at = NOW + timedelta(minutes=1)
    portal.qvoice.add(call(1, hours_ago=0.1))
    assert ("lead_history", "recent") in poll_all_due(database, portal, clock)
    assert len(receipts(database)) == 1
    now = cursor(database)
    assert now.complete_to == clock()
    assert now.due_at == clock() + timedelta(minutes=1)
    portal.qvoice.change("call-1", agent_disposition="Interested")
    clock.pass_(minutes=1)
    poll_all_due(database, portal, clock)
    normalize(database, portal, clock)
    assert [outcome.disposition for outcome in outcomes(database)] == ["Interested"]


@on_one_database
def test_a_call_seen_without_and_with_its_id_is_one_outcome(database, found):
    """The tenant selected the column call_id between two polls."""
    portal, clock = found
    rich = call(1, hours_ago=1)
    portal.qvoice.add({name: value for name, value in rich.items() if name not in ("call_id", *ANSWERED)})
    poll(database, portal, clock)
    normalize(database, portal, clock)
    before = outcomes(database)
    clock.pass_(minutes=1)
    portal.qvoice.add(rich)
    poll(database, portal, clock)
    normalize(database, portal, clock)
    (after,) = outcomes(database)
    assert [outcome.id for outcome in before] == [after.id]
    assert (after.call_id, after.connect_outcome) == ("call-1", "connected")


@on_one_database
def test_two_calls_to_one_number_in_one_second_stay_two(database, found):
    portal, clock = found
    portal.qvoice.add(call(1, hours_ago=1))
    portal.qvoice.add(call(1, hours_ago=1) | {"call_id": "call-2"})
    poll(database, portal, clock)
    normalize(database, portal, clock)
    assert [outcome.call_id for outcome in outcomes(database)] == ["call-1", "call-2"]


def test_a_layer_with_nothing_to_ask_for_is_not_complete_by_that(database, found):
    """The dialer stops. Layers that have nothing to ask for go on being looked at, and must not move what is said."""
    portal, clock = found
    poll_all_due(database, portal, clock)
    stopped_at = clock()
    assert cursor(database, "awaiting").complete_to is None
    assert cursor(database, "awaiting").idle_at == stopped_at
    portal.fault(server_error=True)
    for _ in range(15):
        clock.pass_(minutes=1)
        poll_all_due(database, portal, clock)
    with database.read() as session:
        (said,) = [
            one
            for one in health.connections(session, {portal.connection.name: portal.connection}, clock())
            if one["name"] == portal.connection.name
        ]
    (history,) = [one for one in said["freshness"] if one["report"] == "lead_history"]
    assert (history["complete_to"], history["idle"]) == (iso(stopped_at), False)
    assert history["words"] == f"lead history complete to {stopped_at:%H:%M} UTC"
    assert all(poll["complete_to"] in (None, iso(stopped_at)) for poll in said["polls"])
