"""Row 5: how many callbacks a second are answered while the database takes nothing, and whether all of them arrive."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.load import Load
from bench.stage import Stage, peak, rounds
from bench.table import Row, compared
from lib import clock

BEFORE_SECONDS = 0.5  # of a run, until the database goes: finding out that it is gone is part of what is measured
ARRIVE_SECONDS = 120.0


def spooling(stage: Stage) -> Iterator[Row]:
    """The worker is paused in both, because without a database it has nothing to do."""
    running, stopped = [], []
    with stage.ours.running(), stage.ours.worker_paused():
        for _ in rounds():
            running.append(stage.of_ours(peak).rate)
            stopped.append(_without_database(stage).rate)
    yield compared(f"5. callbacks/s, {stage.where.outage} / running", stopped, running, at_least=0.8)


def _without_database(stage: Stage) -> Load:
    began = clock.now()
    with ThreadPoolExecutor(1) as beside:
        load = beside.submit(peak, stage.ours.callback_url)
        time.sleep(BEFORE_SECONDS)
        with stage.where.away(stage.ours.database):
            result = load.result()
    stage.check(began, result, ARRIVE_SECONDS)
    return result
