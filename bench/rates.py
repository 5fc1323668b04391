"""Rows 1, 2 and 6: how many callbacks a second, and whether one worker keeps up."""

import time
from collections.abc import Iterator

from bench import stored
from bench.stage import ROUNDS, Stage, peak, rounds
from bench.table import Row, Void, compared

BACKLOG_SECONDS = 300.0  # that a backlog may take


def peaks(stage: Stage) -> Iterator[Row]:
    """Ours, stores-nothing and the textbook take turns. Our worker is paused: what it costs shows in 1b and 6."""
    ours, nothing, stock, textbook = [], [], [], []
    with stage.ours.running(), stage.ours.worker_paused():
        for _ in rounds():
            nothing.append(peak(stage.nothing).rate)
            stock.append(peak(stage.stock).rate)
            textbook.append(stage.of_textbook().rate)
            ours.append(stage.of_ours(peak).rate)
    stage.rates = ours
    yield compared("1. callbacks/s, ours / stores nothing", ours, nothing, at_least=0.70)
    yield compared("1c. callbacks/s, ours / stores nothing, gunicorn's own gevent worker", ours, stock)
    yield compared("2. callbacks/s, ours / textbook", ours, textbook, at_least=6)


def peaks_as_shipped(stage: Stage) -> Iterator[Row]:
    """The same with the worker normalizing on the same processors."""
    ours, nothing = [], []
    with stage.ours.running():
        for _ in rounds():
            stored.drained(stage.ours.database)
            nothing.append(peak(stage.nothing).rate)
            ours.append(stage.of_ours(peak).rate)
        stored.drained(stage.ours.database)
    yield compared("1b. the same, while the worker normalizes", ours, nothing)


def worker(stage: Stage) -> Iterator[Row]:
    """One worker alone works off what the runs have left, while nothing is received."""
    if stored.pending(stage.ours.database) < stage.peak:
        with stage.ours.running(), stage.ours.worker_paused():
            stage.of_ours(peak)
    with stage.ours.worker_alone():
        looks = _looks(stage)
    stored.outcomes_match(stage.ours.database, stage.numbers)
    parts = [looks[at * (len(looks) - 1) // ROUNDS] for at in range(ROUNDS + 1)]
    rates = [(a[1] - b[1]) / (b[0] - a[0]) for a, b in zip(parts, parts[1:], strict=False) if b[0] > a[0]]
    yield compared("6. outcomes/s by one worker / peak callbacks/s", rates, [stage.peak] * len(rates), at_least=1)


def _looks(stage: Stage) -> list[tuple[float, int]]:
    """(seconds, pending) from the first batch that was seen to be done until the last but one."""
    looks: list[tuple[float, int]] = []
    whole, end = stored.pending(stage.ours.database), time.monotonic() + BACKLOG_SECONDS
    while left := stored.pending(stage.ours.database):
        if left < whole:
            looks.append((time.monotonic(), left))
        if time.monotonic() > end:
            raise Void(f"of {whole} receipts {left} are still pending after {BACKLOG_SECONDS:.0f} s")
        time.sleep(0.1)
    if len(looks) < 2:
        raise Void(f"{whole} receipts were worked off too fast to be watched")
    return looks
