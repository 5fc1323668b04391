"""``wrapup backup``, ``restore``, ``restore-drill`` and ``verify`` as somebody types them."""

import json
import os
import socket
import threading
from contextlib import closing, contextmanager, suppress

import pytest

from lib import clock, ids
from lib.phone_spellings import Spellings
from lib.stand_ins import StandIns
from models.database import Database
from service.cli.backups import NO_LEDGER
from service.supervisor.folder import hold
from tests import factories
from tests.evidence import RYNG, connect, keep, normalize, receipt, terminal
from tests.upkeep.backups import stage
from tests.upkeep.erasure import dump, files_with
from upkeep.erasure import ledger

NUMBER, KEY = "+919800012345", "a-secret-key-of-sixteen-and-more"
TOML = """
[connections.ryng-main]
dialer = "ryng"
callback_tokens = ["${{RYNG_TOKEN}}"]
default_country = "IN"

[connections.qvoice-main]
dialer = "qvoice"
portal_url = "http://127.0.0.1:{port}"
username = "a"
password = "b"
domain = "c"
account_id = "d"

[destinations.hook]
kind = "webhook"
url = "http://127.0.0.1:{port}/hook"
allow_private_addresses = true
secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]

[dispositions.ryng-main]
"Interested" = ["contact", "sale"]
"Call back later" = ["contact", "callback"]
"""


@contextmanager
def counted():
    """(port, how often somebody has connected there)."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                calls.append(1)
                line.close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], calls
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # who waits there is woken up


@pytest.fixture
def place(database, database_url, tmp_path):
    """(what to run a command with, how often anybody outside was connected to): a Wrapup with three calls."""
    now = clock.now()
    for call in (1, 2, 3):
        keep(database, receipt(connect(call), "connect", at=now), receipt(terminal(call, log_id=100 + call), at=now))
    normalize(database, {"ryng-main": RYNG}, now=now)
    with counted() as (port, calls):
        (tmp_path / "wrapup.toml").write_text(TOML.format(port=port))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
        environ |= {
            "WRAPUP_DATABASE_URL": database_url,
            "WRAPUP_DATA_DIR": str(tmp_path / "data"),
            "RYNG_TOKEN": "a-token-of-our-own-that-is-long",
        }
        yield {"cwd": tmp_path, "env": environ}, calls


def keep_key(data_dir) -> None:
    (data_dir / "secrets").mkdir(parents=True, mode=0o700)
    (data_dir / "secrets" / "secret_key").write_text(KEY)


def entry() -> ledger.Entry:
    """Of a ledger that knows the customer as erased, and the database does not."""
    own = StandIns(KEY)
    return ledger.Entry(str(ids.new()), own.number(NUMBER), own.key_id, clock.iso(clock.now()), "Ann", True)


def marks(output: str) -> dict:
    return {line[5:].partition(":")[0]: line[:3].strip() for line in output.splitlines() if line[3:5] == "  "}


def test_a_backup_is_made_and_tried_and_nothing_leaves_the_copy(place, commands, tmp_path):
    run, calls = place
    keep_key(tmp_path / "data")
    made = commands.run("backup", "backups", "--keep", "3", **run)
    ledger.append(tmp_path / "data", [entry()])  # since
    assert made.returncode == 0, made.stderr
    folder = made.stdout.splitlines()[-1]
    assert folder.startswith(str(tmp_path / "backups" / "20")) and "6 receipts, 3 outcomes" in made.stdout
    (tmp_path / folder / "spool").mkdir()
    tried = commands.run("restore-drill", "backups", timeout=600, **run)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert set(marks(tried.stdout).values()) == {"yes"}
    assert "3 folded again from their receipts, 0 wrong; 6 receipts read" in tried.stdout
    assert "yes  erasures: 1 person erased since" in tried.stdout
    assert tried.stdout.splitlines()[-1] == f"yes: {folder} holds."
    assert calls == []  # neither a poll, nor a delivery
    noted = json.loads((tmp_path / "data" / "last-drill.json").read_text())
    assert noted["backup"] == folder.rpartition("/")[2]
    # The living one would have asked.
    assert commands.run("poll", "qvoice-main", **run).returncode == 1
    asked = len(calls)
    off = commands.run("poll", "qvoice-main", **run | {"env": run["env"] | {"WRAPUP_OUTSIDE": "off"}})
    assert (off.returncode, len(calls)) == (1, asked) and asked > 0


def test_whoever_was_erased_since_does_not_come_back(place, commands, tmp_path, database, request):
    run, calls = place
    keep_key(tmp_path / "data")
    folder = commands.run("backup", "backups", **run).stdout.splitlines()[-1]
    own = StandIns(KEY)
    ledger.append(tmp_path / "data", [erased := entry()])
    # The ledger of a later backup beside it counts, also where only that was saved.
    assert commands.run("backup", "backups", "--without-database", **run).returncode == 0
    with stage.empty_place(request, tmp_path / "other", database) as other:
        env = run["env"] | {"WRAPUP_DATA_DIR": str(other.data_dir), "WRAPUP_DATABASE_URL": other.database_url}
        done = commands.run("restore", folder, **run | {"env": env})
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "1 person erased since the backup: taken out again."
        with closing(Database(other.database_url)) as back:
            said = dump(back)
        assert own.number(NUMBER) in said and not Spellings(NUMBER).within(said)
        assert files_with(other.data_dir, Spellings(NUMBER)) == []
        verified = commands.run("verify", "--all", **run | {"env": env})
        assert verified.stdout.splitlines()[-1] == "Nothing wrong was found.", verified.stdout
        listed = commands.run("erase", "--list", **run | {"env": env})
        assert erased.id in listed.stdout and "done" in listed.stdout
    assert calls == []


def test_whoever_was_erased_since_does_not_come_back_beside_the_living_one(place, commands, tmp_path):
    run, _ = place
    if not run["env"]["WRAPUP_DATABASE_URL"].startswith("sqlite"):
        pytest.skip("another folder has no other database there")
    keep_key(tmp_path / "data")
    folder = commands.run("backup", "backups", **run).stdout.splitlines()[-1]
    ledger.append(tmp_path / "data", [entry()])
    done = commands.run("restore", folder, "--to", "look", **run)
    assert done.stdout.splitlines()[-1] == "1 person erased since the backup: taken out again.", (
        done.stdout + done.stderr
    )
    with closing(Database(f"sqlite:///{tmp_path}/look/wrapup.db")) as back:
        assert not Spellings(NUMBER).within(dump(back))


def test_where_the_settings_are_not_there_yet_the_next_start_takes_them_out(place, commands, tmp_path, sqlite_url):
    run, _ = place
    if not run["env"]["WRAPUP_DATABASE_URL"].startswith("sqlite"):
        pytest.skip("of settings")
    folder = commands.run("backup", "backups", **run).stdout.splitlines()[-1]
    ledger.append(tmp_path / "other", [entry()])
    env = {name: value for name, value in run["env"].items() if name not in ("RYNG_TOKEN", "WRAPUP_DATABASE_URL")}
    done = commands.run("restore", folder, **run | {"env": env | {"WRAPUP_DATA_DIR": str(tmp_path / "other")}})
    assert done.returncode == 0, done.stderr
    assert "by `wrapup migrate`" in done.stdout and "RYNG_TOKEN" in done.stdout.splitlines()[-1]


def test_on_another_machine_it_is_said_that_nobody_is_known_as_erased(sqlite_url, commands, tmp_path):
    environ = os.environ | {"WRAPUP_DATABASE_URL": sqlite_url, "WRAPUP_DATA_DIR": str(tmp_path / "data")}
    folder = commands.run("backup", "backups", cwd=tmp_path, env=environ).stdout.splitlines()[-1]
    done = commands.run("restore", folder, "--to", "other", cwd=tmp_path, env=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == NO_LEDGER.format(tmp_path / "other" / "erasures.jsonl")


def test_a_backup_that_does_not_hold_is_said_to(place, commands, tmp_path):
    run, _ = place
    folder = commands.run("backup", "backups", **run).stdout.splitlines()[-1]
    without = {name: value for name, value in run["env"].items() if name != "RYNG_TOKEN"}
    tried = commands.run("restore-drill", "backups", **run | {"env": without})
    assert tried.returncode == 1
    assert "no   settings: " in tried.stdout and "RYNG_TOKEN" in tried.stdout
    assert tried.stdout.splitlines()[-1] == f"no: {folder} does not hold."
    told = json.loads((tmp_path / folder / "manifest.json").read_text())
    told["database"]["counts"]["receipts"] = 7
    (tmp_path / folder / "manifest.json").write_text(json.dumps(told))
    tried = commands.run("restore-drill", "backups", **run | {"env": without})
    assert "no   counts: receipts: 7 rows then, 6 now" in tried.stdout
    (tmp_path / folder / "secrets" / "secret_key").write_text("another")
    tried = commands.run("restore-drill", "backups", timeout=600, **run)
    assert marks(tried.stdout) == {"backup": "no"} and tried.returncode == 1


def test_it_is_put_back_as_it_is_typed(place, commands, tmp_path, database, request):
    run, _ = place
    folder = commands.run("backup", "backups", **run).stdout.splitlines()[-1]
    over = commands.run("restore", folder, **run)
    # On PostgreSQL somebody is connected, who empties the database after the test.
    refused = "--over" if database.is_sqlite else "Others are connected to the database"
    assert over.returncode == 1 and refused in over.stderr
    with stage.empty_place(request, tmp_path / "other", database) as other:
        env = run["env"] | {"WRAPUP_DATA_DIR": str(other.data_dir), "WRAPUP_DATABASE_URL": other.database_url}
        done = commands.run("restore", folder, **run | {"env": env})
        assert done.returncode == 0, done.stderr
        assert "gets 409 feed_restarted" in done.stdout
        verified = commands.run("verify", "--all", **run | {"env": env})
        assert verified.returncode == 0, verified.stdout
        assert verified.stdout.splitlines()[-1] == "Nothing wrong was found."
    missing = commands.run("restore-drill", "data", **run)
    assert missing.returncode == 1 and "There is no backup with a database" in missing.stderr
    nowhere = commands.run("restore-drill", "backups", "--scratch", "/proc/nowhere", **run)
    assert nowhere.returncode == 1
    assert nowhere.stderr.startswith("Error: Making a folder for the copy failed: No such file or directory"), (
        nowhere.stderr
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="a folder is given to another user")
def test_it_is_not_put_where_wrapup_could_not_read_it(sqlite_url, commands, tmp_path):
    """By root, say, into the folder of Wrapup's user: all of it would be root's."""
    environ = os.environ | {"WRAPUP_DATABASE_URL": sqlite_url, "WRAPUP_DATA_DIR": str(tmp_path / "data")}
    folder = commands.run("backup", "backups", cwd=tmp_path, env=environ).stdout.splitlines()[-1]
    (tmp_path / "other").mkdir()
    os.chown(tmp_path / "other", 54_321, -1)
    done = commands.run("restore", folder, "--to", "other", cwd=tmp_path, env=environ)
    assert done.returncode == 1 and "belongs to user 54321, and this command runs as root" in done.stderr
    assert list((tmp_path / "other").iterdir()) == []


def test_a_drill_asks_the_copy_and_nobody_else(place, commands, tmp_path):
    """Neither the proxy that the environment names, nor the standby that readers of the living one are shown."""
    run, calls = place
    folder = commands.run("backup", "backups", **run).stdout.splitlines()[-1]
    (tmp_path / ".netrc").write_text("default login somebody password else\n")
    (tmp_path / ".netrc").chmod(0o600)
    with counted() as (port, others):
        outside = {"http_proxy": f"http://127.0.0.1:{port}", "HOME": str(tmp_path)}
        if not run["env"]["WRAPUP_DATABASE_URL"].startswith("sqlite"):
            outside["WRAPUP_READER_URL"] = f"postgresql://anybody@127.0.0.1:{port}/wrapup"
        tried = commands.run("restore-drill", "backups", timeout=600, **run | {"env": run["env"] | outside})
        assert tried.stdout.splitlines()[-1] == f"yes: {folder} holds.", tried.stdout
        assert others == calls == []


def test_verify_says_what_is_wrong(sqlite_url, commands, tmp_path):
    database = Database(sqlite_url)
    with database.write() as session:
        row = factories.outcome(session).id
    database.close()
    environ = os.environ | {"WRAPUP_DATABASE_URL": sqlite_url, "WRAPUP_DATA_DIR": str(tmp_path / "data")}
    done = commands.run("verify", cwd=tmp_path, env=environ)
    assert done.returncode == 1
    assert f"outcome {row} has no event" in done.stdout and done.stdout.splitlines()[-1] == "1 wrong."


def test_nobody_puts_a_backup_where_a_wrapup_works(sqlite_url, commands, tmp_path):
    environ = os.environ | {"WRAPUP_DATABASE_URL": sqlite_url, "WRAPUP_DATA_DIR": str(tmp_path / "data")}
    folder = commands.run("backup", "backups", cwd=tmp_path, env=environ).stdout.splitlines()[-1]
    hold(tmp_path / "data", sqlite_url)
    done = commands.run("restore", folder, "--over", cwd=tmp_path, env=environ)
    assert done.returncode == 2 and "stop it first" in done.stderr
