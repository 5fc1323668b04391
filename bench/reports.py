"""Reports over many calls: from the mirror and from the tables, against the plain GROUP BY that somebody would write by hand.

    python -m bench.reports URL [MIRROR]

``URL`` names a database that ``bench.filling`` has filled; ``MIRROR`` a folder in which its mirror is, or is built. *Cold* is the
first time that a question is put at a place in the feed, *warm* the second time. Prints a table in Markdown.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.table import note
from models.database import Database
from queries.asks import Asks
from queries.mirror.asking import Mirror
from queries.mirror.follower import Follower
from queries.reports import answering
from queries.reports.base import Report
from queries.reports.catalogue import REPORTS
from queries.summary import summary

TZ = "Asia/Kolkata"
# What a dashboard built by hand asks of the table, in the database's own words: counts and one rate by the local day.
PLAIN = """
    SELECT CAST(timezone('Asia/Kolkata', occurred_at) AS DATE), count(*), count(*) FILTER (WHERE is_final),
           count(*) FILTER (WHERE connect_outcome = 'connected'), count(*) FILTER (WHERE flags ? 'contact')
    FROM call_outcomes WHERE merged_into IS NULL GROUP BY 1"""
PLAIN_ON_SQLITE = """
    SELECT date(occurred_at, '+330 minutes'), count(*), sum(is_final), sum(connect_outcome = 'connected'),
           sum(instr(flags, '"contact"') > 0)
    FROM call_outcomes WHERE merged_into IS NULL GROUP BY 1"""
ROUNDS = 3


def taken(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def question(report: Report) -> Callable[[Asks], Any]:
    """The report by the local day, or as it is made by itself."""
    grouped = report.own_rows is None and report.groups is None
    return lambda whom: answering.answer(answering.asked(whom, {}, TZ, ("day",) if grouped else ()), report)


def main() -> None:
    url, *rest = sys.argv[1:]
    with ExitStack() as stack:
        database = Database(url)
        stack.callback(database.close)
        folder = (
            Path(rest[0]) if rest else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wrapup-mirror-")))
        )
        follower = Follower(database, folder, patience=0)
        built = taken(lambda: [None for _ in iter(follower.step, False)])
        note(f"  built, or found, in {built:.0f} s, {sum(file.stat().st_size for file in folder.iterdir()) >> 20} MiB")
        mirror = Mirror(folder)
        stack.callback(mirror.close)
        measured(database, mirror)


def measured(database: Database, mirror: Mirror) -> None:
    plain = PLAIN_ON_SQLITE if database.is_sqlite else PLAIN

    def by_hand() -> None:
        with database.read() as session:
            session.execute(text(plain)).all()

    beside = statistics.median(taken(by_hand) for _ in range(ROUNDS))
    print(
        f"Plain GROUP BY by day: {beside:.2f} s\n\n| question | cold | warm | tables | plain / cold | tables / cold |"
    )
    print("|---|---|---|---|---|---|")
    questions = {"summary": lambda whom: summary(whom, {}, ["day"], TZ)} | {
        name: question(report)
        for name, report in REPORTS.items()
        if not report.tables and (not sys.argv[3:] or name in sys.argv[3:])
    }
    colds = []
    for name, ask in questions.items():
        with database.snapshot() as session:
            whom = mirror.at_present(session)
            mirror.forget()
            cold, warm = taken(lambda ask=ask, whom=whom: ask(whom)), taken(lambda ask=ask, whom=whom: ask(whom))
            tables = taken(lambda ask=ask, session=session: ask(session))
        colds.append(cold)
        print(
            f"| {name} | {cold:.2f} s | {warm:.3f} s | {tables:.1f} s | {beside / cold:.1f} | {tables / cold:.1f} |",
            flush=True,
        )
    print(f"| median | {statistics.median(colds):.2f} s | | | {beside / statistics.median(colds):.1f} | |")


if __name__ == "__main__":
    main()
