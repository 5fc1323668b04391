"""What the engine keeps of a call between its steps."""

import pytest

from crm.bitrix24.making import REMEMBERED
from tests.crm.bitrix24.stage import played
from tests.crm.engine import told

NUMBER, REGISTER = "+919810012345", "externalCall.register"


@pytest.fixture
def account():
    with played() as found:
        yield found


def test_the_id_of_a_call_that_is_begun_is_kept_and_the_call_finished_by_it(engine, account):
    sales = account.destination()
    engine.started(sales)
    account.add(NUMBER)
    call = engine.made(customer_number=NUMBER)
    account.faults({"failing": {"times": 1, "path": REGISTER}})
    (row,) = engine.run(sales)
    assert (row.state, row.remote_id.startswith("externalCall."), row.remote_id.endswith("/")) == (
        "unknown",
        True,
        True,
    )
    account.portal.ahead = REMEMBERED + 60  # registered again, it would be another one
    engine.later(60)
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert engine.rows(sales)[0].remote_id.startswith(row.remote_id)
    assert (account.portal.counted["calls registered"], account.stands()[0][0]) == (1, str(call))


def test_a_call_that_is_begun_and_merged_into_another_leaves_nothing(engine, account):
    sales = account.destination()
    engine.started(sales)
    account.add(NUMBER)
    kept, gone = (engine.made(customer_number=NUMBER) for _ in range(2))
    account.faults({"failing": {"times": 1, "path": REGISTER, "value": 4}})  # of two calls, three commands each
    engine.run(sales)
    engine.changed(gone, merged_into=kept)
    for _ in range(3):
        engine.later(60)
        engine.run(sales)
    assert [mark for mark, _ in account.stands()] == [str(kept)]
    assert {row.state for row in engine.rows(sales)} <= {"done", "undone"}
