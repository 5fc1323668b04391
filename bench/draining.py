"""Rows 23 and 24: how long callbacks wait while backlogs go out to five destinations, and how soon an outcome is in the CRM."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench import bodies, crms, load, stored
from bench.accounts import number_of
from bench.crms import HUBSPOT, WEBHOOK
from bench.databases import Embedded, Server
from bench.installation import Installation
from bench.load import WARM_SECONDS, Load
from bench.stage import SECONDS, rounds
from bench.table import Row, Void, compared, note, spread
from lib import clock
from models import CallOutcome, Delivery, DestinationState
from models.database import Database
from models.deliveries import DONE
from rig.ports import free_port
from rig.waiting import until

FIVE = (HUBSPOT, HUBSPOT, HUBSPOT, WEBHOOK, WEBHOOK)
RATE, RATE_SLOWER = 300.0, 1.5  # callbacks a second
BACKLOG = 20_000  # more than goes out within a round
NICE = 10  # the CRMs are elsewhere: what they compute here is to take nothing from anybody
SETTLED_RATE, SETTLED_SECONDS = 50.0, 3.0
LONGER = 4  # times as long as other rounds, for there are few outcomes a second
GONE_SECONDS = 60.0


def callbacks(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """p99 of callbacks at 300/s, while five destinations work off a backlog at the pace of their limits, and without them."""
    ours = Installation(folder / "draining", free_port(), where.url("draining"))
    crms.fill(ours.database, BACKLOG)
    without: list[Load] = []
    beside: list[Load] = []
    sent = 0
    with ExitStack() as running:
        contacts = crms.records_of(BACKLOG)
        urls = [running.enter_context(crms.served(kind, contacts, limited=True, nice=NICE)) for kind in FIVE]
        for number in rounds():
            ours.configure({})
            with ours.running():
                without.append(_steady(ours))
            ours.configure({f"{kind}-{number}-{at}": _table(kind, urls[at]) for at, kind in enumerate(FIVE)})
            with ours.running():
                until(
                    lambda number=number: _busy(ours.database, number), 30, lambda: "that five destinations are sent to"
                )
                before = _done(ours.database)
                beside.append(_steady(ours))
                sent += _done(ours.database) - before
    ours.database.close()
    note(f"  {sent:,} deliveries were made meanwhile")
    p99 = [[run.p99_ms for run in runs] for runs in (beside, without)]
    rate = sent / (len(beside) * (SECONDS + WARM_SECONDS))
    figure = (
        f"23. p99 of callbacks at {RATE:.0f}/s, beside five destinations that take {rate:,.0f} deliveries/s / without"
    )
    yield compared(figure, *p99, at_most=RATE_SLOWER, form=".1f", unit=" ms")


def _table(kind: str, url: str) -> dict[str, Any]:
    return {"kind": kind, **crms.settings(kind, url, limited=True), "since": "2020-01-01"}


def _steady(ours: Installation) -> Load:
    """Callbacks, each of which was answered and kept. Raises Void."""
    stored.drained(ours.database)
    began = clock.now()
    run = load.steady(ours.callback_url, RATE, SECONDS)
    if run.errors:
        raise Void(f"{run.errors} callbacks were not answered with 200")
    until(lambda: _kept(ours.database, began, run), 60, lambda: "that all are kept")
    return run


def _kept(database: Database, began: Any, run: Load) -> bool:
    try:
        stored.balance(stored.receipts(database, began), [run])
    except stored.Missing:
        return False
    return True


def _busy(database: Database, number: int) -> bool:
    """Whether each of this round's destinations has been sent something."""
    with database.read() as session:
        own = select(func.count(Delivery.destination.distinct()))
        mine = Delivery.destination.like(f"%-{number}-%")
        return session.scalar(own.where(mine, Delivery.state == DONE)) == len(FIVE)


def _done(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == DONE)) or 0


def arrival(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """From the moment at which an outcome is settled to the CRM's answer, at 50 callbacks a second; whom they belong to is found
    by number. The CRM's limits are lifted; then as they are."""
    ours = Installation(folder / "arrival", free_port(), where.url("arrival"))
    for limited, figure in ((False, "24. outcome settled -> in hubspot"), (True, "24b. the same within its limits")):
        delays = []
        for number in rounds():
            with crms.served(HUBSPOT, limited=limited, nice=NICE) as url:
                name = f"arrival-{limited:d}-{number}"
                ours.configure({name: {"kind": HUBSPOT, **crms.settings(HUBSPOT, url, limited)}})
                delays.append(_p99(ours, url, name))
        row = f"{figure}, p99 at {SETTLED_RATE:.0f}/s"
        reached = None if limited else sorted(delays)[len(delays) // 2] <= SETTLED_SECONDS
        yield Row(
            row, spread(delays, ".2f", " s"), "", "", "" if limited else f"at most {SETTLED_SECONDS:g} s", reached
        )
    ours.database.close()


def _p99(ours: Installation, url: str, name: str) -> float:
    seconds = SECONDS * LONGER
    first = bodies.block() + bodies.BLOCK  # where the next run begins
    calls = range(first, first + int(SETTLED_RATE * (seconds + WARM_SECONDS)) + 1)
    contacts = [{"phone": number_of(call % 100_000_000), "hs_lead_status": "NEW"} for call in calls]
    crms.put_records(HUBSPOT, url, contacts)
    with ours.running():
        until(lambda: _follows(ours.database, name), 30, lambda: "that the feed is followed")
        run = load.steady(ours.callback_url, SETTLED_RATE, seconds)
        if run.errors:
            raise Void(f"{run.errors} callbacks were not answered with 200")
        over = time.monotonic() + GONE_SECONDS
        while len(delays := _delays(ours.database, name)) < run.answered:
            if time.monotonic() > over:
                raise Void(f"{run.answered - len(delays)} of {run.answered} outcomes did not arrive in the CRM")
            time.sleep(0.2)  # asking is work for the database, too
    if refused := crms.put_off(url):
        note(f"  {refused} requests were too many")
    if (there := crms.taken(HUBSPOT, url)) != (run.answered, 0):
        raise Void(f"the CRM has {there[0]} calls of {run.answered}, {there[1]} of them wrongly")
    return delays[int(len(delays) * 0.99)]


def _follows(database: Database, name: str) -> bool:
    """Whether the destination has begun: it is sent what changes from then on."""
    with database.read() as session:
        return session.get(DestinationState, name) is not None


def _delays(database: Database, name: str) -> list[float]:
    """Of each outcome that is there, the seconds that it took, the shortest first."""
    found = select(Delivery.settled_at, CallOutcome.changed_at).where(
        Delivery.outcome_id == CallOutcome.id, Delivery.destination == name, Delivery.state == DONE
    )
    with database.read() as session:
        return sorted((at - changed).total_seconds() for at, changed in session.execute(found) if at)
