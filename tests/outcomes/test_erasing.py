"""Taking a person out of calls: what is left, that nothing else moves, and that it does not come back."""

from datetime import timedelta

from sqlalchemy import select

from lib import clock, ids
from lib.phone_spellings import Spellings
from lib.stand_ins import is_stand_in
from models import CallEvent, CallKey, CallOutcome, Erasure, Receipt
from outcomes import erasing
from outcomes.receipts import replay
from outcomes.renormalize import renormalize
from tests.evidence import CONNECTIONS, connect, keep, normalize, outcomes, receipt, terminal
from tests.upkeep.erasure import dump

NUMBER, OTHER = "+919800012345", "+919800067890"
LOG = 49


def told(database, *bodies, **more):
    kept = keep(
        database,
        *(
            receipt(body, kind="connect" if body["callbackType"] == "connect" else "terminal", **more)
            for body in bodies
        ),
    )
    normalize(database)
    return [one.id for one in kept]


def erase(database, number=NUMBER):
    """As the worker does it, of the calls alone."""
    now = clock.now()
    with database.write() as session:
        session.add(
            Erasure(
                id=ids.new(),
                stand_in=database.stand_ins.number(number),
                key_id=database.stand_ins.key_id,
                erased_at=now,
                by="Ann",
                keep_uncalled=True,
                step="calls",
                counts={},
                told=[],
                left=[],
            )
        )
        groups = set(session.scalars(select(CallOutcome.group_id).where(CallOutcome.customer_number == number)))
        erasing.erase_calls(session, groups, Spellings(number), now)
        erasing.erase_number(session, number, Spellings(number), now)


PERSONAL = {
    "notes": "Anna Kowalska, ring 09800012345 after six",
    "recordingUrl": "https://rec.example.test/919800012345.mp3",
}


def test_of_a_call_what_says_how_it_went_is_left(database):
    told(database, connect(), terminal(**PERSONAL))
    (before,) = outcomes(database)
    erase(database)
    (after,) = outcomes(database)
    assert (before.customer_number, before.notes) == (NUMBER, PERSONAL["notes"])
    for name in ("customer_number_raw", "customer_name", "notes", "recording_url", "crm_reference"):
        assert getattr(after, name) is None
    assert is_stand_in(after.customer_number) and is_stand_in(after.call_id) and after.custom_fields == {}
    assert after.customer_number.startswith("+91~")
    for name in (
        "id",
        "connect_outcome",
        "disposition",
        "flags",
        "started_at",
        "ended_at",
        "talk_seconds",
        "agent_id",
        "settling",
    ):
        assert getattr(after, name) == getattr(before, name)
    assert (after.revision, after.corrected_at) == (before.revision + 1, None)
    assert after.position > before.position


def test_no_table_holds_the_number_or_what_was_known(database):
    told(database, connect(), terminal(**PERSONAL))
    told(database, connect(20, customerNum=OTHER), terminal(20, 50, customerNum=OTHER))
    erase(database)
    said = dump(database)
    assert not Spellings(NUMBER).within(said)
    assert "Kowalska" not in said and "rec.example.test" not in said
    assert OTHER in said


def test_reading_again_brings_nothing_back_and_changes_nothing(database):
    told(database, connect(), terminal(**PERSONAL))
    erase(database)
    (before,) = outcomes(database)
    with database.write() as session:
        assert replay(session, [])
    normalize(database)
    (after,) = outcomes(database)
    assert after.revision == before.revision
    seen = [differences for _, differences in renormalize(database, CONNECTIONS, "ryng-main", apply=True)]
    assert sum(one.changed + one.made for one in seen) == 0
    assert not Spellings(NUMBER).within(dump(database))


def test_a_late_callback_is_of_the_same_call_and_brings_no_person(database):
    told(database, connect(), terminal(disposition=None, callDisposed=None))
    erase(database)
    (before,) = outcomes(database)
    told(database, terminal(**PERSONAL))
    (after,) = outcomes(database)
    assert (after.id, after.disposition, before.disposition) == (before.id, "Interested", None)
    assert after.revision == before.revision + 1 and is_stand_in(after.customer_number)
    said = dump(database)
    assert not Spellings(NUMBER).within(said) and "Kowalska" not in said


def test_a_call_of_before_that_is_told_for_the_first_time_is_taken_in_without_the_person(database):
    told(database, terminal())
    erase(database)
    told(database, terminal(77, 78))
    rows = outcomes(database)
    assert len(rows) == 2 and all(is_stand_in(row.customer_number) for row in rows)
    assert len({row.customer_number for row in rows}) == 1
    assert not Spellings(NUMBER).within(dump(database))


def test_what_is_called_after_an_erasure_is_new(database):
    told(database, terminal())
    erase(database)
    later = clock.now() + timedelta(hours=1)
    fresh = terminal(
        80,
        81,
        callCreated=clock.iso(later),
        callStarted=clock.iso(later),
        callEnded=clock.iso(later),
        callDisposed=clock.iso(later),
    )
    told(database, fresh, at=later)
    assert sorted(is_stand_in(row.customer_number) for row in outcomes(database)) == [False, True]


def test_several_attempts_stay_apart(database):
    told(
        database,
        terminal(),
        connect(),
        terminal(19, 50, callStarted="2026-11-18T11:00:00.000Z", callEnded="2026-11-18T11:02:00.000Z"),
    )
    before = [(row.id, row.started_at, row.connect_outcome) for row in outcomes(database)]
    erase(database)
    with database.write() as session:
        replay(session, [])
    normalize(database)
    after = [(row.id, row.started_at, row.connect_outcome) for row in outcomes(database)]
    assert sorted(after) == sorted(before) and len(after) == 2


def test_a_row_that_was_merged_into_another_is_erased_as_well(database):
    told(database, terminal())
    with database.write() as session:
        winner = session.scalars(select(CallOutcome)).one()
        columns = {column.name: getattr(winner, column.name) for column in CallOutcome.__table__.columns}
        session.add(CallOutcome(**columns | {"id": ids.new(), "position": 0, "merged_into": winner.id}))
    erase(database)
    assert not Spellings(NUMBER).within(dump(database))


def test_other_calls_of_one_body_keep_what_was_told_of_them(database):
    (kept,) = keep(database, receipt([terminal(), terminal(20, 50, customerNum=OTHER)]))
    normalize(database)
    erase(database)
    with database.write() as session:
        replay(session, [])
    normalize(database)
    numbers = sorted(row.customer_number for row in outcomes(database))
    assert OTHER in numbers and len(numbers) == 2
    with database.read() as session:
        assert b"erased" in session.get(Receipt, kept.id).body


def test_names_of_calls_are_hashed(database):
    told(database, connect(), terminal())
    erase(database)
    with database.read() as session:
        assert all(is_stand_in(key) for key in session.scalars(select(CallKey.key)))
        assert all(is_stand_in(one) for one in session.scalars(select(CallEvent.attempt)) if one)
