"""How a question is written for DuckDB: SQLAlchemy's statements, compiled. DuckDB reads PostgreSQL's SQL but for the few words
below; whatever each database says in its own way (``queries.expressions``) has a version for it.

Only compiled here, never connected: who asks is another process (``queries.mirror.process``).
"""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect, PGTypeCompiler
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.types import TypeEngine

from models.database import AnySelect

NAME = "duckdb"
Parameters = list[Any]


class _Compiler(PGCompiler):
    def visit_floordiv_binary(self, binary: BinaryExpression[Any], operator: Any, **options: Any) -> str:
        left, right = (self.process(side, **options) for side in (binary.left, binary.right))
        return f"({left} // {right})"


class _Types(PGTypeCompiler):
    def visit_JSONB(self, type_: TypeEngine[Any], **options: Any) -> str:
        return "VARCHAR"  # as its text, in the mirror as in the view


class Dialect(PGDialect):
    name = NAME
    has_made = True  # whether the tables have the columns of ``queries.mirror.columns.MADE``
    supports_statement_cache = True
    default_paramstyle = "numeric_dollar"
    statement_compiler = _Compiler
    type_compiler_cls = _Types


_DIALECT: Any = Dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


def written(statement: AnySelect | ClauseElement) -> tuple[str, Parameters]:
    """The statement's text and its parameters in order, as DuckDB takes them."""
    compiled: Any = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    given = compiled.construct_params()
    names = compiled.positiontup or []
    return str(compiled), [_stored(compiled.binds.get(name), given[name]) for name in names]


def _stored(bound: Any, value: Any) -> Any:
    if bound is None or isinstance(value, UUID):
        return value
    process = bound.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return process(value) if process else value
