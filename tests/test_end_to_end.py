"""The main job: a dialer that misbehaves in every documented way posts, and each attempt is one outcome, as it was.

Ryng and QVoice are the sandbox's, over real HTTP; Wrapup is ``wrapup serve`` with its own processes.
"""

from collections import Counter

import pytest
from sqlalchemy import func, select

from models import CallOutcome, Receipt
from models.database import Database
from rig.waiting import until
from sandbox.ryng.dialer import Ryng
from tests.server import serving

pytestmark = pytest.mark.slow

CALLS = 60
# Everything that Ryng does or may do to a body that is still a body, and everything on the wire.
HARMLESS = {
    "late_connect": 0.2,
    "shuffled": 0.2,
    "late_edit": 0.2,
    "termination_milestone": 0.2,
    "duplicate_keys": 0.1,
    "legs_list": 0.2,
    "legs_null": 0.1,
    "legs_absent": 0.1,
    "numbers_as_strings": 0.2,
    "smart_quotes": 0.2,
    "duplicate": 0.2,
    "hang_up": 0.05,
}
# What makes a callback unreadable, or a stranger's. Such a callback is no outcome, but it is kept, with its reason.
HARMFUL = {"invalid_json": 0.1, "wrong_token": 0.05, "huge_body": 0.02}
REASONS = {
    "invalid_json": "unparseable",
    "wrong_token": "wrong_token",
    "huge_body": "oversized",
}


def test_every_callback_is_answered_and_every_attempt_is_one_outcome(tmp_path, database_url):
    database = Database(database_url)
    with (
        serving(tmp_path, database_url) as served,
        Ryng(time_scale=0.003, seed=7, faults=HARMLESS, slow_seconds=0.5) as ryng,
    ):
        ryng.place_some(CALLS, served.callback("connect"), served.callback("terminal"))
        ryng.drain(60)
        sent = ryng.ledger.callbacks
        until(lambda: not pending(database), 60)
    assert {callback.state for callback in sent} == {"delivered"}

    truth = {str(a.log_id): (str(c.call_id), a.disposition, a.talk_seconds) for c in ryng.calls for a in c.attempts}
    with database.read() as session:
        rows = session.scalars(select(CallOutcome).where(CallOutcome.merged_into.is_(None))).all()
    found = {row.attempt_id: (row.call_id, row.disposition, row.talk_seconds) for row in rows}
    assert len(rows) == len(found), "an attempt was doubled"
    assert found == truth
    assert {row.is_final for row in rows} == {True}

    tries = sum(len(callback.tries) for callback in sent)
    states = receipts(database)
    assert sum(states.values()) == tries
    assert set(states) <= {"normalized", "duplicate"}
    print(
        f"{len(sent)} callbacks in {tries} tries, all 200; {len(truth)} attempts, {len(rows)} outcomes; {dict(states)}"
    )
    database.close()


# What makes a callback unreadable, no database decides.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_read_is_kept_with_its_reason_and_costs_no_other_call(tmp_path, database_url):
    database = Database(database_url)
    with serving(tmp_path, database_url) as served, Ryng(time_scale=0.003, seed=11, faults=HARMFUL) as ryng:
        ryng.place_some(CALLS, served.callback("connect"), served.callback("terminal"))
        ryng.drain(60)
        sent = ryng.ledger.callbacks
        # What a busy database did not take within a second comes from the spool.
        until(lambda: sum(receipts(database).values()) >= len(sent) and not pending(database), 60)
    assert {callback.state for callback in sent} == {"delivered"}

    # The order in which two faults of one callback count: a wrong token is seen first, then the size, then the words.
    blame = ("wrong_token", "huge_body", "invalid_json")
    spoiled = [next((fault for fault in blame if fault in callback.faults), None) for callback in sent]
    with database.read() as session:
        reasons = session.scalars(select(Receipt.reason).where(Receipt.state == "quarantined")).all()
        outcomes = session.scalars(select(CallOutcome.attempt_id)).all()
    assert Counter(reasons) == Counter(REASONS[fault] for fault in spoiled if fault)
    readable = {c.log_id for c, fault in zip(sent, spoiled, strict=True) if not fault and c.kind == "terminal"}
    assert sorted(filter(None, outcomes)) == sorted(map(str, readable))
    database.close()


def pending(database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Receipt.state == "pending"))


def receipts(database) -> dict[str, int]:
    with database.read() as session:
        return dict(session.execute(select(Receipt.state, func.count()).group_by(Receipt.state)).all())
