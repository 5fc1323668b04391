"""Expressions that each engine writes in its own way: SQLite, PostgreSQL, and DuckDB for the mirror. Whatever is asked of calls
is written once, of these and of plain SQLAlchemy, so that the three give the same figures.

A reader's zone comes from zoneinfo, for all three, as the moments at which its clocks are changed: databases have zones of
their own, and they differ in some.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, Text, case, cast, literal, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import BigInteger

from lib import zones
from models.database import AnyColumn

DAY = 86_400  # seconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class has_member(FunctionElement[bool]):
    """Whether a JSON array of our own words holds one: ``has_member(CallOutcome.flags, "sale")``."""

    type = Boolean()
    inherit_cache = True


class micros(FunctionElement[int]):
    """A time as microseconds since 1970: ``micros(CallOutcome.occurred_at)``."""

    type = BigInteger()
    inherit_cache = True


class month_of(FunctionElement[str]):
    """The month of a day (days since 1970), as ``2026-11``."""

    type = Text()
    inherit_cache = True


class in_order(FunctionElement[str]):
    """A call's place in the order of calls, as a value that sorts so: ``in_order(CallOutcome.occurred_at, CallOutcome.id)``. The
    first and the last of many are then a minimum and a maximum, which no engine has to sort for."""

    type = Text()
    inherit_cache = True


class of_last(FunctionElement[str]):
    """Of a group's calls, a text of the last that has one: ``of_last(CallOutcome.connect_outcome, CallOutcome.occurred_at,
    CallOutcome.id)``."""

    type = Text()
    inherit_cache = True


class made_once(FunctionElement[Any]):
    """``made``."""

    inherit_cache = True


def made(name: str, expression: ColumnElement[Any]) -> ColumnElement[Any]:
    """An expression over a call, which the mirror has as a column of that name (``queries.mirror.columns.MADE``)."""
    found = made_once(literal_column(f"call_outcomes.{name}"), expression)
    found.type = expression.type
    return found


@compiles(has_member, "postgresql")
def _has_member_postgresql(element: has_member, compiler: SQLCompiler, **options: Any) -> str:
    array, member = element.clauses
    return f"({compiler.process(array, **options)} ? {compiler.process(cast(member, Text), **options)})"


@compiles(has_member, "sqlite")
def _has_member_sqlite(element: has_member, compiler: SQLCompiler, **options: Any) -> str:
    array, member = (compiler.process(clause, **options) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({array}) WHERE json_each.value = {member})"


@compiles(has_member, "duckdb")
def _has_member_duckdb(element: has_member, compiler: SQLCompiler, **options: Any) -> str:
    # Our own words have nothing that JSON escapes; of the text of such an array the quoted word is enough.
    array, member = (compiler.process(clause, **options) for clause in element.clauses)
    return f"contains({array}, '\"' || CAST({member} AS VARCHAR) || '\"')"


@compiles(made_once)
def _made(element: made_once, compiler: SQLCompiler, **options: Any) -> str:
    _, expression = element.clauses
    return compiler.process(expression, **options)


@compiles(made_once, "duckdb")
def _made_duckdb(element: made_once, compiler: SQLCompiler, **options: Any) -> str:
    column, expression = element.clauses
    dialect: Any = compiler.dialect
    return compiler.process(column if dialect.has_made else expression, **options)


@compiles(micros, "postgresql")
def _micros_postgresql(element: micros, compiler: SQLCompiler, **options: Any) -> str:
    # A double holds microseconds exactly until the year 2255; EXTRACT would give a numeric, which is slow.
    moment = compiler.process(element.clauses, **options)
    return f"CAST(round(date_part('epoch', {moment}) * 1000000) AS BIGINT)"


@compiles(micros, "sqlite")
def _micros_sqlite(element: micros, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    # Of the whole seconds: SQLite rounds what is read with a fraction to milliseconds, and .9999 into the next second.
    seconds = f"CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER)"
    return f"({seconds} * 1000000 + CAST(substr({moment}, 21, 6) AS INTEGER))"


@compiles(micros, "duckdb")
def _micros_duckdb(element: micros, compiler: SQLCompiler, **options: Any) -> str:
    return f"epoch_us({compiler.process(element.clauses, **options)})"


@compiles(in_order, "postgresql")
def _in_order_postgresql(element: in_order, compiler: SQLCompiler, **options: Any) -> str:
    moment, row = element.clauses
    at = compiler.process(micros(moment), **options)
    # Compared byte by byte: a language's order takes several times as long.
    return f"(lpad(CAST({at} AS TEXT), 16, '0') || CAST({compiler.process(row, **options)} AS TEXT) COLLATE \"C\")"


@compiles(in_order, "sqlite")
def _in_order_sqlite(element: in_order, compiler: SQLCompiler, **options: Any) -> str:
    moment, row = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({moment} || {row})"


@compiles(in_order, "duckdb")
def _in_order_duckdb(element: in_order, compiler: SQLCompiler, **options: Any) -> str:
    moment, row = (compiler.process(clause, **options) for clause in element.clauses)
    # As a number: minima of texts take several times the memory, and cannot be put on the disk. 53 bits of microseconds, which
    # last until 2255; of the id (UUIDv7) 43 bits of milliseconds, and the lower 32 of the counter within one. What that leaves
    # out parts only calls at the same microsecond which two processes made within the same millisecond.
    at, made = f"CAST(epoch_us({moment}) AS UHUGEINT) << 75", f"CAST({row} AS UHUGEINT)"
    milliseconds = f"(({made} >> 80) & 8796093022207) << 32"
    counter = f"((({made} >> 64) & 3) << 30) | (({made} >> 32) & 1073741823)"
    return f"(({at}) | ({milliseconds}) | {counter})"


@compiles(of_last, "postgresql")
def _of_last_postgresql(element: of_last, compiler: SQLCompiler, **options: Any) -> str:
    return _behind_place(element, compiler, 16 + 36, options)


@compiles(of_last, "sqlite")
def _of_last_sqlite(element: of_last, compiler: SQLCompiler, **options: Any) -> str:
    return _behind_place(element, compiler, 26 + 36, options)


def _behind_place(element: of_last, compiler: SQLCompiler, width: int, options: dict[str, Any]) -> str:
    """What stands behind the place of the last one, which is so many characters wide."""
    value, moment, row = element.clauses
    place = compiler.process(in_order(moment, row), **options)
    return f"substr(max({place} || {compiler.process(value, **options)}), {width + 1})"


@compiles(of_last, "duckdb")
def _of_last_duckdb(element: of_last, compiler: SQLCompiler, **options: Any) -> str:
    value, moment, row = element.clauses
    return f"arg_max({compiler.process(value, **options)}, {compiler.process(in_order(moment, row), **options)})"


@compiles(month_of, "postgresql")
def _month_postgresql(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_char(DATE '1970-01-01' + CAST({compiler.process(element.clauses, **options)} AS INTEGER), 'YYYY-MM')"


@compiles(month_of, "sqlite")
def _month_sqlite(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"strftime('%Y-%m', ({compiler.process(element.clauses, **options)}) * 86400, 'unixepoch')"


@compiles(month_of, "duckdb")
def _month_duckdb(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"strftime(DATE '1970-01-01' + CAST({compiler.process(element.clauses, **options)} AS INTEGER), '%Y-%m')"


def seconds_between(later: AnyColumn, earlier: AnyColumn) -> ColumnElement[int]:
    """Whole seconds from one time to the other, what is over a second cut off; null where either is."""
    between = micros(later) - micros(earlier)
    # Integer division cuts towards zero in two engines and downwards in the third.
    return case((between >= 0, between // 1_000_000), else_=-((-between) // 1_000_000))


class Local:
    """Times as clocks show them in a zone: ``Local(CallOutcome.occurred_at, "Asia/Kolkata", (since, until))``. Between the two
    moments it is exact; before and after them the offset is that of the nearer one."""

    def __init__(self, moment: AnyColumn, zone: str, span: tuple[datetime, datetime]):
        self._seconds = shifted(moment, zones.changes(zone, *span))

    @classmethod
    def of(cls, seconds: ColumnElement[int]) -> "Local":
        """Of the seconds that clocks show, since 1970; null where it is not known."""
        found = cls.__new__(cls)
        found._seconds = seconds
        return found

    def day(self) -> ColumnElement[int]:
        """Days since 1970."""
        return self._seconds // DAY

    def hour(self) -> ColumnElement[int]:
        """0 to 23."""
        return (self._seconds % DAY) // 3600

    def weekday(self) -> ColumnElement[int]:
        """1, Monday, to 7: the first day of 1970 was a Thursday."""
        return (self.day() + 3) % 7 + 1

    def week(self) -> ColumnElement[int]:
        """Its Monday, in days since 1970."""
        return self.day() - (self.day() + 3) % 7

    def month(self) -> ColumnElement[str]:
        """As ``2026-11``."""
        return month_of(self.day())


def shifted(moment: AnyColumn, changes: Sequence[tuple[datetime, int]]) -> ColumnElement[int]:
    """Seconds since 1970, as clocks with these changes show them: ``lib.zones.changes``."""
    return micros(moment) // 1_000_000 + _shift(moment, changes)


def _shift(moment: AnyColumn, changes: Sequence[tuple[datetime, int]]) -> ColumnElement[int]:
    """The zone's offset in seconds at a moment: (from when, offset), found by halves, for a zone may have changed often."""
    if len(changes) == 1:
        return literal(changes[0][1], Integer, literal_execute=True)
    middle = len(changes) // 2
    return case((moment < changes[middle][0], _shift(moment, changes[:middle])), else_=_shift(moment, changes[middle:]))
