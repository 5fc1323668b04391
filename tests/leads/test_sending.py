"""The promise of loads: each lead is sent once, in order, at the dialer's pace, whoever dies or fails on the way."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from dialers.giving import Sent, Verdict
from dialers.registry import DIALERS
from leads import send_due, sending
from lib import clock
from models import SendingDesk, leases
from rig.patience import stretched
from tests.leads.sends import KEYED, ONE_EACH, later, load, numbers, send, shown, taken


@pytest.mark.parametrize("stage", [ONE_EACH, KEYED])
def test_every_lead_is_taken_once_and_in_order(database, stage):
    with stage() as played:
        load_id = load(database, played)
        send(database, played.connection)
        found = shown(database, load_id)
        assert (found["state"], found["counts"]["accepted"]) == ("done", 5)
        assert taken(played) == [number.lstrip("+") for number in numbers(5)]
        assert all(lead["sent_at"] for lead in found["leads"])


@pytest.mark.parametrize("stage", [ONE_EACH, KEYED])
def test_refused_credentials_park_the_load_and_lose_nothing(database, stage):
    with stage() as played:
        load_id = load(database, played)
        wrong = replace(played.connection, settings={**played.connection.settings, **played.wrong})
        send(database, wrong)
        found = shown(database, load_id)
        assert (found["state"], found["counts"]["pending"]) == ("parked", 5)
        assert found["reason"].endswith(".") and not taken(played)
        # Settings that are others now let it go on by themselves.
        send(database, played.connection)
        assert shown(database, load_id)["counts"]["accepted"] == 5
        assert Counter(taken(played)).most_common(1)[0][1] == 1


def test_the_pace_is_kept_by_all_who_send(database):
    with ONE_EACH() as played:
        paced = replace(played.connection, settings={**played.connection.settings, "requests_per_minute": 600})
        load_id = load(database, played, 12)
        began, ends = time.monotonic(), []
        senders = [threading.Thread(target=lambda: (send(database, paced), ends.append(1))) for _ in range(3)]
        for sender in senders:
            sender.start()
        while shown(database, load_id)["state"] != "done":
            assert time.monotonic() < began + stretched(20)
            time.sleep(0.02)
        assert time.monotonic() - began >= 1.1  # eleven pauses of a tenth of a second
        for sender in senders:
            sender.join()
        assert Counter(taken(played)) == Counter(number.lstrip("+") for number in numbers(12))


def test_a_dialer_that_is_busy_is_asked_later(database):
    with ONE_EACH() as played:
        played.faults({"too_many": {"times": 1, "path": "lead", "value": "1"}})
        load_id = load(database, played, 2)
        send(database, played.connection)
        waiting = shown(database, load_id)
        assert (waiting["state"], waiting["counts"]["pending"]) == ("running", 2) and waiting["reason"]
        at = clock.now()
        while shown(database, load_id)["state"] != "done":
            send_due(database, played.connection, {})
            assert (clock.now() - at).total_seconds() < 30
        assert len(taken(played)) == 2


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict("rejected", "no\0 and half a character \ud800"), "rejected"),
        (Verdict(dialer_id="1\0"), "unknown"),
        (Verdict(dialer_id="1" * 300), "unknown"),
    ],
)
def test_an_answer_that_no_database_holds_ends_the_lead_all_the_same(database, monkeypatch, verdict, state):
    with ONE_EACH() as played:
        load_id = load(database, played, 1)
        dialer = DIALERS["qvoice"]
        answering = replace(dialer.leads, send=lambda client, connection, order: Sent([verdict]))
        monkeypatch.setitem(DIALERS, "qvoice", replace(dialer, leads=answering))
        send(database, played.connection)
        assert (shown(database, load_id)["state"], shown(database, load_id)["counts"][state]) == ("done", 1)


@pytest.mark.parametrize("committed", [False, True], ids=["rolled back", "committed unheard"])
def test_a_database_that_is_away_for_a_moment_loses_no_answer(database, committed):
    """Its transaction that settles an order fails; the server may have made it last all the same."""
    plain, fails = database.write, []

    @contextmanager
    def write():
        fail = len(taken(played)) == 2 and not fails
        with plain() as session:
            yield session
            if fail and not committed:
                fails.append(1)
                raise OperationalError("away", None, Exception())
        if fail:
            fails.append(1)
            raise OperationalError("away", None, Exception())

    with ONE_EACH() as played:
        load_id = load(database, played)
        database.write = write
        send(database, played.connection)
        found = shown(database, load_id)
        assert fails and (found["state"], found["counts"]["accepted"]) == ("done", 5)
        assert taken(played) == [number.lstrip("+") for number in numbers(5)]


def test_a_dialer_that_answers_nobody_does_not_make_the_whole_load_unknown(database):
    with ONE_EACH() as played:
        played.faults({"drop": {"path": "lead"}})
        load_id = load(database, played, 10)
        send(database, played.connection)
        found = shown(database, load_id)
        assert (found["state"], found["counts"]["unknown"], found["counts"]["pending"]) == ("running", 2, 8)
        assert found["reason"].endswith(".")
        played.faults({})
        send_due(database, played.connection, {}, now=later(10))
        assert shown(database, load_id)["counts"]["accepted"] == 8
        played.faults({"drop": {"path": "lead"}})
        ends = load(database, played, 2)
        send_due(database, played.connection, {}, now=later(20))
        assert (shown(database, ends)["state"], shown(database, ends)["counts"]["unknown"]) == ("done", 2)


@pytest.mark.parametrize("stage", [ONE_EACH, KEYED])
def test_an_order_may_take_longer_than_a_lease(database, monkeypatch, stage):
    monkeypatch.setattr(leases, "BEATS", 100)
    begun, answered, at = threading.Event(), threading.Event(), [clock.now()]

    def slow(client, connection, order):
        sent = dialer.leads.send(client, connection, order)
        begun.set()
        assert answered.wait(30)
        return sent

    def leased():
        with database.read() as session:
            return session.scalar(select(SendingDesk.lease_until))

    with stage(timeout_seconds=1) as played:
        dialer = DIALERS[played.connection.dialer]
        patched = replace(dialer, leads=replace(dialer.leads, send=slow))
        monkeypatch.setitem(DIALERS, dialer.name, patched)
        load_id = load(database, played, 1)
        first = threading.Thread(target=send_due, args=(database, played.connection, {}, lambda: at[0]))
        first.start()
        assert begun.wait(10)
        for _ in range(5):  # 30 seconds, and a lease of 7
            at[0] += timedelta(seconds=6)
            end = time.monotonic() + stretched(10)
            while leased() < at[0] + timedelta(seconds=6):
                assert time.monotonic() < end
                time.sleep(0.01)
            assert not send_due(database, played.connection, {}, lambda: at[0])
        answered.set()
        first.join(10)
        found = shown(database, load_id)
        assert (found["counts"]["accepted"], len(taken(played))) == (1, 1)


def test_a_long_load_does_not_keep_a_later_one_waiting(database, monkeypatch):
    monkeypatch.setattr(sending, "SHIFT_SECONDS", 0.0)  # one order
    with ONE_EACH() as played:
        long, short = load(database, played, 5), load(database, played, 1)
        for _ in range(3):
            send_due(database, played.connection, {})
        assert shown(database, short)["state"] == "done"
        assert shown(database, long)["counts"]["accepted"] == 2
        send(database, played.connection)
        assert shown(database, long)["state"] == "done"
