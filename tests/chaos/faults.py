"""The faults: what each does, how often it comes, for how long it stays, and what must be there for it to be possible."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import disks
from tests.chaos.clock import Clock
from tests.chaos.hostile import Revoked, Swelling, flood, stalled_posts
from tests.chaos.postgresql import PostgreSQL
from tests.chaos.sqlite import SQLite
from tests.chaos.system import System

JUMPS = (-86_400, -3600, -30, -2, 2, 30, 3600, 86_400)  # seconds


@dataclass
class Site:
    """All that faults can strike. The disks are None where none could be made."""

    system: System
    database: SQLite | PostgreSQL
    database_disk: Path | None
    spool_disk: Path | None
    clock: Clock
    swelling: Swelling
    revoked: Revoked | None = None  # made when it runs

    def __post_init__(self):
        self._spool_lock = threading.Lock()

    @contextmanager
    def full_spool(self):
        with self._spool_lock, disks.full(self.spool_disk):
            yield


@dataclass(frozen=True)
class Strike:
    """One planned fault: ``at`` seconds after the begin, for ``seconds``, with a source of randomness of its own."""

    at: float
    fault: "Fault"
    seconds: float
    random: random.Random


@dataclass(frozen=True)
class Fault:
    """``strike`` returns False where there was nothing to strike. Faults of one ``lane`` never overlap; lanes do."""

    name: str
    lane: str
    weight: float
    strike: Callable[[Site, Strike], bool | None]
    possible: Callable[[Site], bool] = lambda site: True
    low: float = 0.0
    high: float = 0.0
    rarely: float = 0.0  # seconds that one in ten takes, in long runs


def plan(seed: int, faults: list[Fault], pace: float, long: bool = False) -> Iterator[Strike]:
    """Strikes without end, ``pace`` per second on average; the same seed and faults give the same plan."""
    source, at = random.Random(seed), 0.0
    while True:
        at += source.expovariate(pace)
        (fault,) = source.choices(faults, [fault.weight for fault in faults])
        seconds, rare = source.uniform(fault.low, fault.high), source.random() < 0.1
        if long and rare and fault.rarely:
            seconds = fault.rarely
        yield Strike(at, fault, seconds, random.Random(source.random()))


def for_database(kind: str) -> list[Fault]:
    """All faults that there are for ``sqlite`` or ``postgresql``."""
    return PROCESSES + (ON_SQLITE if kind == "sqlite" else ON_POSTGRESQL)


def _kill(group: str, which: str) -> Callable[[Site, Strike], bool]:
    def strike(site: Site, strike: Strike) -> bool:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            found = site.system.masters(group) if which == "master" else site.system.workers(group)
            if found:
                return _killed(strike.random.choice(found))
            time.sleep(0.05)
        return False

    return strike


def _killed(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _until_it_is_back(act: Callable[[Site, Strike], bool | None]) -> Callable[[Site, Strike], bool | None]:
    """Without this, on a slow machine, the next of the kind would strike but a start, for ever."""

    def strike(site: Site, strike: Strike) -> bool | None:
        struck = act(site, strike)
        end = time.monotonic() + 15
        while time.monotonic() < end and not site.system.answers():
            time.sleep(0.1)
        return struck

    return strike


def _whole(act: Callable[[System], None]) -> Callable[[Site, Strike], bool | None]:
    return _until_it_is_back(lambda site, strike: act(site.system))


def _during(*faults: Callable[[Site, Strike], object]) -> Callable[[Site, Strike], None]:
    """All of these at once, each a context manager made for the occasion, for the time of the strike."""

    def strike(site: Site, strike: Strike) -> None:
        with ExitStack() as together:
            for fault in faults:
                together.enter_context(fault(site, strike))
            time.sleep(strike.seconds)

    return strike


def _jump(site: Site, strike: Strike) -> None:
    site.clock.jump(strike.random.choice(JUMPS))
    time.sleep(strike.seconds)
    site.clock.jump(0)


def _read_only_file(site: Site, strike: Strike) -> None:
    with site.database.read_only():
        for kill in (_kill("web", "worker"), _kill("worker", "master")):  # who has it open can go on writing
            kill(site, strike)
        time.sleep(strike.seconds)


def _full_database(site: Site, strike: Strike):
    return disks.full(site.database_disk)


def _full_spool(site: Site, strike: Strike):
    return site.full_spool()


def _locked(site: Site, strike: Strike):
    return site.database.locked(strike.random.choice(("IMMEDIATE", "EXCLUSIVE")))


def _flood(site: Site, strike: Strike):
    return flood(site.system)


def _stalled(site: Site, strike: Strike):
    return stalled_posts(site.system)


def _swollen(site: Site, strike: Strike):
    return site.swelling.swollen()


def _revoked(site: Site, strike: Strike):
    return site.revoked.asking()


def _reader_there(site: Site) -> bool:
    return bool(site.system.masters("reader"))


def _disks_there(site: Site) -> bool:
    return site.spool_disk is not None and (isinstance(site.database, PostgreSQL) or site.database_disk is not None)


PROCESSES = [
    Fault("kill -9 of a receiver", "processes", 14, _kill("web", "worker")),
    Fault("kill -9 of the receivers' master", "system", 4, _until_it_is_back(_kill("web", "master"))),
    Fault("kill -9 of a reader", "processes", 4, _kill("reader", "worker"), _reader_there),
    Fault("kill -9 of the readers' master", "processes", 3, _kill("reader", "master"), _reader_there),
    Fault("kill -9 of the normalizing worker", "processes", 9, _kill("worker", "master")),
    Fault("kill -9 of everything", "system", 2.5, _whole(System.kill_everything)),
    Fault("stopped and started", "system", 1.5, _whole(System.terminate)),
    Fault("rolling restart", "system", 2, _whole(System.hang_up), lambda site: site.system.understands_hang_up()),
    Fault("spool: disk full", "spool", 6, _during(_full_spool), _disks_there, 0.3, 2, 10),
    Fault("stalled posts to the pages", "hostile", 3, _during(_stalled), low=0.5, high=3),
    Fault("a stranger's flood", "hostile", 3, _during(_flood), low=0.5, high=2),
    Fault("a dialer's swollen answer", "hostile", 3, _during(_swollen), low=1.5, high=3),
    Fault("a revoked key and its session", "hostile", 2, _during(_revoked)),
    Fault("clock jumps", "clock", 8, _jump, lambda site: site.clock.can_jump, 0.2, 1.5),
]

ON_SQLITE = [
    Fault("database locked", "database", 9, _during(_locked), low=0.3, high=3, rarely=20),
    Fault("a stranger's flood while the database is locked", "database", 3, _during(_locked, _flood), low=0.5, high=2),
    Fault("database: disk full", "database", 6, _during(_full_database), _disks_there, 0.3, 2, 15),
    Fault(
        "database and spool: disks full", "database", 3, _during(_full_database, _full_spool), _disks_there, 0.3, 2, 5
    ),
    Fault(
        "database file read-only",
        "database",
        3,
        _read_only_file,
        lambda site: disks.can_make_unchangeable(site.database.file.parent),
        1,
        2.5,
        10,
    ),
    Fault(
        "no file of its processes grows",
        "database",
        6,
        _during(lambda site, strike: site.system.no_writes()),
        lambda site: not _disks_there(site),
        0.3,
        2,
        5,
    ),
]


def _server(name: str) -> Callable[[Site, Strike], object]:
    return lambda site, strike: getattr(site.database, name)()


ON_POSTGRESQL = [
    Fault("PostgreSQL stopped immediate", "database", 5, _during(_server("stopped")), low=0.1, high=2, rarely=15),
    Fault(
        "a stranger's flood while PostgreSQL is away",
        "database",
        3,
        _during(_server("stopped"), _flood),
        low=0.5,
        high=2,
    ),
    Fault("PostgreSQL frozen", "database", 4, _during(_server("frozen")), low=2, high=3, rarely=30),
    Fault("PostgreSQL restarted", "database", 3, lambda site, strike: site.database.restart()),
    Fault("sessions terminated", "database", 6, lambda site, strike: site.database.end_sessions()),
    Fault("password rotated", "database", 2.5, _during(_server("another_password")), low=0.3, high=2, rarely=10),
    Fault("one connection for all", "database", 2.5, _during(_server("one_connection")), low=0.3, high=2, rarely=10),
    Fault("no connections allowed", "database", 2.5, _during(_server("no_connections")), low=0.3, high=2, rarely=10),
    Fault("database read-only", "database", 2.5, _during(_server("read_only")), low=0.3, high=2, rarely=10),
    Fault(
        "PostgreSQL stopped and spool: disk full",
        "database",
        2,
        _during(_server("stopped"), _full_spool),
        _disks_there,
        0.3,
        2,
        5,
    ),
    Fault(
        "PostgreSQL stopped and no file grows",
        "database",
        2,
        _during(_server("stopped"), lambda site, strike: site.system.no_writes()),
        lambda site: not _disks_there(site),
        0.3,
        2,
        5,
    ),
]
