"""Receipts that come one by one gather for a moment, and a backlog does not."""

import json
import threading
import time

import pytest

from callbacks.ladder.taking_in import TakingIn
from callbacks.spool import Spool
from callbacks.strangers import Strangers
from outcomes.deadly import Normalizing
from outcomes.decisions import Decided
from service import loops
from service.batches import GATHER_SECONDS, Batches
from tests.callbacks.drafts import draft
from tests.evidence import CONNECTIONS, RYNG, keep, outcomes, receipt, terminal

CALLS = 30


@pytest.fixture
def run(database, tmp_path):
    """Runs the loop that normalizes, in batches of so many at most; gives how many each took, of those that took some."""
    stop, threads, taken = threading.Event(), [], []

    def begin(whole: int, taking_in: TakingIn | None = None, gather: float = GATHER_SECONDS) -> list[int]:
        normalize = Normalizing(database, Decided(database, CONNECTIONS), tmp_path).step
        batches = Batches(normalize, whole, stop, taking_in, gather, lambda count: count and taken.append(count))
        thread = threading.Thread(target=loops.run, args=("normalize", batches.step, batches.pause, stop))
        threads.append(thread)
        thread.start()
        return taken

    yield begin
    stop.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def all_are_there(database, calls: int, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while len(outcomes(database)) < calls:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_what_comes_one_by_one_is_read_in_few_batches(database, run):
    taken, began = run(whole=1000), time.monotonic()
    for call in range(1, CALLS + 1):
        keep(database, receipt(terminal(call, call)))
        time.sleep(0.01)
    all_are_there(database, CALLS)
    assert sum(taken) == CALLS and len(taken) <= (time.monotonic() - began) / 0.1 + 2


def test_a_backlog_waits_for_nobody(database, run, monkeypatch):
    """Where each batch is a whole one, they follow each other: with a pause after each this would take an hour."""
    monkeypatch.setattr("outcomes.normalize.BATCH", 1)
    monkeypatch.setattr("outcomes.normalize.SQLITE_BATCH", 1)
    keep(database, *(receipt(terminal(call, call)) for call in range(1, CALLS + 1)))
    taken = run(whole=1, gather=120.0)
    all_are_there(database, CALLS)
    assert set(taken) == {1}


def test_what_was_put_aside_is_taken_in_before_each_batch(database, run, tmp_path):
    spool = Spool(tmp_path / "spool")
    run(whole=1000, taking_in=TakingIn(database, spool, Strangers(2, 10**6)))
    for call in range(1, 4):
        body = json.dumps(terminal(call, call)).encode()
        spool.append([draft(connection=RYNG.name, body=body, body_size=len(body)).line()])
        all_are_there(database, call)


def test_whoever_is_told_to_stop_waits_for_nothing_to_gather(database, tmp_path):
    stop = threading.Event()
    batches = Batches(lambda: 1, 1000, stop, gather=3_600.0)
    batches.step()
    waiting = threading.Thread(target=batches.step)
    waiting.start()
    stop.set()
    waiting.join(30)
    assert not waiting.is_alive()
