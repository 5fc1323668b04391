"""The feed after a restore, as readers and the operator see it: 409 over HTTP, and the commands."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from models import LoadedLead
from outcomes import feed_place
from queries import feed as reading
from queries import keyset
from service.app import create_app
from service.cli.group import wrapup
from tests import factories
from tests.evidence import CONNECTIONS
from tests.outcomes.feeding import calls, state
from tests.web.conftest import client_with, settings_for
from web.auth import API
from web.context import context

FEED = f"{API}/outcomes/changes"


@pytest.fixture
def app(database, database_url, tmp_path):
    app = create_app(replace(settings_for(database_url, tmp_path), connections=CONNECTIONS))
    yield app
    context(app).database.close()


def test_over_http(app, database):
    reader = client_with(app, database, "read")
    calls(database, 1, 2, 3)
    page = reader.get(f"{FEED}?limit=2").json
    old = reader.get(f"{FEED}?after={page['next']}").json["next"]
    assert [row["call_id"] for row in reader.get(f"{FEED}?after=2").json["outcomes"]] == ["3"]
    for beyond in (
        "4",
        "9" * 30,
        reading.cursor(4, 1, "first"),
        reading.cursor(1, 2, "first"),
        reading.cursor(1, 1, "lost"),
        keyset.encode("feed", "4"),
    ):
        answer = reader.get(f"{FEED}?after={beyond}")
        assert (answer.status_code, answer.json["error_id"]) == (409, "feed_restarted")
        assert answer.json["details"] == {"epoch": 1, "last_position": 3}

    done = app.test_cli_runner().invoke(wrapup, ["feed", "restart", "--above", "5000000"])
    assert done.exit_code == 0, done.output
    now = state(database)
    assert now.begins_above >= 6_000_000
    assert f"Epoch {now.epoch} has begun; its places are above {now.begins_above}." in done.stdout
    for of_before in (old, page["next"], keyset.encode("feed", "2"), "4", "5000000"):
        answer = reader.get(f"{FEED}?after={of_before}")
        assert (answer.status_code, answer.json["error_id"]) == (409, "feed_restarted")
        assert answer.json["details"] == {"epoch": now.epoch, "last_position": now.last_position}

    calls(database, 4)
    shown, after, more = [], "", True
    while more:
        page = reader.get(f"{FEED}?limit=2&after={after}").json
        shown, after, more = shown + page["outcomes"], page["next"], page["more"]
    assert [row["call_id"] for row in shown] == ["1", "2", "3", "4"]
    assert reader.get(f"{FEED}?after={after}").json == {"outcomes": [], "next": after, "more": False}


def test_an_empty_feed_gives_a_place_that_is_good_later(app, database):
    reader = client_with(app, database, "read")
    after = reader.get(f"{FEED}?after=").json["next"]
    calls(database, 1)
    assert [row["call_id"] for row in reader.get(f"{FEED}?after={after}").json["outcomes"]] == ["1"]


def test_the_command_shows_where_the_feed_is(app, database, tmp_path):
    run = partial(app.test_cli_runner().invoke, wrapup)
    calls(database, 1, 2)
    assert run(args=["feed", "show"]).stdout.splitlines() == ["epoch 1, last place 2", "This host has kept no place."]
    (tmp_path / feed_place.FILE).write_text('{"epoch": 1, "position": 3}')
    shown = run(args=["feed", "show"]).stdout
    assert "kept here: epoch 1, place 3" in shown and "a new epoch begins when the worker starts" in shown
    run(args=["poll"])  # it takes places as well, so it looks first
    now = state(database)
    assert now.epoch > 1
    run(args=["feed", "restart"])
    assert state(database).epoch > now.epoch and state(database).begins_above > now.begins_above


def test_the_command_has_nobody_called_twice(app, database):
    """Also where no place tells that the database is an older one: it is typed after every restore."""
    with database.write() as session:
        factories.load(session, ("pending", "rejected"), state="running", finished_at=None)
    done = app.test_cli_runner().invoke(wrapup, ["feed", "restart"])
    assert "1 lead that had not been sent then may have been sent since" in done.stdout
    with database.read() as session:
        assert session.scalars(select(LoadedLead.state).order_by(LoadedLead.ordinal)).all() == ["unknown", "rejected"]
