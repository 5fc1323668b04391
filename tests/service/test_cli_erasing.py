"""``wrapup erase`` as an operator types it, and yesterday's backup with ``wrapup migrate``."""

import json
import os
import shutil
from pathlib import Path

import pytest

from callbacks.spool import Spool
from lib.phone_spellings import Spellings
from models.database import Database
from tests import backups
from tests.callbacks.drafts import draft
from tests.evidence import connect, terminal
from tests.outcomes.test_erasing import NUMBER, PERSONAL, told
from tests.upkeep.erasure import dump, files_with

FILE = """
[connections.ryng-main]
dialer = "ryng"
callback_tokens = ["token-of-ryng-main"]
default_country = "IN"
"""


@pytest.fixture
def typed(commands, tmp_path, sqlite_template):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(sqlite_template, data / "wrapup.db")
    (tmp_path / "wrapup.toml").write_text(FILE)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
    environ |= {"WRAPUP_DATA_DIR": str(data)}
    return lambda *words: commands.run(*words, cwd=tmp_path, env=environ)


def filled(tmp_path) -> Database:
    database = Database(f"sqlite:///{tmp_path}/data/wrapup.db")
    told(database, connect(), terminal(**PERSONAL))
    database.close()
    return database


def test_it_is_seen_first_and_then_done(typed, tmp_path):
    database = filled(tmp_path)
    (tmp_path / "data" / "calls.csv").write_text(NUMBER)
    looked = typed("erase", "--number", "098000 12345", "--everywhere")
    assert "call_outcomes: 1" in looked.stdout
    told_of_files = ["  of the files beside the database it stands in:", f"    {tmp_path}/data/calls.csv"]
    assert looked.stdout.splitlines()[-3:-1] == told_of_files
    assert looked.stdout.endswith("Nothing was changed. With --apply all of it is erased.\n")
    assert typed("erase", "--list").stdout == "Nobody was erased.\n"
    done = typed("erase", "--number", NUMBER, "--apply")
    assert done.returncode == 0 and "\nErased: " in done.stdout and "calls.csv was removed" in done.stdout
    assert not Spellings(NUMBER).within(dump(database))
    assert files_with(tmp_path / "data", Spellings(NUMBER)) == []
    (line,) = typed("erase", "--list").stdout.splitlines()
    assert "done" in line and "by command line" in line


def test_a_backup_of_yesterday_and_wrapup_migrate(commands, database, database_url, tmp_path):
    told(database, connect(), terminal(**PERSONAL))
    data = tmp_path / "data"
    (tmp_path / "wrapup.toml").write_text(FILE)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
    run = {"cwd": tmp_path, "env": environ | {"WRAPUP_DATA_DIR": str(data), "WRAPUP_DATABASE_URL": database_url}}
    with backups.backup(database) as put_back:
        assert commands.run("erase", "--number", NUMBER, "--apply", **run).returncode == 0
        put_back()
        assert Spellings(NUMBER).within(dump(database))
        assert commands.run("migrate", **run).stdout == "The database has the present schema.\n"
        assert not Spellings(NUMBER).within(dump(database))
        assert files_with(data, Spellings(NUMBER)) == []
        if database.is_sqlite:
            file = Path(database.url.database)
            assert not any(
                Spellings(NUMBER).within_bytes(path.read_bytes()) for path in file.parent.glob(f"{file.name}*")
            )


def test_a_number_of_ours_is_refused_with_a_sentence(typed, tmp_path):
    filled(tmp_path)
    refused = typed("erase", "--number", "+914900000000", "--apply")
    assert refused.returncode == 1 and "a number of ours" in refused.stderr


def test_callbacks_with_the_number_that_wait_in_the_spool_are_told_of(typed, tmp_path):
    filled(tmp_path)
    others = b'{"callID": 7, "customerNum": "+919800099999"}'
    spool = Spool(tmp_path / "data" / "spool")
    spool.append([draft(body=others).line()])
    said = "Callbacks with the number wait in the spool."
    looks = [("person",), ("person", "--everywhere"), ("erase", "--everywhere")]

    def told_of() -> list[bool]:
        found = [typed(command, "--number", NUMBER, *more) for command, *more in looks]
        assert all(one.returncode == 0 for one in found)
        return [said in one.stdout + one.stderr for one in found]

    assert told_of() == [False, False, False]
    spool.append([draft(body=others.replace(b"99999", b"12345")).line()])
    assert told_of() == [True, True, True]


def test_what_is_kept_of_a_person_is_written_as_json(typed, tmp_path):
    filled(tmp_path)
    (tmp_path / "data" / "calls.csv").write_text(NUMBER)
    shown = typed("person", "--number", "098000 12345")
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert shown.returncode == 0 and {one["table"] for one in rows} == {"call_outcomes", "call_events", "receipts"}
    assert f"{NUMBER}: 1 row of call_outcomes" in shown.stderr and "--everywhere" in shown.stderr
    everywhere = typed("person", "--number", NUMBER, "--everywhere")
    assert everywhere.stdout == shown.stdout
    assert f"It stands in a file: {tmp_path}/data/calls.csv\n" in everywhere.stderr
    nobody = typed("person", "--number", "+919800099999")
    assert (nobody.returncode, nobody.stdout) == (0, "") and "nothing is known under the number" in nobody.stderr
    assert typed("person", "--number", "twelve").returncode == 1
    notes = [json.loads(line) for line in typed("audit", "--act", "person.show").stdout.splitlines()]
    assert len(notes) == 3 and not any(Spellings(NUMBER).within_value(note) for note in notes)
