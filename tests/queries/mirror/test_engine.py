"""What DuckDB is given, and what becomes of a question that is too large for it."""

import duckdb
import pytest

from queries.mirror import engine
from queries.mirror.columns import KINDS, NAMES
from queries.mirror.manifest import Manifest

TOO_LARGE = "SELECT length(string_agg(lpad(CAST(i AS VARCHAR), 200, 'x'), '')) FROM range(1000000) t(i)"
HELD = "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
THREADS = "SELECT CAST(current_setting('threads') AS INTEGER)"


def test_what_is_too_large_is_tried_with_one_thread_and_the_next_question_has_all_of_them(tmp_path):
    line = engine.connect(tmp_path, "32MB")
    with pytest.raises(duckdb.OutOfMemoryException):
        engine.rows(line, TOO_LARGE)
    assert engine.rows(line, THREADS) == [(engine.THREADS,)]


def test_where_one_thread_has_room_there_is_an_answer():
    """Of a question that fails while two threads work on it, as a crowded moment has it."""

    class Crowded:
        """A DuckDB in which two threads never find room."""

        def __init__(self):
            self._line = duckdb.connect(config={"threads": 2})

        def execute(self, statement, parameters=()):
            if statement == THREADS and self._line.execute(THREADS).fetchall() == [(2,)]:
                raise duckdb.OutOfMemoryException("failed to pin block")
            return self._line.execute(statement, list(parameters))

    assert engine.rows(Crowded(), THREADS) == [(1,)]


def test_what_was_laid_over_an_earlier_moment_takes_no_memory(tmp_path):
    line, manifest = engine.connect(tmp_path), Manifest(0, "epoch", "start", ())
    cells = {name: f"CAST(NULL AS {kind})" for name, kind in KINDS.items()}
    cells |= {"id": "uuid()", "customer_number": "'+44' || i", "notes": "'said ' || i"}
    made = ", ".join(f"{how} AS {name}" for name, how in cells.items())
    some = f"(SELECT {NAMES} FROM (SELECT {made} FROM range(5000) t(i)))"
    held = []
    for _ in range(30):
        engine.open_manifest(line, tmp_path, manifest)
        engine.lay_over(line, tmp_path, manifest, some)
        assert engine.rows(line, "SELECT count(*) FROM call_outcomes") == [(5000,)]
        held.append(engine.rows(line, HELD)[0][0])
    assert held[-1] <= 2 * held[0], held
