"""``make bench``: measures everything in one run, alternating, on both databases, and prints one table.

The table goes to standard output, in Markdown; what goes on meanwhile to standard error. Environment:

    BENCH_SECONDS           seconds of each measured run (5)
    BENCH_ROUNDS            rounds in which the contenders take turns (3)
    BENCH_ROWS              which rows: 1 (with 2), 1b, 3, 4, 5, 6, 6c, 7, 7b, 8, 9, 10 (with 11), 12, 13, 14 (with 15 to 20),
                            21, 22, 23, 24, 25, 26; separated by commas (all)
    BENCH_DATABASES         sqlite,postgresql
    BENCH_OUTCOMES          how many outcomes the table holds at least for row 4 (100000)
    BENCH_MEMORY_CALLBACKS  how many callbacks row 9 sends (1000000)
    BENCH_DELIVERIES        how many outcomes of backlog row 22 sends (100000: four minutes at HubSpot's limit)
    BENCH_CALLS             how many calls are invented for rows 14 to 20 (100000); bench/large.py has what ten million take
    BENCH_GROWN             how many calls row 26 fills a database with (20000); bench/grown.py has what ten million take
    BENCH_FEED_RATE         callbacks a second in rows 7 and 26c (1000)
    BENCH_FILLED            URL of a database that was filled for row 26 before
    BENCH_DIR               folder for databases and data, on a disk that keeps what it is told to (the temporary folder)

Rows 26a, 26b and 26c are rows 1, 6 and 7 on a database as it is after a year, against an empty one; 26d is how long a
callback waits at 200 a second, 26e how long a scrape takes.
Row 9 takes as long as its callbacks take to be received and normalized, row 22 as long as the CRM's limit asks for; the others
together about twenty minutes.
The code is 1 where a measurement was void: an answered callback was not stored, or a reader was not answered.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bench import (
    asking,
    crms,
    delays,
    deliveries,
    draining,
    giving,
    grown,
    large,
    load,
    memory,
    outage,
    rates,
    starting,
    statements,
    table,
    whole,
)
from bench.contenders import THREADS, WORKERS
from bench.databases import Embedded, Server, databases
from bench.stage import CONNECTIONS, ROUNDS, SECONDS, Stage, stage
from bench.table import Row, Void, note

Measure = Callable[[Stage], Iterator[Row]]
# In this order: row 6 works off what row 1 has received, row 4 reads what they have left.
MEASURES: dict[str, Measure] = {
    "1": rates.peaks,
    "6": rates.worker,
    "6c": rates.workers,
    "1b": rates.peaks_as_shipped,
    "3": delays.at_half,
    "4": delays.beside_reading,
    "7": delays.visible,
    "7b": delays.visible_in_a_crowd,
    "5": outage.spooling,
    "8": statements.statements,
    "10": asking.polls,
    "12": giving.loads,
    "13": starting.first_answer,
}
# Each on an installation of its own, without the contenders beside it.
ALONE: dict[str, Callable[[Embedded | Server, Path], Iterator[Row]]] = {
    "9": memory.memory,
    "14": large.large,
    "21": deliveries.rates,
    "22": deliveries.backlog,
    "23": draining.callbacks,
    "24": draining.arrival,
    "25": whole.way,
    "26": grown.grown,
}
TOGETHER = ("1b", "3", "4", "7", "7b", "5")  # on one installation that keeps running; the others need it stopped before

NOTES = f"""
Ours is `wrapup serve` with all of its processes at default settings. *Stores nothing* is a Flask route that reads the body
and answers, with the same gunicorn settings and as many workers. *The textbook* is a Flask route with one ORM insert and one
durable commit per request ({WORKERS} workers of {THREADS} gthread threads, a connection each; on SQLite WAL and
synchronous=FULL). After every run of ours and of the textbook the stored bodies were held against those sent, byte for byte:
none that was answered is missing, none is there twice, none has changed.

Figures are medians of the rounds, with the least and the most in brackets; a ratio is that of each round, then the median.
In rows 1, 2, 3 and 5 the worker is paused, because row 6 measures it alone; 1b and 3b have it beside. Row 6: one worker, nothing
being received. Rows 6c and 6d, on PostgreSQL: {rates.PILE:,} receipts appear at once, for two workers and for one in turns. Row
7b: for each processor a process computes meanwhile, with the priority that ours was started with. Rows 3, 4, 7 and 8 are sent by
`bench.client`, a process of its own with a constant rate, because wrk has none; a callback's time counts from when it was due,
whether or not a connection was free. It and who follows the feed go before all others, where they may. Row 5: the
database goes half a second into the run; afterwards every answered callback was found in it. Row 8 counts BEGIN and
COMMIT, and each row of a statement that is run for many. 1d, 2b, 6b, 6c and 9 leave out what PostgreSQL itself uses.

Rows 21 to 24: CRMs of the sandbox, each a process of its own; afterwards each call was there once, on its contact. Row 21, limits
lifted: feed followed, calls and statuses delivered, in one thread; the bare loop sends the same requests, recorded before, over
one connection, and keeps nothing. Row 22: `wrapup worker` takes {crms.OF_LIMIT} of the {crms.LIMIT} requests that are allowed in
ten seconds; {deliveries.REQUESTS_PER_BATCH} requests for a hundred calls are the least. Row 23: three of HubSpot and two webhooks
with their default settings, which compute at a lower priority. Row 24: until the CRM's answer is kept; whom calls belong to is
found by number.
"""


def main() -> int:
    wanted = set(filter(None, os.environ.get("BENCH_ROWS", "").replace(" ", "").split(",")))
    wanted = wanted - {"2"} | ({"1"} if "2" in wanted else set()) or {*MEASURES, *ALONE}
    if unknown := wanted - {*MEASURES, *ALONE}:
        raise SystemExit(f"BENCH_ROWS: there is no row {min(unknown)}.")
    kinds = set((os.environ.get("BENCH_DATABASES") or "sqlite,postgresql").replace(" ", "").split(","))
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    print(f"{datetime.now(UTC):%Y-%m-%d} · {machine} · {load.generator()}, {CONNECTIONS} connections", flush=True)
    print(f"{ROUNDS} rounds of {SECONDS:g} s each, alternating\n", flush=True)
    table.begin()
    void = 0
    with tempfile.TemporaryDirectory(prefix="wrapup-bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        with databases(Path(folder), kinds) as found:
            for where in found:
                rows = list(_measured(where, Path(folder), wanted))
                void += sum(row.ours.startswith("void") for row in rows)
                table.show(where.name, rows)
    print(NOTES)
    return 1 if void else 0


def _measured(where: Embedded | Server, folder: Path, wanted: set[str]) -> Iterator[Row]:
    place = folder / where.name.split()[0].lower()
    if wanted & {*MEASURES}:
        with stage(where, place) as here:
            for together, labels in groupby(filter(wanted.__contains__, MEASURES), TOGETHER.__contains__):
                with here.ours.running() if together else nullcontext():
                    for label in labels:
                        yield from _tried(where, label, lambda label=label: MEASURES[label](here))
    place.mkdir(exist_ok=True)
    for label, measure in ALONE.items():
        if label in wanted:
            yield from _tried(where, label, lambda measure=measure: measure(where, place))


def _tried(where: Embedded | Server, label: str, measure: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """The rows of one measurement; where it does not count, one that says why."""
    note(f"{where.name}, row {label}")
    try:
        for row in measure():
            note(table.line(where.name, row))
            yield row
    # AssertionError: what was waited for did not come, as on a machine that is too busy. The other rows are not lost with it.
    except (Void, AssertionError, RuntimeError, OSError, SQLAlchemyError, subprocess.SubprocessError) as why:
        reason = " ".join(f"{type(why).__name__}: {why}".removeprefix("Void: ").split())
        note(f"void: {reason}")
        yield Row(f"{label}.", f"void: {reason[:200]}", reached=False)


if __name__ == "__main__":
    sys.exit(main())
