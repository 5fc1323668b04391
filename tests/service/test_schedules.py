"""Schedules as they are set up, and ``wrapup schedules``."""

import threading
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lib import clock
from models import Schedule, ScheduledSend
from outcomes.feed_place import FeedPlace
from rig.waiting import until
from schedules import noting
from schedules.settings import Settings
from service import worker
from service.app import create_app
from service.cli.group import wrapup
from service.duties import Duties, duties_of
from service.settings import config
from service.settings.mistakes import BadSettings
from service.settings.schedules import schedules_of
from tests.schedules.rig import START, Engine, mail_of, mailbox, view
from tests.web.conftest import settings_for
from web.context import context

WHOLE = """
[mail]
host = "mail.example.com"
port = 465
tls = "tls"
user = "wrapup"
password = "secret-word"
from = "wrapup@example.com"

[schedules]
folder = "/srv/wrapup"
tell = "ops@example.com"

[buckets.lake]
endpoint = "https://s3.example.com"
bucket = "reports"
access_key = "AKID"
secret_key = "secret-key"
"""


def read(text: str) -> Settings:
    return schedules_of(tomllib.loads(text), "https://wrapup.example.com")


def test_all_of_it(tmp_path):
    (tmp_path / "wrapup.toml").write_text(WHOLE)
    found = config.load({"WRAPUP_CONFIG": f"{tmp_path}/wrapup.toml", "WRAPUP_DATA_DIR": str(tmp_path)}).schedules
    assert (found.mail.port, found.mail.sender, found.mail.seconds) == (465, "wrapup@example.com", 30.0)
    assert (found.folder, found.tell, found.most_rows) == (Path("/srv/wrapup"), "ops@example.com", 50_000)
    assert found.buckets["lake"].region == "us-east-1"
    assert "secret-word" not in repr(found) and "secret-key" not in repr(found)
    assert read("") == Settings(public_url="https://wrapup.example.com")


WRONG = [
    ('tls = "tls"', 'tls = "none"', "[mail] tls: With"),
    ('user = "wrapup"', "", "[mail] user: A user needs a password"),
    ('from = "wrapup@example.com"', 'from = "Wrapup"', "[mail] from: Not an address"),
    ("port = 465", "prot = 465", "[mail] prot: There is no such key; perhaps port is meant."),
    ('folder = "/srv/wrapup"', 'folder = "out"', "[schedules] folder: Must be a path from the root"),
    ('bucket = "reports"', 'bucket = "Re/ports"', "[buckets.lake] bucket: Not a bucket's name"),
    ('"secret-key"', '"change-me"', "[buckets.lake] secret_key is still what the example says"),
    ("port = 465", 'ca_file = "/nowhere/ca.pem"', "[mail] ca_file: It cannot be used as a file of certificates"),
    (
        '"AKID"',
        '"AKID"\nca_file = "/nowhere/ca.pem"',
        "[buckets.lake] ca_file: It cannot be used as a file of certificates",
    ),
    ("https://s3.example.com", "https://a:b@s3.example.com", "[buckets.lake] endpoint: The store's address alone"),
]


@pytest.mark.parametrize(("was", "given", "said"), WRONG)
def test_what_stops_the_start(was, given, said):
    assert was in WHOLE
    with pytest.raises(BadSettings) as refused:
        read(WHOLE.replace(was, given))
    assert said in str(refused.value)


@pytest.fixture
def run(database, database_url, tmp_path):
    """``wrapup schedules``, with a mail server and a schedule called Daily."""
    with mailbox() as box:
        own = Settings(mail_of(box.port, seconds=2.0))
        app = create_app(replace(settings_for(database_url, tmp_path), schedules=own))
        Engine(database, tmp_path, own).schedule(view(database))
        runner = app.test_cli_runner()
        yield lambda *words: runner.invoke(wrapup, ["schedules", *words]), box
        context(app).database.close()


def test_tried_from_the_command_line(run):
    invoke, box = run
    sent = invoke("send", "Daily")
    assert sent.exit_code == 0 and sent.output.startswith("sent  <") and len(box.taken) == 1
    listed = invoke("list")
    assert listed.exit_code == 0 and " sent" in listed.output and f"{START:%Y}" in listed.output
    box.faults |= {"spam"}
    refused = invoke("send", "Daily")
    assert refused.exit_code == 1 and "554 looks like spam" in refused.output
    assert invoke("list").exit_code == 1
    assert invoke("send", "Weekly").exit_code == 2


def test_what_nobody_has_taken_up_was_due(run, database):
    invoke, _ = run
    for hours, said in ((-2, ("was due", "last none")), (2, ("next", "last never due yet"))):
        with database.write() as session:
            session.execute(update(Schedule).values(next_at=clock.now() + timedelta(hours=hours)))
        assert all(one in invoke("list").output for one in said)


def test_the_worker_sends_them_also_while_a_mail_server_hangs(database, database_url, tmp_path):
    (tmp_path / "out").mkdir()
    with mailbox(faults={"hang"}) as box:
        own = Settings(mail_of(box.port, seconds=60.0), tmp_path / "out")
        engine = Engine(database, tmp_path, own)
        of = view(database)
        mailed, written = engine.schedule(of), engine.schedule(of, name="Files", to=None, folder="daily")
        with database.write() as session:
            hanging = noting.tried(session, mailed, START)
        settings = replace(settings_for(database_url, tmp_path), schedules=own)
        duties = Duties(sender=duties_of(database, settings).sender)
        place, stop = FeedPlace(database, tmp_path, starts=True), threading.Event()
        threads = worker.start(database, {}, {}, place, tmp_path, stop, duties)
        try:
            until(lambda: _state(database, hanging) == "sending", 10)
            with database.write() as session:
                send_id = noting.tried(session, written, START)
            until(lambda: _state(database, send_id) == "sent", 10)
            assert _state(database, hanging) == "sending"
            box.over.set()
            until(lambda: _state(database, hanging) == "failed", 10)
        finally:
            box.over.set()
            stop.set()
            for thread in threads:
                thread.join(10)


def _state(database, send_id):
    with database.read() as session:
        return session.get(ScheduledSend, send_id).state
