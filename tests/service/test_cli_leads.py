"""``wrapup leads`` as an operator types it, with no worker beside it. What is stored, ``tests.leads`` tries on both databases."""

import os
import re
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

import migrations
from leads import send_due, sending
from models.database import Database
from service.app import create_app
from service.cli.group import wrapup
from tests import factories
from tests.dialers.qvoice.stage import stage
from tests.factories import NOON
from tests.server import toml
from tests.web.conftest import settings_for
from web.context import context


@pytest.fixture
def typed(commands, tmp_path, sqlite_url):
    """typed(*words) runs the command; also gives the stage."""
    with stage() as played:
        table = {"dialer": "qvoice", **played.connection.settings, "timeout_seconds": 5}
        (tmp_path / "wrapup.toml").write_text("[connections.qvoice-main]\n" + toml(table))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
        environ |= {"WRAPUP_DATABASE_URL": sqlite_url, "WRAPUP_DATA_DIR": str(tmp_path / "data")}

        def typed(*words: str):
            return commands.run("leads", *words, cwd=tmp_path, env=environ)

        def put(*words: str):
            assert commands.run("suppressions", "put", *words, cwd=tmp_path, env=environ).returncode == 0

        typed.played, typed.folder, typed.put = played, tmp_path, put
        yield typed


def test_a_file_is_loaded_to_its_end(typed):
    (typed.folder / "list.csv").write_text("number,name\n+12135550001,Ann\n+12135550002,\n+12135550001,\n")
    dry = typed("load", "qvoice-main", typed.played.campaign, "list.csv", "--dry-run")
    assert (dry.returncode, typed.played.taken()) == (0, []) and '"requests": 3' in dry.stdout
    done = typed("load", "qvoice-main", typed.played.campaign, "list.csv")
    assert done.returncode == 0, done.stderr
    assert "done: 0 pending, 3 accepted, 0 rejected, 0 unknown" in done.stdout
    assert "+12135550001 stands in the rows 1, 3" in done.stderr
    assert typed.played.taken() == ["+12135550001", "+12135550002", "+12135550001"]
    load = re.search(r"Load (\S+):", done.stdout)[1]
    assert typed("show", load).stdout.splitlines()[1].startswith("1  +12135550001  accepted")


@pytest.mark.parametrize("name", ["list.tsv", "list.TXT"])
def test_a_list_with_tabs(typed, name):
    (typed.folder / name).write_text("number\tname\n+12135550001\tAnn\n")
    dry = typed("load", "qvoice-main", typed.played.campaign, name, "--dry-run")
    assert (dry.returncode, '"first_name": "Ann"' in dry.stdout) == (0, True), dry.stderr


def test_what_is_doubtful_about_a_number_is_said_by_its_row(typed):
    (typed.folder / "list.csv").write_text("number\n+12135550001\n12135550002.0\n")
    dry = typed("load", "qvoice-main", typed.played.campaign, "list.csv", "--dry-run")
    assert "row 2: 12135550002.0 is called as +12135550002. What stood after" in dry.stderr, dry.stderr
    assert '"doubtful": 1' in dry.stdout
    (typed.folder / "list.csv").write_text("number\n+12135550001\n12135550002.0\nletters\n")
    dry = typed("load", "qvoice-main", typed.played.campaign, "list.csv", "--dry-run")
    assert dry.returncode == 2 and "row 3, number:" in dry.stderr
    assert "row 2: 12135550002.0 is called as +12135550002. What stood after" in dry.stderr, dry.stderr


def test_a_sentence_ends_before_the_next_one_begins(typed):
    (typed.folder / "list.csv").write_text("number\n+12135550001\n+12135550002\n")
    typed.put("+12135550001", "--reason", "Asked for it")
    done = typed("load", "qvoice-main", typed.played.campaign, "list.csv")
    assert "row 1, rejected: Suppressed: Asked for it. All of them: wrapup leads show " in done.stderr, done.stderr


def test_what_is_unknown_is_decided_by_an_operator(typed):
    (typed.folder / "list.json").write_text('[{"number": "+12135550001"}]')
    typed.played.faults({"drop_after": {"times": 1, "path": "/lead"}})
    done = typed("load", "qvoice-main", typed.played.campaign, "list.json")
    assert (done.returncode, "1 unknown" in done.stdout) == (1, True)
    assert "row 1, unknown: " in done.stderr and "All of them: wrapup leads show " in done.stderr
    load = re.search(r"Load (\S+):", done.stdout)[1]
    # A load that goes well afterwards hides nothing.
    assert typed("load", "qvoice-main", typed.played.campaign, "list.json").returncode == 0
    listed = typed("list")
    assert (listed.returncode, len(listed.stdout.splitlines())) == (1, 4)
    assert "qvoice-main: 1 lead in doubt since" in listed.stdout and f"of load {load}." in listed.stdout
    assert (typed("list", "--connection", "other").returncode, typed("list", "--limit", "1").returncode) == (0, 1)
    assert typed("decide", load, "accepted").stdout == "1 lead: accepted.\n"
    assert "1 accepted" in typed("show", load).stdout
    resumed = typed("resume", load)
    assert (resumed.returncode, resumed.stdout) == (0, "It is not parked but done; nothing was changed.\n")
    assert (typed("list").returncode, "doubt" in typed("list").stdout) == (0, False)


@pytest.mark.parametrize(
    ("connection", "given", "said"),
    [
        ("qvoice-main", {"parked_at": NOON}, "It goes on.\n"),
        ("qvoice-old", {"parked_at": NOON}, "It goes on when qvoice-old is in the settings again.\n"),
        ("qvoice-main", {}, "It stays parked: its leads are not all stored."),
    ],
)
def test_a_load_is_said_to_go_on_where_it_does(typed, sqlite_url, connection, given, said):
    with closing(Database(sqlite_url)) as database:
        migrations.upgrade(database)
        with database.write() as session:
            parked = {"state": "parked", "finished_at": None}
            load = factories.load(session, ["pending"], connection=connection, **parked | given)
    assert typed("resume", str(load.id)).stdout.startswith(said)


def test_a_file_that_cannot_be_taken_sends_nothing(typed):
    (typed.folder / "list.csv").write_text("number\n+12135550001\nletters\n")
    refused = typed("load", "qvoice-main", typed.played.campaign, "list.csv")
    assert refused.returncode == 2
    assert "row 2, number:" in refused.stderr and typed.played.taken() == []
    assert typed("load", "qvoice-main", "Renewals", "list.csv", "--new").returncode == 2
    (typed.folder / "list.xlsx").write_bytes(b"PK\x03\x04")
    other = typed("load", "qvoice-main", typed.played.campaign, "list.xlsx")
    assert (other.returncode, typed.played.taken()) == (2, []) and "a spreadsheet as CSV" in other.stderr
    assert "no connection" in typed("load", "nobody", "1", "list.csv").stderr
    assert "There is no such load." in typed("show", "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11").stderr


def test_a_database_in_trouble_does_not_end_the_sending(database, database_url, tmp_path, monkeypatch):
    (tmp_path / "list.csv").write_text("number\n+12135550001\n")
    troubles = [OperationalError("away", None, Exception())]

    def troubled(*arguments, **more):
        if troubles:
            raise troubles.pop()
        return send_due(*arguments, **more)

    monkeypatch.setattr(sending, "send_due", troubled)
    with stage() as played:
        connections = {played.connection.name: played.connection}
        app = create_app(replace(settings_for(database_url, tmp_path), connections=connections))
        words = ["leads", "load", played.connection.name, played.campaign, str(tmp_path / "list.csv")]
        done = app.test_cli_runner().invoke(wrapup, words)
        context(app).database.close()
        assert (done.exit_code, troubles, len(played.taken())) == (0, [], 1), done.output
