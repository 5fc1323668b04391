"""The mirror's columns are written out; they are those of the table."""

import subprocess
import sys

from sqlalchemy import BigInteger, Boolean, Integer

from lib import child_processes
from models import CallOutcome
from models.base import POSTGRESQL, Guid, UtcDateTime
from models.shown import COLUMNS as SHOWN
from queries.mirror import columns

TYPES = {Guid: "UUID", UtcDateTime: "TIMESTAMP", Boolean: "BOOLEAN", BigInteger: "BIGINT", Integer: "BIGINT"}


def test_they_have_the_names_and_types_of_the_table():
    table = CallOutcome.__table__
    assert list(columns.TYPES) == columns.COLUMNS == [*SHOWN, "stood_connect_outcome", "stood_contact"]
    for name, kind in columns.TYPES.items():
        expected = (found for of, found in TYPES.items() if isinstance(table.c[name].type, of))
        assert kind == next(expected, "VARCHAR"), name
    assert columns.POSTGRESQL == POSTGRESQL
    assert not columns.MADE.keys() & set(table.c.keys())


def test_a_process_that_answers_does_without_what_the_tables_take():
    loaded = "import sys, queries.mirror.process, queries.mirror.streamer; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], env=child_processes.environment(), capture_output=True, text=True
    )
    assert done.stdout == "False\n", done.stderr
