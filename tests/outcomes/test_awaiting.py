"""What is never stated is not waited for: a fact of the dialer's folder, which a connection's settings can change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialers.base import Connection
from dialers.registry import DIALERS
from outcomes.differences import Differences
from outcomes.renormalize import renormalize
from outcomes.settle import Waiting, due, settle_due
from queries import summary as sums
from tests.evidence import RYNG, START, keep, normalize, outcomes, receipt, terminal

VOIPEX = Connection("voipex-main", "voipex", {"webhook_fields": {}}, default_country="CZ")
JAICP = Connection("jaicp-bot", "jaicp", {"campaigns": {}, "crm_reference_field": None})
RINGOSTAT = Connection("ringostat-main", "ringostat", {"timezone": "UTC", "webhook_fields": {}}, default_country="UA")

WINDOW = timedelta(hours=24)
LATER = START + timedelta(minutes=5)
AWAITING, SETTLED, NEVER = "awaiting_disposition", "settled", "never_disposed"


def voipex(event: str, **fields) -> dict:
    return {"EventName": event, "UniqueId": "1793000000.1", "Direction": "outgoing", "To": "601000001", **fields}


def job(status: str, **fields) -> dict:
    return {"id": 7, "phone": 79110000001, "jobStatus": status, "finishedAt": "2026-11-18T10:00:00Z", **fields}


def receipts(connection, *bodies):
    if connection.dialer == "jaicp":
        more = {"source": "report", "context": {"campaign": "renewals"}, "method": None}
        return [receipt(body, "jobs", connection=connection, **more) for body in bodies]
    kind = {"ryng": "terminal", "voipex": "event", "ringostat": "call"}[connection.dialer]
    return [receipt(body, kind, connection=connection) for body in bodies]


ANSWERED = (voipex("Answered", Login="jana"), voipex("Hangup", Reason="Normal Clearing"))
UNDISPOSED = terminal(disposition=None, callDisposed=None)
CARDLESS = {"uniqueid": "u1", "event": "after_call", "call_type": "in", "disposition": "ANSWERED", "billsec": 30}


def states(connection, value):
    return replace(connection, states_dispositions=value)


@pytest.mark.parametrize(
    ("connection", "bodies", "settling"),
    [
        (VOIPEX, ANSWERED, SETTLED),
        (VOIPEX, (voipex("Hangup", Reason="some word of theirs"),), SETTLED),  # unknown, and over
        (states(VOIPEX, True), ANSWERED, AWAITING),  # its users write them somewhere else that Wrapup will hear of
        (JAICP, (job("longCallWithNoResult"),), SETTLED),
        (JAICP, (job("LONGCALLWITHNORESULT"),), SETTLED),  # words have no case
        (JAICP, (job("longCallWithResult"),), AWAITING),  # the result is to come
        (JAICP, (job("somethingElse"),), AWAITING),
        (states(JAICP, True), (job("longCallWithNoResult"),), AWAITING),
        (states(JAICP, False), (job("longCallWithResult"),), SETTLED),
        (RYNG, (UNDISPOSED,), AWAITING),
        (states(RYNG, False), (UNDISPOSED,), SETTLED),
        (RINGOSTAT, (CARDLESS,), AWAITING),  # a call card may be filled later, and the log then has it
        (states(RINGOSTAT, False), (CARDLESS,), SETTLED),
    ],
)
def test_what_is_waited_for(database, connection, bodies, settling):
    keep(database, *receipts(connection, *bodies))
    normalize(database, {connection.name: connection})
    (row,) = outcomes(database)
    assert (row.settling, row.is_final) == (settling, True)
    assert (row.settle_by is None) == (settling == SETTLED)
    with database.read() as session:
        totals = sums.summary(session, {}, [])["totals"]
    assert totals["awaiting_disposition"] == (settling == AWAITING)


@pytest.mark.parametrize("name", DIALERS)
def test_the_settings_outweigh_every_dialer(name):
    for told in (True, False):
        own = Connection("any", name, states_dispositions=told)
        assert DIALERS[name].awaits(own, {"status_raw": "longCallWithNoResult"}) is told


def test_a_disposition_that_nobody_waited_for_is_taken_all_the_same(database):
    silent = {RYNG.name: states(RYNG, False)}
    keep(database, receipt(UNDISPOSED))
    normalize(database, silent)
    keep(database, receipt(terminal(), at=START + timedelta(minutes=1)))
    normalize(database, silent)
    (row,) = outcomes(database)
    assert (row.disposition, row.settling, row.revision) == ("Interested", SETTLED, 2)


def waited(database):
    """A VoIPEX call as an earlier Wrapup left it, one of Ryng's beside it, and the connections of today."""
    keep(database, *receipts(VOIPEX, *ANSWERED), *receipts(RYNG, UNDISPOSED))
    connections = {VOIPEX.name: VOIPEX, RYNG.name: RYNG}
    normalize(database, connections | {VOIPEX.name: states(VOIPEX, True)})
    assert found(database) == {VOIPEX.name: AWAITING, RYNG.name: AWAITING}
    return connections


def found(database) -> dict:
    return {row.connection: row.settling for row in outcomes(database)}


def test_a_worker_that_starts_settles_what_waits_for_nothing(database):
    connections = waited(database)
    waiting = Waiting(database, connections)
    looked = [waiting.settle(LATER, limit=1) for _ in range(4)]
    assert looked == [1, 1, 0, 0]
    assert found(database) == {VOIPEX.name: SETTLED, RYNG.name: AWAITING}
    revisions = {row.connection: row.revision for row in outcomes(database)}
    assert revisions[RYNG.name] == 1
    assert Waiting(database, connections).settle(LATER) == 1  # the next one finds Ryng's alone, and changes nothing
    assert {row.connection: row.revision for row in outcomes(database)} == revisions


def test_renormalizing_moves_the_past_both_ways_and_shows_it_first(database):
    connections = waited(database)

    def again(apply, own=connections):
        differences = Differences()
        for _, some in renormalize(database, own, VOIPEX.name, apply, now=LATER):
            differences.add(some)
        return differences.changed

    assert again(apply=False) == 1
    assert found(database)[VOIPEX.name] == AWAITING
    assert again(apply=True) == 1
    assert found(database)[VOIPEX.name] == SETTLED
    assert again(apply=True) == 0
    assert again(True, connections | {VOIPEX.name: states(VOIPEX, True)}) == 1
    assert found(database)[VOIPEX.name] == AWAITING


def test_what_was_never_disposed_because_nothing_comes_is_settled_by_renormalizing(database):
    connections = waited(database)
    settle_due(database, connections | {VOIPEX.name: states(VOIPEX, True)}, now=START + WINDOW)
    assert found(database)[VOIPEX.name] == NEVER
    for _ in renormalize(database, connections, VOIPEX.name, True, now=START + WINDOW):
        pass
    assert found(database)[VOIPEX.name] == SETTLED


def test_what_is_due_is_found_by_its_index_among_however_many_calls(database):
    with database.read() as session:
        line = session.connection()
        if not database.is_sqlite:
            line.exec_driver_sql("SET enable_seqscan = off")  # in an empty table there is nothing quicker
        asked = due(LATER).limit(500).compile(line, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        plan = " ".join(str(row[-1]) for row in line.exec_driver_sql(f"{explain} {asked}"))
        session.rollback()
    assert "ix_call_outcomes_settle_by" in plan
    assert "SCAN" not in plan and "Seq Scan" not in plan
