"""``wrapup crm check | preview | send | undo``, against the sandbox: what is said is so, in numbers of one and of several."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crm.destination import Rule
from service.app import create_app
from service.cli.group import wrapup
from tests.crm.engine import Engine, account, hubspot_of, listening, told, webhook_of
from tests.factories import NOON
from tests.web.conftest import settings_for
from web.context import context

NUMBER = "+919810012345"
SINCE = ("--since", "2026-11-01")
NEVER = Rule("flag", "sale", {"hs_lead_status": "CONNECTED"}, ("BAD_TIMING",))
SALE = {"customer_number": NUMBER, "started_at": NOON, "flags": ["sale"]}


@pytest.fixture
def engine(database):
    return Engine(database)


@pytest.fixture
def hubspot():
    with account() as found:
        found.add_contact("101", firstname="Asha", phone="98100 12345", hs_lead_status="NEW")
        yield found


@pytest.fixture
def sales(engine, hubspot):
    found = hubspot_of(hubspot, status=(NEVER,))
    engine.started(found)
    return found


@pytest.fixture
def run(database_url, tmp_path):
    """A command with these destinations in the settings."""
    apps = []

    def run(*words, **destinations):
        app = create_app(replace(settings_for(database_url, tmp_path), destinations=destinations))
        apps.append(app)
        return app.test_cli_runner().invoke(wrapup, ["crm", *words])

    yield run
    for app in apps:
        context(app).database.close()


def lines(found, code=0):
    assert found.exit_code == code, found.output
    return found.output.splitlines()


def test_there_and_back_and_there_with_another_mapping(run, engine, hubspot, sales):
    assert (
        lines(run("preview", "sales", *SINCE, sales=sales))[0] == "0 calls would be gone through. Nothing was written."
    )
    engine.made(**SALE)
    seen = lines(run("preview", "sales", *SINCE, sales=sales))
    assert seen[0] == "1 call would be gone through. Nothing was written."
    assert [line for line in seen if line.startswith(("log_call", "set_status"))] == [
        "log_call  new  1",
        "set_status  not_from  1",
    ]
    assert told(engine.run(sales)) == [("log_call", "done", None), ("set_status", "done", "not_from")]
    shown = lines(run("undo", "sales", *SINCE, sales=sales))
    assert shown[0].startswith("would be removed  call ") and len(hubspot.calls()) == 1
    assert shown[-3:] == [
        "1 would be forgotten",
        "1 would be removed",
        "Nothing was changed. With --apply it is done.",
    ]
    done = lines(run("undo", "sales", *SINCE, "--apply", sales=sales))
    assert done[-2:] == ["1 was forgotten", "1 was removed"] and hubspot.calls() == []
    none = "Nothing of it can be taken back: there is no call that was logged, and no status."
    assert lines(run("undo", "sales", *SINCE, sales=sales)) == [none]
    mended = replace(sales, status=(replace(NEVER, only_from=("NEW",)),))
    assert lines(run("send", "sales", *SINCE, sales=mended))[-1] == "2 deliveries will be sent by the worker."
    engine.run(mended)
    assert hubspot.statuses("101")[-1] == "CONNECTED" and len(hubspot.calls()) == 1
    assert lines(run("send", "sales", *SINCE, sales=mended))[-1] == "0 deliveries will be sent by the worker."


def test_several_are_counted_as_several(run, engine, hubspot, sales):
    for _ in range(2):
        engine.made(**SALE | {"flags": []})
    engine.run(sales)
    hubspot.add_contact("102", phone="98100 99999", hs_lead_status="NEW")
    assert lines(run("undo", "sales", *SINCE, "--apply", sales=sales))[-1] == "2 were removed"


def test_the_latest_call_of_a_record_decides_in_the_preview_too(run, engine, sales):
    anyway = replace(sales, status=(replace(NEVER, only_from=None),))
    for minute in range(3):
        engine.made(**SALE | {"started_at": NOON + timedelta(minutes=minute)})
    seen = lines(run("preview", "sales", *SINCE, sales=anyway))
    assert "set_status  set  1" in seen and "set_status  overtaken  2" in seen


def test_more_calls_than_are_looked_at(run, engine, sales, monkeypatch):
    monkeypatch.setattr("crm.previewing.MOST", 2)
    for connection in ("ryng-main", "other", "other"):
        engine.made(**SALE | {"connection": connection})
    some = replace(sales, connections=("other",))
    engine.made(**SALE)
    first = lines(run("preview", "sales", *SINCE, sales=some))[0]
    assert first == "1 call of the latest 2 would be gone through. Nothing was written."


def test_what_was_posted_stays_posted(run, engine):
    with listening() as receiver:
        hook = webhook_of(receiver)
        engine.started(hook)
        engine.made()
        engine.run(hook)
        (said,) = lines(run("undo", "hook", *SINCE, hook=hook))
        assert said == "Nothing of it can be taken back: who was told something cannot be made not to know it."
        assert lines(run("check", "hook", hook=hook))[0] == "yes  events are signed with 1 secret"


def test_another_kind_under_the_name_is_a_sentence(run, engine, sales):
    with listening() as receiver:
        hook = webhook_of(receiver, "sales")
        for command in ("preview", "send", "undo"):
            (said,) = lines(run(command, "sales", *SINCE, sales=hook), 1)
            assert said == "Error: sales was started as a hubspot. Give the webhook a name of its own."


def test_a_span_that_ends_before_it_begins(run, sales):
    for since, until in (("2026-11-02", "2026-11-01"), ("2038-01-01", None)):
        words = ("send", "sales", "--since", since, *(["--until", until] if until else []))
        assert lines(run(*words, sales=sales), 2)[-1].startswith("Error: --since must lie before --until")
