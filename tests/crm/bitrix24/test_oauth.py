"""An app whose refresh tokens are used once: what comes with an access token is kept at once, and what is lost is said."""

from dataclasses import replace

import pytest

from crm import steering
from sandbox.bitrix24.account import Portal
from sandbox.bitrix24.api import create_app
from sandbox.server import running
from tests.crm.bitrix24.stage import Played
from tests.crm.engine import on_one_database, told

NUMBER = "+919810012345"


@pytest.fixture
def account():
    portal = Portal(lifted=True)
    with running(create_app(portal), keeping=True) as url:
        yield Played(portal, url)


@on_one_database
def test_each_refresh_token_is_used_once_also_by_another_process_and_after_a_start(engine, account):
    sales = account.destination()
    engine.started(sales)
    account.add(NUMBER)
    for _ in range(3):
        engine.made(customer_number=NUMBER)
        engine.run(replace(sales, connections=("ryng-main",)))  # as another process, which has the same token
        account.portal.tokens.clear()  # it ends before its time
    assert told(engine.run(sales)) == [("log_call", "done", None)] * 3
    assert account.portal.counted["tokens granted"] == 3
    assert account.portal.app.refreshes == {"demo-refresh", "refresh-3"}


@on_one_database
def test_a_refresh_token_whose_successor_was_lost_parks_with_a_sentence(engine, account):
    sales = account.destination()
    engine.started(sales)
    account.add(NUMBER)
    call = engine.made(customer_number=NUMBER)
    account.portal.app.loses = True
    assert told(engine.run(sales))[0][1] == "pending"  # nothing was sent
    account.portal.app.loses = False
    engine.later(60)
    assert told(engine.run(sales)) == [("log_call", "parked", "credentials_refused")]
    assert "install it again and put its refresh token into refresh_token" in engine.desk(sales).error
    assert "may have been used" in engine.desk(sales).error
    assert "demo-" not in engine.desk(sales).error
    again = account.destination(settings={"refresh_token": "given-anew"})
    steering.resume(engine.database, sales.name, engine.now())
    assert told(engine.run(again)) == [("log_call", "done", None)]
    assert account.stands()[0][0] == str(call)
