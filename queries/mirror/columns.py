"""The columns of the mirror: those of the table that any reader sees, under the same names, and how they come out of a database
as CSV and into Parquet."""

from typing import Any

from sqlalchemy import Boolean, Integer

from models import CallOutcome
from models.base import POSTGRESQL, Guid, UtcDateTime
from models.database import AnyColumn
from models.shown import COLUMNS as SHOWN

# What any reader sees, and what one report asks besides.
COLUMNS = (*SHOWN, "stood_connect_outcome", "stood_contact")
MONTH = "strftime(occurred_at, '%Y-%m')"
NULL = "\\N"  # what is written for an absent fact; a text that reads so stands in quotes


def _type(column: AnyColumn) -> str:
    kind: Any = column.type
    if isinstance(kind, Guid):
        return "UUID"
    if isinstance(kind, UtcDateTime):
        return "TIMESTAMP"
    if isinstance(kind, Boolean):
        return "BOOLEAN"
    return "BIGINT" if isinstance(kind, Integer) else "VARCHAR"


TABLE = CallOutcome.__table__
TYPES: dict[str, str] = {name: _type(TABLE.c[name]) for name in COLUMNS}
NAMES = ", ".join(COLUMNS)


def selected(dialect: str) -> str:
    """The columns as a database writes them, each as DuckDB reads its type. Times are of UTC."""
    return ", ".join(_written(name, dialect) for name in COLUMNS)


def _written(name: str, dialect: str) -> str:
    if TYPES[name] == "TIMESTAMP" and dialect == POSTGRESQL:
        return f"timezone('UTC', {name})"
    return name


def read_csv(path: str) -> str:
    """DuckDB's table of such a file."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    return (
        f"read_csv('{quoted(path)}', columns={{{columns}}}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        f"new_line='\\n', nullstr='{NULL}', allow_quoted_nulls=false, max_line_size=67108864, parallel=false)"
    )


def quoted(text: str) -> str:
    """As it stands between the quotes of SQL."""
    return text.replace("'", "''")
