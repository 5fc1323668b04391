"""The promise of loads: each lead is sent once, in order, at the dialer's pace, whoever dies or fails on the way."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from dialers.giving import Sent, Verdict
from dialers.registry import DIALERS
from leads import loads, send_due, sending
from leads.loading import Loading
from lib import clock
from models import LeadLoad, SendingDesk, leases
from models.database import Database
from rig.patience import stretched
from tests.dialers.jaicp.stage import stage as jaicp
from tests.dialers.qvoice.stage import stage as qvoice

ONE_EACH, KEYED = qvoice, jaicp  # a lead per request and no keys; batches under keys


def numbers(count: int) -> list[str]:
    return [f"+1213555{number:04d}" for number in range(count)]


def load(database, stage, count: int = 5, **options):
    rows = enumerate(({"number": number} for number in numbers(count)), 1)
    return Loading(stage.connection, stage.campaign, rows, **options).keep(database)


def send(database, connection, seconds: float = 30.0) -> None:
    """Until nothing waits."""
    end = time.monotonic() + stretched(seconds)
    while send_due(database, connection, {}):
        assert time.monotonic() < end


def shown(database, load_id) -> dict:
    with database.read() as session:
        return loads.shown(session, {}, load_id, limit=1000)


def taken(stage) -> list[str]:
    return [number.lstrip("+") for number in stage.taken()]


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


def test_a_time_out_after_the_dialer_took_it_is_unknown_and_an_operator_decides(database):
    with ONE_EACH() as played:
        played.faults({"drop_after": {"after": 2, "times": 1, "path": "lead"}})
        load_id = load(database, played)
        send(database, played.connection)
        found = shown(database, load_id)
        assert (found["state"], found["counts"]["accepted"], found["counts"]["unknown"]) == ("done", 4, 1)
        assert Counter(taken(played)).most_common(1)[0][1] == 1
        with database.write() as session:
            assert loads.decide(session, load_id, "accepted") == 1
            assert loads.decide(session, load_id, "accepted") == 0
        assert shown(database, load_id)["counts"]["accepted"] == 5


def test_what_is_unknown_is_sent_again_only_when_an_operator_says_so(database):
    with ONE_EACH() as played:
        played.faults({"drop": {"times": 1, "path": "lead"}})
        load_id = load(database, played, 1)
        send(database, played.connection)
        assert (shown(database, load_id)["counts"]["unknown"], taken(played)) == (1, [])
        with database.write() as session:
            loads.decide(session, load_id, "resend")
        send(database, played.connection)
        assert (shown(database, load_id)["counts"]["accepted"], len(taken(played))) == (1, 1)


def test_where_the_dialer_knows_keys_the_same_request_is_made_again(database):
    with KEYED() as played:
        played.faults({"drop_after": {"times": 1, "path": "addPhones"}})
        load_id = load(database, played)
        end = time.monotonic() + stretched(30)
        while shown(database, load_id)["state"] != "done":
            send_due(database, played.connection, {})
            assert time.monotonic() < end
        assert shown(database, load_id)["counts"]["accepted"] == 5
        assert Counter(taken(played)).most_common(1)[0][1] == 1


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


LOST = {"drop_after": {"times": 1, "path": "addPhones"}}


@pytest.mark.parametrize("then", ["too_many", "unavailable"])
def test_what_may_have_been_taken_keeps_its_key_whatever_the_second_answer_is(database, then):
    with KEYED() as played:
        played.faults(LOST)
        load_id = load(database, played)
        send_due(database, played.connection, {})
        played.faults({then: {"times": 1, "path": "addPhones", "value": "1"}})
        for minutes in (0, 6, 12):  # past every rest, and soon enough for the key to be known
            send_due(database, played.connection, {}, now=later(minutes))
        assert shown(database, load_id)["counts"]["accepted"] == 5
        assert Counter(taken(played)) == Counter(number.lstrip("+") for number in numbers(5))


def lost(database, played) -> None:
    """Its answer did not come."""
    played.faults(LOST)
    send_due(database, played.connection, {})


def killed(database, played) -> None:
    """Nor did anybody live to see that."""

    class Died(BaseException):
        pass

    def dying(client, connection, order):
        dialer.leads.send(client, connection, order)
        raise Died

    dialer = DIALERS["jaicp"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DIALERS, "jaicp", replace(dialer, leads=replace(dialer.leads, send=dying)))
        with pytest.raises(Died):
            send_due(database, played.connection, {})


def parked(database, played) -> None:
    """Its answer did not come, and the token was refused soon after."""
    lost(database, played)
    played.faults({"forbidden": {"times": 1, "path": "addPhones"}})
    send_due(database, played.connection, {}, now=later(5))


def away(database, played) -> None:
    """Its answer did not come, and the dialer was away when it was asked for again."""
    lost(database, played)
    played.faults({"unavailable": {"times": 1, "path": "addPhones", "value": "1"}})
    send_due(database, played.connection, {}, now=later(14))


@pytest.mark.parametrize("doubt", [lost, killed, parked, away])
def test_what_may_have_been_taken_is_not_sent_again_when_its_key_may_be_forgotten(database, doubt):
    with KEYED() as played:
        load_id = load(database, played, 501)  # an order and one more lead
        doubt(database, played)
        assert len(taken(played)) == 500
        played.jaicp.forget_keys()
        for hours in (3, 6):
            send_due(database, played.connection, {}, now=later(60 * hours))
        found = shown(database, load_id)
        assert (found["state"], found["counts"]["unknown"], found["counts"]["accepted"]) == ("done", 500, 1)
        assert "may have been taken" in found["leads"][0]["reason"]
        assert Counter(taken(played)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("then", ["too_many", "forbidden"])
def test_what_was_certainly_not_taken_goes_on_however_old_it_is(database, then):
    with KEYED() as played:
        played.faults({then: {"times": 1, "path": "addPhones", "value": "1"}})
        load_id = load(database, played)
        for hours in (0, 2, 4):
            send_due(database, played.connection, {}, now=later(60 * hours))
        assert shown(database, load_id)["counts"]["accepted"] == len(taken(played)) == 5


def test_what_may_have_been_taken_is_not_said_to_be_rejected(database):
    with KEYED() as played:
        played.faults(LOST)
        load_id = load(database, played)
        send_due(database, played.connection, {})
        played.faults({"bad_request": {"times": 1, "path": "addPhones"}})
        send_due(database, played.connection, {}, now=later(10))
        assert len(taken(played)) == 5
        assert shown(database, load_id)["counts"]["unknown"] == 5


# SQLite has one writer at a time.
def test_what_is_to_be_sent_again_while_the_load_ends_is_not_left_behind(postgresql_url):
    database = Database(postgresql_url)
    with ONE_EACH() as played:
        played.faults({"drop": {"times": 1, "path": "lead"}})
        load_id = load(database, played, 1)
        send_due(database, played.connection, {})
        with database.write() as session:  # as it was before the last look at the load
            session.execute(update(LeadLoad).values(state="running", finished_at=None))
        with database.write() as session:
            loads.decide(session, load_id, "resend")
            sender = threading.Thread(target=send, args=(database, played.connection))
            sender.start()
            time.sleep(1.0)  # it has seen that nothing is left, and waits for the load
        sender.join()
        send(database, played.connection)
        assert shown(database, load_id)["counts"]["accepted"] == 1
    database.close()


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


def test_what_an_operator_has_sent_again_keeps_its_key(database):
    with KEYED() as played:
        played.faults({"drop_after": {"path": "addPhones"}})
        load_id = load(database, played)
        for minutes in range(0, 120, 10):
            send_due(database, played.connection, {}, now=later(minutes))
        assert shown(database, load_id)["counts"]["unknown"] == 5
        with database.write() as session:
            assert loads.decide(session, load_id, "resend") == 5
        played.faults({"too_many": {"times": 1, "path": "addPhones", "value": "1"}})
        for minutes in (200, 210):
            send_due(database, played.connection, {}, now=later(minutes))
        assert shown(database, load_id)["counts"]["accepted"] == 5
        assert Counter(taken(played)) == Counter(number.lstrip("+") for number in numbers(5))


def later(minutes: float):
    return lambda: clock.now() + timedelta(minutes=minutes)
