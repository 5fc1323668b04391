"""Backups, and putting one back: the file itself on SQLite, a database of the server on PostgreSQL."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

from models.database import Database
from tests.databases import administer, drop


@contextmanager
def backup(database: Database) -> Iterator[Callable[[], None]]:
    """A backup of the database as it is now. What it gives puts it back; nobody else may be connected then."""
    if database.is_sqlite:
        path = Path(database.url.database)
        copy = path.with_suffix(".backup")
        source, target = sqlite3.connect(path), sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()

        def put_back() -> None:
            database.close()
            for beside in ("-wal", "-shm"):
                path.with_name(path.name + beside).unlink(missing_ok=True)
            shutil.copy(copy, path)

        yield put_back
        return
    name, copy = database.url.database, f"{database.url.database}_backup"
    server = _server(database.url)
    database.close()
    # The connection by which it is emptied after each test stays open (tests.databases), and notices that it was closed.
    others = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    administer(server, others)
    administer(server, f"CREATE DATABASE {copy} TEMPLATE {name}")

    def put_back() -> None:
        database.close()
        drop(server, name)
        administer(server, f"CREATE DATABASE {name} TEMPLATE {copy}")

    try:
        yield put_back
    finally:
        drop(server, copy)


def _server(url: URL) -> str:
    return url.set(database="postgres").render_as_string(hide_password=False)
