"""``wrapup renormalize``: what it prints, and that it changes nothing before it is told to."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from dialers.base import Connection
from service.app import create_app
from service.cli.group import wrapup
from service.cli.polling import _why_none
from tests.dialers.qvoice.portal import row
from tests.evidence import RYNG, keep, normalize, outcomes, receipt, terminal
from tests.polling.polls import polled_portal
from tests.web.conftest import settings_for
from web.context import context


@pytest.fixture
def run(database, database_url, tmp_path):
    """Runs a command with ``NO-FORWARD`` mapped; three calls have ended in it, and one that is well."""
    silent = {"talktime": 0, "legDetails": None, "status": "no-forward"}
    keep(database, *(receipt(terminal(n, 100 + n, **silent)) for n in range(3)), receipt(terminal(9, 109)))
    normalize(database)
    mapped = replace(RYNG, words={"NO-FORWARD": "canceled"})
    app = create_app(replace(settings_for(database_url, tmp_path), connections={RYNG.name: mapped}))
    yield partial(app.test_cli_runner().invoke, wrapup)
    context(app).database.close()


def words(database) -> list[str]:
    return [row.connect_outcome for row in outcomes(database)]


def test_it_shows_first_and_changes_when_told(run, database):
    looked = run(args=["renormalize", "--connection", RYNG.name])
    assert looked.exit_code == 0
    assert looked.stdout.splitlines() == [
        "4 calls, 4 receipts read again: 3 outcomes would change.",
        "connect_outcome: unknown -> canceled  3",
        "Nothing was changed. With --apply it is done.",
    ]
    assert words(database) == ["unknown", "unknown", "unknown", "connected"]

    done = run(args=["renormalize", "--connection", RYNG.name, "--apply"])
    assert done.stdout.splitlines() == [
        "4 calls, 4 receipts read again: 3 outcomes changed.",
        "connect_outcome: unknown -> canceled  3",
    ]
    assert words(database) == ["canceled", "canceled", "canceled", "connected"]

    again = run(args=["renormalize", "--connection", RYNG.name, "--apply"])
    assert again.stdout.splitlines() == ["4 calls, 4 receipts read again: 0 outcomes changed."]


def test_words_are_suggested_as_tables(run, database):
    keep(database, receipt(terminal(20, 120, disposition="Не интересно")))
    normalize(database)
    printed = run(args=["words", "suggest", RYNG.name])
    assert printed.exit_code == 0
    # What the file says stands there already, NO-FORWARD too.
    assert tomllib.loads(printed.stdout) == {
        "dispositions": {
            RYNG.name: {word: list(flags) for word, flags in RYNG.dispositions.items()}
            | {"Не интересно": ["contact", "not_interested"]}
        },
        "words": {RYNG.name: {"NO-FORWARD": "canceled"}},
    }
    assert run(args=["words", "suggest", "made-up"]).exit_code == 2


@pytest.mark.parametrize(
    "options, sentence",
    [([], "Missing option '--connection'"), (["--connection", "made-up"], "There is no connection 'made-up'.")],
)
def test_what_is_asked_wrongly(run, options, sentence):
    asked = run(args=["renormalize", *options])
    assert asked.exit_code == 2
    assert sentence in asked.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["poll", "--since", "2026-01-01"], "--since asks for the past of one connection"),
        (["poll", RYNG.name, "--until", "2026-01-01"], "--until goes with --since"),
        (["poll", RYNG.name, "--since", "yesterday"], "'yesterday' is no time"),
        (["poll", RYNG.name, "--since", "2026-02-01", "--until", "2026-01-01"], "--since must lie before --until"),
        (["poll", RYNG.name, "--since", "2026-01-01"], "has no report that can be asked for the past"),
        (["poll", RYNG.name], "ryng posts callbacks only"),
        (["poll", RYNG.name, "--since", "2026-01-01", "--pause", "nan"], "'nan' is no number of seconds"),
        (["poll", RYNG.name, "--since", "2026-01-01", "--pause", "inf"], "Invalid value for '--pause'"),
        (["poll", "nobody", "--since", "2026-01-01"], "There is no connection 'nobody'"),
    ],
)
def test_a_past_that_cannot_be_asked_for_is_a_sentence(run, args, said):
    told = run(args=args)
    assert told.exit_code in (1, 2)
    assert said in told.output


@pytest.mark.parametrize(
    "faults, code, said",
    [
        ({}, 0, "All that qvoice-main had from 2026-11-17T00:00:00Z to 2026-11-18T00:00:00Z was asked for and kept."),
        ({"array": True, "no_window": True}, 1, "and did not answer all of it: see above."),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_past_is_called_whole_only_where_all_of_it_was_answered(database, database_url, tmp_path, faults, code, said):
    with polled_portal() as (portal, _):
        for hours in range(3):
            at = datetime(2026, 11, 17, hours, tzinfo=UTC).timestamp()
            portal.qvoice.add(row(hours, timestamp=at), timestamp=at)
        portal.fault(**faults)
        app = create_app(replace(settings_for(database_url, tmp_path), connections={"qvoice-main": portal.connection}))
        asked = ["poll", "qvoice-main", "--since", "2026-11-17", "--until", "2026-11-18", "--pause", "0"]
        told = app.test_cli_runner().invoke(wrapup, asked)
    context(app).database.close()
    assert (told.exit_code, said in told.output) == (code, True), told.output
    assert ("some calls may be missing" in told.stdout) is bool(faults)


def test_who_interrupts_a_past_is_told_how_it_goes_on(run, monkeypatch):
    def interrupted(*_given, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr("polling.History", interrupted)
    told = run(args=["poll", RYNG.name, "--since", "2026-01-01"])
    assert told.exit_code == 1
    assert "the same command goes on from there" in told.output


def test_a_report_that_is_switched_off_is_not_said_to_be_none():
    assert _why_none(Connection("v", "voipex", {})) == (
        "they are switched off; poll_calls = true under [connections.v] asks for them."
    )
