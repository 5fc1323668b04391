"""The driver underneath SQLAlchemy, for what only it can do. psycopg is not imported where the database is SQLite: it takes
megabytes in every process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from models.hosts import is_lost


@contextmanager
def driver_of(connection: Connection, statement: str) -> Iterator[Any]:
    """The connection of psycopg, or of sqlite3. What it raises inside is raised as SQLAlchemy would, as of the ``statement``; a
    connection that leads to nobody who writes is left, as ``models.hosts`` does."""
    errors = connection.dialect.loaded_dbapi.Error
    try:
        yield connection.connection.driver_connection
    except errors as error:
        lost = is_lost(error)
        if lost:
            connection.invalidate(error)
            connection.engine.dispose()
        raise DBAPIError.instance(statement, None, error, errors, True, lost, connection.dialect) from error
