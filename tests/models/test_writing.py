"""Whether a database takes writes is told without writing."""

import os
import resource
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models.database import Database
from models.errors import said
from models.writing import refuses_writes, takes_writes
from tests.forks import end_of, forked

NOBODY = 65534


def test_one_that_takes_them(database):
    with database.read() as session:
        assert takes_writes(session)


def test_a_postgresql_that_was_told_to_be_read_only(postgresql_url):
    database = Database(postgresql_url)
    with database.read() as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        assert not takes_writes(session)
    database.close()


def test_a_postgresql_that_has_taken_our_rights_away(postgresql_url):
    database, role = Database(postgresql_url), f"reader_{os.getpid()}"
    with database.read() as session:  # of which nothing stays
        session.execute(text(f"CREATE ROLE {role}"))
        session.execute(text(f"GRANT SELECT ON receipts TO {role}"))
        session.execute(text(f"SET LOCAL ROLE {role}"))
        assert not takes_writes(session)
    database.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else")
@pytest.mark.parametrize(("folder", "file", "writes"), [(0o777, 0o666, 0), (0o755, 0o666, 1), (0o777, 0o644, 1)])
def test_a_sqlite_whose_file_or_folder_is_read_only(tmp_path, folder, file, writes):
    path = tmp_path / "wrapup.db"
    Database(f"sqlite:///{path}").close()
    path.touch()
    path.chmod(file)
    for above in [*tmp_path.parents][:-1]:  # pytest's own are closed to others
        if above.stat().st_mode & 0o011 == 0:
            above.chmod(0o711)
    tmp_path.chmod(folder)

    def looked() -> None:
        os.seteuid(NOBODY)
        with Database(f"sqlite:///{path}").read() as session:
            os._exit(0 if takes_writes(session) else 1)

    assert end_of(forked(looked)) == writes


def test_a_sqlite_whose_disk_takes_nothing_more(sqlite_url):
    """As one that is full, or that the system has made read-only after an error: there, too, everybody may write."""

    def looked() -> None:
        with Database(sqlite_url).read() as session:
            session.execute(text("SELECT 1"))
            assert takes_writes(session)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            os._exit(0 if takes_writes(session) else 3)

    assert end_of(forked(looked)) == 3


def test_a_sqlite_behind_a_link_is_judged_where_it_lies(sqlite_url, tmp_path):
    """SQLite follows the link, and its log grows beside the file, whatever the link's own folder takes."""
    there = Path(Database(sqlite_url).url.database)
    link = tmp_path / "elsewhere" / "wrapup.db"
    link.parent.mkdir()
    link.symlink_to(there)
    with Database(f"sqlite:///{link}").read() as session:
        session.execute(text("SELECT count(*) FROM receipts"))
        assert takes_writes(session)
        link.unlink()
        link.symlink_to("/proc/version")  # in a folder that takes nothing, which root may write to all the same
        assert not takes_writes(session)


def test_the_error_of_one_that_takes_none_is_told_from_others(database):
    only = "PRAGMA query_only = ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"
    with database.read() as session, pytest.raises(SQLAlchemyError) as refused:
        session.execute(text(only))
        session.execute(text("DELETE FROM receipts"))
    assert refuses_writes(refused.value) and ("read-only" in said(refused.value) or "readonly" in said(refused.value))
    with database.read() as session, pytest.raises(SQLAlchemyError) as wrong:
        session.execute(text("SELECT 1 FROM nowhere"))
    assert not refuses_writes(wrong.value)
    assert not refuses_writes(ValueError())
