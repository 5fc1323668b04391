"""What the engine makes of a CRM that takes calls one by one, and without a unique field. On both databases."""

from datetime import timedelta

from crm import previewing, steering
from tests.crm.engine import Engine, on_one_database, told, undone
from tests.crm.pipedrive.stage import played
from tests.factories import NOON

NUMBER = "+919810012345"


def sent(engine: Engine, account, **given):
    sales = account.destination(**given)
    engine.started(sales)
    return sales


def test_what_stood_behind_an_answer_that_was_lost_is_sent_without_being_looked_for(engine):
    with played() as account:
        sales = sent(engine, account)
        account.add(NUMBER)
        for _ in range(3):
            engine.made(customer_number=NUMBER)
        account.faults({"drop_after": {"times": 1, "path": "callLogs"}})
        assert sorted(row.state for row in engine.run(sales)) == ["pending", "pending", "unknown"]
        account.faults({})
        engine.later(60)
        assert {row.state for row in engine.run(sales)} == {"done"}
        assert account.made() == 3


@on_one_database
def test_a_call_is_shown_before_it_is_logged_and_as_the_same_afterwards(engine):
    with played() as account:
        sales = sent(engine, account)
        account.add(NUMBER)
        engine.made(customer_number=NUMBER, started_at=NOON)
        since = NOON - timedelta(days=1)
        before = previewing.preview(engine.database, sales, since)
        assert before.counts == {("log_call", "new"): 1}
        engine.run(sales)
        after = previewing.preview(engine.database, sales, since)
        assert after.counts == {("log_call", "same"): 1}
        assert account.made() == 1


@on_one_database
def test_a_call_is_refused_until_its_outcome_is_named_and_then_logged_and_taken_back(engine):
    with played() as account:
        sales = sent(engine, account)
        account.add(NUMBER)
        engine.made(customer_number=NUMBER, connect_outcome="unknown")
        assert told(engine.run(sales)) == [("log_call", "refused", "no_outcome")]
        named = account.destination(settings={"outcomes": {"unknown": "no_answer"}})
        (row,) = engine.rows(sales)
        steering.retry(engine.database, row.id, engine.now())
        assert told(engine.run(named)) == [("log_call", "done", None)]
        assert undone(engine, named) == ["removed"]
        assert account.stands() == []
