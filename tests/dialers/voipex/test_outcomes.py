"""From webhooks to outcomes, on both databases: the order in which they arrive does not matter, nor how often."""

import itertools
from datetime import timedelta

import pytest

from dialers.base import Connection
from sandbox.server import running
from sandbox.voipex.dialer import Voipex
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


ELSEWHERE = {"Reason": "Call Completed Elsewhere"}
EVA = {"Login": "eva.mala", "Line": "446"}
GROUP = [{"Login": f"agent.{n}", "Line": str(450 + n)} for n in range(4)]
LEGS = {
    "a ring group of two, as told by both phones": (
        [("Answered", JANA), ("Hangup", JANA | {"Reason": "Normal Clearing"}), ("Hangup", PETR | ELSEWHERE)],
        ("connected", "jana.nova", "444", "Normal Clearing"),
    ),
    "the answering phone's end is not told yet": (
        [("Answered", JANA), ("Hangup", PETR | ELSEWHERE), ("Ringing", PETR)],
        ("connected", "jana.nova", "444", None),
    ),
    "another leg was busy": (
        [("Answered", JANA), ("Hangup", JANA), ("Hangup", PETR | {"Reason": "User busy"})],
        ("connected", "jana.nova", "444", None),
    ),
    "another leg was rejected, in a word that we know": (
        [("Answered", JANA), ("Hangup", JANA), ("Hangup", PETR | {"Reason": "RS_REJECTED"})],
        ("connected", "jana.nova", "444", None),
    ),
    "another leg was lost": (
        [("Answered", JANA), ("Hangup", JANA | {"Reason": "16"}), ("Hangup", PETR | {"Reason": "RS_LOST"})],
        ("connected", "jana.nova", "444", "16"),
    ),
    "another leg went to its voicemail": (
        [("Answered", JANA), ("Hangup", JANA | {"Reason": "16"}), ("CDR", PETR | {"Reason": "Answering machine"})],
        ("connected", "jana.nova", "444", "16"),
    ),
    "a record per leg": (
        [("Answered", JANA), ("CDR", JANA | {"Reason": "16"}), ("CDR", PETR | ELSEWHERE), ("CDR", EVA)],
        ("connected", "jana.nova", "444", "16"),
    ),
    "a phone that names itself by its line alone": (
        [("Answered", JANA), ("Hangup", {"Line": "444", "Reason": "16"}), ("Hangup", {"Line": "445"} | ELSEWHERE)],
        ("connected", None, "444", "16"),
    ),
    "a transfer: of two who answered, the record names the one who had it last": (
        [
            ("Answered", JANA),
            "AttendedTransfer",
            ("Answered", PETR),
            ("Hangup", JANA),
            ("CDR", PETR | {"Reason": "16"}),
        ],
        ("connected", "petr.novak", "445", "16"),
    ),
    "a transfer to somebody whose answer had another UniqueId": (
        [("Answered", JANA), ("AttendedTransfer", JANA), ("Hangup", JANA), ("CDR", PETR | {"Reason": "16"})],
        ("connected", "petr.novak", "445", "16"),
    ),
    "two who answered, and no record: nobody knows who was the last, and arrival must not say": (
        [("Answered", JANA), ("Answered", PETR), ("Hangup", JANA), ("Hangup", PETR)],
        ("connected", "petr.novak", "445", None),
    ),
    "a queue answered, and no phone did": (
        ["Answered", ("Ringing", JANA), ("Hangup", JANA | {"Reason": "RS_NOANSWER"}), ("Hangup", {"Reason": "16"})],
        ("connected", None, None, "16"),
    ),
    "somebody answered who is not named, and one phone was busy": (
        ["Answered", ("Hangup", JANA | {"Reason": "RS_BUSY"}), ("Hangup", PETR | {"Reason": "16"})],
        ("connected", "petr.novak", "445", "16"),
    ),
    "somebody answered who is not named, and two phones were busy": (
        ["Answered", ("CDR", JANA | {"Reason": "RS_BUSY"}), ("CDR", PETR | {"Reason": "RS_BUSY"})],
        ("connected", None, None, None),
    ),
    "nobody answered, and the phones ended differently": (
        [("Hangup", JANA | {"Reason": "RS_NOANSWER"}), ("Hangup", PETR | {"Reason": "RS_BUSY"})],
        ("busy", "petr.novak", "445", "RS_BUSY"),
    ),
}


@pytest.mark.parametrize("case", LEGS)
def test_several_legs_under_one_id(database, case):
    told, expected = LEGS[case]
    found = of_every_order(database, webhooks(*told))
    assert (
        found["connect_outcome"],
        found["agent_username"],
        found["agent_extension"],
        found["hangup_cause"],
    ) == expected
    assert found["status_raw"] == found["hangup_cause"]


def test_a_ring_group_of_five(database):
    """Too many orders for all of them: the answer and its end at every place."""
    others = webhooks(*(("Hangup", one | ELSEWHERE) for one in GROUP))
    answer, end = webhooks(("Answered", JANA), ("Hangup", JANA | {"Reason": "16"}))
    for at in range(5):
        for then in range(5):
            told = [*others[:at], answer, *others[at:]]
            told.insert(then, end)
            keep(database, *arrived(told, f"1793000000.{at}{then}"))
    normalize(database, CONNECTIONS)
    found = outcomes(database)
    assert len(found) == 25
    assert {(row.connect_outcome, row.agent_username, row.hangup_cause) for row in found} == {
        ("connected", "jana.nova", "16")
    }


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
