"""Fills a database with the calls of ``bench.invented``: groups, outcomes, a receipt for each, and the feed's place.

    python -m bench.filling URL COUNT

The database must be migrated and empty. Secondary indexes are taken away meanwhile and made anew at the end, which is several
times as fast. Nothing is folded: what is asked of calls is measured on these rows, and not how they are made.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice

from sqlalchemy import Connection, Index, Table, exists, select, text

import migrations
from bench import invented
from bench.invented import Row
from bench.table import note
from models import CallGroup, CallOutcome, ChangeFeed, Receipt
from models.database import Database

PIECE = 5_000
TABLES: tuple[Table, ...] = (CallGroup.__table__, CallOutcome.__table__, Receipt.__table__)


def fill(database: Database, count: int, receipts: bool = True, changed: Callable[[Row], Row] = lambda row: row) -> int:
    """Put in about so many calls; how many it were. ``receipts``: with the evidence of each, which takes as long again.
    ``changed``: what is put in instead of each."""
    made, began = 0, time.monotonic()
    names = {table.name: [column.name for column in table.columns] for table in TABLES}
    with bare(database, TABLES) as connection:
        rows = map(changed, invented.calls(count))
        while piece := list(islice(rows, PIECE)):
            for table, some in _rows(piece):
                if receipts or table is not Receipt.__table__:
                    insert(connection, table.name, names[table.name], some)
            made += len(piece)
            if made % (PIECE * 100) == 0:
                note(f"  {made:,} of {count:,} calls after {time.monotonic() - began:.0f} s")
        connection.execute(ChangeFeed.__table__.update().values(last_position=made))
    note(f"  {made:,} calls and their indexes after {time.monotonic() - began:.0f} s")
    return made


def _rows(piece: list[Row]) -> Iterator[tuple[Table, Iterable[Row]]]:
    yield TABLES[0], ({"id": row["group_id"]} | {name: row[name] for name in ("connection", "dialer")} for row in piece)
    yield TABLES[1], piece
    yield TABLES[2], map(_receipt, piece)


def _receipt(row: Row) -> Row:
    body = f'{{"callLogID":"{row["call_id"]}","status":"{row["status_raw"]}"}}'.encode()
    posted = row["sources"].startswith('["callback')
    return {
        "id": row["id"],
        "connection": row["connection"],
        "dialer": row["dialer"],
        "source": "callback" if posted else "report",
        "kind": "terminal" if posted else "lead_history",
        "received_at": row["changed_at"],
        "seen_at": row["changed_at"],
        "method": "POST" if posted else None,
        "headers": '{"content-type": "application/json"}' if posted else None,
        "body": body,
        "body_size": len(body),
        "truncated": 0,
        "content_hash": hashlib.sha256(body).hexdigest(),
        "record_key": None if posted else row["call_id"],
        "stranger": 0,
        "known_sender": 0,
        "state": "normalized",
        "processed_at": row["changed_at"],
        "readings": 1,
    }


@contextmanager
def bare(database: Database, tables: Collection[Table]) -> Iterator[Connection]:
    """One transaction without secondary indexes and foreign keys of these tables; afterwards they are there again, and the
    planner knows."""
    with database.write() as session:
        connection = session.connection()
        if session.scalar(
            select(exists().where(Receipt.id.is_not(None)) | exists().where(CallOutcome.id.is_not(None)))
        ):
            raise SystemExit("There are calls or receipts in this database already.")
        if not database.is_sqlite:
            for setting in ("session_replication_role = replica", "TIME ZONE 'UTC'", "maintenance_work_mem = '512MB'"):
                connection.exec_driver_sql(f"SET LOCAL {setting}")
            # What is new since this transaction began need not be logged.
            connection.exec_driver_sql(f"TRUNCATE {', '.join(table.name for table in tables)} CASCADE")
        indexes = [index for table in tables for index in table.indexes if not _guards(index)]
        for index in indexes:
            index.drop(connection)
        yield connection
        for index in indexes:
            index.create(connection)
        connection.execute(text("ANALYZE"))
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM"))


def _guards(index: Index) -> bool:
    """Whether a statement of the product names it: what is unique must be so while rows come."""
    return bool(index.unique)


def insert(connection: Connection, table: str, names: list[str], rows: Iterable[Row]) -> None:
    values = ([row.get(name) for name in names] for row in rows)
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        driver.executemany(statement, values)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        copy.write("".join(chain.from_iterable((_line(row), "\n") for row in values)))


def _line(values: list[object]) -> str:
    """Of COPY's text form."""
    return "\t".join(
        [
            r"\N" if one is None else "\\\\x" + one.hex() if isinstance(one, bytes) else str(one).replace("\\", "\\\\")
            for one in values
        ]
    )


def command(fill: Callable[[Database, int], object]) -> None:
    """URL COUNT: migrate the database, and fill it."""
    url, count = sys.argv[1:]
    database = Database(url)
    migrations.upgrade(database)
    fill(database, int(count))
    database.close()


if __name__ == "__main__":
    command(fill)
