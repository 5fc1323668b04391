"""Builds on PostgreSQL what a migration has left: the indexes of ``models.searching`` on a table that is large already.

One after the other, CONCURRENTLY, so that nobody waits for them; until they are there lists are found as they were before, only
slower. An index whose building broke off is there and of no use; it is taken away, and built again.
"""

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateIndex

from models.calls import CallOutcome
from models.database import Database, no_limit_of_time
from models.searching import SEARCHED

log = structlog.get_logger(__name__)

_LOCK = 0x77726178  # of whoever builds; any constant will do
_VALID = text(
    "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE i.indrelid = to_regclass(:table)"
)


class Builder:
    """Builds one missing index a step; True where it did. When all are there, or the database is SQLite, it looks no more."""

    def __init__(self, database: Database):
        self._database = database
        self._done = database.is_sqlite

    def step(self) -> bool:
        if self._done:
            return False
        # Neither building nor waiting for those who began before may be within a transaction.
        with self._database.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
                return False  # another worker builds
            try:
                with no_limit_of_time(connection):  # else one that takes longer is ended, and begun anew, for ever
                    return self._build(connection)
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})

    def _build(self, connection: Connection) -> bool:
        there: dict[str, bool] = dict(connection.execute(_VALID, {"table": CallOutcome.__tablename__}).all())
        missing = [index for index in SEARCHED if not there.get(str(index.name), False)]
        if not missing:
            self._done = True
            return False
        index = missing[0]
        if index.name in there:
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
        log.info("index_building", index=index.name, left=len(missing))
        written = str(CreateIndex(index).compile(dialect=connection.dialect))
        connection.exec_driver_sql(written.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1))
        log.info("index_built", index=index.name, left=len(missing) - 1)
        return True
