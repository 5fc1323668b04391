"""One run: everything is started, then fault after fault strikes while numbered callbacks arrive, each with its own ledger."""

import secrets
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from models.database import Database
from rig.patience import stretched
from rig.waiting import until
from tests.chaos import stored
from tests.chaos.ledger import Ledger, Stored, percentile, read, wrong
from tests.ha.cluster import Balancer, Cluster
from tests.ha.faults import FAULTS, Fault, Site
from tests.ha.network import network
from tests.ha.parts import Parts
from tests.ha.tools import Tools
from tests.ha.watching import READER_SECONDS, Lister, Reader, Successor, Writer
from tests.ha.world import CALLBACK_TOKEN, Api, World
from tests.server import ROOT

# Patroni's shortest lease is 20 seconds, and a machine that dies right after it has renewed its own is taken over from later than
# that: then what counts is how soon after that Wrapup writes again.
WRITES_SECONDS, FOLLOWING_SECONDS, ANSWER_MS = 20.0, 3.0, 2_500.0
APART = 1_000_000  # between the numbers of one fault's calls and the next one's
BEFORE_SECONDS, AFTER_SECONDS = 5.0, 6.0
REST_SECONDS = 180.0


@dataclass
class Struck:
    """What became of one fault. ``wrong`` is empty when its ledger balances and the bounds were kept."""

    name: str
    ledger: Ledger
    receipts: int
    outcomes: int
    twice: int  # receipts beyond the dialer's own tries: the balancer asked another host as well
    writes: float  # the longest time without a write, in seconds
    back: float  # seconds from the strike until they went on for good
    taken_over: float | None  # seconds from the strike until another host was the primary
    feed: float  # the longest time without anything new in the feed
    failed: Counter
    more: dict[str, str]
    wrong: list[str]


@dataclass
class Result:
    struck: list[Struck] = field(default_factory=list)
    sums: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        return [*(f"{one.name}: {line}" for one in self.struck for line in one.wrong), *self.wrong]

    @property
    def void(self) -> bool:
        return any(one.ledger.behind for one in self.struck)


def perform(folder: Path, tools: Tools, rate: float, only: list[str]) -> Result:
    result, world = Result(), World()
    with ExitStack() as stack:
        hosts = stack.enter_context(network())
        cluster = stack.enter_context(Cluster(folder / "cluster", hosts, tools).running())
        settings = folder / "wrapup.toml"
        stack.enter_context(world.running(settings))
        balancer = Balancer(folder, tools)
        given = {
            "WRAPUP_DATABASE_URL": cluster.url,
            "WRAPUP_READER_URL": cluster.reader_url,
            "WRAPUP_READER_SECONDS": str(READER_SECONDS),
            "WRAPUP_CONFIG": str(settings),
            "WRAPUP_PUBLIC_URL": balancer.url,
            "WRAPUP_SECRET_KEY": secrets.token_hex(16),
        }
        parts = {name: Parts(folder / f"host-{name}", hosts[name], **given) for name in "ab"}
        for one in parts.values():
            stack.enter_context(one.running())
            until(one.is_prepared, 90, lambda one=one: one.web.log.read_text()[-2000:])
        stack.enter_context(balancer.running())
        api = Api(balancer.url, parts["a"].command("keys", "create", "ha", "--scope", "admin").split()[-1])
        world.schedule(api)
        site = Site(cluster, hosts, parts, balancer)
        writer = stack.enter_context(Writer(cluster.url).running())
        reader = stack.enter_context(Reader(api).running())
        lister = stack.enter_context(Lister(api).running())
        for number, fault in enumerate(FAULTS, 1):
            if only and not any(word in fault.name for word in only):
                continue
            print(f"{time.strftime('%H:%M:%S')} {fault.name}", file=sys.stderr, flush=True)
            result.struck.append(_struck(fault, number * APART, rate, folder, site, world, api, writer, reader))
        _close(result, site, world, writer, reader)
        result.wrong += lister.wrong()
        result.sums["lists"] = lister.said()
    return result


def _struck(
    fault: Fault,
    first: int,
    rate: float,
    folder: Path,
    site: Site,
    world: World,
    api: Api,
    writer: Writer,
    reader: Reader,
) -> Struck:
    _steady(site)
    ledger_file = folder / f"ledger-{first}"
    failed, site.told = Counter(reader.failed), {}
    before = site.balancer.sent_again()
    with _sender(site.balancer.url, ledger_file, rate, first):
        world.give(api)
        time.sleep(BEFORE_SECONDS)
        struck_at = time.monotonic()
        successor = Successor(site.cluster)
        undo = fault.strike(site)
        world.give(api)
        until(lambda: all(one.ready() == "ok" for one in site.living()), 90, lambda: [p.ready() for p in site.living()])
        world.give(api)
        time.sleep(AFTER_SECONDS)
        undo()
        until(site.cluster.is_whole, 120, site.cluster.members)
        time.sleep(AFTER_SECONDS)
        successor.close()
    again = site.balancer.sent_again() - before
    busy = _rest(site)
    ledger = read(ledger_file)
    found = _of(stored.look(site.cluster.url), first)
    twice = _beyond(ledger, found)
    away, back = writer.away_since(struck_at)
    slowest = percentile(ledger.latencies, 1.0)
    lines = [*busy, *wrong(ledger, found)]
    if twice > again:
        lines.append(f"{twice} receipts too many, and the balancer sent {again} callbacks once more")
    taken_over = successor.at - struck_at if successor.at else None
    if away > max(WRITES_SECONDS, FOLLOWING_SECONDS + (taken_over or 0.0)):
        lines.append(f"writes were away for {away:.1f} s, and another host was the primary after {taken_over}")
    if slowest > ANSWER_MS:
        late = sum(one > ANSWER_MS for one in ledger.latencies)
        lines.append(
            f"{late} callbacks were answered after more than {ANSWER_MS / 1000} s, the last after {slowest:.0f} ms"
        )
    return Struck(
        name=fault.name,
        ledger=ledger,
        receipts=found.receipts.total() + twice,
        outcomes=sum(map(len, found.outcomes.values())),
        twice=twice,
        writes=away,
        back=back,
        taken_over=taken_over,
        feed=reader.longest_since(struck_at),
        failed=reader.failed - failed,
        more=dict(site.told),
        wrong=lines,
    )


def _steady(site: Site) -> None:
    """All is whole, and the primary is on one of the two hosts that receive."""
    until(site.cluster.is_whole, 120, site.cluster.members)
    if site.primary() not in site.parts:
        site.cluster.switch_over(site.primary(), next(iter(site.parts)))
        until(site.cluster.is_whole, 120, site.cluster.members)
    until(lambda: all(one.ready() == "ok" for one in site.living()), 60)


@contextmanager
def _sender(url: str, ledger: Path, rate: float, first: int):
    pattern = f"{url}/callbacks/ryng/{CALLBACK_TOKEN}/{{kind}}"
    command = [sys.executable, "-m", "tests.chaos.sender", str(ledger), str(rate), pattern, str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as sender:
        try:
            yield
            sender.terminate()
            if sender.wait(150) != 0:
                raise RuntimeError("the sender broke; nothing can be said about this run")
        finally:
            sender.kill()


def _rest(site: Site) -> list[str]:
    """Wait until nothing is under way any more. Returns what still is."""
    end = time.monotonic() + stretched(REST_SECONDS)
    while True:
        spooled = {one.host.name: one.spooled() for one in site.parts.values()}
        waiting = stored.pending(site.cluster.url)
        busy = [f"not at rest: the spool of {name} holds {held} bytes" for name, held in spooled.items() if held]
        busy += [f"not at rest: {waiting} receipts are pending"] if waiting else []
        if not busy or time.monotonic() > end:
            return busy
        time.sleep(0.3)


def _of(found: Stored, first: int) -> Stored:
    """What there is of one fault's calls; what belongs to none is everybody's."""

    def mine(number: int) -> bool:
        return first <= number < first + APART

    return Stored(
        receipts=Counter({key: many for key, many in found.receipts.items() if mine(key[0])}),
        outcomes={number: rows for number, rows in found.outcomes.items() if mine(number)},
        strange=found.strange,
    )


def _beyond(ledger: Ledger, found: Stored) -> int:
    """How many receipts there are beyond the dialer's tries; they are taken out of what was found. The ledger knows nothing of
    what a balancer sends once more."""
    beyond = 0
    for key, many in found.receipts.items():
        tries = ledger.entries[key].tries if key in ledger.entries else 0
        if tries and many > tries:
            beyond += many - tries
            found.receipts[key] = tries
    return beyond


def _close(result: Result, site: Site, world: World, writer: Writer, reader: Reader) -> None:
    world.qvoice.stop_traffic()
    database = create_engine(Database(site.cluster.url).url, poolclass=NullPool)

    def outcomes(where: str = "TRUE") -> dict[str, int]:
        with database.connect() as line:
            asked = text(f"SELECT CAST(id AS text), revision FROM call_outcomes WHERE {where}")
            return {id_: revision for id_, revision in line.execute(asked)}

    def polled() -> int:
        return len(outcomes("connection = 'polled' AND merged_into IS NULL"))

    def told() -> list[str]:
        return [*reader.wrong(outcomes()), *world.wrong(outcomes("connection = 'ryng'"), polled())]

    end = time.monotonic() + stretched(REST_SECONDS)
    while (problems := told()) and time.monotonic() < end:
        time.sleep(1)
    result.wrong += problems
    lost = writer.lost()
    result.wrong += [f"{lost} committed writes are not there"] if lost else []
    result.sums = {
        "writes of one who looked on, and of these lost": f"{len(writer.at):,}, {lost}",
        "revisions that the feed showed, of outcomes": f"{len(reader.seen):,}, {len(outcomes()):,}",
        "outcomes of the dialer that is polled": f"{polled():,}",
        **world.sums(),
    }
