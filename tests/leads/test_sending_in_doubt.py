"""What may have been taken: it is sent again under its key alone, or when an operator says so, and never by itself."""

import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import update

from dialers.registry import DIALERS
from leads import loads, send_due
from models import LeadLoad
from models.database import Database
from rig.patience import stretched
from tests.leads.sends import KEYED, ONE_EACH, later, load, numbers, send, shown, taken


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
