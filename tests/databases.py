"""Databases of a PostgreSQL server for tests: migrated and empty, and used again, for making one takes 0.2 s."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

import migrations
from models.database import Database

LARGE = 8 * 8192  # bytes of a table, dead rows included, from which it is truncated
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
# A database that a test has changed in any of these is not used again.
SHAPE = """
    SELECT
        (SELECT md5(string_agg(concat(attrelid::regclass, attname, atttypid, attnotnull, atthasdef), ','
                               ORDER BY attrelid::regclass::text, attnum))
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace),
        (SELECT md5(string_agg(concat(relname, relkind, relacl), ',' ORDER BY relname))
         FROM pg_class WHERE relnamespace = 'public'::regnamespace),
        (SELECT count(*) FROM pg_trigger),
        (SELECT count(*) FROM pg_constraint),
        (SELECT count(*) FROM pg_proc),
        (SELECT count(*) FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'),
        (SELECT count(*) FROM pg_db_role_setting JOIN pg_database ON setdatabase = pg_database.oid
         WHERE datname = current_database()),
        (SELECT (datconnlimit, datallowconn)::text FROM pg_database WHERE datname = current_database())
"""


class Databases:
    """Those of one server. Each is one test's at a time."""

    def __init__(self, server: str):
        self._server = server
        self._spare: list[str] = []
        # A connection that stays knows a database's tables: a new one looks at them all.
        self._engines: dict[str, Engine] = {}
        self._shape: tuple | None = None
        self._rows: dict[str, str | None] = {}  # what a table holds from the beginning, as JSON

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of one that is migrated and holds what migrations put there."""
        name = self._spare.pop() if self._spare else self._made()
        yield _named(self._server, name).render_as_string(hide_password=False)
        if self._emptied(name):
            self._spare.append(name)
        else:
            self._engines.pop(name).dispose()
            drop(self._server, name)

    def _made(self) -> str:
        name = create(self._server)
        database = Database(_named(self._server, name).render_as_string(hide_password=False))
        migrations.upgrade(database)
        with database.engine.connect() as connection:
            self._shape = tuple(connection.execute(text(SHAPE)).one())
            for table in connection.scalars(text(TABLES)):
                self._rows[table] = connection.scalar(text(f"SELECT json_agg(t)::text FROM {table} t"))
        database.close()
        return name

    def _emptied(self, name: str) -> bool:
        """Whether it is again as it was made."""
        if name not in self._engines:
            options = {"options": "-c lock_timeout=5s"}
            self._engines[name] = create_engine(_named(self._server, name), connect_args=options, pool_pre_ping=True)
        try:
            with self._engines[name].connect() as connection, connection.begin():
                others = "datname = current_database() AND pid <> pg_backend_pid()"
                connection.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"))
                if tuple(connection.execute(text(SHAPE)).one()) != self._shape:
                    return False
                self._restore(connection)
            return True
        except DBAPIError:  # it lets nobody in, or holds a lock: no such database for the next one
            return False

    def _restore(self, connection: Connection) -> None:
        held = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in self._rows)
        changed = [table for table in connection.scalars(text(held)) if table != "alembic_version"]
        changed = sorted(
            {*changed, *(table for table, rows in self._rows.items() if rows and table != "alembic_version")}
        )
        sizes = connection.execute(text("SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind = 'r'"))
        large = [table for table, size in sizes if table in changed and size > LARGE]
        if large:
            connection.execute(text(f"TRUNCATE {', '.join(large)} CASCADE"))
        # To truncate is to make a table's files anew, and those of its twenty indexes: a few rows are deleted in a tenth of that.
        deletes = (f"DELETE FROM {table}" for table in changed)
        connection.execute(text(f"SET LOCAL session_replication_role = replica; {'; '.join(deletes)}"))
        for table in changed:
            if rows := self._rows[table]:
                put = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(null::{table}, :rows)"
                connection.execute(text(put), {"rows": rows})


def parts_of(connection: Connection) -> set[str]:
    """The tables that are parts of another one, whose rows they hold."""
    if connection.dialect.name == "sqlite":
        return set()
    return set(connection.scalars(text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")))


@contextmanager
def scratch(server: str) -> Iterator[str]:
    """The URL of a database without any tables, which is gone at the end."""
    name = create(server)
    try:
        yield _named(server, name).render_as_string(hide_password=False)
    finally:
        drop(server, name)


def create(server: str) -> str:
    name = f"wrapup_{uuid.uuid4().hex[:12]}"
    administer(server, f"CREATE DATABASE {name}")
    return name


def drop(server: str, name: str) -> None:
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _named(server: str, name: str) -> URL:
    return Database(server).url.set(database=name)


def administer(server: str, statement: str) -> None:
    engine = create_engine(Database(server).url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def refuse_writes(database: Database) -> None:
    """From now on it can be read and takes no writes, for whoever asks by this engine."""
    only = "PRAGMA query_only = ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"
    event.listen(database.engine, "begin", lambda line: line.exec_driver_sql(only))
