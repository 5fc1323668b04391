"""What became of a call by QVoice's words: its disposition in every form, and its connect outcome."""

from pathlib import Path

import pytest

from dialers.base import Connection
from dialers.qvoice.hangup_causes import CAUSES
from tests.dialers.qvoice.saying import facts_of, payload


@pytest.mark.parametrize(
    ("columns", "parent", "disposition"),
    [
        ({"agent_disposition": "QUERY"}, None, "QUERY"),
        ({"agent_disposition": "NO", "agent_subdisposition": "Ring No Reply"}, "NO", "Ring No Reply"),
        ({"agent_disposition": "NO", "agent_subdisposition": ["Busy"]}, "NO", "Busy"),
        ({"agent_disposition": "NO", "agent_subdisposition": [{"name": "A"}, {"name": "B"}]}, "NO", "A / B"),
        ({"agent_disposition": "NO", "agent_subdisposition": {"name": "A"}}, "NO", "A"),
        (
            {"agent_disposition": "NO", "agent_subdisposition": {"name": "A", "subdisposition": {"name": "B"}}},
            "NO",
            "A / B",
        ),
        (
            {
                "agent_disposition": "NO",
                "agent_subdisposition": {"name": "A", "subdisposition": {"key": 7, "value": "B"}},
            },
            "NO",
            "A / B",
        ),
        ({"agent_disposition": "NO", "agent_subdisposition": {"key": "k", "value": ""}}, "NO", "k"),
        # Some installations begin the nested form with the top level itself.
        (
            {"agent_disposition": "NO", "agent_subdisposition": {"name": "NO", "subdisposition": {"name": "A"}}},
            "NO",
            "A",
        ),
        ({"agent_disposition": {"name": "NO", "subdisposition": {"name": "A"}}}, "NO", "A"),
        ({"agent_disposition": "", "agent_subdisposition": "Voicemail"}, None, "Voicemail"),
        ({"agent_disposition": "QUERY", "agent_subdisposition": {}}, None, "QUERY"),
        ({"agent_disposition": "QUERY", "agent_subdisposition": ""}, None, "QUERY"),
    ],
)
def test_dispositions_in_every_form(columns, parent, disposition):
    said = facts_of(payload("row_documented") | columns, "disposed")
    assert (said.get("disposition_parent"), said["disposition"]) == (parent, disposition)


def test_flags_may_hang_on_the_parent():
    row = payload("row_documented") | {"agent_disposition": "not connected", "agent_subdisposition": "Busy"}
    assert facts_of(row, "disposed")["flags"] == ["not_interested"]


def test_notes_alone_are_recorded_without_a_disposition():
    assert facts_of(payload("row_documented") | {"follow_up_notes": "Moved away."}, "disposed") == {
        "notes": "Moved away."
    }


def test_who_hung_up_is_no_disposition():
    assert facts_of(payload("row_documented") | {"disposition": "recv_bye"}, "disposed") is None


LEAD = {"campaign_timestamps": {"lead_answer_time": 1794996790, "agent_answer_time": 0}}
LEAD_ALONE = {"campaign_timestamps": {"lead_answer_time": 1794996790, "agent_answer_time": None}}
NOBODY = {"campaign_timestamps": {"lead_answer_time": 0, "agent_answer_time": 0}, "answered_time": 0}
AGENT_DIAL = {"lead_history": [{"event": "campaign dial", "type": "dial agent", "agent": {"ext": "1102"}}]}


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        ({}, "unknown"),  # nothing but the documented columns
        ({"campaign_timestamps": {"lead_answer_time": 1, "agent_answer_time": 1}}, "connected"),
        ({"answered_time": 1794996790, "agent_talk_time": 4}, "connected"),
        ({"lead_history": [{"event": "lead_answer"}, {"type": "agent_answer"}]}, "connected"),
        ({"agent_talk_time": 4}, "connected"),  # somebody was talked to
        ({"agent_talk_time": 4, "answered_time": 0, "hangup_cause": "NORMAL_CLEARING"}, "no_answer"),
        (LEAD | AGENT_DIAL | {"hangup_cause": "NORMAL_CLEARING"}, "abandoned"),
        (LEAD | {"hangup_cause": "NORMAL_CLEARING"}, "abandoned"),  # agent_answer_time says: no agent
        ({"answered_time": 1794996790} | AGENT_DIAL, "abandoned"),
        ({"answered_time": 1794996790, "hangup_cause": "NORMAL_CLEARING"}, "connected"),  # no word about agents
        ({"answered_time": 1794996790, "hangup_cause": "USER_BUSY"}, "unknown"),  # another leg's cause
        ({"answered_time": 1794996790}, "unknown"),
        (NOBODY | {"hangup_cause": "NORMAL_CLEARING"}, "no_answer"),
        (NOBODY | {"hangup_cause": "NORMAL_UNSPECIFIED"}, "failed"),
        (NOBODY, "unknown"),
        (
            {"hangup_cause": "NORMAL_CLEARING"},
            "unknown",
        ),  # a cause alone never proves an answer, nor that there was none
        ({"answered_time": None, "hangup_cause": "NORMAL_CLEARING"}, "unknown"),
        ({"answered_time": "0001-01-01 00:00:00 +0000 UTC", "hangup_cause": "NORMAL_CLEARING"}, "no_answer"),
        ({"hangup_cause": "USER_BUSY"}, "busy"),
        ({"hangup_cause": "user_busy"}, "busy"),
        ({"hangup_cause": 17}, "busy"),
        ({"hangup_cause": "NO_ANSWER"}, "no_answer"),
        ({"hangup_cause": "CALL_REJECTED"}, "rejected"),
        ({"hangup_cause": "SUBSCRIBER_ABSENT"}, "unreachable"),
        ({"hangup_cause": "UNALLOCATED_NUMBER"}, "invalid_number"),
        ({"hangup_cause": "NETWORK_OUT_OF_ORDER"}, "failed"),
        ({"hangup_cause": "47"}, "failed"),  # Q.850: no resource is free
        ({"hangup_cause": "ORIGINATOR_CANCEL"}, "canceled"),
        ({"hangup_cause": "USER_NOT_REGISTERED"}, "agent_unavailable"),
        # FreeSWITCH, "Hangup Cause Code Table": its names for SIP's 600, 603 and 604, and Q.850's causes from 63 on.
        ({"hangup_cause": "BUSY_EVERYWHERE"}, "busy"),
        ({"hangup_cause": "DECLINE"}, "rejected"),
        ({"hangup_cause": "DOES_NOT_EXIST_ANYWHERE"}, "invalid_number"),
        ({"hangup_cause": "SERVICE_UNAVAILABLE"}, "failed"),
        ({"hangup_cause": "88"}, "failed"),  # incompatible destination
        ({"hangup_cause": "Normal Clearing"} | NOBODY, "no_answer"),
        ({"hangup_cause": "user busy"}, "busy"),
        ({"hangup_cause": "MEDIA_TIMEOUT"}, "unknown"),  # after an answer, or before it
        # "null if no agent answered" (docs.qvoice.net, "Object in Call Detail Records"): nobody has talked for certain.
        (LEAD_ALONE | {"hangup_cause": "NORMAL_CLEARING"}, "unknown"),
        (LEAD_ALONE | {"hangup_cause": "NORMAL_CLEARING", "agent_talk_time": 4}, "connected"),
        (LEAD_ALONE | AGENT_DIAL | {"hangup_cause": "NORMAL_CLEARING"}, "abandoned"),
        ({"hangup_cause": "A_NEW_ONE"}, "unknown"),
        ({"lead_history": [{"event": "lead_hangup", "hangup_cause": "USER_BUSY"}]}, "busy"),
    ],
)
def test_connect_outcome(columns, outcome):
    row = payload("row_documented") | {"lead_history": []} | columns
    assert facts_of(row)["connect_outcome"] == outcome


def test_a_tenant_may_say_what_a_cause_means():
    connection = Connection(
        "q", "qvoice", settings={"hangup_causes": {"a_new_one": "blocked", "USER_BUSY": "rejected"}}
    )
    row = payload("row_documented") | {"lead_history": []}
    assert facts_of(row | {"hangup_cause": "A_NEW_ONE"}, connection=connection)["connect_outcome"] == "blocked"
    assert facts_of(row | {"hangup_cause": "USER_BUSY"}, connection=connection)["connect_outcome"] == "rejected"


def test_the_page_lists_every_hangup_cause():
    page = (Path(__file__).parents[3] / "docs" / "dialers" / "qvoice.md").read_text(encoding="utf-8")
    assert [cause for cause in CAUSES if f"`{cause}`" not in page] == []
