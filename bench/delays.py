"""Rows 3, 4, 7 and 7b: how long a callback waits for its answer, and an answered callback for its outcome."""

import math
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from bench import load, stored
from bench.crowd import crowd
from bench.load import Load
from bench.reading import reading
from bench.stage import SECONDS, Stage, peak, rounds
from bench.table import Row, Void, compared, note, spread

OUTCOMES = int(os.environ.get("BENCH_OUTCOMES") or 100_000)
LAG_MS = 5.0  # 99 of 100 callbacks are to leave the sender no later: else it measures itself too
VISIBLE_RATE = float(os.environ.get("BENCH_FEED_RATE") or 1_000)


def at_half(stage: Stage) -> Iterator[Row]:
    """p99 at half of our peak rate, ours and stores-nothing at the same rate."""
    rate, nothing, ours, shipped = stage.peak / 2, [], [], []
    with stage.ours.running():
        for _ in rounds():
            stored.drained(stage.ours.database)
            nothing.append(load.steady(stage.nothing.url, rate, SECONDS))
            with stage.ours.worker_paused():
                ours.append(stage.of_ours(lambda url: load.steady(url, rate, SECONDS)))
            stored.drained(stage.ours.database)
            shipped.append(stage.of_ours(lambda url: load.steady(url, rate, SECONDS)))
    figure = f"3. p99 at {rate:,.0f}/s, ours / stores nothing"
    yield _row(figure, ours, nothing, at_most=3)
    yield _row("3b. the same, while the worker normalizes", shipped, nothing)


def beside_reading(stage: Stage) -> Iterator[Row]:
    """p99 at half of our peak rate, while everything is exported and summed up over and over, and without."""
    rate, without, beside, said = stage.peak / 2, [], [], {}
    with stage.ours.running():
        _fill(stage)
        url, key = stage.ours.url, stage.ours.key
        for _ in rounds():
            stored.drained(stage.ours.database)
            without.append(stage.of_ours(lambda url: load.steady(url, rate, SECONDS)))
            stored.drained(stage.ours.database)
            with reading("export", url, key) as export, reading("report", url, key) as report:
                time.sleep(1)  # until both are in the midst of it
                beside.append(stage.of_ours(lambda url: load.steady(url, rate, SECONDS)))
            said = {"rows": export.said["rows"] + said.get("rows", 0), "reports": report.said["rounds"]}
            if not export.said["rows"] or not report.said["calls"]:
                raise Void("nothing was exported or summed up meanwhile")
        note(f"  {said['rows']:,} rows exported, {stored.outcomes(stage.ours.database):,} outcomes in the table")
    figure = f"4. p99 at {rate:,.0f}/s, beside an export and a report / without"
    yield _row(figure, beside, without, at_most=2)


def visible(stage: Stage) -> Iterator[Row]:
    """From the answer to a callback until its outcome is seen in the change feed over HTTP."""
    yield _visible(f"7. answered -> outcome in the change feed, p99 at {VISIBLE_RATE:,.0f}/s", stage, at_most=1)


def visible_in_a_crowd(stage: Stage) -> Iterator[Row]:
    """The same while others compute on every processor, with the priority that ours were started with."""
    with crowd() as loops:
        yield _visible(f"7b. the same, beside {loops} busy loops on as many processors", stage, at_most=2)


def _visible(figure: str, stage: Stage, at_most: float) -> Row:
    runs = []
    with stage.ours.running():
        stored.drained(stage.ours.database)
        with reading("follow", stage.ours.url, stage.ours.key) as follower:
            follower.ready()
            for _ in rounds():
                runs.append(stage.of_ours(lambda url: load.steady(url, VISIBLE_RATE, SECONDS)))
                stored.drained(stage.ours.database)
    delays, goal = [p99_visible(run, follower.said["seen"]) for run in runs], f"at most {at_most:g} s"
    return Row(figure, spread(delays, ".2f", " s"), "", "", goal, statistics.median(delays) <= at_most)


def p99_visible(run: Load, seen: dict[str, float]) -> float:
    """Seconds. Raises Void where outcomes are missing."""
    delays = sorted(seen.get(str(number), math.inf) - answered for number, answered in run.answers.items())
    if math.isinf(delays[-1]):
        raise Void(f"{sum(map(math.isinf, delays))} of {len(delays)} outcomes never came in the change feed")
    return delays[int(len(delays) * 0.99)]


def _row(figure: str, ours: list[Load], against: list[Load], at_most: float | None = None) -> Row:
    """The p99 of both, and the sender's own delay where it is too large to be left out."""
    times = ([run.p99_ms for run in runs] for runs in (ours, against))
    row = compared(figure, *times, at_most=at_most, form=".1f", unit=" ms")
    lag = max(run.lag_ms for run in (*ours, *against))
    return replace(row, ours=f"{row.ours}; the sender was up to {lag:.0f} ms late") if lag > LAG_MS else row


def _fill(stage: Stage) -> None:
    """There are OUTCOMES outcomes at least."""
    while (there := stored.outcomes(stage.ours.database)) < OUTCOMES:
        note(f"  filling: {there:,} of {OUTCOMES:,} outcomes")
        stage.of_ours(peak)
        stored.drained(stage.ours.database)
