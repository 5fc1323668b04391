"""Every dialer that has reports, played by the sandbox over real HTTP and polled by the engine: asked, refused, too fast,
broken off, and answered twice.

A dialer without a stage for this fails here: see ``report_cases``.
"""

from datetime import timedelta

import pytest

from outcomes.normalize import normalize_pending
from polling import poll_connection
from polling.cursors import LONGEST_WAIT
from tests.dialers import report_cases as cases
from tests.polling.polls import on_one_database

every_dialer = pytest.mark.parametrize("dialer", cases.DIALERS_WITH_REPORTS)

WAITS, HANGS = 0.4, 1.0  # seconds
MOST_REQUESTS = 100  # of a walk that leads nowhere
AWAY = ("hang", "hang_after", "drop", "drop_after", "server_error", "bad_gateway", "error_after")
GARBLED = ("html", "empty", "garbled_after")
FAILURES = dict.fromkeys(AWAY, ("unavailable", "garbled")) | dict.fromkeys(GARBLED, ("garbled",))
FAILURES["redirect"] = ("asked_wrongly", "unavailable")


@pytest.fixture
def played(dialer):
    with cases.reporting(dialer) as found:
        yield found


@every_dialer
def test_every_record_is_kept_once(dialer, played, database):
    played.fill(database, played.many)
    asked = played.asked()
    polled = cases.poll(database, played)
    assert (polled.error, polled.warning, polled.kept.new) == (None, None, played.many)
    assert played.asked() - asked == played.requests
    again = cases.poll(database, played)
    assert (again.error, again.kept.seen, again.kept.new) == (None, played.many, 0)
    assert len(cases.kept(database, played)) == played.many


@every_dialer
def test_what_changed_is_picked_up(dialer, played, database):
    played.fill(database, 3)
    cases.poll(database, played)
    played.change()
    before = {one.id for one in cases.kept(database, played)}
    assert cases.poll(database, played).kept.new == 1
    (fresh,) = [one for one in cases.kept(database, played) if one.id not in before]
    others = [one.record_key for one in cases.kept(database, played) if one.id in before]
    assert fresh.record_key in others  # the same record; None where the dialer names none
    assert cases.poll(database, played).kept.new == 0


@every_dialer
@on_one_database
def test_everything_that_is_offered_can_be_asked_and_is_read(dialer, played, database):
    played.fill(database, 3)
    connections = {played.connection.name: played.connection}
    names = {report.name for report in cases.DIALERS[dialer].reports_of(played.connection)}
    polled = poll_connection(database, played.connection, played.now)
    assert {one.report for one in polled} == names and played.report in names
    assert {one.error for one in polled} == {None}
    while normalize_pending(database, connections, now=played.now() + timedelta(minutes=5)):
        pass
    assert {one.state for one in cases.kept(database, played)} <= {"normalized", "duplicate", "ignored"}


@every_dialer
@on_one_database
def test_wrong_credentials_park_the_cursor(dialer, played, database):
    played.fill(database, 3)
    wrong = cases.with_wrong_credentials(played)
    polled = cases.poll(database, played, wrong)
    assert polled.error_id == "credentials_refused"
    parked = cases.cursor(database, played)
    assert (parked.error_id, parked.error, parked.complete_to) == (polled.error_id, polled.error, None)
    assert parked.error.endswith(".") and not any(secret in parked.error for secret in cases.secrets(played))
    assert parked.due_at == played.now() + LONGEST_WAIT
    asked = played.asked()
    walker, task = cases.poller(database, played, wrong)
    assert walker.walk_due([task]) is None and played.asked() == asked
    assert cases.poll(database, played).kept.new == 3  # nothing was lost
    assert cases.cursor(database, played).error is None


@every_dialer
@on_one_database
@pytest.mark.parametrize("fault", ["too_many", "unavailable"])
def test_a_dialer_that_is_busy_is_left_alone_as_long_as_it_says(dialer, played, database, fault):
    played.fill(database, 3)
    cases.spoil(played, fault, value="1234")
    asked = played.asked()
    assert cases.poll(database, played).error_id == "unavailable"
    assert played.asked() == asked + 1
    assert cases.cursor(database, played).due_at == played.now() + timedelta(seconds=1234)
    walker, task = cases.poller(database, played)
    assert walker.walk_due([task]) is None and played.asked() == asked + 1


@every_dialer
@on_one_database
def test_a_walk_that_fails_moves_nothing_and_the_next_one_completes(dialer, played, database):
    played.fill(database, 3)
    assert cases.poll(database, played).error is None
    for fault, errors in FAILURES.items():
        hangs = "hang" in fault
        before, count = cases.cursor(database, played), len(cases.kept(database, played))
        played.later()
        played.fill(database, 1)
        cases.spoil(played, fault, value=HANGS if hangs else None)
        assert cases.poll(database, played, waits=WAITS if hangs else cases.PATIENT).error_id in errors, fault
        failed = cases.cursor(database, played)
        assert failed.complete_to == before.complete_to, fault
        assert failed.error.endswith(".") and failed.failures == 1 and failed.lease_owner is None, fault
        assert failed.due_at > played.now(), fault
        assert len(cases.kept(database, played)) == count, fault
        played.faults({})
        polled = cases.poll(database, played)
        assert polled.error is None and polled.kept.new >= 1, fault
        good = cases.cursor(database, played)
        assert (good.error, good.failures, good.complete_to) == (None, 0, played.now()), fault


@every_dialer
@on_one_database
def test_a_question_that_is_refused_is_told_of(dialer, played, database):
    """By an error, or by a warning where it is asked for again anyway."""
    played.fill(database, 3)
    cases.spoil(played, "bad_request")
    assert cases.poll(database, played).kept.new == 0
    told = cases.cursor(database, played)
    assert told.error_id == "asked_wrongly" or told.warning
    played.faults({})
    assert cases.poll(database, played).kept.new == 3
    assert (cases.cursor(database, played).error, cases.cursor(database, played).warning) == (None, None)


@every_dialer
@on_one_database
def test_credentials_that_expire_within_a_walk(dialer, played, database):
    """At its last request, or at its only one."""
    played.fill(database, played.many)
    last = {"after": played.requests - 1, "path": played.path}
    played.faults({"expired": {**last, "times": 1}} if played.logs_in else {"unauthorized": last})
    polled = cases.poll(database, played)
    if played.logs_in:
        assert polled.error is None
    else:
        assert polled.error_id == "credentials_refused" and cases.cursor(database, played).complete_to is None
        assert 0 < len(cases.kept(database, played)) < played.many
        played.faults({})
        assert cases.poll(database, played).error is None
    assert len(cases.kept(database, played)) == played.many


@every_dialer
@on_one_database
def test_a_walk_that_breaks_off_keeps_what_it_has_read(dialer, played, database):
    played.fill(database, played.many)
    cases.spoil(played, "server_error", after=played.requests - 1)
    assert cases.poll(database, played).error_id == "unavailable"
    kept = len(cases.kept(database, played))
    assert kept < played.many and (kept > 0) == (played.requests > 1)
    played.faults({})
    polled = cases.poll(database, played)
    assert (polled.error, polled.kept.new) == (None, played.many - kept)


@every_dialer
@on_one_database
def test_records_that_come_twice_are_kept_once(dialer, played, database):
    played.fill(database, played.many)
    played.twice()
    for _ in range(2):
        cases.poll(database, played)
        hashes = [one.content_hash for one in cases.kept(database, played)]
        assert len(hashes) == len(set(hashes)) == played.many


@every_dialer
@on_one_database
def test_a_walk_has_an_end(dialer, played, database):
    played.fill(database, played.many)
    asked = played.asked()
    if not played.without_end():
        assert cases.poll(database, played).error is None
        assert played.asked() == asked + played.requests
        return
    polled = cases.poll(database, played)
    assert polled.error_id in ("walk_stuck", "garbled") and polled.error.endswith(".")
    assert played.asked() - asked < MOST_REQUESTS
    assert cases.cursor(database, played).complete_to is None
    bodies = [one.content_hash for one in cases.kept(database, played)]
    assert played.many <= len(bodies) == len(set(bodies))
