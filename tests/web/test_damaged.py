"""A database whose files are damaged: said to be so, wherever it is met. It is none of our faults, and nobody mends it by asking
again."""

import logging
import os
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from queries import selection
from web.auth import API
from web.errors import DAMAGED


def spoilt(path, table: str) -> None:
    """Where the table and its indexes begin there is something else."""
    with closing(sqlite3.connect(path)) as line:
        roots = line.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = ? AND rootpage > 0", [table]
        ).fetchall()
        (size,) = line.execute("PRAGMA page_size").fetchone()
        line.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as file:
        for (root,) in roots:
            file.seek((root - 1) * size)
            file.write(b"?" * size)


@pytest.fixture
def says(database, tmp_path):
    """Asks, and what the database says of it."""
    if not database.is_sqlite:
        raised = "USING ERRCODE = 'data_corrupted', MESSAGE = 'invalid page in block 5'"
        asking = text(f"DO $$ BEGIN RAISE EXCEPTION {raised}; END $$")
        return lambda session, *_, **__: session.execute(asking), "invalid page in block 5"
    path = tmp_path / "spoilt.db"
    with closing(sqlite3.connect(path)) as line:
        line.execute("CREATE TABLE bodies (body)")
        line.commit()
    spoilt(path, "bodies")

    def ask(*_, **__):
        with create_engine(f"sqlite:///{path}").connect() as line:
            line.execute(text("SELECT * FROM bodies"))

    return ask, "database disk image is malformed"


def test_the_api_says_so_and_the_log_in_the_databases_own_words(admin, says, monkeypatch, caplog):
    ask, words = says
    monkeypatch.setattr(selection, "page", ask)
    caplog.set_level(logging.ERROR)
    answer = admin.get(f"{API}/outcomes")
    assert (answer.status_code, answer.json["error_id"]) == (503, "database_unavailable")
    assert answer.json["message"] == DAMAGED and words in caplog.text


def test_a_command_says_so(sqlite_url, commands, tmp_path):
    spoilt(tmp_path / "wrapup.db", "api_keys")
    environ = os.environ | {"WRAPUP_DATABASE_URL": sqlite_url, "WRAPUP_DATA_DIR": str(tmp_path)}
    done = commands.run("keys", "list", cwd=tmp_path, env=environ)
    assert (done.returncode, done.stderr) == (
        1,
        "wrapup: The database cannot be used: database disk image is malformed.\n",
    )
