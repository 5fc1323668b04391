"""Months of receipts on PostgreSQL that go as a whole: a table is dropped, however many rows it has."""

from datetime import datetime

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from models import parting
from models.database import Database
from models.receipts import PENDING, QUARANTINED
from upkeep.retention.pace import Pace

log = structlog.get_logger(__name__)

# What is not read yet, or in quarantine, stays, and is put where what has no month is. With more of it than this, which would
# take longer than a callback may wait, the rest of the month is deleted row by row.
STAYING = (PENDING, QUARANTINED)  # asked for one by one: each has an index of its own
MOST_ROWS, MOST_BYTES = 1_000, 4 * 1024 * 1024
DROPPED = "receipts_dropped_"  # a table that was taken off, of which everything that stays has been put elsewhere
# Whoever reads all receipts, as pg_dump does for hours, is waited for, and callbacks wait behind who waits: half a second in
# thirty.
TRIES, PAUSE_SECONDS = 20, 30.0


def drop_due(database: Database, before: datetime, pace: Pace) -> None:
    """Drop the parts that are older; ``pace`` counts the receipts. Raises Stopped and SQLAlchemyError."""
    if database.is_sqlite:
        return
    with database.engine.connect() as connection:
        older = [one for one in parting.parts(connection) if one.end is not None and one.end <= before]
    for one in older:
        with database.engine.connect() as connection:
            if not _may_go(connection, one.table):
                continue
            rows = connection.scalar(text(f"SELECT count(*) FROM {one.table} WHERE state NOT IN {STAYING}")) or 0
        _take_off(database, one.table, pace)
        log.info("receipts_dropped", table=one.table, receipts=rows)
        pace.deleted += rows
    drop_taken_off(database)


def drop_taken_off(database: Database) -> None:
    """Drop what was taken off, also by somebody who was stopped then: nobody has to wait for it."""
    with database.engine.begin() as connection:
        named = (
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, :name) AND NOT relispartition"
        )
        for table in connection.scalars(text(named), {"name": DROPPED}).all():
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")


def _may_go(connection: Connection, table: str) -> bool:
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    rows = size = 0
    for state in STAYING:
        staying = text(f"SELECT count(*), coalesce(sum(length(body)), 0) FROM {table} WHERE state = '{state}'")
        found = connection.execute(staying).one()
        rows, size = rows + found[0], size + found[1]
    return rows <= MOST_ROWS and size <= MOST_BYTES


def _take_off(database: Database, table: str, pace: Pace) -> None:
    for attempt in range(TRIES):
        try:
            with database.engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # callbacks wait while this looks
                parting.take_off(connection, table)
                for state in STAYING:
                    found = f"SELECT * FROM {table} WHERE state = '{state}'"
                    connection.exec_driver_sql(f"INSERT INTO {parting.WHOLE} {found}")
                taken_off = f"{DROPPED}{table.removeprefix(parting.WHOLE + '_')}"
                connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {taken_off}")
            return
        except DBAPIError as error:
            if not parting.is_busy(error) or attempt == TRIES - 1:
                raise
            pace.rest(PAUSE_SECONDS)
