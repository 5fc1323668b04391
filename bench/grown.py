"""Rows 26: rows 1, 6 and 7, and how long a callback waits, on a database as it is after a year, against an empty one, in turns.

    BENCH_ROWS=26 BENCH_GROWN=10000000 make bench

fills it with so many calls and three times as many receipts (``bench.multiplied``: 4 KB a call on PostgreSQL, 5 on SQLite); by
default there are few, which says little. BENCH_FILLED is the URL of one that ``bench.multiplied`` has filled before; it grows by
what is measured. There is no mirror: following it costs the same whatever lies before.
"""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import requests
from sqlalchemy import make_url

from bench import bodies, load, multiplied, rates, stored
from bench.databases import Embedded, Server
from bench.delays import VISIBLE_RATE, p99_visible
from bench.installation import Installation
from bench.processes import processor, server, tree
from bench.reading import reading
from bench.stage import SECONDS, peak, rounds
from bench.table import Row, Void, compared
from lib import clock
from rig.ports import free_port
from rig.waiting import until

CALLS = int(os.environ.get("BENCH_GROWN") or 20_000)
FILLED = os.environ.get("BENCH_FILLED")
LEAST, MOST_DELAY, MOST_WAIT = 0.9, 1 / 0.9, 1.2
STEADY_RATE = 200.0
MOST_SCRAPE, SCRAPES = 50.0, 9  # milliseconds; how many
COUNTED, COUNT_SECONDS = "wrapup_counted_seconds_ago", 1_800.0
BACKLOG = 12_000  # receipts that a worker works off at least: some are, while the installation ends

Both = tuple[Installation, Installation]  # the grown one, and the empty one


def grown(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """On two installations of their own. Whose turn it is alone is sent something; the other one is idle."""
    empty = Installation(folder / "empty", free_port(), where.url("empty"))
    full = Installation(folder / "grown", free_port(), _filled(where) or where.url("grown"))
    bodies.skip(int(clock.now().timestamp()) % 100_000)  # what was filled before may have been measured before
    for ours in (full, empty):
        ours.environ["WRAPUP_MIRROR"] = "never"
    calls = stored.last_place(full.database) if _filled(where) else multiplied.fill(full.database, CALLS)
    of = f"{calls:,} calls and {calls * multiplied.RECEIPTS:,} receipts / empty"
    both = full, empty
    for ours in both:
        _counted(ours)
    yield from _peaks(both, of)
    yield from _worked_off(both, of)
    yield from _visible(both, of)
    yield from _answered(both, of)
    yield from _scraped(both, of)
    for ours in both:
        ours.database.close()


def _filled(where: Embedded | Server) -> str | None:
    """Where it was filled before, and is of this kind."""
    kind = "sqlite" if isinstance(where, Embedded) else "postgresql"
    return FILLED if FILLED and make_url(FILLED).get_backend_name() == kind else None


def _counted(ours: Installation) -> None:
    """An installation of a year has counted what it holds, and goes on from there at each start."""
    with ours.running():
        until(lambda: COUNTED in _scrape(ours).text, COUNT_SECONDS, lambda: "that all is counted")


def _scrape(ours: Installation) -> requests.Response:
    answer = requests.get(ours.url + "/metrics", timeout=60)
    answer.raise_for_status()
    return answer


def _peaks(both: Both, of: str) -> Iterator[Row]:
    """The worker is paused."""
    found: list[list[float]] = [[], []]
    used: list[list[float]] = [[], []]
    with ExitStack() as running:
        for ours in both:
            running.enter_context(ours.running())
            running.enter_context(ours.worker_paused())
        for _ in rounds():
            for at, ours in enumerate(both):
                pids = [*ours.pids(), *server(ours.database)]
                began, before = clock.now(), processor(pids)
                run = peak(ours.callback_url)
                used[at].append((processor(pids) - before) / run.answered * 1_000_000)
                if run.errors:
                    raise Void(f"{run.errors} callbacks were not answered with 200")
                stored.arrived(ours.database, began, [run])
                found[at].append(run.rate)
    yield compared(f"26a. callbacks/s, {of}", *found, at_least=LEAST)
    yield compared("26a. processor time per callback, the database's included", *used, unit=" µs")


def _worked_off(both: Both, of: str) -> Iterator[Row]:
    """One worker alone works off a backlog, nothing being received."""
    found: list[list[float]] = [[], []]
    used: list[list[float]] = [[], []]
    for _ in rounds():
        for at, ours in enumerate(both):
            place, numbers = stored.last_place(ours.database), _backlog(ours)
            with ours.workers_alone() as (pid,):
                looks = rates.looks(ours.database, lambda pid=pid, ours=ours: [*tree(pid), *server(ours.database)])
            stored.outcomes_match(ours.database, numbers, place)
            done = looks[0].left - looks[-1].left
            found[at].append(done / (looks[-1].at - looks[0].at))
            used[at].append((looks[-1].used - looks[0].used) / done * 1_000_000)
    yield compared(f"26b. outcomes/s by one worker, {of}", *found, at_least=LEAST)
    yield compared("26b. processor time per outcome, the database's included", *used, unit=" µs")


def _visible(both: Both, of: str) -> Iterator[Row]:
    """From the answer to a callback until its outcome is seen in the change feed over HTTP."""
    found: list[list[float]] = [[], []]
    for _ in rounds():
        for at, ours in enumerate(both):
            with ours.running():
                stored.drained(ours.database)
                with reading("follow", ours.url, ours.key) as follower:
                    follower.ready()
                    run = load.steady(ours.callback_url, VISIBLE_RATE, SECONDS)
                    stored.drained(ours.database)
            found[at].append(p99_visible(run, follower.said["seen"]))
    row = compared(
        f"26c. answered -> outcome in the change feed, p99 at {VISIBLE_RATE:,.0f}/s, {of}",
        *found,
        form=".2f",
        unit=" s",
    )
    ratio = statistics.median(full / empty for full, empty in zip(*found, strict=True))
    yield replace(row, goal=f"at most {MOST_DELAY:.2f}", reached=ratio <= MOST_DELAY)


def _answered(both: Both, of: str) -> Iterator[Row]:
    """How long a callback waits for its answer at a rate that a large call centre has, while the worker normalizes."""
    found: list[list[float]] = [[], []]
    for _ in rounds():
        for at, ours in enumerate(both):
            with ours.running():
                stored.drained(ours.database)
                found[at].append(load.steady(ours.callback_url, STEADY_RATE, SECONDS).p99_ms)
                stored.drained(ours.database)
    yield compared(
        f"26d. p99 of callbacks at {STEADY_RATE:g}/s, {of}", *found, at_most=MOST_WAIT, form=".1f", unit=" ms"
    )


def _scraped(both: Both, of: str) -> Iterator[Row]:
    """How long a scrape takes: one each two seconds, for within one all are given the same answer."""
    found: list[list[float]] = [[], []]
    for at, ours in enumerate(both):
        with ours.running():
            _scrape(ours)
            for _ in range(SCRAPES):
                time.sleep(2.0)
                found[at].append(_scrape(ours).elapsed.total_seconds() * 1000)
    row = compared(f"26e. a scrape of /metrics, {of}", *found, form=".0f", unit=" ms")
    yield replace(row, goal=f"at most {MOST_SCRAPE:g} ms", reached=statistics.median(found[0]) <= MOST_SCRAPE)


def _backlog(ours: Installation) -> set[int]:
    """Receipts that wait, BACKLOG at least; the numbers of those that are new."""
    began, loads = clock.now(), []
    with ours.running(), ours.worker_paused():
        while stored.pending(ours.database) < BACKLOG:
            loads.append(peak(ours.callback_url))
        return stored.arrived(ours.database, began, loads)
