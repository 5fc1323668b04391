"""``wrapup crm list | deliveries | retry | pause | resume``."""

from dataclasses import replace

import pytest

from crm.destination import Destination
from lib import ids
from models import Delivery, DestinationState
from service.app import create_app
from service.cli.group import wrapup
from tests.factories import delivery, destination
from tests.web.conftest import settings_for
from web.context import context


@pytest.fixture
def run(database, database_url, tmp_path):
    configured = {"sales": Destination("sales", "hubspot"), "new": Destination("new", "webhook")}
    app = create_app(replace(settings_for(database_url, tmp_path), destinations=configured))
    runner = app.test_cli_runner()
    yield lambda *words: runner.invoke(wrapup, ["crm", *map(str, words)])
    context(app).database.close()


@pytest.fixture(autouse=True)
def started(database):
    with database.write() as session:
        destination(session)


def make(database, **given):
    with database.write() as session:
        return delivery(session, **given).id


def now_is(database, one):
    with database.read() as session:
        return session.get(Delivery, one)


def test_how_far_each_is(run, database):
    make(database)
    make(database, state="refused", reason="validation")
    told = run("list")
    assert told.exit_code == 1  # one was not started
    assert "sales  hubspot  running  All but 1 of 2 calls are in; 1 was refused." in told.output
    assert "  1 refused: validation" in told.output and "new  webhook  not_started  Not started yet" in told.output


def test_what_was_written_where(run, database):
    first = make(database, state="refused", reason="validation", answer="No\x1b[31m way.")
    make(database, remote_id="98451", remote_url="https://crm.example/98451")
    both = run("deliveries").output.splitlines()
    assert "https://crm.example/98451" in both[0] and str(first) in both[1]
    assert "No\\x1b[31m way." in both[1]
    page = run("deliveries", "--limit", 1)
    (cursor,) = [line.split()[-1] for line in page.output.splitlines() if line.startswith("More:")]
    assert str(first) in run("deliveries", "--cursor", cursor).output
    assert str(first) in run("deliveries", "--state", "refused", "--destination", "sales").output
    assert run("deliveries", "--outcome", ids.new()).output == "No such delivery.\n"
    assert run("deliveries", "--cursor", "x").exit_code == 2


def test_some_are_tried_again(run, database):
    one, two = (make(database, state="refused", reason="validation") for _ in range(2))
    assert run("retry", one).output == f"{one}: pending.\n"
    assert (
        run("retry", "--destination", "sales", "--reason", "validation").output == "1 delivery will be tried again.\n"
    )
    assert {now_is(database, each).state for each in (one, two)} == {"pending"}


def test_a_record_is_chosen(run, database):
    one = make(database, state="held", reason="nobody_found")
    assert run("retry", one, "--record", "501").exit_code == 0
    assert now_is(database, one).record_id == "501"


def test_what_cannot_be_done_is_a_sentence(run, database):
    done = make(database)
    for words, code, sentence in (
        (["retry"], 2, "Name deliveries"),
        (["retry", done, "--state", "held"], 2, "Name deliveries"),
        (["retry", "--state", "held", "--record", "1"], 2, "--record goes with one delivery"),
        (["retry", done], 1, "It is done"),
        (["retry", ids.new()], 1, "There is no delivery"),
        (["pause", "nowhere"], 1, "There is no destination 'nowhere'. There are: sales, new."),
        (["resume", "new"], 1, "No worker has followed the feed"),
    ):
        told = run(*words)
        assert (told.exit_code, sentence in told.output) == (code, True), told.output


def test_pausing_and_resuming(run, database):
    assert run("pause", "sales").output == "sales is paused.\n"
    with database.read() as session:
        assert session.get(DestinationState, "sales").paused_by == "the command line"
    assert "sales  hubspot  paused" in run("list").output
    assert run("resume", "sales").output == "sales goes on.\n"
    with database.read() as session:
        assert session.get(DestinationState, "sales").paused_at is None
