"""Deleting what is old, and what callbacks feel of it: on PostgreSQL the table is put into parts, and a month of it dropped; on
SQLite a month goes row by row.

    python -m bench.retention [RECEIPTS [RECEIPTS_ON_SQLITE]]

Three months of so many receipts, 3,000,000 and 300,000 by default, and an event for every third. Callbacks come at RATE/s
meanwhile.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

import migrations
from bench import load
from bench.installation import Installation
from bench.table import note
from lib import ids, months
from models import parting
from models.database import Database
from models.retention import RECEIPTS
from rig.ports import free_port
from rig.postgresql import server
from upkeep.retention.ages import Ages
from upkeep.retention.keeper import apply
from upkeep.retention.pace import Pace
from upkeep.retention.parts import drop_due

RATE, SECONDS = 200.0, 10.0
FIRST = datetime(2026, 8, 1, tzinfo=UTC)
MONTHS = [months.later(FIRST, count) for count in range(3)]
NOW = datetime(2026, 11, 29, tzinfo=UTC)
AGES = Ages({RECEIPTS: 2})  # of the three the first is due
_VALUES = "id, 'ryng', 'ryng', 'callback', 'terminal', {at}, {at}, 'POST', {body}, 700, false, 'x', false, false, "
_RECEIPT = _VALUES + "'normalized', 1"
_COLUMNS = (
    "id, connection, dialer, source, kind, received_at, seen_at, method, body, body_size, truncated, content_hash, stranger, "
    "known_sender, state, readings"
)


def fill(database: Database, count: int) -> None:
    """So many receipts, in the order of their ids, and an event for every third."""
    spans = [int(ids.first(month).int >> 80) for month in (*MONTHS, months.later(FIRST, 3))]
    body = "{" + "x" * 700 + "}"
    with database.write() as session:
        run = session.connection().exec_driver_sql
        if database.is_sqlite:
            series = f"WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {count - 1}) "
            ms = f"({spans[0]} + n * {spans[3] - spans[0]} / {count})"
            hexed = f"printf('%012x', {ms})"
            made = f"substr({hexed}, 1, 8) || '-' || substr({hexed}, 9) || '-7000-8000-' || printf('%012x', n)"
            rows = _RECEIPT.format(at="'2026-08-01 00:00:00.000000'", body=f"CAST('{body}' AS BLOB)")
        else:
            series = f"WITH s AS (SELECT n FROM generate_series(0, {count - 1}) AS n) "
            ms = f"({spans[0]} + n::bigint * {spans[3] - spans[0]} / {count})"
            made = f"(lpad(to_hex({ms}), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid"
            rows = _RECEIPT.format(at="'2026-08-01 00:00:00+00'::timestamptz", body=f"convert_to('{body}', 'UTF8')")
        run(f"INSERT INTO receipts ({_COLUMNS}) {series} SELECT {rows} FROM (SELECT {made} AS id FROM s) AS made")
        group = ids.new()
        run(f"INSERT INTO call_groups (id, connection, dialer) VALUES ('{group}', 'ryng', 'ryng')")
        event = f"id, id, 0, '{group}', 'callback:terminal', 'call_ended', received_at, seen_at, '{{}}'"
        last = "substr(id, 36)" if database.is_sqlite else "right(id::text, 1)"
        names = "id, receipt_id, ordinal, group_id, source, kind, received_at, seen_at, facts"
        third = f"{last} IN ('0', '3', '6', '9', 'c')"
        run(f"INSERT INTO call_events ({names}) SELECT {event} FROM receipts WHERE {third}")
        run("ANALYZE")


@contextmanager
def probing(database: Database) -> Iterator[list[float]]:
    """How long whoever wants to write a receipt waits for the table, again and again: seconds."""
    took: list[float] = []
    over = threading.Event()

    def probe() -> None:
        with database.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            while not over.wait(0.001):
                began = time.monotonic()
                connection.execute(
                    text("UPDATE receipts SET state = state WHERE id = '00000000-0000-0000-0000-000000000000'")
                )
                took.append(time.monotonic() - began)

    thread = threading.Thread(target=probe)
    thread.start()
    time.sleep(0.5)
    try:
        yield took
    finally:
        over.set()
        thread.join()


def timed(what: str, how: Callable[[], object], took: list[float]) -> None:
    before, began = len(took), time.monotonic()
    found = how()
    spent = time.monotonic() - began
    waits = sorted(took[before:]) or [0.0]
    p99 = waits[len(waits) * 99 // 100]
    note(
        f"  {what}: {spent:.2f} s ({found}); who writes waited {p99 * 1000:.1f} ms at p99, {waits[-1] * 1000:.0f} ms at most"
    )


def felt(ours: Installation, how: Callable[[], object]) -> None:
    """p99 of callbacks without and beside it."""
    with ours.running():
        _loaded(ours, "alone", lambda: None)
        _loaded(ours, "beside it", how)


def _loaded(ours: Installation, what: str, other: Callable[[], object]) -> None:
    said: list[object] = []
    thread = threading.Thread(target=lambda: said.append(other()))
    thread.start()
    began, runs = time.monotonic(), []
    while not runs or thread.is_alive():
        runs.append(load.steady(ours.callback_url, RATE, SECONDS))
    thread.join()
    worst = max(run.p99_ms for run in runs)
    errors = sum(run.errors for run in runs)
    note(f"  callbacks {what}: p99 {worst:.1f} ms, {errors} not 200, {time.monotonic() - began:.0f} s {said}")


def on_postgresql(folder: Path, count: int) -> None:
    with server() as url:
        database = Database(url)
        migrations.upgrade(database, "0038")
        began = time.monotonic()
        fill(database, count)
        note(f"PostgreSQL, {count:,} receipts, filled in {time.monotonic() - began:.0f} s")
        migrations.upgrade(database)
        worker = parting.Parting(database)
        with probing(database) as took:
            for step in ("bound", "look at all rows", "becomes a part"):
                timed(step, worker.step, took)
        while worker.step():
            pass
        with database.engine.begin() as connection:
            parting.take_off(connection, parting.FIRST)
            for month in MONTHS:
                parting._make(connection, month)
            connection.exec_driver_sql(f"INSERT INTO receipts SELECT * FROM {parting.FIRST}")
            connection.exec_driver_sql(f"DROP TABLE {parting.FIRST}")
        with probing(database) as took:
            timed("a month dropped", lambda: drop_due(database, MONTHS[1], Pace(database)), took)
            timed("its events, and that month", lambda: apply(database, AGES, NOW), took)
        ours = Installation(folder / "postgresql", free_port(), url)
        felt(ours, lambda: apply(database, Ages({RECEIPTS: 1}), NOW))
        ours.database.close()
        database.close()


def on_sqlite(folder: Path, count: int) -> None:
    ours = Installation(folder / "sqlite", free_port(), None)
    began = time.monotonic()
    fill(ours.database, count)
    path = Path(str(ours.database.url.database))
    before = path.stat().st_size
    note(f"SQLite, {count:,} receipts, filled in {time.monotonic() - began:.0f} s, {before / 1e6:.0f} MB")
    felt(ours, lambda: apply(ours.database, AGES, NOW))
    with ours.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    note(f"  the file has {path.stat().st_size / 1e6:.0f} MB then")
    ours.database.close()


def main() -> None:
    count, on_disk = (int(one) for one in (*sys.argv[1:], 3_000_000, 300_000)[:2])
    with tempfile.TemporaryDirectory(prefix="wrapup-bench-") as name:
        on_postgresql(Path(name), count)
        on_sqlite(Path(name), on_disk)


if __name__ == "__main__":
    main()
