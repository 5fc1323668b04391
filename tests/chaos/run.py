"""One run: Wrapup, a sender, faults; then rest, and the balance."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rig.waiting import until
from tests.chaos import disks, stored
from tests.chaos.clock import Clock
from tests.chaos.faults import Site, for_database, plan
from tests.chaos.hostile import SETTINGS, STRANGERS, Revoked, Swelling
from tests.chaos.lanes import Lanes
from tests.chaos.ledger import Ledger, Stored, read, wrong
from tests.chaos.postgresql import postgresql
from tests.chaos.sqlite import SQLite
from tests.chaos.system import COMMAND, System
from tests.server import ROOT

REST_SECONDS = 120.0
LAST_TRIES_SECONDS = 150.0  # after the last fault the sender still tries again what got no answer


@dataclass
class Run:
    """What to do. ``seconds`` and ``faults`` are both reached; ``rate`` in calls per second; ``only`` names faults."""

    database: str
    seconds: float
    faults: int
    rate: float
    seed: int
    long: bool = False
    only: Sequence[str] = ()


@dataclass
class Result:
    """What became of it. ``problems`` is empty when the ledger balances."""

    run: Run
    ledger: Ledger
    stored: Stored
    problems: list[str]
    struck: Counter
    missed: Counter
    impossible: list[str]
    from_log: int = 0  # answered, and found in the error log alone until ``replay --from-log`` brought them back
    died: int = 0
    spooled: int = 0  # bytes at most
    rested: float = 0.0  # seconds until everything was at rest
    seconds: float = 0.0

    @property
    def void(self) -> bool:
        return not self.problems and self.ledger.behind


@dataclass
class _Spooled:
    """The largest size of the spool, looked at four times a second."""

    folder: Path
    most: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self.stop.wait(0.25):
            self.most = max(self.most, size(self.folder))


def perform(run: Run, folder: Path) -> Result:
    """Run it in the folder, which should be empty and is left as it is at the end."""
    with ExitStack() as stack:
        site = made(run, folder, stack)
        site.system.environ |= site.clock.environ
        stack.enter_context(site.swelling.running())
        stack.enter_context(site.system.running())
        until(lambda: site.system.is_prepared(), 60, lambda: site.system.log.read_text()[-2000:])
        site.revoked = Revoked(site.system)
        wanted = [fault for fault in for_database(run.database) if not run.only or fault.name in run.only]
        possible = [fault for fault in wanted if fault.possible(site)]
        impossible = [fault.name for fault in wanted if fault not in possible]
        spooled = _Spooled(site.system.data / "spool")
        threading.Thread(target=spooled.watch, daemon=True).start()
        began = time.monotonic()
        lanes = Lanes(site, folder / "strikes")
        with _sender(site.system, folder, run.rate):
            pace = 1.4 * run.faults / run.seconds  # some find nothing to strike, some come too late for their lane
            lanes.strike(plan(run.seed, possible, pace, run.long), run.seconds, run.faults)
        seconds = time.monotonic() - began
        problems = _rest(site)
        rested = time.monotonic() - began - seconds
        spooled.stop.set()
        ledger = read(folder / "ledger")
        from_log = _from_log(site, ledger)
        if not site.system.stop():
            problems.append("it did not stop within ten seconds")
        found = stored.look(site.database.url)
        problems += [*lanes.broken, *ended(site.system.log), *stored.damaged(spooled.folder), *wrong(ledger, found)]
        return Result(
            run=run,
            ledger=ledger,
            stored=found,
            problems=problems,
            struck=lanes.struck,
            missed=lanes.missed,
            impossible=impossible,
            from_log=from_log,
            died=site.system.died,
            spooled=spooled.most,
            rested=rested,
            seconds=seconds,
        )


def ended(log: Path) -> Iterator[str]:
    """Receivers and readers that nobody killed, and that ended all the same."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if '"Exception in worker process"' in line:
                yield f"a process ended by itself: {json.loads(line)['exception'][-300:]}"


def size(spool: Path) -> int:
    """The bytes that wait in it. A file that goes away meanwhile has none."""
    total = 0
    for path in spool.glob("*.spool"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            pass
    return total


def made(run: Run, folder: Path, stack: ExitStack) -> Site:
    folder.mkdir(parents=True, exist_ok=True)
    database_disk = None
    spool_disk = stack.enter_context(disks.disk(folder / "data" / "spool"))
    if run.database == "sqlite":
        database_disk = stack.enter_context(disks.disk(folder / "database"))
        database = SQLite(folder / "database")
    else:
        database = stack.enter_context(postgresql())
    swelling = Swelling()
    (folder / "wrapup.toml").write_text(SETTINGS.format(url=swelling.url))
    more = {"WRAPUP_CONFIG": str(folder / "wrapup.toml"), "WRAPUP_STRANGER_RECEIPTS": str(STRANGERS)}
    system = System(folder, piped_log=spool_disk is None, WRAPUP_DATABASE_URL=database.url, **more)
    return Site(system, database, database_disk, spool_disk, Clock(folder), swelling)


@contextmanager
def _sender(system: System, folder: Path, rate: float):
    """A sender in a process of its own until the end of the block, and until all it sent is answered or given up."""
    url = system.callback("terminal").removesuffix("terminal") + "{kind}"
    command = [sys.executable, "-m", "tests.chaos.sender", str(folder / "ledger"), str(rate), url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as sender:
        try:
            yield
            sender.terminate()
            if sender.wait(LAST_TRIES_SECONDS) != 0:
                raise RuntimeError("the sender broke; nothing can be said about this run")
        finally:
            sender.kill()


def _rest(site: Site) -> list[str]:
    """Wait until nothing is under way any more. Returns what still is after ``REST_SECONDS``."""
    end = time.monotonic() + REST_SECONDS
    while True:
        busy = _busy(site)
        if not busy or time.monotonic() > end:
            return busy
        time.sleep(0.2)


def _busy(site: Site) -> list[str]:
    busy = [] if site.system.answers("/readyz") else ["not at rest: /readyz is not 200"]
    waiting, spooled = stored.pending(site.database.url), size(site.system.data / "spool")
    busy += [f"not at rest: {waiting} receipts are pending"] if waiting else []
    return busy + ([f"not at rest: the spool holds {spooled} bytes"] if spooled else [])


def _from_log(site: Site, ledger: Ledger) -> int:
    """Do what an operator does after a crash in the worst of times: bring back what stands in the error log alone.

    Returns how many answered callbacks were missing until then."""
    if "receipt_not_stored" not in site.system.log.read_text():
        return 0
    found = stored.look(site.database.url)
    missing = sum(max(0, entry.answered - found.receipts[key]) for key, entry in ledger.entries.items())
    for _ in range(2):  # once more changes nothing
        command = [COMMAND, "replay", "--from-log", str(site.system.log)]
        subprocess.run(command, cwd=site.system.folder, env=site.system.environ, capture_output=True)
    _rest(site)
    return missing
