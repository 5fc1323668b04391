"""Row 9: the memory of the whole installation, before and after a million callbacks."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bench import load, stored
from bench.databases import Embedded, Server
from bench.installation import Installation
from bench.processes import name, pss
from bench.stage import CONNECTIONS
from bench.table import Row, Void, note
from lib import clock
from rig.ports import free_port
from rig.waiting import until

CALLBACKS = int(os.environ.get("BENCH_MEMORY_CALLBACKS") or 1_000_000)
IDLE_SECONDS = 15.0  # after the start, and after the last outcome
PASSING = ("normalizer", "mirroring")  # processes that are there while there is something to do
PASSING_SECONDS = 300.0
SLICE_SECONDS = 10.0
BARE = Path(__file__).parent / "bare"


def memory(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """On an installation and a database of its own, without what only tests need. PostgreSQL's own memory is not counted."""
    ours = Installation(folder / "memory", free_port(), where.url("memory"))
    with ours.running(PYTHONPATH=str(BARE)):
        time.sleep(IDLE_SECONDS)
        idle = _measure(ours, "idle")
        _receive(ours, CALLBACKS)
        time.sleep(IDLE_SECONDS)
        busy = _measure(ours, "right afterwards")
        until(lambda: not any(ours.role(pid) in PASSING for pid in ours.pids()), PASSING_SECONDS)
        after = _measure(ours, f"after {CALLBACKS:,} callbacks")
    ours.database.close()
    growth = (after - idle) / idle * 100
    yield Row("9. memory (PSS) of the installation, idle", f"{idle:.0f} MB", "", "", "at most 250 MB", idle <= 250)
    figure = f"9b. the same, after {CALLBACKS:,} callbacks / idle"
    yield Row(figure, f"{after:.0f} MB", f"{idle:.0f} MB", f"{growth:+.0f} %", "at most +10 %", growth <= 10)
    figure = "9c. the same, while the mirror and what else passes is still there"
    yield Row(figure, f"{busy:.0f} MB", f"{idle:.0f} MB", f"{(busy - idle) / idle * 100:+.0f} %")


def _receive(ours: Installation, wanted: int) -> None:
    """So many callbacks, received, stored and normalized."""
    began, loads, answered = clock.now(), [], 0
    while answered < wanted:
        left = wanted - answered
        loads.append(load.peak(ours.callback_url, CONNECTIONS, max(1.0, min(SLICE_SECONDS, left / 5_000))))
        answered += loads[-1].answered
        note(f"  {answered:,} of {wanted:,} callbacks")
    errors = sum(load.errors for load in loads)
    if errors:
        raise Void(f"{errors} callbacks were not answered with 200")
    stored.drained(ours.database, 60 + wanted / 200)
    numbers = stored.balance(stored.receipts(ours.database, began), loads)
    stored.outcomes_match(ours.database, numbers)


def _measure(ours: Installation, when: str) -> float:
    total = 0.0
    for pid in ours.pids():
        with suppress(ProcessLookupError, FileNotFoundError):  # one that has ended by now
            megabytes = pss(pid)
            note(f"  {when}: {megabytes:6.1f} MB  {name(pid)}")
            total += megabytes
    return total
