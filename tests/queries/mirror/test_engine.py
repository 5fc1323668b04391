"""What DuckDB is given, and what becomes of a question that is too large for it."""

import duckdb
import pytest

from queries.mirror import engine

TOO_LARGE = "SELECT length(string_agg(lpad(CAST(i AS VARCHAR), 200, 'x'), '')) FROM range(1000000) t(i)"
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
