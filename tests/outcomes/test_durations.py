"""Where the seconds come from: stated, computed from two times of the dialer, observed by arrival, or from nowhere."""

import itertools
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialers.base import Connection
from lib import ids
from tests.evidence import RYNG, START, keep, normalize, outcomes, receipt, terminal
from tests.reruns import PROPERTY, copies, empty

QVOICE = Connection("qvoice-main", "qvoice", default_country="US", words={"ROBOT": "voicemail"})
JAICP = Connection("jaicp-bot", "jaicp", {}, default_country="RU")
RINGOSTAT = Connection("ringostat-kyiv", "ringostat", {"timezone": "Europe/Kyiv"}, default_country="UA")
VOIPEX = Connection("voipex-main", "voipex", {}, default_country="CZ", words={"Answering machine": "voicemail"})
CONNECTIONS = {one.name: one for one in (RYNG, QVOICE, JAICP, RINGOSTAT, VOIPEX)}
T = 1794996000  # a second of the dialer's clock


def became(database, *receipts):
    """(talk, its source, duration, its source) of the only outcome; and the outcome."""
    empty(database)
    keep(database, *receipts)
    normalize(database, CONNECTIONS)
    (row,) = outcomes(database)
    return (row.talk_seconds, row.talk_source, row.duration_seconds, row.duration_source), row


# Stated and computed --------------------------------------------------------------------------------------------------
def ryng(**fields):
    return receipt(terminal(**fields))


def qvoice(*, lead=10, agent=10, hangup=70, **fields):
    times = {"lead_answer_time": lead, "agent_answer_time": agent, "lead_hangup_time": hangup}
    times = {name: T + at for name, at in times.items() if at is not None}
    row = {"campaign_name": "R", "lead_number": "+12125550101", "timestamp": T, "call_id": "c-1"}
    row |= {"campaign_timestamps": times} | fields
    return receipt(row, "lead_history", connection=QVOICE, source="report", record_key="c-1", method=None, headers=None)


def jaicp(**fields):
    row = {"id": 5, "phone": "79115550001"} | fields
    context = {"campaign": "renewals"}
    return receipt(row, "jobs", connection=JAICP, source="report", context=context, method=None, headers=None)


def ringostat(**fields):
    row = {"uniqueid": "7", "calldate": "2026-11-18 12:00:00", "disposition": "ANSWERED"} | fields
    return receipt(row, "call", connection=RINGOSTAT)


STARTED, NO = "2026-11-18T10:00:00.000Z", {"talktime": None, "callDuration": None}
MS = T * 1000
ROWS = [
    # The documented body: 5 s of talk beside 345 s between start and end. What is stated wins; nothing is stated of the rest.
    (ryng(talktime=5, callDuration=None, callEnded="2026-11-18T10:05:45.000Z"), (5, "stated", 345, "computed")),
    (ryng(), (95, "stated", 120, "stated")),
    (ryng(talktime=0, callDuration=0), (0, "stated", 0, "stated")),
    (ryng(**NO), (None, None, 120, "computed")),  # Ryng tells of no answer's time
    (ryng(**NO, callEnded="2026-11-18T10:00:00.000Z"), (None, None, 0, "computed")),
    (ryng(**NO, callEnded="2026-11-18T10:00:59.999Z"), (None, None, 59, "computed")),
    (ryng(**NO, callEnded="2026-11-18T09:59:59.000Z"), (None, None, None, None)),  # over before it began
    (ryng(**NO, callEnded="2026-11-19T10:00:00.000Z"), (None, None, 86400, "computed")),
    (ryng(**NO, callEnded="2026-11-19T10:00:01.000Z"), (None, None, None, None)),  # more than a day
    (ryng(**NO, callEnded=None), (None, None, None, None)),
    (ryng(**NO, callStarted=None), (None, None, None, None)),
    (ryng(talktime=-5, callDuration=-1), (None, None, 120, "computed")),
    (ryng(talktime="x", callDuration="y"), (None, None, 120, "computed")),
    (qvoice(), (60, "computed", 70, "computed")),
    (qvoice(agent_talk_time=48), (48, "stated", 70, "computed")),
    (qvoice(agent=25), (45, "computed", 70, "computed")),  # the customer waited 15 s for an agent
    (qvoice(agent=5), (60, "computed", 70, "computed")),  # the agent waited for the customer
    (qvoice(agent=80), (None, None, 70, "computed")),  # answered after the end
    (qvoice(lead=80), (None, None, 70, "computed")),
    (qvoice(hangup=-1), (None, None, None, None)),
    (qvoice(hangup=None), (None, None, None, None)),
    (qvoice(agent=None), (None, None, 70, "computed")),  # nobody of ours answered: nobody spoke
    (qvoice(agent=None, hangup_cause="ROBOT"), (None, None, 70, "computed")),
    (qvoice(lead=None, agent=None, hangup_cause="USER_BUSY"), (None, None, 70, "computed")),
    (qvoice(lead=None, agent_talk_time=48), (48, "stated", 70, "computed")),
    (jaicp(jobStatus="longCallWithResult", startedAt=MS, finishedAt=MS + 61_500), (None, None, 61, "computed")),
    (
        jaicp(jobStatus="longCallWithResult", startedAt=MS, finishedAt=MS + 61_500, callDuration=40),
        (40, "stated", 40, "stated"),
    ),
    (jaicp(jobStatus="noAnswer", callDuration=0, startedAt=MS, finishedAt=MS + 9_000), (None, None, 0, "stated")),
    (jaicp(jobStatus="inProcess", startedAt=MS, finishedAt=MS + 9_000), (None, None, None, None)),
    (ringostat(billsec=30, duration=42), (30, "stated", 42, "stated")),
    (ringostat(billsec="0"), (0, "stated", None, None)),
    (ringostat(), (None, None, None, None)),
]


def test_stated_beats_computed_and_what_cannot_be_is_none(database):
    for evidence, expected in ROWS:
        found, row = became(database, *copies([evidence]))
        assert found == expected, evidence.body
        for name in ("talk", "duration"):
            seconds, source = getattr(row, f"{name}_seconds"), getattr(row, f"{name}_source")
            assert (seconds is None) == (source is None)
            if seconds is not None:
                assert row.set_by[f"{name}_seconds"] == str(evidence.id)


def test_a_job_that_was_tried_twice_from_one_start_has_no_duration(database):
    again = jaicp(jobStatus="onRetry", startedAt=MS)
    over = {"jobStatus": "noAnswer", "finishedAt": MS + 1_200_000}
    assert became(database, again, jaicp(**over, startedAt=MS))[0] == (None, None, None, None)
    # The second try has a start of its own.
    again = jaicp(jobStatus="onRetry", startedAt=MS)
    assert became(database, again, jaicp(**over, startedAt=MS + 1_190_000))[0] == (None, None, 10, "computed")


def test_the_start_of_one_agents_leg_and_the_end_of_anothers_are_no_duration(database):
    milestone = {"callID": 19, "callbackType": "connect", "event": "agent-connected", "callStarted": STARTED}

    def told(agent):
        return receipt(milestone | {"agentID": agent}, "connect"), ryng(**NO, callStarted=None)

    assert became(database, *told(67131))[0] == (None, None, 120, "computed")
    assert became(database, *told(1))[0] == (None, None, None, None)


def test_what_is_stated_later_takes_the_place_of_what_was_computed(database):
    first = ryng(**NO, disposition=None, callDisposed=None)
    found, row = became(database, first)
    assert found == (None, None, 120, "computed")
    keep(database, receipt(terminal(callDuration=118), at=START + timedelta(minutes=1)))
    normalize(database, CONNECTIONS)
    (after,) = outcomes(database)
    assert (after.id, after.duration_seconds, after.duration_source) == (row.id, 118, "stated")


# Observed -------------------------------------------------------------------------------------------------------------
JANA, PETR, EVA = ({"Login": name, "Line": line} for name, line in (("jana", "444"), ("petr", "445"), ("eva", "446")))


def webhooks(*told):
    """``(second, event, more)``: receipts as they arrived."""
    call = {"From": "222333444", "To": "601000001", "Direction": "outgoing", "UniqueId": "1793000000.1"}
    found = []
    for second, event, *more in told:
        body = call | {"EventName": event} | (more[0] if more else {})
        found.append(receipt(body, "event", START + timedelta(seconds=second), VOIPEX))
    return found


WHOLE = [(0, "NewCall"), (1, "Ringing"), (8, "Answered", JANA), (38.9, "Hangup", JANA), (42, "CDR", JANA)]
NOTHING = (None, None, None, None)
ARRIVED = [
    (WHOLE, (30, "observed", 38, "observed")),
    (WHOLE[2:4], (30, "observed", None, None)),
    (WHOLE[2:3], NOTHING),  # not over
    (WHOLE[:3] + WHOLE[4:], NOTHING),  # a record is stored some time after the end
    (WHOLE[:2] + [(20, "Hangup")], (None, None, 20, "observed")),  # nobody answered
    # Repetitions are no news, whenever they come.
    (WHOLE + [(90, "Answered", JANA), (95, "Hangup", JANA)], (30, "observed", 38, "observed")),
    (WHOLE + [(60, "NewCall")], (30, "observed", 38, "observed")),
    # What comes after something that happened later came late.
    ([(8, "Hangup", JANA), (38, "Answered", JANA)], NOTHING),
    ([(0, "NewCall"), (8, "Answered"), (30, "CDR"), (38, "Hangup")], NOTHING),
    ([(0, "Ringing"), (1, "NewCall"), (8, "Answered"), (38, "Hangup")], (30, "observed", None, None)),
    ([(0, "NewCall"), (8, "Answered"), (9, "Ringing"), (38, "Hangup")], (30, "observed", 38, "observed")),
    ([(8, "Answered", JANA), (8.4, "Hangup", JANA)], NOTHING),  # held up on the way, and came together
    ([(8, "Answered", JANA), (8 + 86401, "Hangup", JANA)], NOTHING),
    # Several legs: the beginning and the end of the one who is credited.
    (
        [(0, "NewCall"), (5, "Hangup", PETR), (8, "Answered", JANA), (38, "Hangup", JANA)],
        (30, "observed", 38, "observed"),
    ),
    ([(8, "Answered", JANA), (20, "Hangup")], (12, "observed", None, None)),
    ([(8, "Answered"), (20, "Hangup", JANA)], (12, "observed", None, None)),
    # A ring group: four ends are no end of the call, whenever they come.
    (
        [(0, "NewCall"), (8, "Answered", JANA), (8, "Hangup", PETR), (38, "Hangup", JANA), (40, "Hangup", EVA)],
        (30, "observed", 38, "observed"),
    ),
    # Handed over: the seconds of whoever is credited.
    (
        [(8, "Answered", JANA), (20, "AttendedTransfer", JANA), (25, "Answered", PETR), (26, "Hangup", JANA)]
        + [(60, "Hangup", PETR), (62, "CDR", PETR)],
        (35, "observed", None, None),
    ),
    # Two different ends of one leg: which of them is it?
    ([(8, "Answered", JANA), (20, "Hangup", JANA | {"Reason": "a"}), (30, "Hangup", JANA | {"Reason": "b"})], NOTHING),
    # Nobody spoke.
    ([(8, "Answered"), (20, "Hangup", {"Reason": "RS_LOST"})], NOTHING),
    ([(8, "Answered"), (20, "Hangup", {"Reason": "Answering machine"})], NOTHING),
]


def test_observed_is_what_arrived_in_its_order(database):
    for told, expected in ARRIVED:
        found, row = became(database, *webhooks(*told))
        assert found == expected, told
        for name in ("talk", "duration"):
            said = row.set_by.get(f"{name}_seconds")
            assert (said is not None) == (getattr(row, f"{name}_source") is not None)


def test_the_receipt_of_the_end_has_set_what_was_observed(database):
    kept = webhooks(*WHOLE)
    _, row = became(database, *kept)
    assert row.set_by["talk_seconds"] == row.set_by["duration_seconds"] == str(kept[3].id)


@pytest.mark.slow
def test_the_order_in_which_receipts_are_read_does_not_matter(database):
    """The times of arrival are the receipts' own; they may be read in any order, in batches, again and again."""
    told = [*WHOLE[1:4], (90, "Hangup", JANA)]
    expected, _ = became(database, *webhooks(*told))
    assert expected == (30, "observed", None, None)
    for order in itertools.permutations(range(len(told))):
        empty(database)
        kept = webhooks(*told)
        for at in order:
            keep(database, kept[at])
            normalize(database, CONNECTIONS)
        (row,) = outcomes(database)
        assert (row.talk_seconds, row.talk_source, row.duration_seconds, row.duration_source) == expected
    assert ids.parse(row.set_by["talk_seconds"]) == kept[2].id


def test_a_leg_that_another_agent_ended_is_not_the_one_that_was_answered(database):
    """Whoever is credited: seconds are those of one leg, or none."""
    told = [(8, "Answered", JANA), (38, "Hangup", PETR)]
    found, _ = became(database, *webhooks(*told))
    assert found == NOTHING
    told = [(8, "Answered", JANA), (38, "Hangup", JANA), (50, "Hangup", PETR | {"Reason": "Call Completed Elsewhere"})]
    found, row = became(database, *webhooks(*told))
    assert found == ((30, "observed", None, None) if row.agent_username == "jana" else NOTHING)


@st.composite
def calls(draw):
    """Webhooks of one call with up to three legs: each told at a time of its own, or not at all, or twice."""
    told = []
    for agent in draw(st.sets(st.sampled_from(["jana", "petr", "eva"]), min_size=1)):
        who = draw(st.sampled_from([{"Login": agent}, {"Login": agent, "Line": agent[0]}, {}]))
        for event in ("NewCall", "Ringing", "Answered", "Hangup", "CDR"):
            for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
                told.append((draw(st.integers(0, 60)), event, who))
    return told or [(0, "Hangup", {})]


@pytest.mark.slow
@PROPERTY
@given(data=st.data())
def test_what_is_observed_lies_between_two_arrivals_whatever_the_order(database, data):
    evidence = webhooks(*data.draw(calls()))
    expected, row = became(database, *copies(evidence))
    for seconds, source in (expected[:2], expected[2:]):
        assert (seconds is None and source is None) or (seconds > 0 and source == "observed")
    moments = {str(one.id): one.received_at for one in evidence}
    first = {name: min(one.received_at for one in evidence if name in one.body.decode()) for name in told_in(evidence)}
    for name, begin in (("talk", "Answered"), ("duration", "NewCall")):
        if getattr(row, f"{name}_source"):
            since = moments[row.set_by[f"{name}_seconds"]] - timedelta(seconds=getattr(row, f"{name}_seconds"))
            assert since >= first[begin] and since in moments.values()

    order = data.draw(st.permutations(evidence))
    size = data.draw(st.integers(1, len(order)))
    empty(database)
    for at in range(0, len(order), size):
        keep(database, *copies(order[at : at + size]))
        normalize(database, CONNECTIONS)
    (row,) = outcomes(database)
    assert (row.talk_seconds, row.talk_source, row.duration_seconds, row.duration_source) == expected


def told_in(evidence) -> set[str]:
    return {json.loads(one.body)["EventName"] for one in evidence}
