"""A database that is away, is not there, or was made by a newer release: one sentence from every command, and no loop of them."""

import pytest
import requests
from sqlalchemy import make_url, text

import migrations
from models.database import Database
from models.schema import known
from rig.waiting import until
from tests.server import starting

CHANGING = {
    "keys": ["keys", "create", "x", "--scope", "read"],
    "poll": ["poll"],
    "feed": ["feed", "restart"],
    "migrate": ["migrate"],
    "prepare": ["prepare"],
}
COMMANDS = CHANGING | {
    "leads": ["leads", "list"],
    "words": ["words", "suggest", "ryng"],
    "replay": ["replay", "--state", "quarantined"],
    "check": ["check", "ryng"],
}


@pytest.fixture
def ran(commands, tmp_path):
    """ran(url, *words) runs the command on that database."""

    def ran(url: str, *words: str):
        environ = {"WRAPUP_DATABASE_URL": url, "WRAPUP_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"}
        return commands.run(*words, cwd=tmp_path, env=environ)

    return ran


@pytest.fixture
def newer_url(database_url):
    """Of a database that a newer release has made, until the end of the test: others use it afterwards."""
    database = Database(database_url)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    yield database_url
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :latest"), {"latest": max(known())})
    database.close()


@pytest.mark.parametrize("command", CHANGING.values(), ids=CHANGING)
def test_a_database_of_a_newer_release_is_left_alone(command, newer_url, ran):
    done = ran(newer_url, *command)
    assert (done.returncode, done.stdout) == (3, ""), done
    assert done.stderr == (
        "Error: The database was made by a newer release of Wrapup: its schema is 9999, this release knows up to "
        f"{max(known())}. Start that release, or restore a backup from before it; nothing was changed.\n"
    )


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_database_that_is_away_is_one_sentence(command, ran):
    done = ran("postgresql://someone:hunter2@127.0.0.1:1/x", *command)
    code = 75 if command == ["prepare"] else 1  # 75: to be tried again (sysexits.h)
    assert (done.returncode, done.stdout) == (code, ""), done
    said = done.stderr.splitlines()
    # That one is no person's command.
    begins = '{"said":"connection failed' if command == ["prepare"] else "wrapup: The database "
    assert len(said) == 1 and said[0].startswith(begins), said
    assert "127.0.0.1" in said[0] and "hunter2" not in said[0]


def test_a_database_that_is_not_there_is_one_sentence(postgresql_url, ran):
    done = ran(postgresql_url.replace("/wrapup_", "/nowhere_"), "keys", "create", "x")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "does not exist" in done.stderr


UNPREPARED = {
    "leads": ["leads", "list"],
    "replay": ["replay", "--state", "quarantined"],
    "purge": ["purge-strangers", "--reason", "wrong_token"],
    "keys": ["keys", "revoke", "x"],
    "sessions": ["sessions", "end", "--all"],
    "crm": ["crm", "list"],
    "deliveries": ["crm", "deliveries"],
}


@pytest.mark.parametrize("command", UNPREPARED.values(), ids=UNPREPARED)
def test_a_database_without_tables_is_one_sentence(command, untouched, ran):
    """Of commands that make none: they are about what is there."""
    done = ran(untouched.url.render_as_string(hide_password=False), *command)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    if untouched.is_sqlite:  # nor a file
        assert done.stderr.startswith("wrapup: The database cannot be used: there is no database at ")
        assert done.stderr.endswith(" or `wrapup migrate` makes one.\n")
    else:
        assert done.stderr == "wrapup: The database has not the tables of this release: run `wrapup migrate` first.\n"


def test_a_database_of_an_older_release_is_one_sentence(untouched, ran):
    migrations.upgrade(untouched, "0019")
    done = ran(untouched.url.render_as_string(hide_password=False), "crm", "list")
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.endswith("run `wrapup migrate` first.\n"), done


@pytest.mark.parametrize("how", ["read_only", "rights"])
def test_a_database_that_takes_no_writes_is_one_sentence(how, postgresql_url, ran):
    owner, url = Database(postgresql_url), make_url(postgresql_url)
    if how == "read_only":
        url = url.update_query_dict({"options": "-c default_transaction_read_only=on"})
        words = "cannot execute"
    else:
        with owner.write() as session:
            for what in (
                "DROP ROLE IF EXISTS reads_only",
                "CREATE ROLE reads_only LOGIN",
                "GRANT pg_read_all_data TO reads_only",
            ):
                session.execute(text(what))
        url, words = url.set(username="reads_only"), "lets this role do less"
    done = ran(url.render_as_string(hide_password=False), "keys", "create", "x")
    if how == "rights":
        with owner.write() as session:
            session.execute(text("DROP ROLE reads_only"))
    owner.close()
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr, done.stderr


def test_a_new_key_says_which_database_knows_it(database_url, ran):
    done = ran(database_url, "keys", "create", "amy")
    assert done.returncode == 0 and done.stdout.startswith("wk_") and len(done.stdout.splitlines()) == 1
    shown = Database(database_url).url.render_as_string(hide_password=True)
    assert done.stderr == f"Known to {shown}: a Wrapup that uses another database refuses it.\n"


def kept_in(database: Database) -> int:
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM receipts"))


@pytest.mark.slow
def test_receiving_goes_on_in_a_newer_database_and_readyz_says_so(tmp_path, newer_url):
    with starting(tmp_path, newer_url) as served:
        until(lambda: "9999" in (tmp_path / "err").read_text(), 30)
        token = (tmp_path / "data" / "secrets" / "ryng_callback_token").read_text()
        answer = requests.post(f"{served.url}/callbacks/ryng/{token}/terminal", data=b'{"callID": 7}', timeout=60)
        assert answer.status_code == 200
        said = requests.get(served.url + "/readyz", timeout=60)
        assert (said.status_code, said.json()["status"]) == (200, "newer_schema")
        database = Database(newer_url)
        until(lambda: kept_in(database) == 1, 10)  # where somebody had SQLite locked, it comes by the spool
        database.close()
        written = (tmp_path / "err").read_text()
        assert written.count("9999") == 1 and "Traceback" not in written
