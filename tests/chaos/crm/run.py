"""One run: CRMs, workers, a writer, faults; then all faults are lifted, everything is sent, and the balance is drawn."""

import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

import migrations
from models import ChangeFeed, Delivery, DestinationState
from models.database import Database
from models.deliveries import IS_OPEN
from rig.patience import stretched
from rig.waiting import until
from sandbox.server import running
from sandbox.webhook.api import PATH
from sandbox.webhook.api import create_app as hook_app
from sandbox.webhook.receiver import Receiver
from tests.chaos.crm import balance, bitrix24, hubspot, pipedrive, salesforce, scene, zoho
from tests.chaos.crm.faults import Site
from tests.chaos.crm.found import Found, look
from tests.chaos.crm.workers import Workers
from tests.chaos.crm.writer import Writer
from tests.chaos.postgresql import postgresql
from tests.chaos.sqlite import SQLite

SEARCH_DELAY, SHORT_DELAY = 5.0, 1.0
REST_SECONDS, SHORT_REST = 300.0, 90.0
DESTINATIONS = 2
SIDES = {
    "hubspot": hubspot.Side,
    "pipedrive": pipedrive.Side,
    "bitrix24": bitrix24.Side,
    "salesforce": salesforce.Side,
    "zoho": zoho.Side,
}


@dataclass
class Run:
    """What to do. ``quick``: no limits but our faults', and search is hardly late."""

    database: str
    outcomes: int
    seconds: float
    seed: int
    pace: float  # faults of answers a second
    pause: float  # seconds between two that strike processes or the database
    quick: bool = False
    crm: str = "hubspot"


@dataclass
class Result:
    """What became of it. ``problems`` is empty when the ledger balances."""

    run: Run
    found: Found
    problems: list[str]
    struck: Counter[str]
    written: Counter[str]
    requests: Counter[str]
    repeats: int
    made: int
    killed: int
    died: int
    mended: int
    seconds: float
    rested: float = 0.0
    states: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def perform(run: Run, folder: Path) -> Result:
    """Run it in the folder, which should be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        server = SQLite(folder) if run.database == "sqlite" else stack.enter_context(postgresql())
        database = Database(server.url)
        stack.callback(database.close)
        migrations.upgrade(database)
        people = scene.people(max(12, run.outcomes // 12), getattr(SIDES[run.crm], "ids", "{}"))
        delay = SHORT_DELAY if run.quick else SEARCH_DELAY
        side, receiver = SIDES[run.crm](people, delay, run.quick, run.seed), Receiver()
        urls = [
            stack.enter_context(running(side.app(), keeping=True)),
            stack.enter_context(running(hook_app(receiver), keeping=True)) + PATH,
        ]
        (folder / "wrapup.toml").write_text(scene.settings(side.settings(urls[0], run.quick), side.sets, urls[1]))
        workers = Workers(folder, server.url, run.quick)
        site = Site(side, receiver, workers, database, server, run.seed, 1.0 if run.quick else 5.0)
        writer = Writer(database, people, run.outcomes, run.seed)
        stack.enter_context(workers.running())
        until(workers.started, 60)
        began = time.monotonic()
        problems = _struck(run, site, writer)
        seconds = time.monotonic() - began
        problems += _rest(run, site, writer)
        rested = time.monotonic() - began - seconds
        if not workers.stop():
            problems.append("a worker did not stop")
        found = look(database, side, receiver, {one.number: one.id for one in people})
        with side.account.lock:
            struck = site.struck + Counter({f"{side.name}: {name}": n for name, n in side.account.struck.items()})
            struck += Counter({f"webhook: {name}": count for name, count in receiver.struck.items()})
        return Result(
            run=run,
            found=found,
            problems=[*problems, *_miscounted(database), *balance.wrong(found)],
            struck=struck,
            written=writer.counted,
            requests=Counter(side.account.requests),
            repeats=receiver.repeats(),
            made=side.made(),
            killed=workers.killed,
            died=workers.died,
            mended=site.mended,
            seconds=seconds,
            rested=rested,
            states=Counter((row.destination, row.operation, row.state) for row in found.deliveries),
        )


def _struck(run: Run, site: Site, writer: Writer) -> list[str]:
    """Write and strike, side by side; what went wrong with either."""
    over, broken = threading.Event(), list[str]()

    def guarded(work, *given) -> None:
        try:
            work(*given)
        except Exception as error:  # noqa: BLE001 - whatever it is, the ledger says so
            broken.append(f"the chaos itself broke: {type(error).__name__}: {error}")
            over.set()

    mending = threading.Thread(target=guarded, args=(site.mend, over), daemon=True)
    spoiling = threading.Thread(target=guarded, args=(site.spoil, run.pace, over), daemon=True)
    striking = threading.Thread(target=guarded, args=(site.strike, run.pause, over), daemon=True)
    threads = (mending, spoiling, striking)
    for thread in threads:
        thread.start()
    guarded(writer.run, run.seconds)
    over.set()
    for thread in threads:
        thread.join()
    return broken


def _rest(run: Run, site: Site, writer: Writer) -> list[str]:
    """Lift all faults, and wait until nothing is under way any more; what still is, after so long."""
    site.lift()
    writer.settle_all()
    over = threading.Event()
    mending = threading.Thread(target=site.mend, args=(over,), daemon=True)
    mending.start()
    end = time.monotonic() + stretched(SHORT_REST if run.quick else REST_SECONDS)
    while (busy := _busy(site.database)) and time.monotonic() < end:
        time.sleep(0.2)
    over.set()
    mending.join()
    return [busy] if busy else []


def _miscounted(database: Database) -> list[str]:
    """What destinations say of how many deliveries and calls they have, where it is not so."""
    with database.read() as session:
        kept = session.execute(select(DestinationState.name, DestinationState.deliveries, DestinationState.calls)).all()
        counts = (func.count(), func.count(Delivery.outcome_id.distinct()))
        there = {
            row[0]: tuple(row[1:])
            for row in session.execute(select(Delivery.destination, *counts).group_by(Delivery.destination))
        }
    return [
        f"{name} says that it has {said}, and has {there.get(name)}"
        for name, *said in kept
        if tuple(said) != there.get(name)
    ]


def _busy(database: Database) -> str:
    with database.read() as session:
        last = session.scalar(select(ChangeFeed.last_position))
        behind = session.scalar(
            select(func.count()).select_from(DestinationState).where(DestinationState.position == last)
        )
        waiting = session.scalar(select(func.count()).select_from(Delivery).where(IS_OPEN))
    if behind != DESTINATIONS:
        return "not at rest: a destination has not followed the feed to its end"
    return f"not at rest: {waiting} deliveries" if waiting else ""
