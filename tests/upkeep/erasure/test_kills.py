"""Whoever erases is killed at each step and begins again; calls go on meanwhile, and dialers repeat what they said."""

import json
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from lib import clock
from lib.phone_spellings import Spellings
from lib.stand_ins import LENGTH, is_stand_in
from models import CallEvent, CallOutcome, Receipt
from outcomes.receipts import replay
from tests import factories
from tests.evidence import connect, normalize, outcomes, terminal
from tests.outcomes.test_erasing import NUMBER, OTHER, PERSONAL, told
from tests.server import ROOT
from tests.upkeep.erasure import dump, files_with, test_totals
from tests.upkeep.erasure.test_totals import figures
from tests.upkeep.erasure.test_totals import filled as filled  # a fixture
from tests.upkeep.erasure.test_working import erased, eraser
from upkeep.erasure import beginning
from upkeep.erasure.steps import STEPS
from upkeep.verifying.tables import receipts as verified

SPELLINGS = Spellings(NUMBER)
NOTES = "Ask her husband: 098000 12345"


def test_killed_at_each_step_it_ends_with_no_digits_and_every_total(filled, database_url, tmp_path):
    person, spellings = test_totals.NUMBER, test_totals.SPELLINGS
    told(filled, connect(17, customerNum=person), terminal(17, 7, **PERSONAL, **{"customerNum": person}))
    told(filled, terminal(20, 50, customerNum=OTHER, notes=f"Ask her husband: {person}"))
    told(filled, terminal(21, f"{person}-1", customerNum=OTHER, agentUsername=f"Desk {person}"))
    with filled.write() as session:
        factories.receipt(
            session, body=f'{{"tel": "{person}" and no JSON'.encode(), state="quarantined", reason="unparseable"
        )
    data = tmp_path / "data"
    (data / "exports").mkdir(parents=True)
    (data / "exports" / "calls.csv").write_text(f"number\n{person}\n")
    before, seen = figures(filled), len(outcomes(filled))
    beginning.begin(filled, data, person, "Ann")
    filled.close()
    command = [sys.executable, "-m", "tests.upkeep.erasure.dying", database_url, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    deaths = (tmp_path / "deaths").read_text().splitlines()
    assert {f"{step} before it is noted" for step in STEPS} <= set(deaths) and "tables after a commit" in deaths
    assert not spellings.within(dump(filled)) and files_with(data, spellings) == []
    assert figures(filled) == before and len(outcomes(filled)) == seen


def test_while_it_works_the_persons_calls_end_and_dialers_repeat_what_they_said(database, tmp_path):
    """One call of the person and one of somebody else ends after each piece of the work; the latter's dialer repeats itself."""
    moments = range(24)
    person = [{"call_id": 100 + at, "log_id": 500 + at, **PERSONAL} for at in moments]
    other = [terminal(200 + at, 600 + at, customerNum=OTHER, notes=NOTES) for at in moments]
    told(database, *(connect(100 + at) for at in moments))
    told(database, *other)
    beginning.begin(database, tmp_path, NUMBER, "Ann", keep_uncalled=False)
    one, late = eraser(database, tmp_path), iter(zip(person, other, strict=True))
    while one.running():
        one.work(one.running()[0])
        if (now := next(late, None)) is not None:
            told(database, terminal(**now[0]), now[1], at=clock.now())
    for mine, again in late:
        told(database, terminal(**mine), again, at=clock.now())
    said = dump(database)
    assert not SPELLINGS.within(said) and "Kowalska" not in said
    rows = outcomes(database)
    assert len(rows) == 2 * len(moments)
    assert sum(is_stand_in(row.customer_number) for row in rows) == len(moments)
    assert {row.disposition for row in rows} == {"Interested"}
    assert {row.notes for row in rows} == {None, "Ask her husband: erased"}


@pytest.mark.parametrize("at_once", [True, False])
def test_a_call_of_before_whose_number_is_told_after_an_erasure_is_one_call(database, tmp_path, at_once):
    told(database, terminal())
    if not at_once:
        told(database, connect(30, customerNum=None))
    erased(database, tmp_path)
    more = (connect(30, customerNum=None),) if at_once else ()
    told(database, *more, terminal(30, 70, **PERSONAL))
    rows = outcomes(database)
    assert len(rows) == 2 and all(is_stand_in(row.customer_number) and is_stand_in(row.call_id) for row in rows)
    told(database, connect(30, customerNum=None, event="customer-answered"))
    assert len(outcomes(database)) == 2 and not SPELLINGS.within(dump(database))


# A retry of somebody else's callback ----------------------------------------------------------------------------------------
BODIES = {
    "an end": terminal(20, 50, customerNum=OTHER, notes=NOTES),
    "a milestone": connect(20, customerNum=OTHER, agentUsername=f"Desk {NUMBER}"),
    "an agent's id": connect(20, customerNum=OTHER, agentID=f"desk {NUMBER}"),
    "a name of an attempt": terminal(20, f"{NUMBER}-1", customerNum=OTHER),
    "a name of a call": terminal(f"{NUMBER}/7", 50, customerNum=OTHER),
}


def states(database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Receipt.state).order_by(Receipt.id)))


@pytest.mark.parametrize("what", BODIES)
def test_a_retry_that_crosses_an_erasure_is_a_repetition(database, tmp_path, what):
    body = BODIES[what]
    attempts = [
        terminal(20, 60 + at, customerNum=OTHER, agentID=at, callEnded=f"2026-11-18T1{at}:02:00.000Z") for at in (1, 2)
    ]
    told(database, *attempts)
    told(database, body)
    count = len(outcomes(database))
    erased(database, tmp_path)
    rows = [(row.id, row.revision) for row in outcomes(database)]
    told(database, body)
    assert states(database)[-1] == "duplicate"
    assert [(row.id, row.revision) for row in outcomes(database)] == rows and len(rows) == count
    assert not SPELLINGS.within(dump(database))
    with database.write() as session:
        assert replay(session, [])
    normalize(database)
    assert [(row.id, row.revision) for row in outcomes(database)] == rows
    assert not SPELLINGS.within(dump(database))


def test_what_is_said_in_a_query_is_no_repetition_of_another(database, tmp_path):
    """Callbacks without a body, which all have the same one."""
    own = {"query": f"n={NUMBER}"}
    first = told(database, terminal(20, 50, customerNum=OTHER), **own)
    told(database, terminal(20, 50, customerNum=OTHER, notes="Anna"))
    erased(database, tmp_path)
    told(database, terminal(20, 50, customerNum=OTHER), query="n=1")
    told(database, terminal(20, 50, customerNum=OTHER), **own)
    with database.read() as session:
        kept = session.scalars(select(Receipt).order_by(Receipt.id)).all()
        assert [row.content_hash for row in kept if row.id == first[0]] == [kept[-1].content_hash]
        assert kept[-1].query == "n=erased" and len({row.content_hash for row in kept}) == 3
    assert not SPELLINGS.within(dump(database))


def test_an_edit_is_none(database, tmp_path):
    told(database, BODIES["an end"])
    erased(database, tmp_path)
    told(database, BODIES["an end"] | {"notes": "Anna, or 09800012345"})
    assert states(database)[-1] == "normalized" and outcomes(database)[0].notes == "Anna, or 09800012345"


def test_a_retry_that_came_before_the_first_lost_the_number_loses_it_too(database, tmp_path):
    told(database, BODIES["an end"])
    beginning.begin(database, tmp_path, NUMBER, "Ann", keep_uncalled=False)
    told(database, BODIES["an end"], at=clock.now())
    one = eraser(database, tmp_path)
    while one.step():
        pass
    assert not SPELLINGS.within(dump(database))
    assert states(database) == ["normalized", "duplicate"]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CallOutcome)) == 1
        said = {(event.kind, json.dumps(event.facts, sort_keys=True)) for event in session.scalars(select(CallEvent))}
        assert len(said) == len({kind for kind, _ in said})


def test_the_hash_of_what_was_is_a_keyed_one_and_no_fault(database, tmp_path):
    told(database, BODIES["an end"])
    erased(database, tmp_path)
    with database.read() as session:
        assert all(is_stand_in(digest[:LENGTH]) for digest in session.scalars(select(Receipt.content_hash)))
    assert [found.wrong for found in verified(database, None, clock.now())] == [[], []]
