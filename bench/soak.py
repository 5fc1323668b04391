"""``python -m bench.soak --database KIND --minutes N``: whether an installation stays as it is while it runs for long.

Callbacks come at a constant rate, a dialer is polled, two destinations are sent what it says, a reader follows the feed, and
reports and exports are asked for, all at once. Each minute is written to ``minutes.csv`` in the folder. At its end everything
that was answered must be an outcome, once; no process may hold more than after its first minutes, nor answer later. Prints a
table; ends with 1 where something grew. Below half an hour there are no minutes to compare: it says what was, and not whether
that grew.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from bench import crms, load, stored
from bench.accounts import FIRST_RECORD
from bench.crms import HUBSPOT, WEBHOOK
from bench.databases import Embedded, Server, databases
from bench.delays import p99_visible
from bench.filling import fill
from bench.installation import ROLES, SUPERVISOR, Installation
from bench.load import Load
from bench.minutes import Minute, rows, write
from bench.portal import WHO, portal
from bench.processes import descriptors, processor, pss, server
from bench.reading import reading
from bench.table import Void, begin, note, show
from lib import clock
from rig.ports import free_port
from sandbox.qvoice.calls import AREAS

Answer = tuple[float, str]  # seconds, and to what question
ROOT = Path(__file__).parent.parent
MINUTE = 60.0
SENDING = 55.0  # of each minute; the rest starts the sender, and looks
ASK_SECONDS = 15.0
STEADY = ("receivers", "reader", "worker")
POLLED = "qvoice-soak"
QUESTIONS = (
    "/api/v1/reports/summary?group_by=day,connection",
    "/api/v1/reports/connect_rate",
    "/api/v1/outcomes?limit=200&disposition=Interested",
    "/api/v1/outcomes/export?format=csv",
    "/metrics",
)


def soak(where: Embedded | Server, folder: Path, given: argparse.Namespace) -> Iterator[Minute]:
    """Each minute as it was. Raises Void where something was lost, doubled or is wrong at the end."""
    minutes, rate = given.minutes, given.rate
    ours = Installation(folder / "soak", free_port(), where.url("soak"))
    if given.calls:
        fill(ours.database, given.calls, receipts=False)
    began, loads, first = clock.now(), list[Load](), set[int]()
    with ExitStack() as running:
        urls = {kind: running.enter_context(crms.served(kind)) for kind in (HUBSPOT, WEBHOOK)}
        crms.put_records(HUBSPOT, urls[HUBSPOT], _contacts())
        _configure(ours, urls, running.enter_context(portal(given.polled_per_minute, given.polled)))
        running.enter_context(ours.running())
        with reading("wait", ours.url, ours.key) as follower, _asking(ours) as took:
            follower.ready()
            for number in range(1, minutes + 1):
                end = time.monotonic() + MINUTE
                used = _used(ours)
                loads.append(load.steady(ours.callback_url, rate, SENDING))
                steady = _steady(ours)
                first = first or steady
                yield _look(ours, number, loads[-1], took, used, len(steady - first))
                time.sleep(max(0.0, end - time.monotonic()))
            stored.drained(ours.database)
        delays = [p99_visible(run, follower.said["seen"]) for run in loads]
        _check(ours, began, loads)
        _note_taken(ours, urls)
    ours.database.close()
    note("  answered -> in the feed, p99 of each minute: " + " ".join(f"{delay:.2f}" for delay in delays))


def _contacts() -> list[dict[str, Any]]:
    """All whom the dialer may call."""
    numbers = [f"+1{area}55501{last:02d}" for area in AREAS for last in range(100)]
    return [{"id": str(FIRST_RECORD + at), "phone": number} for at, number in enumerate(numbers)]


def _note_taken(ours: Installation, urls: dict[str, str]) -> None:
    for kind, url in urls.items():
        there, wrong = crms.taken(kind, url)
        note(f"  {kind} has {there:,} outcomes, {wrong} of them wrongly")
        if wrong:
            raise Void(f"{wrong} outcomes are in {kind} twice, or where they do not belong")
    polled = {"connection": POLLED, "limit": 1}
    answer = requests.get(
        ours.url + "/api/v1/outcomes", polled, headers={"Authorization": f"Bearer {ours.key}"}, timeout=60
    )
    if not answer.json()["outcomes"]:
        raise Void("nothing was polled")


def _check(ours: Installation, began: Any, loads: list[Load]) -> None:
    numbers = stored.balance(stored.receipts(ours.database, began), loads)
    stored.outcomes_match(ours.database, numbers)
    note(f"  {len(numbers):,} callbacks are outcomes, each once")


def _steady(ours: Installation) -> set[int]:
    """The processes that are to live as long as the installation."""
    return {pid for pid in ours.pids() if ours.role(pid) in STEADY}


def _look(
    ours: Installation, number: int, sent: Load, took: list[Answer], used: Mapping[str, float], begun: int
) -> Minute:
    memory = dict.fromkeys((*ROLES, SUPERVISOR), 0.0)
    opened = dict(memory)
    for pid in ours.pids():
        role = ours.role(pid)
        memory[role] += pss(pid)
        opened[role] += descriptors(pid)
    slowest, question = max(took, default=(0.0, ""))
    took.clear()
    found = Minute(
        number=number,
        answered=sent.answered,
        errors=sent.errors,
        p99_ms=sent.p99_ms,
        slowest_question=slowest,
        question=question,
        processor={role: total - used.get(role, 0.0) for role, total in _used(ours).items()},
        descriptors=opened,
        connections=max(0, len(server(ours.database)) - 1),  # PostgreSQL's processes
        pending=stored.pending(ours.database),
        begun=begun,
        memory=memory,
    )
    note(f"  {found}")
    return found


def _used(ours: Installation) -> dict[str, float]:
    """Seconds of processor time so far, by what processes are for; PostgreSQL's, too."""
    used = dict.fromkeys((*ROLES, SUPERVISOR), 0.0)
    for pid in ours.pids():
        used[ours.role(pid)] += processor([pid], ended=True)
    database = server(ours.database)
    return used | ({"postgresql": processor(database, ended=True)} if database else {})


@contextmanager
def _asking(ours: Installation) -> Iterator[list[Answer]]:
    """Somebody asks for reports, lists and exports of the last minutes until the end of the block; how long each answer
    took."""
    took: list[Answer] = []
    over = threading.Event()

    def ask() -> None:
        headers = {"Authorization": f"Bearer {ours.key}"}
        while not over.wait(ASK_SECONDS):
            for question in QUESTIONS:
                since = (clock.now() - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
                asked = {} if question == "/metrics" else {"changed_since": since}
                before = time.monotonic()
                with requests.get(ours.url + question, asked, headers=headers, timeout=120, stream=True) as answer:
                    for _ in answer.iter_content(1 << 16):
                        pass
                    answer.raise_for_status()
                took.append((time.monotonic() - before, question))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    yield took
    over.set()
    thread.join(180)


def _configure(ours: Installation, urls: dict[str, str], polled_at: str) -> None:
    polled = {"dialer": "qvoice", "portal_url": polled_at, "poll_seconds": 20, **WHO}
    destinations = {
        kind: {"kind": kind, **crms.settings(kind, url), "connections": [POLLED], "not_found": "skip"}
        for kind, url in urls.items()
    }
    ours.configure(destinations, {POLLED: polled})


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__.splitlines()[0])
    words.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    words.add_argument("--minutes", type=int, default=120)
    words.add_argument("--rate", type=float, default=200, help="callbacks a second")
    words.add_argument("--calls", type=int, default=0, help="how many are there before (default none)")
    words.add_argument(
        "--polled", type=int, default=0, help="calls in the polled report at the beginning (default none)"
    )
    words.add_argument("--polled-per-minute", type=int, default=120, help="by so many it grows (default 120)")
    words.add_argument("--folder", type=Path, help="where minutes.csv, the log and the data stay afterwards")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="wrapup-soak-", ignore_cleanup_errors=True) as own:
        folder = given.folder or Path(own)
        folder.mkdir(parents=True, exist_ok=True)
        with databases(folder, {given.database}) as (where,):
            minutes = list(write(folder / "minutes.csv", soak(where, folder, given)))
            found = list(rows(minutes))
            begin()
            show(where.name, found)
    return int(any(row.reached is False for row in found))


if __name__ == "__main__":
    sys.exit(main())
