"""The flag dnc puts a call's number on the list, in the transaction that shows it: once, and taken back with the flag alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from leads import suppressing
from leads.numbers import Numbers
from models import Suppression
from models.suppressions import OUTCOME
from outcomes.do_not_call import Past
from outcomes.renormalize import renormalize
from outcomes.suppressions import Wanted
from tests import factories
from tests.evidence import RYNG, START, connect, keep, normalize, outcomes, receipt, terminal

WORD = "Do not call"
ASKED = {RYNG.name: replace(RYNG, dispositions={WORD: ("contact", "dnc")})}
PLAIN = {RYNG.name: replace(RYNG, dispositions={})}
NUMBER = "+919800012345"


def listed(database) -> list[Suppression]:
    with database.read() as session:
        rows = list(session.scalars(select(Suppression).order_by(Suppression.id)))
        session.expunge_all()
    return rows


def said(database) -> list[tuple]:
    return [(row.number, row.source, row.taken_off_by) for row in listed(database)]


def again(database, connections, apply=True) -> None:
    for _ in renormalize(database, connections, RYNG.name, apply, None, START + timedelta(minutes=10)):
        pass


def dnc(call_id=19, log_id=49, at=START, **fields):
    return receipt(terminal(call_id, log_id, **({"disposition": WORD} | fields)), at=at)


def test_it_is_there_once_however_often_and_in_whichever_order_it_is_told(database):
    keep(database, dnc(), receipt(connect(), "connect"), dnc(at=START + timedelta(minutes=1)))
    normalize(database, ASKED)
    (outcome,), (row,) = outcomes(database), listed(database)
    assert outcome.flags == ["contact", "dnc"]
    assert (row.number, row.source, row.origin) == (NUMBER, OUTCOME, str(outcome.id))
    assert (row.reason, row.added_by, row.taken_off_at, row.until) == (WORD, RYNG.name, None, None)
    again(database, ASKED)
    assert len(listed(database)) == 1


def test_a_flag_that_is_taken_back_takes_back_what_it_has_put_and_nothing_else(database):
    suppressing.put(database, Numbers([Wanted(NUMBER, NUMBER, "In writing")]), "Ann")
    keep(database, dnc())
    normalize(database, ASKED)
    again(database, PLAIN)
    assert said(database) == [(NUMBER, "person", None), (NUMBER, OUTCOME, RYNG.name)]
    again(database, ASKED)
    assert [row.taken_off_by for row in listed(database)] == [None, RYNG.name, None]


def test_what_a_person_has_taken_off_stays_off_until_the_call_says_it_anew(database):
    keep(database, dnc())
    normalize(database, ASKED)
    assert suppressing.take_off(database, NUMBER, "Ann").may_be_called
    keep(database, dnc(at=START + timedelta(minutes=1), notes="He was angry"))
    normalize(database, ASKED)
    assert [row.notes for row in outcomes(database)] == ["He was angry"]
    assert said(database) == [(NUMBER, OUTCOME, "Ann")]
    again(database, PLAIN)
    assert said(database) == [(NUMBER, OUTCOME, "Ann")]
    again(database, ASKED)
    assert said(database) == [(NUMBER, OUTCOME, "Ann"), (NUMBER, OUTCOME, None)]


def test_looking_at_what_would_change_puts_nothing_there(database):
    keep(database, dnc())
    normalize(database, PLAIN)
    again(database, ASKED, apply=False)
    assert listed(database) == []


def test_another_number_takes_the_place_of_the_first(database):
    keep(database, dnc(), dnc(at=START + timedelta(minutes=1), customerNum="+919800099999"))
    normalize(database, ASKED, limit=1)
    found = {row.number for row in listed(database) if row.taken_off_at is None}
    assert found == {outcomes(database)[0].customer_number}


def test_a_number_that_cannot_be_read_is_not_guessed(database):
    keep(database, dnc(customerNum="anonymous"))
    normalize(database, ASKED)
    assert (outcomes(database)[0].flags, listed(database)) == (["contact", "dnc"], [])


@pytest.mark.parametrize("limit", [1, 250])
def test_calls_that_an_older_release_has_written_are_put_there_when_a_worker_starts(database, limit):
    keep(database, *(dnc(n, 100 + n, customerNum=f"+91980001234{n}") for n in range(3)))
    normalize(database, ASKED)
    with database.write() as session:
        factories.outcome(session, flags=["dnc"], customer_number=None)
        factories.outcome(session, flags=["sale"], customer_number="+919800012349")
    suppressing.take_off(database, "+919800012340", "Ann")
    with database.write() as session:
        session.execute(delete(Suppression).where(Suppression.taken_off_at.is_(None)))
    past = Past(database)
    while past.step(limit):
        pass
    assert said(database) == [
        ("+919800012340", OUTCOME, "Ann"),
        ("+919800012341", OUTCOME, None),
        ("+919800012342", OUTCOME, None),
    ]
    assert (Past(database).step(), len(listed(database))) == (0, 3)
