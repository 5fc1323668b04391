"""Which account a destination writes to, and who else writes there."""

import threading
from dataclasses import replace

import pytest

from crm import checking
from crm.accounts import OtherAccount
from crm.delivering import Deliverer
from crm.previewing import preview
from tests.crm.engine import hubspot_of, on_one_database, told, undone
from tests.crm.mapping import NUMBER
from tests.factories import NOON


@pytest.fixture
def pair(engine, hubspot, sales):
    """Two destinations with tokens of their own at one account, the first of which was started first."""
    hubspot.tokens["another"] = hubspot.tokens[sales.settings["access_token"]]
    other = hubspot_of(hubspot, "other", settings={"access_token": "another"})
    engine.started(other)
    return sales, other


def sent(engine, *pair):
    """What each says of its deliveries, after each has sent once, in the order given."""
    for one in pair:
        deliverer = Deliverer(engine.database, one, engine.now, beside=pair)
        engine.follow(one)
        while deliverer.step():
            pass
    return [[row[1:] for row in told(engine.rows(one))] for one in pair]


def test_of_two_destinations_at_one_account_one_logs_each_call(engine, hubspot, pair):
    sales, other = pair
    sent(engine, sales, other)
    call = engine.made(customer_number=NUMBER, notes="one")
    assert sent(engine, sales, other) == [[("done", None)], [("done", "shared")]]
    assert engine.rows(other)[0].answer == "sales logs it at this account."
    engine.changed(call, notes="two")
    sent(engine, other, sales)  # who has logged it goes on, whoever comes first
    engine.made(customer_number=NUMBER)
    assert sent(engine, other, sales) == [
        [("done", "shared")] * 2 + [("done", None)],
        [("done", None)] * 2 + [("done", "shared")],
    ]
    assert [one["written"] for one in hubspot.calls()] == [2, 1]
    assert undone(engine, other) == ["removed"]
    assert [one["mark"] for one in hubspot.calls()] == [str(call)]


@pytest.mark.parametrize(("not_found", "comes_to"), [("skip", "refused"), ("hold", "held")])
def test_what_the_one_does_not_log_after_all_the_other_does(engine, hubspot, pair, not_found, comes_to):
    sales, other = replace(pair[0], find_by=("crm_reference",), not_found=not_found), pair[1]
    engine.made(customer_number=NUMBER)
    sent(engine, *pair)  # since then it is known that both have one account
    engine.made(customer_number=NUMBER)
    engine.follow(sales)
    assert [rows[1] for rows in sent(engine, other, sales)] == [("pending", "shared"), (comes_to, "nobody_found")]
    assert sent(engine, other, sales)[0][1] == ("done", None)
    assert len(hubspot.calls()) == 2


def after_looking(deliverer, then):
    """Something happens between its look at who else is there and what it does."""
    looks = deliverer._account.logged_by_others

    def looked(outcomes):
        found = looks(outcomes)
        then()
        return found

    deliverer._account.logged_by_others = looked


@pytest.mark.parametrize("settles_first", ["sales", "other"])
def test_of_two_that_log_a_call_at_one_moment_the_first_has_it_alone(engine, hubspot, pair, settles_first):
    sales, other = pair
    call = engine.made(customer_number=NUMBER)
    has_looked, goes_on = threading.Event(), threading.Event()
    engine.follow(other)
    slow = Deliverer(engine.database, other, engine.now, beside=pair)
    after_looking(slow, lambda: has_looked.set() or goes_on.wait(60))
    thread = threading.Thread(target=slow.step)
    thread.start()
    assert has_looked.wait(60)
    engine.follow(sales)  # of which the other has seen nothing
    quick = Deliverer(engine.database, sales, engine.now, beside=pair)
    if settles_first == "other":
        after_looking(quick, lambda: goes_on.set() or thread.join())
    quick.step()
    goes_on.set()
    thread.join()
    rows = [row for one in pair for row in engine.rows(one)]
    assert told(rows) == [("log_call", "done", None), ("log_call", "done", "shared")]
    assert [row.remote_id is not None for row in rows] == [True, False]
    assert undone(engine, other) == []
    assert [(one["mark"], one["written"]) for one in hubspot.calls()] == [(str(call), 2)]


def test_a_call_that_the_first_lets_go_at_the_moment_when_it_is_left_to_it(engine, hubspot, pair):
    sales, other = replace(pair[0], find_by=("crm_reference",)), pair[1]
    engine.made(customer_number=NUMBER)
    sent(engine, *pair)  # since then it is known that both have one account
    engine.made(customer_number=NUMBER)
    for one in (sales, other):
        engine.follow(one)
    leaves, holds = (Deliverer(engine.database, one, engine.now, beside=pair) for one in (other, sales))
    after_looking(leaves, holds.step)
    leaves.step()
    assert [told(engine.rows(one))[-1][1:] for one in (sales, other)] == [("held", "nobody_found"), ("done", None)]
    assert len(hubspot.calls()) == 2


@on_one_database
@pytest.mark.parametrize(
    "changed",
    [{"settings": {"unique_property": "wrapup_other_id"}}, {"connections": ("qvoice",)}],
)
def test_they_are_kept_apart_by_another_property_or_by_other_calls(engine, hubspot, pair, changed):
    hubspot.add_property("calls", "wrapup_other_id", unique=True)
    sales, other = pair
    own = {**sales.settings, **changed.get("settings", {})}
    sales = replace(sales, **{**changed, "settings": own})
    engine.made(customer_number=NUMBER)
    assert sent(engine, sales, other)[1] == [("done", None)]
    assert len(hubspot.calls()) == 1 + (own["unique_property"] == "wrapup_other_id")


def test_credentials_of_another_account_send_nothing_there_and_take_nothing_back(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    engine.run(sales)
    assert engine.desk(sales).account == str(hubspot.portal_id)
    engine.made(customer_number=NUMBER)
    hubspot.portal_id += 1
    there = replace(sales, connections=("ryng-main",))  # the worker is started anew
    assert [row[1:] for row in told(engine.run(there))] == [("done", None), ("parked", "other_account")]
    assert str(hubspot.portal_id) in engine.desk(sales).error
    with pytest.raises(OtherAccount):
        undone(engine, sales, apply=False)
    with pytest.raises(OtherAccount):
        preview(engine.database, sales, NOON)
    (wrong,) = [line for line in checking.check(engine.database, sales) if "written to before" in line.what]
    assert not wrong.fine and "a destination of its own" in wrong.todo
    assert len(hubspot.calls()) == 1
    hubspot.portal_id -= 1
    engine.later(90)
    assert [row.state for row in engine.run(sales)] == ["done", "done"]


@on_one_database
def test_nothing_is_sent_while_nobody_says_whether_the_account_is_still_the_same(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    engine.run(sales)
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"gateway_timeout": {"path": "account-info"}})
    engine.run(replace(sales, connections=("ryng-main",)))
    assert len(hubspot.calls()) == 1
    hubspot.faults.set({})
    engine.later(60)
    assert [row.state for row in engine.run(sales)] == ["done", "done"]
