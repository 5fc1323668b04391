"""Rows 1, 2 and 6: how many callbacks a second, whether one worker keeps up, and what two of them cost."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench import bodies, stored
from bench.load import Load
from bench.processes import processor, server, tree
from bench.stage import ROUNDS, Stage, peak, rounds
from bench.table import Row, Void, compared, spread
from callbacks.draft import Draft
from callbacks.ladder.rows import write_postgresql
from lib import clock
from models.database import Database

BACKLOG = 4_000  # receipts at least: a few batches, so that the worker can be watched
BACKLOG_SECONDS = 300.0  # that a backlog may take
PILE = 12_000  # receipts, of which each of two workers takes several batches


def peaks(stage: Stage) -> Iterator[Row]:
    """Ours, stores-nothing and the textbook take turns. Our worker is paused: what it costs shows in 1b and 6."""
    ours, nothing, stock, textbook = [], [], [], []
    with stage.ours.running(), stage.ours.worker_paused():
        for _ in rounds():
            nothing.append(_used(stage.nothing.pid, lambda: peak(stage.nothing.url)))
            stock.append(_used(stage.stock.pid, lambda: peak(stage.stock.url)))
            textbook.append(_used(stage.textbook.pid, stage.of_textbook))
            ours.append(_used(stage.ours.process.pid, lambda: stage.of_ours(peak)))
    rates = [[load.rate for load, _ in runs] for runs in (ours, nothing, stock, textbook)]
    used = [[each for _, each in runs] for runs in (ours, nothing, stock, textbook)]
    stage.rates = rates[0]
    yield compared("1. callbacks/s, ours / stores nothing", rates[0], rates[1], at_least=0.70)
    yield compared("1c. callbacks/s, ours / stores nothing, gunicorn's own gevent worker", rates[0], rates[2])
    yield compared("1d. processor time per callback, ours / stores nothing", used[0], used[1], unit=" µs")
    yield compared("2. callbacks/s, ours / textbook", rates[0], rates[3], at_least=6)
    yield compared("2b. processor time per callback, ours / textbook", used[0], used[3], unit=" µs")


def _used(pid: int, run: Callable[[], Load]) -> tuple[Load, float]:
    """The run, and the processor time that the process and its children used for each answer, in microseconds: the figure
    that other work on the machine changes least. What a database server uses is not in it."""
    processes = tree(pid)
    before = processor(processes)
    load = run()
    return load, (processor(processes) - before) / load.answered * 1_000_000


def peaks_as_shipped(stage: Stage) -> Iterator[Row]:
    """The same with the worker normalizing on the same processors."""
    ours, nothing = [], []
    with stage.ours.running():
        for _ in rounds():
            stored.drained(stage.ours.database)
            nothing.append(peak(stage.nothing.url).rate)
            ours.append(stage.of_ours(peak).rate)
        stored.drained(stage.ours.database)
    yield compared("1b. the same, while the worker normalizes", ours, nothing)


def worker(stage: Stage) -> Iterator[Row]:
    """One worker alone works off what the runs have left, while nothing is received."""
    wanted = max(stage.peak, BACKLOG)
    if stored.pending(stage.ours.database) < wanted:
        with stage.ours.running(), stage.ours.worker_paused():
            while stored.pending(stage.ours.database) < wanted:
                stage.of_ours(peak)
    with stage.ours.workers_alone() as (pid,):
        looks_at = looks(stage.ours.database, lambda: tree(pid))
    stored.outcomes_match(stage.ours.database, stage.numbers)
    places = [looks_at[part * (len(looks_at) - 1) // ROUNDS] for part in range(ROUNDS + 1)]
    parts = [(before, after) for before, after in pairwise(places) if after.left < before.left]
    rates = [(before.left - after.left) / (after.at - before.at) for before, after in parts]
    used = [(after.used - before.used) / (before.left - after.left) * 1_000_000 for before, after in parts]
    yield compared("6. outcomes/s by one worker / peak callbacks/s", rates, [stage.peak] * len(rates), at_least=1)
    yield Row("6b. processor time per outcome, of the worker", spread(used, unit=" µs"))


def workers(stage: Stage) -> Iterator[Row]:
    """Two workers, and one, work off as much in turns, while nothing is received. SQLite has one writer at a time anyway."""
    if stage.ours.database.is_sqlite:
        return
    figures: dict[int, list[tuple[float, float]]] = {2: [], 1: []}
    for _ in rounds():
        for count, runs in figures.items():
            with stage.ours.workers_alone(count, WRAPUP_MIRROR="never") as pids:
                _worked_off(stage, pids)  # what everybody does once is not in it
                runs.append(_worked_off(stage, pids))
    ours, servers = ([[run[part] for run in runs] for runs in figures.values()] for part in (0, 1))
    yield compared("6c. processor time per outcome, two workers / one", *ours, at_most=1.1, unit=" µs")
    if stage.where.own:
        yield compared("6d. the same, PostgreSQL's", *servers, unit=" µs")


def _worked_off(stage: Stage, pids: Sequence[int]) -> tuple[float, float]:
    """PILE receipts appear at once; the processor time that each took of the workers, and of PostgreSQL, in microseconds."""
    numbers = range(first := bodies.block(), first + PILE)
    theirs = server(stage.ours.database)
    before = [processor(found) for found in (_trees(pids), theirs)]
    _pile_up(stage, numbers)
    stored.drained(stage.ours.database, BACKLOG_SECONDS)
    after = [processor(found) for found in (_trees(pids), theirs)]
    stored.outcomes_match(stage.ours.database, set(numbers))
    ours, servers = ((late - soon) / PILE * 1_000_000 for soon, late in zip(before, after, strict=True))
    return ours, servers


def _trees(pids: Sequence[int]) -> list[int]:
    return [one for pid in pids for one in tree(pid)]


def _pile_up(stage: Stage, numbers: Sequence[int]) -> None:
    """As the receivers store them, in one transaction."""
    sent = ((bodies.body(number), clock.now()) for number in numbers)
    drafts = [
        Draft("ryng", "ryng", "terminal", at, "POST", None, {}, body, len(body), False, None) for body, at in sent
    ]
    with stage.ours.database.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        write_postgresql(connection.connection.driver_connection, drafts)


@dataclass(frozen=True)
class Look:
    """At which second so many receipts were left, and how much processor time had been used."""

    at: float
    left: int
    used: float


def looks(database: Database, pids: Callable[[], list[int]]) -> list[Look]:
    """At a worker that works off what is pending: from the first batch that was seen to be done until the last but one."""
    looks: list[Look] = []
    whole, end = stored.pending(database), time.monotonic() + BACKLOG_SECONDS
    while left := stored.pending(database):
        if left < whole:
            looks.append(Look(time.monotonic(), left, processor(pids())))
        if time.monotonic() > end:
            raise Void(f"of {whole} receipts {left} are still pending after {BACKLOG_SECONDS:.0f} s")
        time.sleep(0.05)  # a batch takes longer, and each look costs the worker something
    if len({look.left for look in looks}) < 2:
        raise Void(f"{whole} receipts were worked off too fast to be watched")
    return looks
