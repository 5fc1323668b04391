"""The two followers of docs/following.md, as they stand there: run, and killed."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import playwright
import pytest

from lib import clock
from outcomes import feed
from queries import shape
from rig.waiting import until
from sandbox.server import running
from tests.docs.pages import read
from tests.evidence import keep, normalize, outcomes, receipt, terminal
from tests.web.conftest import client_with
from web import long_polls

NODE = Path(playwright.__file__).parent / "driver" / "node"  # which comes along with it
RUN = {"python": [sys.executable], "javascript": [str(NODE), "--no-warnings"]}
ENDS = {"python": "py", "javascript": "mjs"}


def program(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", read("docs/following.md"), re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture(params=["sqlite"])
def database_url(request):
    """The feed is the same on both; what is tried here is on the other side."""
    return request.getfixturevalue(f"{request.param}_url")


class Follower:
    """The program of a language, which is started again and again."""

    def __init__(self, language: str, folder: Path, url: str, key: str):
        self._script = folder / f"follower.{ENDS[language]}"
        self._script.write_text(program(language))
        self._command = [*RUN[language], str(self._script), str(folder / "copy.db")]
        self._environ = {**os.environ, "WRAPUP_URL": url, "WRAPUP_KEY": key}
        self._copy = folder / "copy.db"

    @contextmanager
    def at_work(self):
        process = subprocess.Popen(self._command, env=self._environ, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)

    def asked(self, statement: str) -> list[tuple]:
        """Of its database."""
        with closing(sqlite3.connect(self._copy, timeout=10)) as copy, copy:
            try:
                return copy.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                return []

    def copied(self) -> dict[str, dict]:
        """What it has, by id."""
        return {one: json.loads(said) for one, said in self.asked("SELECT id, outcome FROM outcomes")}


@pytest.fixture(params=list(RUN))
def follower(request, app, database, tmp_path, monkeypatch):
    monkeypatch.setattr(long_polls, "LOOK_SECONDS", 0.05)
    with running(app) as url:
        yield Follower(request.param, tmp_path, url, client_with(app, database, "read").key)


def told(database, *bodies) -> None:
    keep(database, *(receipt(body) for body in bodies))
    normalize(database)


def expected(database) -> dict[str, dict]:
    return {str(row.id): json.loads(json.dumps(shape.change(row))) for row in outcomes(database, merged=True)}


def has_all(follower, database):
    return until(lambda: follower.copied() == expected(database), 20, lambda: str(len(follower.copied())))


def test_it_has_all_and_the_latest_of_each_whenever_it_was_killed(follower, database):
    number = 0
    for _ in range(4):
        with follower.at_work():
            began = len(follower.copied())
            end = time.monotonic() + 10
            while len(follower.copied()) < began + 8 and time.monotonic() < end:
                number += 1
                told(
                    database,
                    terminal(number, number),
                    terminal(number // 2 + 1, number // 2 + 1, disposition=f"Later {number}"),
                )
    # A row that turns out to be another one's call: its end was told without a name.
    unnamed = {name: value for name, value in terminal(1).items() if name != "callLogID"}
    told(database, unnamed | {"callEnded": "2026-11-18T10:03:00.000Z"})
    told(database, terminal(1, 1, callEnded="2026-11-18T10:03:00.000Z"))
    with follower.at_work():
        has_all(follower, database)
    assert number >= 16 and any(one["merged_into"] for one in follower.copied().values())
    assert max(one["revision"] for one in follower.copied().values()) > 1


def test_what_dies_in_the_middle_of_an_answer_has_done_nothing_of_it(follower, database):
    told(database, terminal(0, 0))
    with follower.at_work():
        has_all(follower, database)
    before = follower.asked("SELECT cursor FROM place"), follower.copied()
    follower.asked(
        "CREATE TRIGGER stumble BEFORE INSERT ON outcomes WHEN json_extract(NEW.outcome, '$.call_id') = '3'"
        " BEGIN SELECT RAISE(ABORT, 'stumbled'); END"
    )
    told(database, *(terminal(number, number) for number in range(1, 6)))
    with follower.at_work() as process:
        assert process.wait(20) != 0
    assert (follower.asked("SELECT cursor FROM place"), follower.copied()) == before
    follower.asked("DROP TRIGGER stumble")
    with follower.at_work():
        has_all(follower, database)


def test_a_feed_that_begins_again_is_read_again_and_what_is_gone_goes(follower, database):
    told(database, *(terminal(number, number) for number in range(5)))
    with follower.at_work():
        has_all(follower, database)
        with database.write() as session:
            gone = outcomes(database)[0]
            session.delete(session.get(type(gone), gone.id))
            kept = session.get(type(gone), outcomes(database)[1].id)
            kept.notes = "as it was in the backup"  # with the revision that the follower has
            feed.begin_epoch(session, clock.now())
        has_all(follower, database)
    assert str(gone.id) not in follower.copied()


def test_what_comes_is_there_without_being_asked_for_again(follower, database):
    told(database, terminal(1, 1))
    with follower.at_work():
        has_all(follower, database)
        time.sleep(1.3)  # the pause after nothing is over: it waits on our side
        began = time.monotonic()
        told(database, terminal(2, 2))
        has_all(follower, database)
        assert time.monotonic() - began < 10  # and not the thirty seconds for which it waits


@pytest.mark.parametrize("language", list(RUN))
def test_a_follower_is_short_and_says_that_its_key_is_refused(app, tmp_path, language):
    assert len(program(language).splitlines()) <= 45
    with running(app) as url:
        follower = Follower(language, tmp_path, url, "wk_nobody")
        done = subprocess.run(follower._command, env=follower._environ, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "401" in done.stderr
