"""From Ringostat to outcomes, on both databases: webhooks and the call log tell of one call, whichever comes first."""

import itertools
import json
from datetime import timedelta

import pytest

from dialers.base import Connection
from dialers.ringostat.reports import _pages
from outcomes.normalize import normalize_pending
from polling import poll_connection
from polling.keep import keep_page
from sandbox.ringostat.webhooks import FORM, FORMATS, GET, JSON
from tests.dialers.ringostat.stage import INCOMING, START, project
from tests.evidence import keep, outcomes, receipt

NOW = START + timedelta(minutes=2)
NAMES = {"uniqueid": "call", "disposition": "result", "caller": "klient", "billsec": "talk"}
RENAMED = {"id": "call", "disposition": "result", "caller": "klient", "billsec": "talk"}


def understood(database, connection: Connection) -> list:
    while normalize_pending(database, {connection.name: connection}, now=NOW):
        pass
    return outcomes(database)


def polled(database, connection: Connection, at=NOW) -> None:
    assert {one.error for one in poll_connection(database, connection, lambda: at)} == {None}


@pytest.mark.parametrize("order", ["webhook first", "log first"])
def test_a_webhook_and_the_log_are_one_outcome(database, order):
    with project(zone="Europe/Kyiv", webhooks=[("before_call", JSON, {}), ("after_call", FORM, {})]) as ringostat:
        call = ringostat.ringostat.begin(INCOMING, START, uniqueid="7")
        call.columns = call.columns | {
            "recording": "https://recordings.example.test/early.mp3",
            "call_card": "Callback",
        }
        ringostat.ringostat.end(call)
        call.columns = call.columns | {"recording": "https://recordings.example.test/good.mp3", "call_card": "Sale"}
        steps = [
            lambda: ringostat.intake.keep(
                database, ringostat.connection, NOW + timedelta(minutes=order == "log first")
            ),
            lambda: polled(database, ringostat.connection),
        ]
        for step in steps if order == "webhook first" else steps[::-1]:
            step()
            assert len(understood(database, ringostat.connection)) == 1
    (outcome,) = outcomes(database)
    assert outcome.sources == ["callback:call", "report:calls"]
    assert (outcome.call_id, outcome.attempt_id, outcome.connect_outcome) == ("7", "7", "connected")
    assert (outcome.started_at, outcome.talk_seconds, outcome.ring_seconds) == (START, 95, 12)
    assert outcome.recording_url == "https://recordings.example.test/good.mp3"
    assert (outcome.disposition, outcome.flags, outcome.settling) == ("Sale", ["contact", "sale"], "settled")
    assert (outcome.customer_number, outcome.agent_username) == ("+380671234567", "olena")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("renamed", [False, True])
def test_every_form_of_webhook_is_the_same_outcome(database, form, renamed):
    settings = {"webhook_fields": RENAMED} if renamed else {}
    with project(webhooks=[("after_call", form, NAMES if renamed else {})], settings=settings) as ringostat:
        ringostat.ringostat.add(INCOMING, START, uniqueid="7")
        ringostat.intake.keep(database, ringostat.connection)
        (outcome,) = understood(database, ringostat.connection)
    assert (outcome.call_id, outcome.connect_outcome, outcome.talk_seconds) == ("7", "connected", 95)
    assert (outcome.disposition, outcome.customer_number) == ("Sale", "+380671234567")
    assert outcome.sources == ["callback:call"]


def test_a_call_is_provisional_until_its_end_is_told(database):
    hooks = [("before_call", GET, {}), ("pick_up", JSON, {}), ("after_call", JSON, {})]
    with project(webhooks=hooks) as ringostat:
        call = ringostat.ringostat.begin(INCOMING, START, uniqueid="7")
        ringostat.ringostat.pick_up(call)
        ringostat.intake.keep(database, ringostat.connection)
        polled(database, ringostat.connection)
        (outcome,) = understood(database, ringostat.connection)
        assert (outcome.connect_outcome, outcome.settling, outcome.is_final) == ("in_progress", "provisional", False)
        assert outcome.agent_username == "olena"
        ringostat.ringostat.end(call)
        ringostat.intake.keep(database, ringostat.connection)
        (outcome,) = understood(database, ringostat.connection)
        assert (outcome.connect_outcome, outcome.is_final) == ("connected", True)


def test_a_webhook_that_was_missed_is_found_in_the_log(database):
    with project(webhooks=[("before_call", JSON, {}), ("after_call", JSON, {})]) as ringostat:
        ringostat.fault(missed_webhook={"path": "webhook/after_call"})
        ringostat.ringostat.add(INCOMING, START, uniqueid="7")
        ringostat.intake.keep(database, ringostat.connection)
        (outcome,) = understood(database, ringostat.connection)
        assert outcome.is_final is False
        ringostat.fault()
        polled(database, ringostat.connection)
        (outcome,) = understood(database, ringostat.connection)
    assert (outcome.connect_outcome, outcome.disposition, outcome.is_final) == ("connected", "Sale", True)


def test_a_recording_that_comes_later_is_picked_up(database):
    with project() as ringostat:
        ringostat.ringostat.add(INCOMING, START, uniqueid="7")
        ringostat.fault(late_recording={})
        polled(database, ringostat.connection)
        assert understood(database, ringostat.connection)[0].recording_url is None
        ringostat.fault()
        polled(database, ringostat.connection, NOW + timedelta(minutes=1))
        assert understood(database, ringostat.connection)[0].recording_url == INCOMING["recording"]
        before = understood(database, ringostat.connection)[0].revision
        polled(database, ringostat.connection, NOW + timedelta(minutes=2))
        assert understood(database, ringostat.connection)[0].revision == before


def test_each_call_of_a_crowd_is_one_outcome(database):
    with project(limit=50, settings={"timeout_seconds": 10}) as ringostat:
        for number in range(300):
            ringostat.ringostat.add(INCOMING, START - timedelta(seconds=number * 7), uniqueid=str(number))
        polled(database, ringostat.connection)
        found = understood(database, ringostat.connection)
    assert sorted(int(outcome.call_id) for outcome in found) == list(range(300))


# Several records under one uniqueid ----------------------------------------------------------------------------------
UNANSWERED = {"disposition": "NO ANSWER", "billsec": "0", "connected_with": "petro", "recording": "", "call_card": ""}
LEGS = [INCOMING | {"uniqueid": "7"}, INCOMING | UNANSWERED | {"uniqueid": "7", "duration": "20"}]


def logged(database, connection, rows, at) -> None:
    """What a poll of these rows keeps, in this order."""
    with database.write() as session:
        for page in _pages([json.dumps(row).encode() for row in rows], set()):
            keep_page(session, connection, "calls", page, at)


def shown(outcome) -> tuple:
    return (outcome.connect_outcome, outcome.talk_seconds, outcome.agent_username, outcome.status_raw, outcome.revision)


@pytest.mark.parametrize("order", [1, -1])
def test_two_legs_of_one_call_stay_one_outcome_whatever_the_order_of_the_log(database, order):
    with project() as ringostat:
        connection = ringostat.connection
    for minute in range(6):
        logged(database, connection, LEGS[:: order * (-1) ** minute], NOW + timedelta(minutes=minute))
        (outcome,) = understood(database, connection)
        assert shown(outcome) == ("connected", 95, "olena", "PROPER", 1)


def test_two_conversations_under_one_uniqueid_stay_quiet_and_the_longer_counts(database):
    with project() as ringostat:
        connection = ringostat.connection
    legs = [LEGS[0], LEGS[0] | {"billsec": "200", "connected_with": "petro"}]
    for minute in range(6):
        logged(database, connection, legs[:: (-1) ** minute], NOW + timedelta(minutes=minute))
        (outcome,) = understood(database, connection)
        assert shown(outcome) == ("connected", 200, "petro", "PROPER", 1)


def leg(word, agent, at="12:00:00", **more) -> dict:
    return {"uniqueid": "7", "call_type": "in", "caller": "380671234567", "calldate": f"2026-11-18 {at}"} | {
        "disposition": word,
        "connected_with": agent,
        **more,
    }


OF_OTHER_LEGS = {
    "who answered, without saying how long": (
        [leg("ANSWERED", "olena"), leg("NO ANSWER", "petro", "12:00:20")],
        ("connected", None, "olena"),
    ),
    "phones that rang together": (
        [leg("NO ANSWER", "eva"), leg("PROPER", "olena"), leg("BUSY", "petro")],
        ("connected", None, "olena"),
    ),
    "the length of the call is stated, and not that of the talk": (
        [leg("ANSWERED", "olena", duration="95"), leg("NO ANSWER", "petro", "12:00:20", duration="20")],
        ("connected", None, "olena"),
    ),
    "a voicemail after the conversation": (
        [leg("ANSWERED", "olena", billsec="95"), leg("VOICEMAIL", "petro", "12:02:00", billsec="12")],
        ("connected", 95, "olena"),
    ),
    "a voicemail, without its length, and a phone after it": (
        [leg("VOICEMAIL", "petro"), leg("NO ANSWER", "eva", "12:00:20")],
        ("voicemail", None, "petro"),
    ),
    "a queue took it, and nobody talked": (
        [leg("ANSWERED", "olena", billsec="0"), leg("NO ANSWER", "petro", "12:00:20", billsec="0")],
        ("no_answer", 0, "petro"),
    ),
}


@pytest.mark.parametrize("case", OF_OTHER_LEGS)
def test_who_answered_outranks_who_rang_in_vain(database, case):
    legs, expected = OF_OTHER_LEGS[case]
    with project() as ringostat:
        connection = ringostat.connection
    orders = list(itertools.permutations(legs))
    for at, order in enumerate(orders):  # one after another, in polls and in webhooks
        for minute, row in enumerate(order):
            logged(database, connection, [row | {"uniqueid": f"log.{at}"}], NOW + timedelta(minutes=minute))
            posted = {"event": "after_call"} | row | {"uniqueid": f"hook.{at}"}
            keep(database, receipt(posted, "call", NOW + timedelta(minutes=minute), connection))
    found = understood(database, connection)
    assert {(one.connect_outcome, one.talk_seconds, one.agent_username) for one in found} == {expected}
    assert len(found) == 2 * len(orders)


def test_a_later_version_of_one_leg_is_no_other_leg(database):
    with project() as ringostat:
        connection = ringostat.connection
    for minute, word in enumerate(("ANSWERED", "NO ANSWER")):
        logged(database, connection, [leg(word, "olena")], NOW + timedelta(minutes=minute))
    (outcome,) = understood(database, connection)
    assert outcome.connect_outcome == "no_answer"


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_webhooks_of_several_legs_in_any_order(database, order):
    with project() as ringostat:
        connection = ringostat.connection
    told = [
        {"event": "pick_up"} | LEGS[0],
        {"event": "after_call"} | LEGS[0],
        {"event": "after_call"} | LEGS[1],
        {"event": "after_rating", "employee_mark": "5"} | LEGS[0] | {"call_card": "Rated"},
    ]
    for at, which in enumerate(order):
        keep(database, receipt(told[which], "call", NOW + timedelta(seconds=at), connection))
    (outcome,) = understood(database, connection)
    assert shown(outcome)[:-1] == ("connected", 95, "olena", "PROPER")
    assert (outcome.custom_fields["employee_mark"], outcome.disposition) == ("5", "Rated")
