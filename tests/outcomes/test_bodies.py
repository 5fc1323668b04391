"""Bodies that are nearly right, through the real tables: several events of one receipt, and what the receipt says of it."""

import gzip
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from models import CallEvent, Receipt
from outcomes import receipts as sent_back
from outcomes.renormalize import renormalize
from queries import evidence, forgiven
from tests.evidence import CONNECTIONS, RYNG, START, keep, normalize, outcomes, receipt, terminal


def calls(*numbers, **fields):
    return [terminal(call_id=number, log_id=100 + number, **fields) for number in numbers]


def told(database, kept):
    with database.read() as session:
        row = session.get(Receipt, kept.id)
        return row.state, row.reason, row.forgiven


def events(database):
    with database.read() as session:
        found = select(CallEvent.ordinal, CallEvent.id).order_by(CallEvent.ordinal)
        return dict(session.execute(found).all())


def shown(database):
    return {row.call_id: (row.id, row.revision, row.connect_outcome, row.disposition) for row in outcomes(database)}


def again(database, kept):
    with database.write() as session:
        sent_back.replay_one(session, kept.id)
    normalize(database)


def test_the_headers_that_say_how_to_read_a_body_reach_the_reader(database):
    body = gzip.compress(json.dumps(terminal(notes="Zoë"), ensure_ascii=False).encode("cp1252"))
    headers = {"content-type": "application/json; charset=windows-1252", "content-encoding": "gzip"}
    (kept,) = keep(database, receipt(body, headers=headers))
    normalize(database)
    assert [row.notes for row in outcomes(database)] == ["Zoë"]
    assert told(database, kept) == ("normalized", None, "character_set gzip")
    with database.read() as session:
        row = evidence.find(session, kept.id)
        assert row.body == body
        assert evidence.shown_whole(row)["forgiven"] == ["character_set", "gzip"]


def test_a_body_of_several_events_is_several_outcomes(database):
    (kept,) = keep(database, receipt(json.dumps(calls(1, 2, 3)).encode()))
    normalize(database)
    assert [row.call_id for row in outcomes(database)] == ["1", "2", "3"]
    assert told(database, kept) == ("normalized", None, "several_events")
    assert list(events(database)) == [0, 1, 1000, 1001, 2000, 2001]  # each call has ended, and was disposed of


def test_the_same_several_events_once_more_are_a_duplicate(database):
    body = json.dumps(calls(1, 2)).encode()
    first, second = keep(database, receipt(body), receipt(body))
    normalize(database)
    assert {told(database, first)[0], told(database, second)[0]} == {"normalized", "duplicate"}
    assert [row.revision for row in outcomes(database)] == [1, 1]


def test_events_that_came_alone_and_in_a_list_are_the_same(database):
    single = [receipt(one) for one in calls(1, 2)]
    keep(database, *single, receipt(json.dumps(calls(2, 1)).encode()))
    normalize(database)
    assert [(row.call_id, row.revision) for row in outcomes(database)] == [("1", 1), ("2", 1)]


def test_a_part_that_cannot_be_understood_costs_no_other_one_and_can_be_read_later(database):
    first, third = calls(1, 3)
    (second,) = calls(2)
    broken = {name: value for name, value in second.items() if name not in ("callID", "callLogID")}
    (kept,) = keep(database, receipt(json.dumps([first, broken, third]).encode()))
    normalize(database)
    before, ids = shown(database), events(database)
    assert set(before) == {"1", "3"}
    assert told(database, kept) == ("quarantined", "partly_unreadable", "several_events")
    with database.read() as session:
        assert session.get(Receipt, kept.id).detail.startswith(
            "1 of its 3 parts could not be understood, the others are in."
        )

    again(database, kept)  # nothing has changed
    assert (shown(database), events(database)) == (before, ids)
    assert told(database, kept)[1] == "partly_unreadable"

    with database.write() as session:  # as if the words had learned to read it
        session.get(Receipt, kept.id).body = json.dumps([first, second, third]).encode()
    again(database, kept)
    after = shown(database)
    assert {name: row for name, row in after.items() if name != "2"} == before
    assert after["2"][2] == before["1"][2]
    assert {at: event for at, event in events(database).items() if at in ids} == ids
    assert told(database, kept) == ("normalized", None, "several_events")


def test_history_is_read_again_part_by_part(database):
    keep(database, receipt(json.dumps([*calls(1, disposition="Sold", status="17", talktime=0), 5, *calls(2)]).encode()))
    normalize(database)
    before, ids = shown(database), events(database)
    mapped = {RYNG.name: replace(RYNG, settings={"status_codes": {"17": "busy"}})}
    for apply in (False, True):
        (found,) = [difference for _, difference in renormalize(database, mapped, RYNG.name, apply)]
        assert (found.receipts, found.unreadable) == (1, 0)
    after = shown(database)
    assert after["2"] == before["2"]
    assert after["1"] == (before["1"][0], 2, "busy", "Sold")
    assert events(database) == ids


def test_parts_of_one_call_in_one_body_are_one_outcome(database):
    agent = {"callID": 1, "callbackType": "connect", "event": "agent-connected", "customerNum": "+919800012345"}
    (told_once,) = calls(1)
    keep(database, receipt("\n".join(map(json.dumps, (agent, told_once))).encode()))
    normalize(database)
    ((call_id, (_, revision, outcome, _)),) = shown(database).items()
    assert (call_id, revision, outcome) == ("1", 1, "connected")


def test_slips_are_counted_for_each_connection(database):
    keep(database, *(receipt(json.dumps(one).encode() + b"\x00") for one in calls(1, 2)))
    marked = json.dumps(calls(3)[0]).encode("utf-8-sig") + b"\x00"
    (last,) = keep(database, receipt(marked), receipt(calls(4)[0]))[:1]
    normalize(database)
    with database.read() as session:
        found = forgiven.counted(session, START)
        assert forgiven.counted(session, START + 2 * forgiven.SPAN) == {}
    nul, mark = found.pop("ryng-main")
    assert found == {}
    assert (nul["word"], nul["receipts"], nul["sample_receipt_id"]) == ("nul_characters", 3, str(last.id))
    assert (mark["word"], mark["receipts"], mark["sentence"]) == (
        "byte_order_mark",
        1,
        "A byte order mark stood in front of it.",
    )


@pytest.mark.parametrize("body", [b"[1, 2]", b'{"callID": 1', gzip.compress(b"[" * 2**21)])
def test_what_cannot_be_read_forgives_nothing(database, body):
    (kept,) = keep(database, receipt(body))
    normalize(database, CONNECTIONS)
    state, reason, slips = told(database, kept)
    assert (state, slips) == ("quarantined", None) and reason
