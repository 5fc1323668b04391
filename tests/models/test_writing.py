"""Whether a database takes writes is told without writing."""

import os

import pytest
from sqlalchemy import text

from models.database import Database
from models.writing import takes_writes
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
