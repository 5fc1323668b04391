"""From webhooks to outcomes, on both databases: the order in which they arrive does not matter, nor how often."""

import itertools
from datetime import timedelta

from dialers.base import Connection
from sandbox.server import running
from sandbox.voipex import Voipex
from tests.evidence import START, keep, normalize, outcomes, receipt
from tests.reruns import empty
from tests.sandbox.receiver import Receiver

VOIPEX = Connection(
    "voipex-main",
    "voipex",
    {"webhook_fields": {}},
    callback_tokens=("token",),
    default_country="CZ",
    words={"Answering machine": "voicemail"},
)
CONNECTIONS = {VOIPEX.name: VOIPEX}

JANA = {"Login": "jana.nova", "Line": "444"}
PETR = {"Login": "petr.novak", "Line": "445"}
CALL = {"From": "222333444", "To": "601000001", "Direction": "outgoing"}


def webhooks(*told) -> list[dict]:
    """``("Hangup", {...})`` or ``"Hangup"``, in the order of the call's life."""
    pairs = [one if isinstance(one, tuple) else (one, {}) for one in told]
    return [{"EventName": event, **CALL, **fields} for event, fields in pairs]


def arrived(bodies, unique_id: str) -> list:
    """Receipts that arrived in this order, a second apart."""
    return [
        receipt({**body, "UniqueId": unique_id}, "event", START + timedelta(seconds=at), VOIPEX)
        for at, body in enumerate(bodies)
    ]


def seen(row) -> dict:
    names = ("connect_outcome", "settling", "direction", "customer_number", "agent_username", "agent_extension")
    return {name: getattr(row, name) for name in (*names, "queue_name", "status_raw", "hangup_cause", "started_at")}


def of_every_order(database, bodies) -> dict:
    """The outcome of one call, after it was found to be the same in every order of arrival."""
    orders = {f"1793000000.{at}": order for at, order in enumerate(itertools.permutations(bodies))}
    keep(database, *(one for unique_id, order in orders.items() for one in arrived(order, unique_id)))
    normalize(database, CONNECTIONS)
    found = [seen(row) for row in outcomes(database)]
    assert len(found) == len(orders)
    assert all(one == found[0] for one in found)
    return found[0]


ANSWERED = webhooks(
    "NewCall", "Ringing", ("Answered", JANA), ("Hangup", JANA | {"Reason": "Normal Clearing"}), ("CDR", JANA)
)


def test_answered_and_over_is_connected_in_every_order(database):
    found = of_every_order(database, ANSWERED)
    assert found == {
        "connect_outcome": "connected",
        "settling": "settled",
        "direction": "outbound",
        "customer_number": "+420601000001",
        "agent_username": "jana.nova",
        "agent_extension": "444",
        "queue_name": None,
        "status_raw": "Normal Clearing",
        "hangup_cause": "Normal Clearing",
        "started_at": found["started_at"],
    }
    assert found["started_at"].timestamp() == 1793000000


OVER = "settled"  # also what is connected or unknown: VoIPEX tells no dispositions, so none is waited for
BECOMES = [
    (["NewCall", "Ringing"], "in_progress", "provisional"),
    (["NewCall", "Answered"], "in_progress", "provisional"),  # an answer is not the end
    (["NewCall", "Answered", "CDR"], "connected", OVER),
    (["Ringing", "Hangup", "CDR"], "unknown", OVER),
    (["Ringing", ("Hangup", {"Reason": "RS_BUSY"}), "CDR"], "busy", OVER),
    (["Ringing", "Hangup", ("CDR", {"Reason": "RS_NOANSWER"})], "no_answer", OVER),
    # Somebody answered: busy can only have been another leg.
    (["Answered", ("Hangup", {"Reason": "RS_BUSY"}), ("CDR", {"Reason": "RS_BUSY"})], "connected", OVER),
    # Answered by the customer, and lost before an agent was free.
    (["Answered", ("Hangup", {"Reason": "RS_LOST"}), "CDR"], "abandoned", OVER),
    (["Answered", ("Hangup", {"Reason": "Answering machine"})], "voicemail", OVER),
    (["Ringing", ("Hangup", {"Reason": "TERMINATED"})], "connected", OVER),
    (["Answered", "AttendedTransfer", "Hangup"], "connected", OVER),
]


def test_what_becomes_of_a_call(database):
    """One database for all of them: making one takes longer than the rest."""
    for told, outcome, settling in BECOMES:
        found = of_every_order(database, webhooks(*told))
        assert (found["connect_outcome"], found["settling"]) == (outcome, settling), told
        empty(database)


def test_the_record_of_a_call_knows_better_than_its_hangup_also_where_it_comes_first(database):
    told = webhooks(("Answered", JANA), ("Hangup", JANA | {"Reason": "16"}), ("CDR", PETR | {"Reason": "Transferred"}))
    found = of_every_order(database, told)
    assert (found["agent_username"], found["agent_extension"], found["status_raw"]) == (
        "petr.novak",
        "445",
        "Transferred",
    )


def test_repeated_webhooks_change_nothing(database):
    keep(database, *arrived(ANSWERED, "1793000000.1"))
    normalize(database, CONNECTIONS)
    (before,) = outcomes(database)
    late = [one for one in arrived(ANSWERED[::-1] * 2, "1793000000.1")]
    keep(database, *late)
    normalize(database, CONNECTIONS)
    (after,) = outcomes(database)
    assert (seen(after), after.id) == (seen(before), before.id)
    assert after.connect_outcome == "connected"


def test_calls_to_one_number_stay_apart(database):
    for number in (1, 2):
        keep(database, *arrived(ANSWERED, f"1793000000.{number}"))
    normalize(database, CONNECTIONS)
    assert [(row.call_id, row.attempt_id) for row in outcomes(database)] == [
        ("1793000000.1", "1793000000.1"),
        ("1793000000.2", "1793000000.2"),
    ]


def test_agents_and_probes_make_no_outcome(database):
    kept = keep(
        database,
        receipt({"EventName": "AgentPaused", "Login": "jana.nova"}, "event", START, VOIPEX),
        receipt(b"", "event", START, VOIPEX),
        receipt(b"{EventName: Hangup UniqueId: 17}", "event", START, VOIPEX),
    )
    normalize(database, CONNECTIONS)
    with database.read() as session:
        found = [session.get(type(one), one.id) for one in kept]
        assert [(one.state, one.reason) for one in found] == [
            ("ignored", "agent_event"),
            ("ignored", "empty_body"),
            ("quarantined", "unparseable"),
        ]
    assert outcomes(database) == []


def test_calls_of_the_sandbox(database):
    voipex, receiver = Voipex(time_scale=0.002), Receiver()
    voipex.furnish(10)
    expected = {
        "answered": "connected",
        "no_answer": "no_answer",
        "busy": "busy",
        "wrong_number": "invalid_number",
        "lost": "abandoned",
        "error": "failed",
        "odd": "unknown",
    }
    with running(receiver) as url:
        voipex.courier.url = url + "/event"
        called = {}
        for faults in ({}, {"shuffled": True, "repeated": True}, {"unquoted": True}, {"form": True}):
            voipex.faults.set(faults)
            called |= {voipex.call(result): outcome for result, outcome in expected.items()}
            voipex.timetable.drain()
    voipex.close()
    keep(database, *(receipt(seen.body, "event", START, VOIPEX) for seen in receiver.seen))
    normalize(database, CONNECTIONS)
    assert {row.call_id: row.connect_outcome for row in outcomes(database)} == called
