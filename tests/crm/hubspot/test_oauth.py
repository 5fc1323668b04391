"""An app that is connected by OAuth: its token is renewed once, by whoever needs it first."""

from dataclasses import replace

import pytest
from marshmallow import ValidationError

from crm import steering
from crm.checking import check
from crm.hubspot import Settings
from tests.crm.engine import hubspot_of, on_one_database, told
from tests.crm.mapping import NUMBER

APP = {"client_id": "demo-app", "client_secret": "demo-secret", "refresh_token": "demo-refresh"}


@pytest.fixture
def app(engine, hubspot):
    hubspot.tokens.clear()
    found = hubspot_of(hubspot, settings=APP)
    engine.started(found)
    return found


@on_one_database
def test_calls_are_logged_with_a_token_that_is_renewed_when_it_is_over(engine, hubspot, app):
    engine.made(customer_number=NUMBER)
    engine.run(app)
    engine.made(customer_number=NUMBER)
    engine.run(replace(app, connections=("ryng-main",)))  # as another process, which has the same token
    assert hubspot.counted["tokens granted"] == 1
    hubspot.tokens.clear()  # it ends before its time
    engine.made(customer_number=NUMBER)
    assert told(engine.run(app)) == [("log_call", "done", None)] * 3
    assert hubspot.counted["tokens granted"] == 2
    assert all(line.fine for line in check(engine.database, app))


@on_one_database
def test_a_refresh_token_that_is_good_no_more_parks_with_a_sentence(engine, hubspot, app):
    hubspot.app.refresh = "another"
    engine.made(customer_number=NUMBER)
    assert told(engine.run(app)) == [("log_call", "parked", "credentials_refused")]
    error = engine.desk(app).error
    assert "connect it again and put its refresh token into refresh_token" in error
    assert "demo-" not in error
    asked = hubspot.requests.total()
    engine.later(3500)
    engine.run(replace(app, connections=("ryng-main",)))
    assert hubspot.requests.total() == asked  # nobody asks again before its time
    hubspot.app.refresh = "demo-refresh"
    steering.resume(engine.database, app.name, engine.now())
    assert told(engine.run(app)) == [("log_call", "done", None)]


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({}, "access_token"),
        (APP | {"access_token": "t"}, "access_token"),
        ({"client_id": "a", "refresh_token": "b"}, "client_secret"),
    ],
)
def test_either_a_token_or_all_of_an_app(given, at):
    with pytest.raises(ValidationError) as error:
        Settings().load(given)
    assert list(error.value.messages) == [at]
