"""Rows 21 and 22: deliveries a second into the CRMs of the sandbox, and a backlog at the pace that the CRM allows."""

import os
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

import migrations
from bench import crms
from bench.accounts import ACCOUNTS
from bench.crms import HUBSPOT, Asked
from bench.databases import Embedded, Server
from bench.installation import Installation
from bench.processes import pss
from bench.stage import rounds
from bench.table import Row, Void, compared, note, spread
from crm.delivering import Deliverer
from crm.destination import Destination
from crm.following import follow
from crm.hubspot.batches import MOST
from crm.registry import CRMS
from models import Delivery
from models.database import Database
from models.deliveries import DONE
from rig.ports import free_port
from service import logs

BACKLOG = int(os.environ.get("BENCH_DELIVERIES") or 100_000)
# One that takes calls one by one is asked several times for each.
CALLS = {
    kind: min(BACKLOG, 5_000 if kind == HUBSPOT else 2_000 if kind == crms.WEBHOOK else 500) for kind in crms.KINDS
}
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
REQUESTS_PER_BATCH = 4  # contacts read, calls upserted, put on their contacts, read back
LOOK_SECONDS = 1.0  # counting a hundred thousand deliveries is work for the database, too
AT_LEAST, SLOWER, GROWN = 0.5, 1.1, 1.1


def rates(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """Calls and statuses, followed and delivered; and the same requests in a bare loop. The CRM is a new one each time."""
    logs.configure("error")
    for kind in crms.KINDS:
        calls = CALLS[kind]
        database = Database(where.url(f"deliveries_{kind}") or f"sqlite:///{folder}/deliveries-{kind}.db")
        migrations.upgrade(database)
        made = crms.fill(database, calls, kind)
        with crms.listening(kind, crms.records_of(calls)) as (url, asked):
            deliveries, _ = _delivered(database, kind, url, 0)
        ours, bare = [], []
        for number in rounds():
            ours.append(deliveries / _ours(database, kind, made, number))
            bare.append(deliveries / _bare(kind, made, asked))
        database.close()
        share = f"{len(asked):,} requests for {deliveries:,}"
        yield compared(f"21. deliveries/s to {kind} ({share}), kept / sent in a bare loop", ours, bare, AT_LEAST)


def _ours(database: Database, kind: str, made: int, number: int) -> float:
    with crms.served(kind, crms.records_of(CALLS[kind])) as url:
        _, seconds = _delivered(database, kind, url, number)
        _check(kind, url, made)
    return seconds


def _bare(kind: str, made: int, asked: list[Asked]) -> float:
    with crms.served(kind, crms.records_of(CALLS[kind])) as url:
        began = time.monotonic()
        wrong = crms.ask_again(url, asked)
        seconds = time.monotonic() - began
        if wrong:
            raise Void(f"{wrong} requests of the bare loop were refused")
        _check(kind, url, made)
    return seconds


def _delivered(database: Database, kind: str, url: str, number: int) -> tuple[int, float]:
    """(deliveries, seconds) from the feed to the last of them, in one thread. Raises Void where one is not done."""
    own = CRMS[kind].settings().load(crms.settings(kind, url))
    destination = Destination(
        f"bench-{number}", kind, own, since=SINCE, status=ACCOUNTS[kind].status() if kind in ACCOUNTS else ()
    )
    deliverer = Deliverer(database, destination)
    began = time.monotonic()
    while follow(database, destination):
        pass
    while deliverer.step():
        pass
    seconds = time.monotonic() - began
    return _all_done(database, destination.name), seconds


def backlog(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """``wrapup worker`` alone, and HubSpot with its limits."""
    ours = Installation(folder / "backlog", free_port(), where.url("backlog"))
    made = crms.fill(ours.database, BACKLOG)
    with crms.served(HUBSPOT, crms.records_of(BACKLOG), limited=True) as url:
        pace = {"requests_per_ten_seconds": crms.OF_LIMIT}
        ours.configure(
            {"backlog": {"kind": HUBSPOT, **crms.settings(HUBSPOT, url, limited=True), **pace, "since": "2020-01-01"}}
        )
        with ours.workers_alone() as (pid,):
            held = list(_held(ours.database, pid, made))
        note(f"  {crms.put_off(url)} requests were too many")
        _check(HUBSPOT, url, made)
    seconds = _seconds(ours.database)
    ours.database.close()
    allowed = REQUESTS_PER_BATCH * -(-made // MOST) * crms.LIMIT_SECONDS / crms.LIMIT
    figure = (
        f"22. {made:,} outcomes of backlog into hubspot, at most {crms.LIMIT} requests in {crms.LIMIT_SECONDS:.0f} s"
    )
    ratio = seconds / allowed
    goal = f"at most {SLOWER:g}"
    yield Row(
        f"{figure}: time / what that allows",
        f"{seconds:.1f} s",
        f"{allowed:.1f} s",
        f"{ratio:.2f}",
        goal,
        ratio <= SLOWER,
    )
    first = [size for done, size in held if 0 < done <= made * 0.1]
    last = [size for done, size in held if done >= made * 0.9]
    if not first or not last:
        yield Row("22b. its memory", f"{held[-1][1]:.0f} MB", "too few to tell")
        return
    grown = statistics.median(last) / statistics.median(first)
    sizes = (spread(some, ".0f", " MB") for some in (last, first))
    yield Row(
        "22b. memory (PSS) of the worker, last tenth / first",
        *sizes,
        f"{grown:.2f}",
        f"at most {GROWN:g}",
        grown <= GROWN,
    )


def _held(database: Database, pid: int, made: int) -> Iterator[tuple[int, float]]:
    """(how many are done, the worker's memory in MB), looked at until all are. Raises Void where nothing moves."""
    done, moved = 0, time.monotonic()
    while done < made:
        time.sleep(LOOK_SECONDS)
        with database.read() as session:
            now = session.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == DONE)) or 0
        if now // 10_000 > done // 10_000:
            note(f"  {now:,} of {made:,}")
        moved = time.monotonic() if now > done else moved
        done = now
        if time.monotonic() > moved + 60:
            raise Void(f"{made - done:,} deliveries do not go on")
        yield done, pss(pid)


def _seconds(database: Database) -> float:
    """From the first request to what came of the last."""
    with database.read() as session:
        first, last = session.execute(select(func.min(Delivery.sent_at), func.max(Delivery.settled_at))).one()
    return (last - first).total_seconds()


def _all_done(database: Database, destination: str) -> int:
    with database.read() as session:
        own = select(Delivery.state, func.count()).where(Delivery.destination == destination)
        found = {state: count for state, count in session.execute(own.group_by(Delivery.state))}
    if set(found) != {DONE}:
        raise Void(f"deliveries are {found}")
    return found[DONE]


def _check(kind: str, url: str, made: int) -> None:
    """Each call is there once, where it belongs. Raises Void."""
    there, wrong = crms.taken(kind, url)
    if there != made or wrong:
        raise Void(f"{there:,} of {made:,} are there, {wrong} of them wrongly")
