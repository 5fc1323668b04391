"""What the doctor says of processors, disks and commits: of what an outcome that comes late may wait for."""

import os
import time
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from lib import clock, processors
from models.database import Database
from service.doctor import database, speed
from service.doctor.line import FAIL, OK, WARN
from tests import factories
from upkeep.beats import Beats


def test_processors_are_counted_and_whether_somebody_waits_for_them(monkeypatch):
    monkeypatch.setattr(processors, "ours", lambda: 1)
    for waited, state in ((0.49, OK), (0.5, WARN)):
        monkeypatch.setattr(processors, "waited", lambda waited=waited: waited)
        (line,) = speed.of_processors()
        assert line.state == state
        assert line.said.startswith("1 processor for ") and f"In {waited:.0%} of the last minute" in line.said
    monkeypatch.setattr(processors, "waited", lambda: None)
    (line,) = speed.of_processors()
    assert line.state == OK and "minute" not in line.said


def test_a_disk_that_is_slow_is_told_and_nothing_is_left_on_it(tmp_path, monkeypatch):
    (line,) = speed.of_disks(tmp_path, tmp_path / "wrapup.db")
    assert line.what == "disk writes" and line.said.startswith("4 kB are safe on it after ")
    synced = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (time.sleep(0.06), synced(file)))
    (line,) = speed.of_disks(tmp_path, None)
    assert line.state == WARN and line.todo
    assert list(tmp_path.iterdir()) == []


def test_of_a_folder_that_is_not_there_or_not_ours_nothing_is_said_and_none_is_made(tmp_path):
    assert list(speed.of_disks(tmp_path / "not" / "there", tmp_path / "elsewhere" / "wrapup.db")) == []
    assert list(tmp_path.iterdir()) == []


def test_the_disk_of_sqlites_file_is_tried_where_it_is_another_one(tmp_path, another_disk):
    assert {line.what for line in speed.of_disks(tmp_path, another_disk / "wrapup.db")} >= {"database disk writes"}


def test_how_long_postgresql_commits_is_told(postgresql_url, monkeypatch):
    with closing(Database(postgresql_url)) as found:
        (line,) = speed.of_commits(found)
        assert (line.what, line.state) == ("commits", OK)
        monkeypatch.setattr(speed, "SLOW_COMMIT_SECONDS", 0.0)
        (line,) = speed.of_commits(found)
        assert line.state == WARN and line.todo
        with found.engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {found.url.database} SET default_transaction_read_only = on"))
    lines = {line.what: line for line in database.database(postgresql_url)}
    assert lines["writing"].state == FAIL and "commits" not in lines


@pytest.mark.parametrize(("seconds", "state"), [(8, OK), (30, WARN), (130, FAIL)])
def test_a_worker_that_is_behind_is_told_from_one_that_is_away(database_url, seconds, state):
    with closing(Database(database_url)) as found:
        Beats(found).write()
        with found.write() as session:
            factories.receipt(session, state="pending", received_at=clock.now() - timedelta(seconds=seconds))
        with found.read() as session:
            line = database._worker(session, True)
    assert line.state == state
    assert ("docs/sizing.md" in line.todo) is (state != OK)
