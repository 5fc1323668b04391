"""``[alerts]`` of the settings, the worker's loops that watch, and ``wrapup alerts``."""

import os
import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from pathlib import Path

import pytest

from lib import clock
from lib.mail import Mail
from models.database import Database
from outcomes.feed_place import FeedPlace
from rig.waiting import until
from sandbox.webhook.receiver import SECRET
from service import worker
from service.app import create_app
from service.cli.group import wrapup
from service.duties import Duties
from service.settings.alerts import alerts_of
from service.settings.mistakes import BadSettings
from service.watching import watch_of
from tests.schedules.rig import mail_of, mailbox
from tests.upkeep.alerts.rig import OPS, receiving
from tests.web.conftest import settings_for
from upkeep.alerts.conditions import CONDITIONS, NAMED
from upkeep.alerts.settings import Alerts
from upkeep.beats import Beats, ages
from web.context import context

WRAPUP = str(Path(sys.executable).parent / "wrapup")
SERVER = Mail(host="mail.example.com", sender="wrapup@example.com")
AT_ONCE = tuple(replace(one, lasts=timedelta(0)) for one in CONDITIONS if one.name == "callbacks_spooled")


def read(table, server=SERVER) -> Alerts:
    return alerts_of({"alerts": table}, server, "https://calls.example.com")


def test_nobody_is_told_where_the_settings_say_nothing():
    assert not alerts_of({}, None, "").wanted and read({}).conditions == CONDITIONS


def test_what_the_settings_say():
    own = {"tz": "Europe/Kyiv", "quiet_from": "22:00", "quiet_to": "07:00", "digest": "08:00"}
    found = read({"mail": [OPS], "webhook": "https://hooks.example.com/x", "secrets": [SECRET], **own})
    assert found.channels == ("mail", "webhook") and found.wanted
    assert found.quiet == (time(22), time(7)) and found.digest == time(8)
    given = {"polls_behind": {"bound": 60, "minutes": 1}, "loop_stuck": {"off": True}}
    changed = {one.name: one for one in read({"conditions": given}).conditions}
    assert (changed["polls_behind"].bound, changed["polls_behind"].lasts) == (60, timedelta(minutes=1))
    assert changed.keys() == NAMED.keys() - {"loop_stuck"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"mails": [OPS]}, "mail"),
        ({"mail": ["nobody"]}, "Not an address"),
        ({"webhook": "https://hooks.example.com/x"}, "signed with at least one"),
        ({"webhook": "ftp://hooks.example.com/x"}, "webhook"),
        ({"secrets": ["short"]}, "begins with whsec_"),
        ({"tz": "Kyiv"}, "Not a time zone"),
        ({"quiet_from": "22:00"}, "quiet_from and quiet_to"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "another end"),
        ({"digest": "8"}, "Not a time of day"),
        ({"conditions": {"nothing": {}}}, "conditions"),
        ({"conditions": {"loop_stuck": {"bounds": 1}}}, "loop_stuck"),
        ({"every_seconds": 0}, "every_seconds"),
        ("yes", "must be a table"),
    ],
)
def test_what_they_may_not_say(table, said):
    with pytest.raises(BadSettings, match=said):
        read(table)


def test_mail_needs_a_server():
    with pytest.raises(BadSettings, match=r"no \[mail\]"):
        read({"mail": [OPS]}, server=None)


@pytest.fixture
def told(sqlite_url, tmp_path):
    """(settings whose alerts are told by mail and webhook, the mailbox, the receiver)."""
    with mailbox() as box, receiving() as receiver:
        own = {"server": mail_of(box.port), "to": (OPS,), "webhook": receiver.url, "secrets": (SECRET,)}
        alerts = Alerts(**own, heartbeat=receiver.url, every_seconds=1.0, conditions=AT_ONCE)
        yield replace(settings_for(sqlite_url, tmp_path), alerts=alerts), box, receiver


def test_the_workers_loops_watch_and_tell(told, sqlite_url, tmp_path):
    settings, box, receiver = told
    database, stop = Database(sqlite_url), threading.Event()
    watch = watch_of(database, settings)
    threads = worker.start(database, {}, {}, FeedPlace(database, tmp_path), tmp_path, stop, Duties(watch=watch))
    try:
        until(lambda: receiver.beats, 60)
        context_spool(settings).append([b"x" * 90])
        until(lambda: box.taken and receiver.bodies, 60)
    finally:
        stop.set()
        worker.wait_for(threads, 20)
        watch.leave()
        database.close()
    assert "wait in the spool" in str(box.taken[0][1]["Subject"])
    assert {"alerts", "alerts: machine", "alerts: mail", "alerts: webhook", "alerts: heartbeat"} <= {
        thread.name for thread in threads
    }


def test_a_worker_that_is_started_by_itself_watches_too(sqlite_url, tmp_path):
    with receiving() as receiver:
        (tmp_path / "wrapup.toml").write_text(f'[alerts]\nheartbeat = "{receiver.url}"\nevery_seconds = 1\n')
        given = {"DATABASE_URL": sqlite_url, "DATA_DIR": tmp_path / "data", "CONFIG": tmp_path / "wrapup.toml"}
        environ = os.environ | {f"WRAPUP_{name}": str(value) for name, value in given.items()}
        with subprocess.Popen([WRAPUP, "worker"], env=environ, stderr=subprocess.DEVNULL) as process:
            try:
                until(lambda: receiver.beats, 60)
            finally:
                process.terminate()


def test_a_loop_that_hangs_in_its_first_step_is_known_since_it_began(sqlite_url, tmp_path):
    database, stop = Database(sqlite_url), threading.Event()
    beats = Beats(database)
    stop.set()
    threads = worker.start(database, {}, {}, FeedPlace(database, tmp_path), tmp_path, stop, beats=beats)
    worker.wait_for(threads, 20)
    beats.write()
    with database.read() as session:
        assert ages(session, clock.now()).keys() >= {thread.name for thread in threads} > {"normalize", "settle"}
    database.close()


def context_spool(settings):
    from callbacks.spool import Spool

    return Spool(settings.data_dir / "spool")


def test_the_commands(told):
    settings, box, receiver = told
    app = create_app(settings)
    run = partial(app.test_cli_runner().invoke, wrapup)
    try:
        rules = run(args=["alerts", "rules"])
        assert rules.exit_code == 0 and "alert: WrapupCallbacksSpooled\n" in rules.output
        assert "WrapupDatabaseAway" not in rules.output, "the settings have it off"
        tried = run(args=["alerts", "test"])
        assert (tried.exit_code, tried.output) == (0, "mail: taken\nwebhook: taken\n")
        assert len(box.taken) == len(receiver.bodies) == 1 and receiver.wrong == []
        listed = run(args=["alerts", "list"])
        assert listed.exit_code == 1 and listed.output.startswith("No worker watches now")
        watch = watch_of(context(app).database, settings)
        watch.look()
        listed = run(args=["alerts", "list"])
        assert listed.exit_code == 1 and listed.output.startswith("Nobody has looked lately at the disk, the spool and")
        watch.look_at_machine()
        listed = run(args=["alerts", "list"])
        assert listed.exit_code == 0 and re.fullmatch(r"No alert is on, as of \d+ s ago\.\n", listed.output)
        context(app).spool.append([b"x" * 90])
        watch.look_at_machine()
        watch.leave()
        listed = run(args=["alerts", "list"])
        assert listed.exit_code == 1 and "wait in the spool" in listed.output and "nobody told yet" in listed.output
        path = Path(context(app).database.url.database)
        context(app).database.close()
        path.rename(path.with_suffix(".away"))
        path.mkdir()  # nothing can be made there
        listed = run(args=["alerts", "list"])
        assert listed.exit_code == 1 and "wait in the spool" in listed.output
        assert "The database cannot be read, so nobody knows what else is wrong: " in listed.output
        path.rmdir()
        path.touch()  # as whoever opens a file of SQLite that was moved away leaves one: to look is not to make tables in it
        assert "is no database of this release of Wrapup" in run(args=["alerts", "list"]).output
        context(app).database.close()
        with closing(sqlite3.connect(path)) as line:
            assert line.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        path.unlink()
        path.with_suffix(".away").rename(path)
        receiver.status = 500
        tried = run(args=["alerts", "test"])
        assert tried.exit_code == 1 and "did not take an alert (500)" in tried.output
    finally:
        context(app).database.close()


def test_who_does_not_get_the_test_is_named(told):
    """Somebody who types it learns whether each of them will be told."""
    settings, box, _ = told
    box.faults, box.refused = {"later"}, {"boss@example.com"}
    app = create_app(replace(settings, alerts=replace(settings.alerts, to=(OPS, "boss@example.com"), webhook=None)))
    tried = app.test_cli_runner().invoke(wrapup, ["alerts", "test"])
    context(app).database.close()
    assert tried.exit_code == 1 and len(box.taken) == 1
    said = tried.stdout.splitlines()
    assert said[0] == "mail: taken for the others" and said[1].startswith("mail: not taken for boss@example.com: 450 ")


def test_where_the_settings_say_nothing_it_is_no_worker_that_is_missing(sqlite_url, tmp_path):
    app = create_app(settings_for(sqlite_url, tmp_path))
    listed = app.test_cli_runner().invoke(wrapup, ["alerts", "list"])
    assert listed.exit_code == 1 and listed.output.startswith("The settings have no mail, webhook or heartbeat")
    context(app).database.close()
