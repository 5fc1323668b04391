"""What is so of every kind of CRM that logs calls, each in its sandbox over HTTP. A new kind takes them with its ``stage.py``.

On both databases where something is kept of what came of it; what is the same on both, on one.
"""

import random
from collections import Counter
from dataclasses import replace

import pytest

from crm import steering
from crm.checking import check
from crm.destination import Rule
from models.deliveries import HELD, NOBODY, OWN, PARKED, PENDING, SENDING, SEVERAL, UNKNOWN
from tests.crm.engine import on_one_database, told, undone
from tests.crm.playing import KINDS, played
from tests.factories import NOON, minutes
from tests.thoroughly import THOROUGH

NUMBER, OTHER = "+919810012345", "+919810054321"


@pytest.fixture(params=KINDS)
def account(request):
    with played(request.param) as found:
        yield found


def logging(engine, account, **given):
    """A destination that has begun to follow."""
    found = account.destination(**given)
    engine.started(found)
    return found


def setting(engine, account, **given):
    """One that sets statuses, and logs no calls: reached where a sale is made, attempted where nobody answered it while new."""
    words = account.words
    new, attempted, reached = words.values
    rules = (
        Rule("flag", "sale", {words.field: reached}),
        Rule("connect_outcome", "no_answer", {words.field: attempted}, (new,)),
    )
    return logging(engine, account, status=rules, log_calls=False, **given)


def settled(engine, destination, rounds: int = 30):
    """Its deliveries, when none is open any more, or after so many minutes."""
    for _ in range(rounds):
        rows = engine.run(destination)
        if not any(row.state in (PENDING, SENDING, PARKED, UNKNOWN) for row in rows):
            break
        engine.later(60)
    return rows


# The account ----------------------------------------------------------------------------------------------------------
def test_wrong_credentials_park_all_until_somebody_resumes(engine, account):
    sales, record = logging(engine, account), account.add(NUMBER)
    call = engine.made(customer_number=NUMBER)
    account.faults({account.words.revoked: {}})
    assert told(engine.run(sales)) == [("log_call", "parked", "credentials_refused")]
    asked = account.asked()
    engine.later(600)
    engine.run(sales)
    assert account.asked() == asked
    account.faults({})
    steering.resume(engine.database, sales.name, engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert account.stands() == [(str(call), record)]


def test_a_token_that_ends_amid_a_batch_is_renewed_once_and_nothing_is_lost(engine, account):
    sales = logging(engine, account, settings=dict(account.words.app))
    account.add(NUMBER)
    calls = {str(engine.made(customer_number=NUMBER)) for _ in range(3)}
    account.faults({account.words.revoked: {"times": 1, "after": 1}})
    assert {row.state for row in settled(engine, sales)} == {"done"}
    assert {mark for mark, _ in account.stands()} == calls
    assert account.made() == 3


def test_a_limit_is_waited_for_as_long_as_it_says_and_nothing_is_doubled(engine, account):
    sales = logging(engine, account)
    account.add(NUMBER)
    for _ in range(3):
        engine.made(customer_number=NUMBER)
    account.faults({account.words.limit: {"times": 1, "path": account.words.write, "value": "50"}})
    assert {row.state for row in engine.run(sales)} == {"pending"}
    asked = account.asked()
    engine.later(30)
    engine.run(sales)
    assert account.asked() == asked
    assert {row.state for row in settled(engine, sales)} == {"done"}
    assert account.made() == len(account.stands()) == 3


def test_a_spent_day_parks_every_destination_of_the_account(engine, account):
    sales, other = logging(engine, account), setting(engine, account, name="other")
    account.add(NUMBER)
    engine.made(customer_number=NUMBER, flags=["sale"])
    account.faults({account.words.day: {}})
    assert told(engine.run(sales)) == [("log_call", "parked", "quota_spent")]
    asked = account.asked()
    assert told(engine.run(other)) == [("set_status", "parked", "quota_spent")]
    assert account.asked() == asked
    account.faults({})
    engine.later(86_400 + 120)
    assert {row.state for row in [*settled(engine, sales), *settled(engine, other)]} == {"done"}
    assert account.made() == 1


# Results --------------------------------------------------------------------------------------------------------------
def test_of_what_was_taken_in_part_the_rest_follows_and_nothing_twice(engine, account):
    sales = logging(engine, account)
    account.add(NUMBER)
    calls = {str(engine.made(customer_number=NUMBER)) for _ in range(4)}
    account.faults(account.words.partial)
    assert {row.state for row in settled(engine, sales)} == {"done"}
    assert account.struck() == 1
    assert {mark for mark, _ in account.stands()} == calls
    assert account.made() == 4


def test_what_is_refused_for_good_stops_nobody_and_is_not_tried_again(engine, account):
    sales = logging(engine, account)
    account.add(NUMBER)
    account.refuse_unanswered()
    good = {str(engine.made(customer_number=NUMBER)) for _ in range(2)}
    bad = engine.made(customer_number=NUMBER, connect_outcome="no_answer")
    good.add(str(engine.made(customer_number=NUMBER)))
    rows = {row.outcome_id: row for row in settled(engine, sales)}
    assert {mark for mark, _ in account.stands()} == good
    refused = rows.pop(bad)
    assert (refused.state, refused.reason) == ("refused", account.words.bad_call)
    assert {row.state for row in rows.values()} == {"done"}
    asked = account.asked()
    engine.later(86_400)
    engine.run(sales)
    assert account.asked() == asked


@pytest.mark.parametrize("place", range(6))
def test_what_nobody_knows_of_is_looked_up_before_it_is_sent_again(engine, account, place):
    sales, record = logging(engine, account), account.add(NUMBER)
    call = engine.made(customer_number=NUMBER)
    account.faults({account.words.lost[place]: {"times": 1, "path": account.words.write}})
    assert engine.run(sales)[0].state == "unknown"
    asked = account.asked()
    assert engine.run(sales)[0].state == "unknown"  # not before the CRM can show it
    assert account.asked() == asked
    assert [row.state for row in settled(engine, sales)] == ["done"]
    assert (account.stands(), account.made()) == ([(str(call), record)], 1)


@on_one_database
@pytest.mark.parametrize("place", range(7))
def test_an_answer_that_is_none_is_a_failure_with_a_sentence_and_nothing_is_doubled(engine, account, place):
    sales = logging(engine, account)
    account.add(NUMBER)
    engine.made(customer_number=NUMBER)
    account.faults({account.words.nothing[place]: {"times": 1, "path": account.words.write}})
    assert engine.run(sales)[0].state in ("pending", "unknown")
    assert engine.desk(sales).error
    assert [row.state for row in settled(engine, sales)] == ["done"]
    assert account.made() == 1


@on_one_database
def test_what_was_done_after_we_had_given_up_waiting_is_found_and_not_done_again(engine, account):
    sales, record = logging(engine, account), account.add(NUMBER)
    call = engine.made(customer_number=NUMBER)
    account.faults({"hang_after": {"times": 1, "path": account.words.write, "value": 6}})
    assert engine.run(sales)[0].state == "unknown"
    assert [row.state for row in settled(engine, sales)] == ["done"]
    assert (account.stands(), account.made()) == ([(str(call), record)], 1)


@on_one_database
@pytest.mark.parametrize("fault", ["huge", "endless"])
def test_an_answer_of_a_hundred_megabytes_is_not_read_to_its_end(engine, account, fault):
    sales = logging(engine, account)
    account.add(NUMBER)
    call = engine.made(customer_number=NUMBER)
    account.faults({fault: {"times": 1, "path": account.words.write}})
    (row,) = engine.run(sales)
    assert (row.state, "larger than 8 MiB" in row.answer) == ("unknown", True)
    account.faults({fault: {"times": 1, "path": account.words.search}})
    engine.made(customer_number=NUMBER)
    engine.later(60)
    assert {row.state for row in settled(engine, sales)} == {"done"}
    assert (account.made(), str(call) in dict(account.stands())) == (2, True)


# Whom a call belongs to -----------------------------------------------------------------------------------------------
@on_one_database
def test_a_record_that_the_search_finds_late_is_found_when_it_is_tried_again(engine, account):
    sales = logging(engine, account)
    record = account.add(NUMBER, late=True)
    call = engine.made(customer_number=NUMBER)
    (held,) = engine.run(sales)
    assert (held.state, held.reason) == (HELD, NOBODY)
    account.seen()
    steering.retry(engine.database, held.id, engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert account.stands() == [(str(call), record)]


def test_of_several_with_a_number_a_person_chooses_and_nothing_is_logged_before(engine, account):
    sales = logging(engine, account)
    one, other = account.add(NUMBER), account.add("098100 12345")
    call = engine.made(customer_number=NUMBER)
    (held,) = engine.run(sales)
    assert (held.state, held.reason) == (HELD, SEVERAL)
    assert {choice["id"] for choice in held.candidates} == {one, other}
    assert account.made() == 0
    steering.choose(engine.database, held.id, other, engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert account.stands() == [(str(call), other)]


@on_one_database
def test_own_numbers_belong_to_nobody_and_a_reference_comes_before_a_number(engine, account):
    sales = logging(engine, account, own_numbers=frozenset({OTHER}))
    record, wanted = account.add(OTHER), account.add(NUMBER)
    engine.made(customer_number=OTHER)
    named = engine.made(customer_number=OTHER, crm_reference=wanted)
    rows = {row.outcome_id: row for row in engine.run(sales)}
    assert {(row.state, row.reason) for row in rows.values()} == {(HELD, OWN), ("done", None)}
    assert account.stands() == [(str(named), wanted)]
    assert record != wanted


# Corrections ----------------------------------------------------------------------------------------------------------
def test_a_row_that_is_merged_into_another_takes_its_call_away(engine, account):
    sales, record = logging(engine, account), account.add(NUMBER)
    gone, kept = (engine.made(customer_number=NUMBER) for _ in range(2))
    engine.run(sales)
    engine.changed(gone, merged_into=kept)
    assert told(engine.run(sales))[-1] == ("remove_call", "done", None)
    assert account.stands() == [(str(kept), record)]


def test_a_corrected_call_is_the_same_one(engine, account):
    sales, record = logging(engine, account), account.add(NUMBER)
    call = engine.made(customer_number=NUMBER, notes="first")
    engine.run(sales)
    engine.changed(call, notes="second", connect_outcome="no_answer")
    assert [row.state for row in engine.run(sales)] == ["done", "done"]
    assert account.stands() == [(str(call), record)]
    assert ("second" in account.said(str(call)), "first" in account.said(str(call))) == (True, False)
    assert account.made() == 1


# Statuses -------------------------------------------------------------------------------------------------------------
def test_a_status_is_set_from_where_it_may_be_and_one_that_moved_on_stays(engine, account):
    sales, record = setting(engine, account), account.add(NUMBER)
    new, attempted, reached = account.words.values
    unanswered = {"customer_number": NUMBER, "connect_outcome": "no_answer"}
    engine.made(started_at=NOON, **unanswered)
    assert told(engine.run(sales)) == [("set_status", "done", None)]
    assert account.value(record) == attempted
    account.move(record, reached)
    engine.made(started_at=NOON + minutes(5), **unanswered)
    assert told(engine.run(sales))[-1] == ("set_status", "done", "not_from")
    assert account.value(record) == reached
    assert new != reached


def test_a_call_that_is_corrected_to_nothing_has_its_status_put_back(engine, account):
    sales, record = setting(engine, account), account.add(NUMBER)
    call = engine.made(customer_number=NUMBER, flags=["sale"])
    engine.run(sales)
    assert account.value(record) == account.words.values[2]
    engine.changed(call, flags=[], connect_outcome="busy")
    assert told(engine.run(sales))[-1] == ("set_status", "done", "put_back")
    assert account.value(record) == account.words.values[0]


@on_one_database
def test_a_mapping_to_an_option_that_the_crm_lacks_is_told_by_check_and_refused(engine, account):
    words = account.words
    sales = setting(engine, account)
    sales = replace(sales, status=(Rule("flag", "sale", {words.field: words.lacking}),))
    record = account.add(NUMBER)
    said = [line for line in check(engine.database, sales) if not line.fine]
    assert [words.lacking in line.what for line in said] == [True]
    assert said[0].todo
    engine.made(customer_number=NUMBER, flags=["sale"])
    assert told(settled(engine, sales)) == [("set_status", "refused", "validation")]
    assert account.value(record) == words.values[0]


def test_what_was_done_is_taken_back_but_for_what_somebody_has_moved(engine, account):
    words = account.words
    sales = replace(setting(engine, account), log_calls=True)
    one, other = account.add(NUMBER), account.add(OTHER)
    for number in (NUMBER, OTHER):
        engine.made(customer_number=number, flags=["sale"])
    settled(engine, sales)
    account.move(other, words.values[1])
    expected = Counter({"removed": 2, "put_back": 1, "moved_on": 1})
    assert Counter(undone(engine, sales, apply=False)) == expected
    assert len(account.stands()) == 2
    assert Counter(undone(engine, sales)) == expected
    assert account.stands() == []
    assert (account.value(one), account.value(other)) == (words.values[0], words.values[1])


# Exactly once ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [1, 2] if THOROUGH else [1])
def test_each_call_stands_once_as_it_was_last_whatever_the_answers_are(engine, account, seed):
    """In short; with processes that are killed and the database away: ``make chaos``."""
    source = random.Random(f"{seed} {engine.database.is_sqlite}")
    sales, records = logging(engine, account), {number: account.add(number) for number in (NUMBER, OTHER)}
    words = account.words
    faults = [*words.lost, *words.nothing, words.limit]
    calls: dict[str, tuple] = {}
    for step in range(24):
        if step % 2 == 0:
            number = source.choice([NUMBER, OTHER])
            call = engine.made(customer_number=number, notes=f"note {step}")
            calls[str(call)] = (call, number, step)
        else:
            mark = source.choice(list(calls))
            call, number, _ = calls[mark]
            outcome = source.choice(["connected", "busy", "no_answer"])
            engine.changed(call, notes=f"note {step}", connect_outcome=outcome)
            calls[mark] = (call, number, step)
        path = source.choice([words.write, words.write, words.search, ""])
        wanted = {"times": source.randint(1, 2), "after": source.randint(0, 2), "path": path}
        account.faults({source.choice(faults): wanted | {"value": "1"}})
        engine.run(sales)
        engine.later(source.choice([1, 15, 60, 600]))
    account.faults({})
    rows = settled(engine, sales)
    assert {row.state for row in rows} <= {"done", "undone"}
    assert sorted(account.stands()) == sorted((mark, records[number]) for mark, (_, number, _) in calls.items())
    for mark, (_, _, step) in calls.items():
        assert f"note {step}" in account.said(mark)
    assert account.made() == len(calls)
