"""The doctor finds what is wrong, says what to do, shows no secret, makes nothing and never hangs."""

import json
import os
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from callbacks.spool import Spool
from lib import clock
from models.database import Database
from rig.ports import free_port
from service.doctor import machine
from service.doctor.asking import lines
from service.doctor.line import FAIL, OK, WARN, Line, run
from service.doctor.others import others
from service.settings import config
from service.supervisor import folder
from service.supervisor.folder import hold
from tests import factories
from tests.callbacks.drafts import draft
from tests.chaos.disks import disk
from tests.service.doctor.looking import SECRET, TOML, looked, web
from upkeep.backups import noted
from upkeep.beats import Beats


def test_where_all_is_well_no_line_is_a_failure(environ, tmp_path):
    with web(404, datetime.now(UTC)) as port:
        (tmp_path / "wrapup.toml").write_text(TOML.format(port=port))
        config.load(environ)  # as a start does: the secrets are there then
        noted.note(tmp_path / "data", noted.BACKUP, clock.now())
        noted.note(tmp_path / "data", noted.DRILL, clock.now())
        living = Database(environ["WRAPUP_DATABASE_URL"])
        Beats(living).write()
        found = looked(environ)
        with living.write() as session:
            session.execute(text("DELETE FROM worker_beats"))
        Beats(living, lambda: clock.now() - timedelta(seconds=90)).write()
        lives = looked(environ)["worker"]
        assert lives.state == FAIL and lives.said.startswith("None is at work: the last was seen ")
        living.close()
    assert {name for name, line in found.items() if line.state == FAIL} == set()
    well = {name for name, line in found.items() if line.state == OK}
    assert well >= {
        *("settings", "Wrapup", "data folder", "secrets", "database", "schema", "writing", "worker", "spool", "backup"),
        *("restore drill", "port", "dialer qvoice-main"),
    }
    assert found["processes"].state == WARN  # nobody has started it here
    assert "1 connection" in found["settings"].said


def test_what_is_wrong_is_said_with_what_to_do(environ, tmp_path):
    (tmp_path / "wrapup.toml").write_text(TOML.format(port=free_port()))
    config.load(environ)
    (tmp_path / "data" / "secrets" / "secret_key").chmod(0o644)
    (tmp_path / "data").chmod(0o755)
    noted.note(tmp_path / "data", noted.BACKUP, clock.now() - timedelta(days=3))
    (tmp_path / "data" / "spool").mkdir()
    segment = tmp_path / "data" / "spool" / "000000000001.spool"
    segment.write_bytes(b"x" * 5000)
    os.utime(segment, (time.time() - 600, time.time() - 600))
    (tmp_path / "data" / "spool" / "damaged").write_bytes(b"y")
    late = Database(environ["WRAPUP_DATABASE_URL"])
    with late.write() as session:
        factories.receipt(session, state="pending", received_at=clock.now() - timedelta(minutes=9))
    Beats(late, lambda: clock.now() - timedelta(minutes=9)).write()
    late.close()
    with web(200) as port:  # whatever it is asked
        found = looked(environ | {"WRAPUP_BIND": f"127.0.0.1:{port}"})
    states = {
        name: found[name].state for name in ("secrets", "data folder", "backup", "restore drill", "spool", "worker")
    }
    assert states == {
        "secrets": FAIL,
        "data folder": WARN,
        "backup": WARN,
        "restore drill": WARN,
        "spool": WARN,
        "worker": FAIL,
    }
    assert (found["port"].state, found["dialer qvoice-main"].state) == (FAIL, FAIL)
    assert "Something else than Wrapup" in found["port"].said
    waits, _, why = found["worker"].said.partition(". ")
    assert waits.startswith("A receipt has been waiting to be read for 9 min")
    assert why.startswith("None is at work: the last was seen 9 min ago")
    assert all(line.todo for line in found.values() if line.state != OK)


def test_a_wrapup_that_keeps_callbacks_in_its_spool_is_not_said_to_be_well():
    readyz = {"/healthz": b'{"status": "ok"}', "/readyz": b'{"status": "spooling", "message": "It is away."}'}
    with web(bodies=readyz) as port:
        (line,) = machine.port(f"127.0.0.1:{port}")
    assert line.state == WARN and "keeps callbacks in the spool" in line.said
    with web(bodies=readyz | {"/readyz": b'{"status": "ok"}'}) as port:
        (line,) = machine.port(f"127.0.0.1:{port}")
    assert line.state == OK and "can store" in line.said


def test_who_listens_here_is_not_asked_by_way_of_a_proxy(monkeypatch):
    """The environment has one for what is outside."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with web(bodies={"/healthz": b'{"status": "ok"}', "/readyz": b'{"status": "ok"}'}) as port:
        (line,) = machine.port(f"127.0.0.1:{port}")
    assert line.state == OK


def test_callbacks_that_wait_are_told_of_while_more_come(tmp_path):
    now = clock.now()
    old, new = (draft(number, received_at=now - timedelta(minutes=number)).line() for number in (9, 0))
    spool = Spool(tmp_path / "spool")
    spool.append([new])  # put aside a moment ago
    (line,) = machine.spool(tmp_path)
    assert line.state == OK
    spool.drain(lambda _: None)
    spool.append([old])
    spool.append([new])  # the file has changed this very moment
    (line,) = machine.spool(tmp_path)
    assert line.state == WARN and "of callbacks wait for the database" in line.said
    spool.drain(lambda _: None)
    spool.append([draft(received_at=now + timedelta(hours=1)).line()])  # the clock was set back since
    assert [line.state for line in machine.spool(tmp_path)] == [WARN]


def test_what_nobody_can_see_is_not_said_to_be_well(tmp_path):
    now = clock.now()

    def said(check) -> list[tuple[str, str]]:
        return [(line.state, line.said) for line in check]

    (tmp_path / folder.FILE).symlink_to(folder.FILE)  # cannot be opened, by root either
    ((state, words),) = said(machine.processes(tmp_path))
    assert state == WARN and words.startswith("Nobody can say whether a Wrapup works")
    ((state, words),) = said(machine.port("255.255.255.255:1"))
    assert state == WARN and words.startswith("Nobody can say who listens on")

    noted.note(tmp_path, noted.BACKUP, now, database=False)
    assert "other tools have to save" in said(machine.backups(tmp_path, now))[0][1]
    noted.note(tmp_path, noted.BACKUP, now + timedelta(days=1))
    ((state, words), _) = said(machine.backups(tmp_path, now))
    assert state == WARN and "is still to come" in words
    assert noted.age(tmp_path, noted.BACKUP, now) is None
    (tmp_path / noted.BACKUP).write_text("half of")
    assert said(machine.backups(tmp_path, now))[0][1].startswith("Nobody can say when one was made")

    noted.note(tmp_path, noted.DRILL, now - timedelta(days=2))
    noted.note(tmp_path, noted.FAILED_DRILL, now - timedelta(days=1), backup="2026-11-28T02-30-00Z")
    assert said(machine.backups(tmp_path, now))[1] == (
        FAIL,
        "2026-11-28T02-30-00Z was tried 24 h ago, and did not hold.",
    )
    noted.note(tmp_path, noted.DRILL, now)
    assert said(machine.backups(tmp_path, now))[1] == (OK, "A backup was tried 0 s ago, and held.")


def test_before_anything_was_made_it_makes_nothing(tmp_path):
    environ = {"WRAPUP_DATA_DIR": str(tmp_path / "data"), "WRAPUP_BIND": f"127.0.0.1:{free_port()}"}
    found = looked(environ)
    assert {line.state for line in found.values()} == {OK, WARN}
    assert "no" in found["database"].said and found["data folder"].state == WARN
    assert list(tmp_path.iterdir()) == []


def test_of_a_data_folder_on_a_disk_that_is_read_only_it_is_said_whether_a_wrapup_works_with_it(tmp_path):
    with disk(tmp_path) as there:
        if there is None:
            pytest.skip("mounting a disk needs root")
        (tmp_path / folder.FILE).touch()
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        (line,) = machine.processes(tmp_path)
        assert line.said == "No Wrapup works with the data folder."


def test_settings_that_are_wrong_are_the_first_line_and_the_rest_goes_on(environ, tmp_path):
    (tmp_path / "wrapup.toml").write_text(TOML.format(port=1))
    del environ["QVOICE_PASSWORD"]
    found = looked(environ)
    assert found["settings"].state == FAIL and "QVOICE_PASSWORD" in found["settings"].said
    assert found["database"].state != FAIL  # a busy machine is a slow one
    assert [line.what for line in lines({"WRAPUP_DATABASE_URL": "mysql://x"})] == ["settings"]


def test_a_secret_that_is_lost_is_told_where_it_stops_the_start(environ, tmp_path):
    (tmp_path / "wrapup.toml").write_text("")
    config.load(environ)
    secret = tmp_path / "data" / "secrets" / "secret_key"
    secret.write_bytes(b"")
    line = looked(environ)["settings"]
    assert line.state == FAIL and line.said.startswith(f"{secret} holds no secret any more")
    assert looked(environ | {"WRAPUP_SECRET_KEY": SECRET})["settings"].state == OK  # then nobody asks for it
    assert secret.read_bytes() == b""


def test_a_variable_that_nobody_reads_is_told(environ, tmp_path):
    (tmp_path / "wrapup.toml").write_text("")
    line = looked(environ | {"WRAPUP_DATABASE_URI": "postgresql://x"})["settings"]
    said = "Nothing reads the variable WRAPUP_DATABASE_URI; perhaps WRAPUP_DATABASE_URL is meant."
    assert (line.state, line.said) == (WARN, said)


def test_what_hangs_is_a_line_in_time():
    begun = time.monotonic()
    stop = threading.Event()

    def hang():
        yield Line("one", OK, "so far")
        stop.wait(60)

    def fail():
        yield from ()
        raise ValueError(SECRET)

    many = 200  # that wait for each other no more than for one
    found = list(run([("hangs", hang)] * many + [("fails", fail)], seconds=0.2))
    stop.set()
    assert [(line.what, line.state) for line in found] == [("one", OK), ("hangs", FAIL)] * many + [("fails", FAIL)]
    assert SECRET not in str(found) and time.monotonic() - begun < 30


def test_a_dialer_that_takes_a_line_and_says_nothing_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (tmp_path / "wrapup.toml").write_text(TOML.format(port=silent.getsockname()[1]))
        settings = config.load(
            {
                "WRAPUP_CONFIG": str(tmp_path / "wrapup.toml"),
                "WRAPUP_DATA_DIR": str(tmp_path / "data"),
                "QVOICE_PASSWORD": SECRET,
            }
        )
        found = list(run(list(others(settings)), seconds=0.5))
    assert [(line.what, line.state) for line in found] == [("dialer qvoice-main", FAIL)]


def test_as_it_is_typed(commands, sqlite_url, tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "wrapup.toml").write_text(TOML.format(port=free_port()))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WRAPUP_")}
    environ |= {"WRAPUP_DATA_DIR": str(tmp_path / "data"), "WRAPUP_DATABASE_URL": sqlite_url, "QVOICE_PASSWORD": SECRET}
    environ |= {"WRAPUP_BIND": f"127.0.0.1:{free_port()}"}
    hold(tmp_path / "data", sqlite_url)
    said = commands.run("doctor", cwd=tmp_path, env=environ)
    assert said.returncode == 1  # the dialer is not there
    assert "ok    processes: A Wrapup works with the data folder." in said.stdout
    assert "fail  dialer qvoice-main: 127.0.0.1:" in said.stdout
    told = commands.run("doctor", "--json", cwd=tmp_path, env=environ)
    assert {line["state"] for line in json.loads(told.stdout)} == {"ok", "warn", "fail"}
    assert SECRET not in said.stdout + said.stderr + told.stdout + told.stderr


def test_a_file_of_the_spool_that_cannot_be_read_is_told_of(tmp_path):
    # It opens, and fails to be read; root may read everything else.
    (tmp_path / "spool" / "000000000001.spool").mkdir(parents=True)
    (line,) = machine.spool(tmp_path)
    assert line.state == FAIL and line.said.startswith("1 file of it cannot be read") and "chown" in line.todo
