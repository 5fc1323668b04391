"""Promise 2 for calls of several legs: ring groups, transfers, redials, two records of one call; with and without times.

Where a dialer states no time, the receipts get other times of arrival, too: which of two callbacks came last decides nothing
that readers see. Where it states times, or a report shows the present state, the same receipts come in another order.
"""

import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialers.base import Connection, Evidence, KeptEvent
from dialers.registry import DIALERS
from lib import clock, ids
from outcomes.fold import fold
from tests.evidence import CONNECTIONS, START, connect, receipt, terminal
from tests.reruns import LATER, PROPERTY, same_in_any_order

VOIPEX = Connection(
    "voipex-legs", "voipex", {"webhook_fields": {}}, default_country="CZ", words={"Machine": "voicemail"}
)
RINGOSTAT = Connection("ringostat-legs", "ringostat", {"timezone": "Europe/Kyiv", "webhook_fields": {}})
QVOICE = Connection("qvoice-legs", "qvoice", {}, default_country="US")
JAICP = Connection("jaicp-legs", "jaicp", {})


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    for one in (VOIPEX, RINGOSTAT, QVOICE, JAICP):
        monkeypatch.setitem(CONNECTIONS, one.name, one)


AGENTS = [{"Login": f"agent.{n}", "Line": str(440 + n)} for n in range(5)]
REASONS = [
    None,
    "Normal Clearing",
    "Call Completed Elsewhere",
    "User busy",
    "RS_BUSY",
    "RS_NOANSWER",
    "RS_LOST",
    "Machine",
]
JOBS = [("onRetry", None), ("noAnswer", None), ("longCallWithResult", 30), ("inProcess", None)]
# By arrival, on purpose: when a call without times was seen, and how long it lasted as far as that shows it.
OBSERVED = (
    "talk_seconds",
    "talk_source",
    "duration_seconds",
    "duration_source",
    "first_seen_at",
    "occurred_at",
    "settle_by",
)
PURE = settings(PROPERTY, max_examples=PROPERTY.max_examples * 20)


# Callbacks without a time: VoIPEX's legs, Ringostat's webhooks -----------------------------------------------------------
@st.composite
def ring_groups(draw):
    """One to five phones; none, one or several of them answer, one after another; some ends are told, some records."""
    agents = draw(st.lists(st.sampled_from(AGENTS), min_size=1, max_size=5, unique_by=lambda one: one["Login"]))
    told = [("NewCall", {})] if draw(st.booleans()) else []
    for agent in agents:
        steps = draw(st.lists(st.sampled_from(["Ringing", "Answered", "Hangup", "CDR"]), unique=True, max_size=4))
        for event in steps:
            reason = draw(st.sampled_from(REASONS)) if event in ("Hangup", "CDR") else None
            named = draw(st.sampled_from([agent, agent, {"Line": agent["Line"]}, {}]))
            told.append((event, named | ({"Reason": reason} if reason else {})))
    if draw(st.booleans()):
        told.append(("AttendedTransfer", draw(st.sampled_from([{}, *agents]))))
    call = {"From": "222333444", "To": "601000001", "Direction": "outgoing", "UniqueId": "1793000000.1"}
    return [("event", {"EventName": event, **call, **more}) for event, more in told] or [
        ("event", {"EventName": "CDR", **call})
    ]


@st.composite
def hooks(draw):
    """Ringostat's webhooks of up to three legs of one call."""
    told = []
    for leg in range(draw(st.integers(1, 3))):
        word, talk = draw(
            st.sampled_from(
                [
                    ("ANSWERED", 30),
                    ("ANSWERED", 60),
                    ("ANSWERED", None),
                    ("NO ANSWER", 0),
                    ("BUSY", None),
                    ("VOICEMAIL", 12),
                    ("ODD", None),
                ]
            )
        )
        row = {
            "uniqueid": "7",
            "calldate": f"2026-11-18 12:00:{draw(st.sampled_from([0, 0, 20])):02}",
            "call_type": "in",
            "caller": "380671234567",
            "connected_with": f"agent{leg}",
            "disposition": word,
            "waittime": leg,
        }
        row |= {} if talk is None else {"billsec": talk, "duration": talk + leg}
        for event in draw(
            st.lists(st.sampled_from(["forwarding", "pick_up", "after_call", "after_rating"]), unique=True, min_size=1)
        ):
            card = {"call_card": draw(st.sampled_from(["Sale", "None"]))} if draw(st.booleans()) else {}
            told.append(("call", {"event": event} | row | card))
    return told


def folded(connection, told, source="callback") -> list[dict]:
    """What the fold makes of bodies that arrived in this order."""
    dialer, events = DIALERS[connection.dialer], []
    for second, (kind, body) in enumerate(told):
        one = receipt(body, kind, START + timedelta(seconds=second), connection)
        reading = dialer.read(Evidence(source, kind, one.body), connection)
        for ordinal, e in enumerate(reading.events):
            at = (one.received_at, one.seen_at)
            own = (ids.new(), one.id, ordinal, f"{source}:{kind}", e.kind, e.attempt, e.happened_at, *at, dict(e.facts))
            events.append(KeptEvent(*own))
    folded = fold(events, connection, dialer, LATER)
    unseen = (*OBSERVED, "set_by")
    return [{name: value for name, value in attempt.values.items() if name not in unseen} for attempt in folded]


@pytest.mark.parametrize(
    "connection, bodies", [(VOIPEX, ring_groups()), (RINGOSTAT, hooks())], ids=["voipex", "ringostat"]
)
@PURE
@given(data=st.data())
def test_arrival_decides_nothing_where_no_time_is_stated(connection, bodies, data):
    told = data.draw(bodies)
    expected = folded(connection, told)
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    assert folded(connection, data.draw(st.permutations(told + again))) == expected


@PURE
@given(told=ring_groups())
def test_the_agent_of_a_call_is_one_who_answered(told):
    (row,) = folded(VOIPEX, told)
    answered = {body.get("Login") or body.get("Line") for _, body in told if body["EventName"] == "Answered"} - {None}
    handed_over = any(body["EventName"] == "AttendedTransfer" for _, body in told)
    if answered and not handed_over:
        lines = {agent["Login"]: agent["Line"] for agent in AGENTS}
        named = row["agent_username"] or row["agent_extension"]
        assert named in answered | {lines.get(one) for one in answered} | {
            a for a, line in lines.items() if line in answered
        }
        assert row["connect_outcome"] not in ("busy", "no_answer", "rejected", "canceled", "failed")


@PURE
@given(told=hooks())
def test_a_proven_conversation_is_the_calls_result(told):
    (row,) = folded(RINGOSTAT, told)
    ends = [body for _, body in told if body["event"].startswith("after")]
    if any(body["disposition"] == "ANSWERED" for body in ends):
        assert row["connect_outcome"] == "connected"
    elif any(body["disposition"] == "VOICEMAIL" for body in ends):
        assert row["connect_outcome"] == "voicemail"
    else:
        assert row["connect_outcome"] not in ("connected", "voicemail")


TRIED = {"event": "campaign dial", "type": "dial agent"}
ROWS = {
    "lead": {"call_id": "c", "timestamp": 1_763_460_000, "lead_number": "+12195011918", "campaign_name": "spring"},
    "answered": {"answered_time": 1_763_460_009},
    "stamped": {"campaign_timestamps": {"lead_answer_time": 1_763_460_009, "agent_answer_time": 1_763_460_012}},
}
OF_AGENTS = {
    "told by steps": (
        [
            ROWS["answered"] | {"agent_extension": "1071", "lead_history": [TRIED]},
            ROWS["answered"]
            | {"agent_extension": "1008", "lead_history": [TRIED, {"event": "agent_answer", "ext": "1008"}]},
        ],
        ("connected", "1008"),
    ),
    "told by times": (
        [
            {"answered_time": 0, "agent_extension": "1071", "hangup_cause": "USER_BUSY"},
            ROWS["stamped"] | {"agent_extension": "1008"},
            {"answered_time": 0, "agent_extension": "1009", "hangup_cause": "NO_ANSWER"},
        ],
        ("connected", "1008"),
    ),
}


@pytest.mark.parametrize("case", OF_AGENTS)
def test_of_agents_who_were_tried_the_one_who_answered_counts(case):
    rows, expected = OF_AGENTS[case]
    for order in itertools.permutations([("lead_history", ROWS["lead"] | row) for row in rows]):
        (row,) = folded(QVOICE, order, "report")
        assert (row["connect_outcome"], row["agent_extension"]) == expected


def test_a_later_version_of_a_row_is_no_other_leg():
    versions = [ROWS["stamped"], {"answered_time": 0, "hangup_cause": "USER_BUSY"}]
    told = [("lead_history", ROWS["lead"] | {"agent_extension": "1008"} | one) for one in versions]
    assert [row["connect_outcome"] for row in folded(QVOICE, told, "report")] == ["busy"]


# The same receipts in another order, on both databases -----------------------------------------------------------------------
@st.composite
def of_ryng(draw):
    """Attempts of one call: with both ids or one of them, redials without times, legs that ended differently."""
    evidence = []
    for attempt in range(draw(st.integers(1, 3))):
        began = START + timedelta(hours=attempt)
        over = began + timedelta(minutes=2)
        at = {"callStarted": clock.iso(began)} if draw(st.booleans()) else {}
        agent = {"agentID": draw(st.sampled_from([1, 2]))}
        for event in draw(st.sets(st.sampled_from(["agent-connected", "customer-connected"]))):
            body = connect(1, event, **at, **agent)
            for minute in draw(st.sampled_from([(0,), (0, 1), (4,)])):
                evidence.append(receipt(body, "connect", began + timedelta(minutes=minute)))
        ends = {
            "callStarted": clock.iso(began),
            "callEnded": clock.iso(over),
        }
        for named in draw(st.lists(st.sampled_from([{}, {"callID": None}, {"callLogID": None}]), max_size=3)):
            legs = {
                "leg0Status": "completed",
                "leg1Status": draw(st.sampled_from(["busy", "completed", "no-answer", 5])),
            }
            result = {"status": "completed", "talktime": draw(st.sampled_from([0, 30])), "legDetails": legs}
            evidence.append(
                receipt(
                    terminal(1, 10 + attempt, **ends, **agent, **result) | named,
                    at=over,
                )
            )
    return evidence


@st.composite
def of_reports(draw):
    """Rows of three dialers' reports: several agents under one call id, two records of one uniqueid, a job's attempts."""
    evidence = []

    def shown(connection, report, body):
        at = START + timedelta(minutes=draw(st.sampled_from([0, 0, 10, 20])))
        columns = {"method": None, "headers": None, "context": {"campaign": "spring"} if connection is JAICP else None}
        evidence.append(receipt(body, report, at, connection, source="report", **columns))

    for _ in range(draw(st.integers(0, 3))):
        agent, talk = draw(st.sampled_from([("1071", 0), ("1008", 30), ("1009", 45)]))
        steps = [
            {"event": "campaign dial", "type": "dial agent", "ext": ext}
            for ext in draw(st.permutations(["1008", "1009", "1071"]))
        ]
        row = {"call_id": "c", "timestamp": 1_763_460_000, "lead_number": "+12195011918", "campaign_name": "spring"}
        row |= {
            "agent_extension": agent,
            "agent_talk_time": talk,
            "answered_time": 1_763_460_009,
            "lead_history": steps,
        }
        shown(QVOICE, "lead_history", row)
    for _ in range(draw(st.integers(0, 3))):
        word, talk = draw(st.sampled_from([("ANSWERED", "30"), ("ANSWERED", "50"), ("NO ANSWER", "0"), ("BUSY", "0")]))
        row = {"uniqueid": "7", "calldate": "2026-11-18 12:00:00", "call_type": "in", "caller": "380671234567"}
        shown(RINGOSTAT, "calls", row | {"disposition": word, "billsec": talk, "connected_with": f"agent{talk}"})
    for _ in range(draw(st.integers(0, 3))):
        status, length = draw(
            st.sampled_from([("onRetry", None), ("noAnswer", None), ("longCallWithResult", 30), ("inProcess", None)])
        )
        row = {"id": 1, "phone": "79991112233", "jobStatus": status, "startedAt": 1_763_460_000_000}
        shown(JAICP, "jobs", row | ({"callDuration": length, "finishedAt": 1_763_460_060_000} if length else {}))
    # A poller keeps each content once.
    return list({(one.connection, one.content_hash): one for one in evidence}.values())


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("histories", [of_ryng(), of_reports()], ids=["ryng", "reports"])
@PROPERTY
@given(data=st.data())
def test_any_order_any_batches_give_the_same_outcomes(database, workers, histories, data):
    evidence = data.draw(histories)
    same_in_any_order(database, data, evidence, workers)
