"""How a database writes an outcome's cells, so that nobody has to open and close them again: turning each into a Python object
and back is three quarters of the time that an export would take. The twin in Python is ``queries.shape.flat``.

On PostgreSQL times and dates are written in the session's own manner, which ``reading`` sets: UTC, ISO.
"""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from models import CallOutcome
from models.base import SQLITE
from models.database import AnyColumn
from models.shown import AGENT_FIELDS
from queries.exports.child import ID, JSON, TEXT, TIME, TRUTH
from queries.exports.choice import AGENT, Choice, kind

# A spreadsheet runs a cell that begins with one of these as a formula. What is nothing but a plus and ASCII digits, as
# every E.164 number is, can only come to itself; "-5" and "+1+1" are sums. Its twin in Python is ``spreadsheet.is_formula``.
FORMULA = "=+-@\t\r\n＝＋－＠"
_MOST_ARGUMENTS = 90  # of a function: PostgreSQL takes a hundred, SQLite 127


class _OfText(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class stamped(_OfText):
    """A time as CSV has it, all of one width: ``2026-11-18T10:12:52.000000Z``."""

    inherit_cache = True


class quoted_time(_OfText):
    """A time as JSON has it (``lib.clock.iso``, its twin), in quotes: a fraction only where it is not zero; else ``null``."""

    inherit_cache = True


class harmless(_OfText):
    """A text that no spreadsheet runs: behind an apostrophe where it begins as a formula."""

    inherit_cache = True


class quoted_text(_OfText):
    """A text as JSON has it, in quotes; else ``null``."""

    inherit_cache = True


class truth(_OfText):
    """``true`` or ``false``."""

    inherit_cache = True


class json_text(_OfText):
    """A column of JSON as the text of a value."""

    inherit_cache = True


def _inner(element: _OfText, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    return compiler.process(element.clauses, **options)


@compiles(stamped, "postgresql")
def _stamped_postgresql(element: stamped, compiler: SQLCompiler, **options: Any) -> str:
    return f'to_char({_inner(element, compiler, options)}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')'


@compiles(stamped, "sqlite")
def _stamped_sqlite(element: stamped, compiler: SQLCompiler, **options: Any) -> str:
    return f"replace({_inner(element, compiler, options)}, ' ', 'T') || 'Z'"


@compiles(stamped, "duckdb")
def _stamped_duckdb(element: stamped, compiler: SQLCompiler, **options: Any) -> str:
    return f"strftime({_inner(element, compiler, options)}, '%Y-%m-%dT%H:%M:%S.%fZ')"


@compiles(quoted_time, "postgresql")
def _time_postgresql(element: quoted_time, compiler: SQLCompiler, **options: Any) -> str:
    moment = _inner(element, compiler, options)  # date and time are written several times as fast as by to_char
    return f"CASE WHEN {moment} IS NULL THEN 'null' ELSE concat('\"', {moment}::date, 'T', {moment}::time, 'Z\"') END"


@compiles(quoted_time, "duckdb")
def _time_duckdb(element: quoted_time, compiler: SQLCompiler, **options: Any) -> str:
    moment = _inner(element, compiler, options)
    written = f"replace(CAST({moment} AS VARCHAR), ' ', 'T')"
    return f"CASE WHEN {moment} IS NULL THEN 'null' ELSE '\"' || {written} || 'Z\"' END"


@compiles(quoted_time, "sqlite")
def _time_sqlite(element: quoted_time, compiler: SQLCompiler, **options: Any) -> str:
    return f"rtrim(rtrim(replace({_inner(element, compiler, options)}, ' ', 'T'), '0'), '.') || 'Z'"


# What begins with a figure or an ASCII letter, as nearly everything does, is settled by looking at one byte.
_PLAIN = "({0} >= 'A' AND {0} < '{{' OR {0} >= '0' AND {0} < ':')"


@compiles(harmless, "postgresql")
def _harmless_postgresql(element: harmless, compiler: SQLCompiler, **options: Any) -> str:
    text = _inner(element, compiler, options)
    first = f"left({text}, 1) IN ({_members()})"
    plain = _PLAIN.format(f'{text} COLLATE "C"')
    return f"CASE WHEN {plain} THEN {text} WHEN {first} AND {text} !~ '^\\+[0-9]+$' THEN '''' || {text} ELSE {text} END"


@compiles(harmless, "sqlite")
def _harmless_sqlite(element: harmless, compiler: SQLCompiler, **options: Any) -> str:
    text = _inner(element, compiler, options)
    first = f"substr({text}, 1, 1) IN ({_members()})"
    digits = f"({text} GLOB '+[0-9]*' AND substr({text}, 2) NOT GLOB '*[^0-9]*')"
    plain = _PLAIN.format(text)
    return f"CASE WHEN {plain} THEN {text} WHEN {first} AND NOT {digits} THEN '''' || {text} ELSE {text} END"


@compiles(harmless, "duckdb")
def _harmless_duckdb(element: harmless, compiler: SQLCompiler, **options: Any) -> str:
    text = _inner(element, compiler, options)
    first = f"left({text}, 1) IN ({_members()})"
    digits = f"regexp_full_match({text}, '\\+[0-9]+')"
    return (
        f"CASE WHEN {_PLAIN.format(text)} THEN {text} WHEN {first} AND NOT {digits} THEN '''' || {text} ELSE {text} END"
    )


def _members() -> str:
    return ", ".join(f"'{char}'" for char in FORMULA)


@compiles(quoted_text, "postgresql")
def _text_postgresql(element: quoted_text, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(to_json({_inner(element, compiler, options)})::text, 'null')"


@compiles(quoted_text, "duckdb")
def _text_duckdb(element: quoted_text, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(CAST(to_json({_inner(element, compiler, options)}) AS VARCHAR), 'null')"


@compiles(quoted_text, "sqlite")
@compiles(json_text, "postgresql")
@compiles(json_text, "duckdb")
def _as_it_is(element: _OfText, compiler: SQLCompiler, **options: Any) -> str:
    return _inner(element, compiler, options)  # json_object does it


@compiles(json_text, "sqlite")
def _json_sqlite(element: json_text, compiler: SQLCompiler, **options: Any) -> str:
    text = _inner(element, compiler, options)
    return f"CASE WHEN json_valid({text}) THEN json({text}) ELSE {text} END"  # one bad value must not end an export


@compiles(truth)
def _truth(element: truth, compiler: SQLCompiler, **options: Any) -> str:
    return f"CASE WHEN {_inner(element, compiler, options)} THEN 'true' ELSE 'false' END"


@compiles(truth, "sqlite")
def _truth_sqlite(element: truth, compiler: SQLCompiler, **options: Any) -> str:
    # A type of its own to json_object, which would write a text.
    return f"json(CASE WHEN {_inner(element, compiler, options)} THEN 'true' ELSE 'false' END)"


def table(choice: Choice, guarded: bool) -> list[AnyColumn]:
    """The cells of a row, for CSV. ``guarded``: no text is one that a spreadsheet would run."""
    return [_cell(name, guarded) for name in choice.columns]


def _cell(name: str, guarded: bool) -> AnyColumn:
    column: InstrumentedAttribute[Any] = getattr(CallOutcome, name)
    what = kind(name)
    if what == TIME:
        return stamped(column)
    if what == TRUTH:
        return truth(column)
    if what in (ID, JSON):
        return cast(column, Text)
    return harmless(column) if guarded and what == TEXT else column


def present(cell: AnyColumn) -> AnyColumn:
    """The cell, an empty text where the fact is absent."""
    return func.coalesce(cast(cell, Text), "")


def line(choice: Choice, dialect: str) -> ColumnElement[str]:
    """A row as a line of JSON, as the API shows it."""
    return _object(choice.fields, "", dialect)


def _object(names: tuple[str, ...], before: str, dialect: str) -> ColumnElement[str]:
    if dialect == SQLITE:
        pairs: list[Any] = []
        for name in names:
            pairs += [literal(name), _value(name, before, dialect)]
        return func.json_object(*pairs)
    parts: list[Any] = []
    for at, name in enumerate(names):
        parts += [literal(("," if at else "{") + f'"{name}":', literal_execute=True), _value(name, before, dialect)]
    parts.append(literal("}", literal_execute=True))
    groups = [parts[at : at + _MOST_ARGUMENTS] for at in range(0, len(parts), _MOST_ARGUMENTS)]
    return func.concat(*(func.concat(*group) for group in groups))


def _value(name: str, before: str, dialect: str) -> ColumnElement[Any]:
    if name == AGENT and not before:
        return _object(AGENT_FIELDS, "agent_", dialect)
    column: InstrumentedAttribute[Any] = getattr(CallOutcome, before + name)
    what = kind(before + name)
    if what == TIME:
        return quoted_time(column)
    if what == TRUTH:
        return truth(column)
    if what == JSON:
        return json_text(column)
    if what == TEXT:
        return quoted_text(column)
    if dialect == SQLITE:
        return cast(column, Text) if what == ID else column.expression
    text = cast(column, Text)
    return func.coalesce(literal('"').concat(text).concat('"') if what == ID else text, "null")
