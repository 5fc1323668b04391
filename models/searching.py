"""The indexes by which lists find calls: for each filter the rows in the order of the calls' time, also where there are none.

Each begins with the connection. A list that names none is put together from those of all connections (``queries.branches``), so
that a filter needs one index and not two, whoever asks. Of a word that may have any length PostgreSQL keeps a hash: a B-tree
refuses what is longer than a third of a page, and the index is half as large.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from models.base import DUCKDB, partial_index

AGENT_FIELDS = ("agent_id", "agent_username", "agent_name", "agent_number", "agent_extension", "agent_email")
WORD_FIELDS = (*AGENT_FIELDS, "campaign_name", "disposition")
FLAGS = (
    "contact",
    "sale",
    "callback",
    "not_interested",
    "dnc",
    "wrong_number",
)  # of dialers.vocabulary; a test compares

# To the letter as conditions repeat them: SQLite takes a partial index for nothing else.
SQLITE_FLAGGED, POSTGRESQL_FLAGGED = "instr({flags}, '\"{flag}\"') > 0", "{flags} ? '{flag}'"
# Of a number that was written as E.164 the other column's index knows.
SQLITE_WRITTEN = "customer_number_raw IS NOT NULL AND customer_number_raw IS NOT customer_number"
POSTGRESQL_WRITTEN = "customer_number_raw IS NOT NULL AND customer_number_raw IS DISTINCT FROM customer_number"
UNSETTLED = "settling <> 'settled'"


class word_key(FunctionElement[int]):
    """By what an index holds a word: ``word_key(CallOutcome.agent_name)``. Equal words have equal keys, and hardly any others."""

    type = BigInteger()
    inherit_cache = True


@compiles(word_key, "postgresql")
def _word_key_postgresql(element: word_key, compiler: SQLCompiler, **options: Any) -> str:
    return f"hashtextextended({compiler.process(element.clauses, **options)}, 0)"


@compiles(word_key, "sqlite")
def _word_key_sqlite(element: word_key, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


class is_word(FunctionElement[bool]):
    """``column == word`` beside its key: PostgreSQL is not to think that it leaves fewer rows than the key does, and sort."""

    inherit_cache = True


@compiles(is_word, "postgresql")
def _is_word_postgresql(element: is_word, compiler: SQLCompiler, **options: Any) -> str:
    return f"CASE WHEN {_is_word(element, compiler, **options)} THEN true ELSE false END"


@compiles(is_word, "sqlite")
def _is_word(element: is_word, compiler: SQLCompiler, **options: Any) -> str:
    column, word = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = {word}"


class has_flag(FunctionElement[bool]):
    """Whether a call has one of our flags, to the letter as its index says it: ``has_flag(flags, literal_column("'sale'"))``.
    Its twin, for whatever word, is ``queries.expressions.has_member``."""

    inherit_cache = True


@compiles(has_flag, "postgresql")
def _has_flag_postgresql(element: has_flag, compiler: SQLCompiler, **options: Any) -> str:
    return "(" + POSTGRESQL_FLAGGED.format(**_flag(element, compiler, **options)) + ")"


@compiles(has_flag, "sqlite")
def _has_flag_sqlite(element: has_flag, compiler: SQLCompiler, **options: Any) -> str:
    return "(" + SQLITE_FLAGGED.format(**_flag(element, compiler, **options)) + ")"


@compiles(has_flag, DUCKDB)
def _has_flag_duckdb(element: has_flag, compiler: SQLCompiler, **options: Any) -> str:
    return "contains({flags}, '\"{flag}\"')".format(**_flag(element, compiler, **options))


def _flag(element: has_flag, compiler: SQLCompiler, **options: Any) -> dict[str, str]:
    flags, flag = (compiler.process(clause, **options) for clause in element.clauses)
    return {"flags": flags, "flag": flag.strip("'")}


class unsettled(FunctionElement[bool]):
    """Beside ``settling == word``, what SQLite needs to take the index; PostgreSQL sees it by itself."""

    inherit_cache = True


@compiles(unsettled, "postgresql")
def _unsettled_postgresql(element: unsettled, compiler: SQLCompiler, **options: Any) -> str:
    return "true"


@compiles(unsettled, "sqlite")
def _unsettled_sqlite(element: unsettled, compiler: SQLCompiler, **options: Any) -> str:
    return f"call_outcomes.{UNSETTLED}"


def _key(name: str) -> ColumnElement[int]:
    return word_key(literal_column(name))


SEARCHED: tuple[Index, ...] = (
    Index("ix_call_outcomes_by_outcome", "connection", "connect_outcome", "occurred_at"),
    partial_index("ix_call_outcomes_by_settling", "connection", "settling", "occurred_at", where=UNSETTLED),
    partial_index(
        "ix_call_outcomes_by_open",
        "connection",
        "occurred_at",
        sqlite_where="is_final IS 0",
        where="is_final IS false",
    ),
    partial_index(
        "ix_call_outcomes_by_number_raw",
        _key("customer_number_raw"),
        "occurred_at",
        sqlite_where=SQLITE_WRITTEN,
        where=POSTGRESQL_WRITTEN,
    ),
    *(
        partial_index(
            f"ix_call_outcomes_by_{name}", "connection", _key(name), "occurred_at", where=f"{name} IS NOT NULL"
        )
        for name in WORD_FIELDS
    ),
    *(
        partial_index(
            f"ix_call_outcomes_by_{flag}",
            "connection",
            "occurred_at",
            sqlite_where=SQLITE_FLAGGED.format(flags="flags", flag=flag),
            where=POSTGRESQL_FLAGGED.format(flags="flags", flag=flag),
        )
        for flag in FLAGS
    ),
)
