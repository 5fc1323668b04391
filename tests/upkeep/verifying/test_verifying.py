"""What does not hold together is found, by its ids; what does, is left in peace."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from dialers.base import Connection
from lib import ids
from models import CallEvent, CallOutcome, Kept, Receipt
from queries.mirror.follower import Follower
from service.cli import verifying
from tests import factories
from tests.dialers.posting import PAYLOADS
from tests.evidence import CONNECTIONS, RYNG, START, connect, keep, normalize, outcomes, receipt, terminal
from upkeep.erasure import beginning
from upkeep.erasure.working import Eraser
from upkeep.verifying import folding, segments, tables
from upkeep.verifying.pieces import pieces

NOW = START + timedelta(minutes=10)


@pytest.fixture
def told(database):
    """Three calls, each with its receipts."""
    for call in (1, 2, 3):
        keep(database, receipt(connect(call), "connect"), receipt(terminal(call, log_id=100 + call)))
    normalize(database)
    assert len(outcomes(database)) == 3
    return database


def everything(database, sample=None, connections=CONNECTIONS, now=NOW):
    yield from folding.calls(database, connections, sample, now, pause=0)
    yield from tables.receipts(database, sample, now)
    yield from tables.outcomes(database, sample)
    yield from tables.events(database, sample)
    yield from tables.deliveries(database, sample)
    yield from tables.feed(database)


def wrong(database, **how) -> list[str]:
    return [sentence for found in everything(database, **how) for sentence in found.wrong]


def by_force(database, *statements: str) -> None:
    """As nobody of ours would write, and no key of the tables allows."""
    if database.is_sqlite:
        line = sqlite3.connect(database.url.database)  # which minds no foreign keys unless it is told to
        line.executescript(";".join(statements))
        line.close()
        return
    with database.write() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))


def test_of_nothing_nobody_says_that_it_is_well(database, capsys):
    found = list(everything(database))
    for one in found:
        verifying.tell(one)
    assert "none   states: 0 looked at, 0 wrong\n" in capsys.readouterr().out
    assert not any(one.looked_at for one in found)
    assert verifying.in_short(0, 0, whole=True) == "There was nothing to look at."
    assert verifying.in_short(0, 7, whole=False) == "Nothing wrong was found in the sample."


@pytest.mark.parametrize("sample", [None, 10])
def test_what_holds_together_is_left_in_peace(told, sample):
    found = list(everything(told, sample))
    assert [(one.what, one.looked_at, one.count) for one in found] == [
        ("calls folded again", 3, 0),
        ("bodies", 6, 0),
        ("states", 6, 0),
        ("outcomes without evidence", 3, 0),
        ("events", found[4].looked_at, 0),
        ("deliveries", 0, 0),
        ("change feed", found[6].looked_at, 0),
    ]
    assert found[0].notes == ["6 receipts read"] and found[4].looked_at >= 6


def test_a_row_that_was_edited_by_hand_is_found(told):
    row = outcomes(told)[1]
    with told.write() as session:
        session.execute(update(CallOutcome).where(CallOutcome.id == row.id).values(talk_seconds=1, notes="better so"))
    assert wrong(told) == [f"outcome {row.id} differs in talk_seconds, notes"]


def test_evidence_that_was_changed_is_found_by_its_body_and_by_what_was_read_out_of_it(told):
    with told.write() as session:
        changed = session.scalars(text("SELECT id FROM receipts WHERE kind = 'terminal' ORDER BY id")).first()
        body = receipt(terminal(1, log_id=101, disposition="Call back later")).body
        session.execute(update(Receipt).where(Receipt.id == ids.parse(str(changed))).values(body=body))
    assert wrong(told) == [f"receipt {changed} says something else than was read out of it", f"receipt {changed}"]


def test_what_is_left_of_persons_who_were_erased_is_no_fault(told, tmp_path):
    """Neither what was taken out of their own calls, nor out of what another's say."""
    other = terminal(4, log_id=104, customerNum="+919800067890", notes="Or call 098000 12345")
    keep(told, receipt(connect(4, customerNum="+919800067890"), "connect"), receipt(other))
    normalize(told)
    beginning.begin(told, tmp_path, "+919800012345", "Ann", keep_uncalled=False)
    eraser = Eraser(told, tmp_path)
    while eraser.step():
        continue
    assert eraser.running() == []
    with told.read() as session:
        bodies = session.scalars(select(Receipt.body)).all()
    assert len(bodies) == 8 and not any(b"12345" in body for body in bodies)
    assert wrong(told) == []
    with told.write() as session:
        kept = select(Receipt).where(Receipt.erased_at.is_(None), Receipt.kind == "terminal")
        session.scalars(kept).one().body += b" "
    assert len(wrong(told)) == 1


def test_settings_that_changed_are_said_to_be_so(told):
    """Nobody has run ``wrapup renormalize`` since."""
    other = {RYNG.name: replace(RYNG, dispositions={})}
    (found, *_) = everything(told, connections=other)
    assert found.count == 3 and "says something else than was read out of it" in found.wrong[0]
    assert "wrapup renormalize" in found.todo


def test_calls_of_a_connection_that_is_gone_from_the_settings_are_counted_and_no_fault(told):
    (found, *_) = everything(told, connections={})
    assert (found.looked_at, found.count) == (0, 0)
    assert "3 calls are of connections that the settings do not name" in found.notes


def test_what_waits_to_be_settled_is_no_fault(database):
    """A worker is about to: the window of a call without a disposition has passed a moment ago."""
    keep(database, receipt(terminal(7, log_id=7, disposition=None, callDisposed=None)))
    normalize(database)
    (row,) = outcomes(database)
    assert row.settling == "awaiting_disposition"
    assert wrong(database, now=row.settle_by + timedelta(seconds=1)) == []


def test_what_points_nowhere_is_found(told):
    first, second, third = outcomes(told)
    gone = ids.new()
    with told.write() as session:
        factories.destination(session)
        orphan = factories.delivery(session, outcome_id=gone)
        unfollowed = factories.delivery(session, outcome_id=first.id, destination="nobody", position=2)
        sentences = [
            f"delivery {orphan.id} is of outcome {gone}, which is not there",
            f"delivery {unfollowed.id} is for nobody, of which nothing is known",
        ]
    with told.read() as session:
        event, receipt_of = session.execute(
            text("SELECT id, receipt_id FROM call_events WHERE outcome_id = :id ORDER BY id LIMIT 1"),
            {"id": str(second.id) if told.is_sqlite else second.id},
        ).one()
    by_force(
        told,
        f"DELETE FROM call_events WHERE outcome_id = '{first.id}'",
        f"DELETE FROM receipts WHERE id = '{receipt_of}'",
        f"UPDATE call_outcomes SET merged_into = '{gone}' WHERE id = '{third.id}'",
    )
    found = wrong(told)
    assert set(sentences) <= set(found)
    assert f"outcome {first.id} has no event" in found
    assert f"event {event} names receipt {receipt_of}, which is not there" in found
    assert f"outcome {third.id} is merged into {gone}, which is not there" in found


def test_what_nobody_has_read_is_found(told):
    waiting = keep(told, receipt(terminal(9, log_id=9)))[0]
    assert wrong(told) == []  # a moment ago
    assert wrong(told, now=START + timedelta(hours=2)) == [f"receipt {waiting.id} waits since 2026-11-18 10:00"]
    with told.write() as session:
        session.execute(update(Receipt).where(Receipt.id == waiting.id).values(state="normalized"))
    assert wrong(told) == [f"receipt {waiting.id} was read, and no event of it is there"]


@pytest.mark.parametrize(
    ("kind", "case"),
    [("campaign_status", "campaign_status_twice"), ("leads", "lead"), ("queue_status", "queue")],
)
def test_what_tells_of_no_call_needs_no_events(told, kind, case):
    """How leads, campaigns and queues stand is polled each minute; of calls that were polled an event is missed."""
    own = Connection(name="qvoice-main", dialer="qvoice", default_country="US")
    body = (PAYLOADS / "qvoice" / f"{case}.json").read_bytes()
    polled = {
        "source": "report",
        "record_key": "c0ffee",
        "context": {"campaign_id": "c0ffee", "listed_under": "c0ffee"},
    }
    (kept,) = keep(told, receipt(body, kind, connection=own, **polled))
    normalize(told, {**CONNECTIONS, own.name: own})
    with told.write() as session:
        assert session.scalar(select(Receipt.state).where(Receipt.id == kept.id)) == "normalized"
        assert not session.scalar(select(func.count()).where(CallEvent.receipt_id == kept.id))
    assert wrong(told) == []
    with told.write() as session:
        session.execute(update(Receipt).where(Receipt.id == kept.id).values(kind="lead_history"))
    assert wrong(told) == [f"receipt {kept.id} was read, and no event of it is there"]


def test_places_that_were_never_given_are_found(told):
    row = outcomes(told)[0]
    with told.write() as session:
        session.execute(text("UPDATE change_feed SET stands_to = 100, begins_above = 2000000, last_position = 2000000"))
        session.execute(update(CallOutcome).where(CallOutcome.id == row.id).values(position=1_500_000))
    assert wrong(told) == [f"outcome {row.id} has place 1500000, which was never given"]
    with told.write() as session:
        session.execute(text("UPDATE change_feed SET stands_to = 0, begins_above = 0, last_position = 1000"))
    assert wrong(told) == ["place 1500000 is taken, and the last that was given is 1000"]


@pytest.mark.parametrize("sample", [None, 10])
def test_the_mirror_is_compared_with_the_tables(told, tmp_path, sample):
    assert list(segments.segments(told, tmp_path / "mirror", sample)) == []  # there is none
    follower = Follower(told, tmp_path / "mirror")
    while follower.step():
        pass
    (found,) = segments.segments(told, tmp_path / "mirror", sample)
    assert (found.looked_at, found.wrong, found.notes) == (3, [], [])
    row = outcomes(told)[0]
    with told.write() as session:  # without a new place in the feed, so that no follower can know
        session.execute(update(CallOutcome).where(CallOutcome.id == row.id).values(talk_seconds=1))
    (found,) = segments.segments(told, tmp_path / "mirror", sample)
    if sample:
        assert found.wrong == [f"outcome {row.id}"]
    else:
        assert found.wrong == ["2026-11: 3 rows in the mirror and 3 rows in the tables, which say otherwise"]


def test_a_segment_that_was_damaged_is_found(told, tmp_path):
    follower = Follower(told, tmp_path / "mirror")
    while follower.step():
        pass
    (file,) = (tmp_path / "mirror").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    (found,) = segments.segments(told, tmp_path / "mirror", None)
    assert found.wrong == [f"{file.name} is not what it was when it was written"]


def test_a_sample_is_spread_and_ends(database):
    assert list(pieces(database, CallOutcome.id, 100)) == []
    with database.write() as session:
        made = [factories.outcome(session).id for _ in range(50)]
    for sample in (1, 20):
        found = [one for some in pieces(database, CallOutcome.id, sample) for one in some]
        assert found == sorted(set(found)) and set(found) <= set(made) and 0 < len(found)
    for sample in (50, 5_000, None):  # of what is few nothing is left out
        assert [one for some in pieces(database, CallOutcome.id, sample) for one in some] == sorted(made)


def test_what_was_deleted_for_its_age_is_no_fault(told):
    """The receipts of the three calls have gone, some events of one are left; a fourth call is whole."""
    keep(told, receipt(terminal(4, log_id=104), at=START + timedelta(days=2)))
    normalize(told, now=START + timedelta(days=2, minutes=5))
    day = f"{START + timedelta(days=1):%Y-%m-%d}"
    by_force(
        told,
        f"DELETE FROM call_events WHERE received_at < '{day}' AND kind <> 'disposed'",
        f"DELETE FROM receipts WHERE received_at < '{day}'",
        "DELETE FROM call_events WHERE receipt_id NOT IN (SELECT id FROM receipts)",
    )
    assert any("has no event" in sentence for sentence in wrong(told))
    with told.write() as session:
        session.add(Kept(kind="receipts", since=START + timedelta(days=1), deleting=False, rounds=1, deleted=6))
    found = {one.what: one for one in everything(told)}
    assert not [one.what for one in found.values() if one.count]
    assert (
        "3 outcomes cannot be compared: their receipts were deleted for their age" in found["calls folded again"].notes
    )
