"""Rows 10 and 11: what it costs to keep what a dialer is asked for, beside merely fetching it, and when nothing has changed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import migrations
from bench.portal import WHO, portal
from bench.stage import Stage, rounds
from bench.table import Row, Void, compared
from dialers.base import Connection
from dialers.clients import fresh
from lib import clock
from models.database import Database
from polling.engine import Poller
from polling.tasks import Task, window
from service import logs

ROOT = Path(__file__).parent.parent
CALLS = 5_000
REPORT = ("lead_history", "recent")  # the most frequent layer: no other is walked between its pages


def polls(stage: Stage) -> Iterator[Row]:
    """QVoice's lead history, thousands of records in pages of a thousand, from the sandbox over HTTP."""
    kept, fetched, again = [], [], []
    logs.configure("warning")
    with _connection() as connection:
        for number in rounds():
            database = Database(stage.where.url("polls") or f"sqlite:///{stage.ours.folder}/polls{number}.db")
            migrations.upgrade(database)
            poller = Poller(database, connection, fresh(connection, clock.now()))
            (task,) = [task for task in poller.tasks if task.key == REPORT]
            fetched.append(_timed(lambda task=task, database=database: _fetched(database, connection, task)))
            kept.append(_timed(lambda task=task, poller=poller: _polled(poller, task, CALLS)))
            again.append(_timed(lambda task=task, poller=poller: _polled(poller, task, 0)))
            database.close()
    rates = [[CALLS / seconds for seconds in times] for times in (kept, fetched)]
    yield compared("10. polled records/s, kept / merely fetched", *rates)
    times = [[seconds * 1000 for seconds in found] for found in (again, fetched)]
    yield compared(f"11. a poll of {CALLS:,} records of which none has changed / merely fetched", *times, unit=" ms")


def _fetched(database: Database, connection: Connection, task: Task) -> None:
    with database.read() as session:
        asked = window(session, connection, task, None, clock.now())
    client = fresh(connection, clock.now()).client
    found = sum(len(page.records) for page in task.report.walk(client, connection, asked))
    if found != CALLS:
        raise Void(f"{found} of {CALLS} records were fetched")


def _polled(poller: Poller, task: Task, news: int) -> None:
    polled = poller.walk_now(task, patience=0)
    if polled.error or (polled.kept.seen, polled.kept.new) != (CALLS, news):
        raise Void(f"{polled.kept.seen} records were polled, {polled.kept.new} of them new: {polled.error}")


def _timed(run: Callable[[], None]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


@contextmanager
def _connection() -> Iterator[Connection]:
    with portal(calls_per_minute=0, past_calls=CALLS) as url:
        settings = {"portal_url": url, "page_size": 1000, "report_fields": [], "poll_seconds": 60}
        yield Connection("qvoice-bench", "qvoice", settings=settings | WHO)
