"""Every report over many calls, in plain Python, from SQLite, from PostgreSQL and from the mirror: no difference. Then calls are
corrected while questions are asked: each answer of the mirror is that of the tables at its place. ``make compare``."""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select, text

import migrations
from models import CallOutcome
from models.database import Database
from outcomes.feed import take_positions
from queries.mirror.asking import Mirror
from queries.mirror.follower import Follower
from queries.reports.catalogue import REPORTS
from rig.postgresql import server
from tests.databases import scratch
from tests.queries.reports import generated, oracle
from tests.queries.reports import test_against_oracle as questioned
from tests.queries.reports.question import Question

SEED = 20261128
ALL = 1_000_000  # rows in a page: each page is another look at all calls, and small ones are compared by the tests


class Engines:
    """The same calls three times: in two databases, and in the mirror of the second."""

    def __init__(self, stack: ExitStack, calls: list[dict]):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wrapup-compare-")))
        url = stack.enter_context(scratch(stack.enter_context(server(durable=False))))
        self.databases = {"sqlite": Database(f"sqlite:///{folder}/wrapup.db"), "postgresql": Database(url)}
        for database in self.databases.values():
            stack.callback(database.close)
            migrations.upgrade(database)
            with database.write() as session:
                generated.store(session, calls)
            with database.write() as session:
                session.execute(text("ANALYZE"))  # as the database does by itself before long
        self.follower = Follower(self.databases["postgresql"], folder / "mirror", piece=40_000, patience=0)
        while self.follower.step():
            pass
        self.mirror = Mirror(folder / "mirror")
        stack.callback(self.mirror.close)

    def answers(self, name: str, asked: Question) -> dict[str, tuple]:
        found = {}
        for kind, database in self.databases.items():
            with database.snapshot() as session:
                found[kind] = questioned.answered(session, name, asked, ALL)
                if kind == "postgresql" and not REPORTS[name].tables:
                    found["mirror"] = questioned.answered(self.mirror.at_present(session), name, asked, ALL)
        return found


def compare(engines: Engines, calls: list[dict], combinations: int, names: list[str]) -> int:
    """Print a line for each report; returns how many answers differ."""
    wrong = 0
    for name in names:
        began, counts = time.monotonic(), Counter()
        for asked in questioned.questions(name, calls, combinations):
            wanted = oracle.answer(name, calls, asked)
            for kind, found in engines.answers(name, asked).items():
                counts[kind] += 1
                if found != wanted:
                    wrong += 1
                    print(f"{name}: {kind} differs for {asked}", file=sys.stderr)
        print(f"{name:24}", dict(counts), f"{time.monotonic() - began:.0f} s", flush=True)
    return wrong


def while_they_change(engines: Engines, calls: list[dict], names: list[str], seconds: float) -> int:
    """The mirror against the tables of the same moment, while one call in a hundred is corrected and the follower follows."""
    stop, wrong, asked, corrected = threading.Event(), 0, 0, Counter()
    database = engines.databases["postgresql"]
    ids = [call["id"] for call in calls]

    def correct() -> None:
        chosen = random.Random(SEED)
        while not stop.is_set():
            with database.write() as session:
                some = chosen.sample(ids, 25)
                for row in session.scalars(
                    select(CallOutcome).where(CallOutcome.id.in_(some)).order_by(CallOutcome.id)
                ):
                    row.flags = chosen.choice([[], ["contact"], ["contact", "sale"]])
                    row.connect_outcome = chosen.choice(generated.ENDS)
                    row.occurred_at = chosen.choice(calls)["occurred_at"]
                    row.revision += 1
                    row.position = take_positions(session, 1)[0]
                    corrected["calls"] += 1
            stop.wait(25 / (len(ids) / 100) * seconds)

    def follow() -> None:
        while not stop.is_set():
            engines.follower.step()
            stop.wait(0.5)

    threads = [threading.Thread(target=work) for work in (correct, follow)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            for name in names:
                if REPORTS[name].tables:
                    continue
                question = replace(questioned.questions(name, calls, 1)[0], filters={})
                with database.snapshot() as session:
                    mirrored = questioned.answered(engines.mirror.at_present(session), name, question, ALL)
                    asked += 1
                    if mirrored != questioned.answered(session, name, question, ALL):
                        wrong += 1
                        print(f"{name}: the mirror differs while calls change", file=sys.stderr)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"while {corrected['calls']} corrections were made: {asked} answers, {wrong} of them differ")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.queries.reports", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--combinations", type=int, default=20, help="of filters, groups and zones, for each report")
    parser.add_argument("--seconds", type=float, default=60, help="of corrections")
    parser.add_argument("--report", action="append", choices=sorted(questioned.OF_CALLS))
    given = parser.parse_args()
    names = given.report or questioned.OF_CALLS
    calls = generated.calls(SEED, given.calls)
    with ExitStack() as stack:
        engines = Engines(stack, calls)
        wrong = compare(engines, calls, given.combinations, names) + while_they_change(
            engines, calls, names, given.seconds
        )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
