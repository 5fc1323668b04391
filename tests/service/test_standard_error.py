"""Whoever reads the log and has stopped holds up nobody, and is told what it missed."""

import fcntl
import os
import signal
import sys
import time

import orjson
import pytest
import structlog

from callbacks.ladder.inbox import Inbox
from callbacks.ladder.tickets import Ticket
from models.database import Database
from rig.patience import stretched
from service import logs, standard_error
from service.settings import config
from service.standard_error import LOST, WAIT_SECONDS
from tests.callbacks.drafts import draft
from tests.forks import end_of, forked

log = structlog.get_logger()


@pytest.fixture
def pipe():
    """(reader, writer) of a pipe that nobody reads."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def fill(writer: int, spare: int = 0) -> int:
    """Until there is no room but for so many pages; returns how much that was."""
    size = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ) - spare * 4096
    return os.write(writer, b" " * (size - 1) + b"\n")


def done(writer: int, work) -> None:
    """What is logged by the work, in a process of its own, goes to the pipe."""

    def run() -> None:
        os.dup2(writer, 2)
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # pytest has put something else there
        logs.configure("info", serving=True)
        work()

    assert end_of(forked(run)) == 0


def said(reader: int, skipped: int) -> list[dict]:
    """The lines, but for the first so many bytes, and for the beginning of one that has no end."""
    os.set_blocking(reader, False)
    got = b""
    while len(got) < skipped or not got.endswith(b"\n"):
        got += os.read(reader, 1 << 20)
    return [orjson.loads(line) for line in got[skipped:].splitlines() if line.endswith(b"}")]


def test_lines_that_nobody_takes_are_left_out_and_counted(pipe):
    reader, writer = pipe
    filled = fill(writer)

    def work() -> None:
        began = time.monotonic()
        for number in range(50):
            log.info("left_out", number=number)
        assert WAIT_SECONDS <= time.monotonic() - began < stretched(2 * WAIT_SECONDS)
        os.read(reader, filled)
        log.info("taken")

    done(writer, work)
    first, second = said(reader, 0)
    assert (first["event"], first["lines"], first["level"]) == (LOST, 50, "error")
    assert second["event"] == "taken"


def test_what_was_cut_off_is_no_beginning_of_the_next_line(pipe):
    reader, writer = pipe
    filled = fill(writer, spare=1)

    def work() -> None:
        log.info("cut_off", long="y" * 9_000)
        log.info("left_out")
        os.read(reader, filled)
        log.info("taken", long="y" * 9_000)

    done(writer, work)
    assert [(line["event"], line.get("lines")) for line in said(reader, 0)] == [(LOST, 2), ("taken", None)]


def test_a_reader_that_takes_its_time_misses_nothing(pipe):
    reader, writer = pipe

    def work() -> None:
        for number in range(300):
            log.info("said", number=number, long="y" * 3_000)

    writing = forked(lambda: done(writer, work))
    got = b""
    while got.count(b"\n") < 300:
        got += os.read(reader, 65_536)
        time.sleep(WAIT_SECONDS / 10)
    assert end_of(writing) == 0
    assert [orjson.loads(line)["number"] for line in got.splitlines()] == list(range(300))


def test_who_is_told_of_room_that_another_process_takes_waits_for_nobody(pipe, monkeypatch):
    """Between being told and writing: too seldom to be waited for."""
    reader, writer = pipe
    filled = fill(writer)

    class Told:
        begun = False

        def register(self, *_) -> None: ...

        def poll(self, milliseconds: float) -> bool:
            told, Told.begun = not Told.begun, True
            return told

    def work() -> None:
        signal.alarm(10)  # else it would hang here
        monkeypatch.setattr(standard_error.select, "poll", Told)
        log.info("left_out")
        monkeypatch.undo()
        os.read(reader, filled)
        log.info("taken")

    done(writer, work)
    assert [line["event"] for line in said(reader, 0)] == [LOST, "taken"]


@pytest.mark.parametrize("spool_is_well", [True, False])
def test_a_callback_comes_down_the_ladder_all_the_same(pipe, tmp_path, spool_is_well, database_url):
    """Each rung says what it leaves to the next."""
    _, writer = pipe
    fill(writer)
    settings = config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})
    if not spool_is_well:
        (tmp_path / "data" / "spool").touch()

    def work() -> None:
        database = Database(database_url)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE receipts RENAME TO gone")
        inbox = Inbox(database, settings)
        began = time.monotonic()
        inbox.put(Ticket(draft(1)))
        assert time.monotonic() - began < stretched(2.0)
        assert bool(inbox.memory) is not spool_is_well

    done(writer, work)
    segments = list((tmp_path / "data" / "spool").glob("*.spool"))
    assert len(segments) == spool_is_well
