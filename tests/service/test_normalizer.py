"""The second process that normalizes: it starts where a backlog goes on, takes its part, and is gone afterwards."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from dialers.registry import DIALERS
from lib import processors
from models import Receipt
from models.database import Database
from models.receipts import PENDING
from outcomes.deadly import Normalizing
from outcomes.decisions import Decided
from outcomes.in_hand import FOLDER
from outcomes.normalize import batch_size, normalize_pending
from rig.waiting import until
from service import normalizer, worker
from service.normalizer import Beside, work
from service.settings import config
from tests.evidence import CONNECTIONS, keep, outcomes, receipt, terminal
from tests.forks import forked
from tests.server import toml

CALLS = 200


def pending(database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Receipt.state == PENDING))


@pytest.fixture
def beside(database, database_url, tmp_path, monkeypatch):
    """With the settings that the second process loads."""
    (tmp_path / "wrapup.toml").write_text(
        "[connections.ryng-main]\n" + toml({"dialer": "ryng", "callback_tokens": ["t" * 32]})
    )
    for name in [name for name in os.environ if name.startswith("WRAPUP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WRAPUP_CONFIG", str(tmp_path / "wrapup.toml"))
    monkeypatch.setenv("WRAPUP_DATABASE_URL", database_url)
    monkeypatch.setenv("WRAPUP_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(normalizer, "BACKLOG_SECONDS", 0.0)
    monkeypatch.setattr(processors, "crowded", lambda beside=0: False)
    beside = Beside(database, config.load().file_hash)
    yield beside
    beside.stop()


def start(beside, database):
    for _ in range(3):
        beside.note(batch_size(database))
    return beside._process


def test_a_backlog_is_understood_by_two_and_nothing_twice(database, database_url, monkeypatch, tmp_path):
    monkeypatch.setattr(processors, "crowded", lambda beside=0: False)
    keep(database, *(receipt(terminal(call, call)) for call in range(1, CALLS + 1)))
    stop, other = threading.Event(), Database(database_url)
    normalizing = Normalizing(other, Decided(other, CONNECTIONS), tmp_path, newest=True)
    second = threading.Thread(target=work, args=[normalizing, 10, stop, os.getppid()])
    second.start()
    try:
        until(
            lambda: not normalize_pending(database, CONNECTIONS, limit=10) and not pending(database), 30, lambda: "all"
        )
    finally:
        stop.set()
        second.join(10)
        other.close()
    assert len(outcomes(database)) == CALLS and {row.revision for row in outcomes(database)} == {1}


def test_it_starts_with_the_settings_of_the_worker(beside, database):
    process = start(beside, database)
    *command, _, file_hash = process.args
    assert subprocess.run([*command, "1", file_hash], timeout=60).returncode == 0, "of a worker that is gone"


def test_it_reads_nothing_with_other_settings_than_the_worker_has(beside, database, tmp_path):
    keep(database, receipt(terminal()))
    (tmp_path / "wrapup.toml").write_text("")
    process = start(beside, database)
    assert process.wait(60) == normalizer.OTHER_SETTINGS
    assert pending(database) == 1 and start(beside, database) is None


def test_it_leaves_the_processor_to_whoever_needs_it(beside, database, monkeypatch, tmp_path):
    monkeypatch.setattr(processors, "crowded", lambda beside=0: True)
    assert start(beside, database) is None
    keep(database, receipt(terminal()))
    monkeypatch.setattr(normalizer, "REST_SECONDS", 0.3)
    normalizing = Normalizing(database, Decided(database, CONNECTIONS), tmp_path)
    work(normalizing, 1, threading.Event(), parent=os.getppid())
    assert pending(database) == 1


def test_there_is_none_where_no_whole_batch_waits(beside, database):
    for _ in range(3):
        beside.note(batch_size(database))
        beside.note(batch_size(database) - 1)
    assert beside._process is None


def test_one_that_died_is_not_started_again_at_once(beside, database, monkeypatch):
    counted: list[int] = []
    monkeypatch.setattr(beside, "_died", lambda: counted.append(1))
    process = start(beside, database)
    process.kill()
    process.wait()
    assert start(beside, database) is None
    assert counted == [1], "as one that ended though nobody had told it to"
    monkeypatch.setattr(normalizer, "AGAIN_SECONDS", 0.0)
    beside._not_before = 0.0
    assert start(beside, database) is not None


def test_it_ends_with_the_worker(beside, database):
    process = start(beside, database)
    beside.stop()
    assert process.returncode is not None and start(beside, database) is None


@pytest.mark.parametrize("module", [worker, normalizer])
def test_one_that_is_told_to_end_and_does_not_accuses_nobody(beside, database, tmp_path, monkeypatch, module):
    """It may wait for its database; ended by force then, and again, it would have put into quarantine what it was reading."""
    keep(database, receipt(terminal()))
    monkeypatch.setitem(DIALERS, "ryng", replace(DIALERS["ryng"], read=lambda *_: threading.Event().wait()))
    monkeypatch.setattr(sys, "argv", ["", str(os.getpid()), config.load().file_hash])
    note = tmp_path / FOLDER / "0"
    child = forked(module.main)
    try:
        until(lambda: note.is_file() and note.read_text().strip(), 20)
        os.kill(child, signal.SIGTERM)
        until(lambda: not note.read_text().strip(), 20)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_it_ends_where_receipts_come_one_by_one(database, monkeypatch, tmp_path):
    """These are the worker's: it would read them as well, and one of the two in vain."""
    monkeypatch.setattr(processors, "crowded", lambda beside=0: False)
    monkeypatch.setattr(normalizer, "REST_SECONDS", 0.6)
    own = Normalizing(database, Decided(database, CONNECTIONS), tmp_path, newest=True)
    came: list[int] = []

    class OneByOne:
        def step(self) -> int:
            came.append(1)
            keep(database, receipt(terminal(len(came), len(came))))
            return own.step()

    work(OneByOne(), 2, threading.Event(), parent=os.getppid())
    assert 0 < len(came) < 10 and pending(database) == 0


def test_without_its_worker_it_takes_nothing(database, tmp_path):
    keep(database, receipt(terminal()))
    work(Normalizing(database, Decided(database, CONNECTIONS), tmp_path), 1, threading.Event(), parent=-1)
    assert pending(database) == 1


def test_it_ends_when_there_has_been_nothing_to_do(database, monkeypatch, tmp_path):
    monkeypatch.setattr(processors, "crowded", lambda beside=0: False)
    monkeypatch.setattr(normalizer, "REST_SECONDS", 0.3)
    keep(database, *(receipt(terminal(call, call)) for call in range(1, 65)))
    normalizing = Normalizing(database, Decided(database, CONNECTIONS), tmp_path)
    work(normalizing, 1, threading.Event(), parent=os.getppid())
    assert not pending(database) and len(outcomes(database)) == 64
