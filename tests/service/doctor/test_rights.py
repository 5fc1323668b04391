"""A role of PostgreSQL that may not make tables, or not read and write those that are there, and a database that takes no writes:
a sentence, wherever it is met."""

import os
import uuid
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from models.database import Database
from service.doctor.database import database as doctor
from service.doctor.line import FAIL

postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@contextmanager
def as_nobody(own: Database):
    """The database's URL for a role that may sign in, and nothing else."""
    role = f"nobody_{uuid.uuid4().hex}"
    with own.write() as session:
        session.execute(text(f"CREATE ROLE {role} LOGIN"))
    try:
        yield own.url.set(username=role, password=None).render_as_string(hide_password=False)
    finally:
        with own.write() as session:
            session.execute(text(f"DROP ROLE {role}"))


def run(commands, folder, url, *words):
    done = commands.run(
        *words, cwd=folder, env=os.environ | {"WRAPUP_DATABASE_URL": url, "WRAPUP_DATA_DIR": str(folder)}
    )
    (said,) = done.stderr.splitlines()
    return done.returncode, said


LESS = "The database lets this role do less than Wrapup needs"


@pytest.mark.parametrize("command", [("migrate",), ("prepare",), ("keys", "create", "x", "--scope", "read")])
def test_who_may_not_make_tables_is_told_so(untouched, command, commands, tmp_path):
    if untouched.is_sqlite:
        pytest.skip("SQLite knows no roles")
    with as_nobody(untouched) as url:
        code, said = run(commands, tmp_path, url, *command)
        (line,) = (line for line in doctor(url) if line.what == "schema")
    assert code == 1 and said.startswith("wrapup: The database") and "permission denied for schema public" in said
    assert line.state == FAIL and "may not make any" in line.said and "GRANT CREATE" in line.todo


@postgresql
@pytest.mark.parametrize("command", [("prepare",), ("keys", "create", "x", "--scope", "read"), ("feed", "restart")])
def test_that_nothing_can_be_written_is_a_sentence(database, command, commands, tmp_path):
    with database.write() as session:
        session.execute(text(f"ALTER DATABASE {database.url.database} SET default_transaction_read_only = on"))
    url = database.url.render_as_string(hide_password=False)
    code, said = run(commands, tmp_path, url, *command)
    assert code == 1 and said.startswith("wrapup: The database cannot be used: cannot execute ")
    assert said.endswith(" in a read-only transaction.")


@postgresql
def test_who_may_not_read_the_tables_is_told_so(database, commands, tmp_path):
    with as_nobody(database) as url:
        found = [line for line in doctor(url) if line.state == FAIL]
        code, said = run(commands, tmp_path, url, "crm", "list")
    (line,) = found
    assert line.said == "It cannot be used: permission denied for table alembic_version."
    assert line.todo == "GRANT it the rights, or let it own the tables."
    assert code == 1 and said.startswith(f"wrapup: {LESS} (permission denied for table ")
