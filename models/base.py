"""Column idioms: annotated types, so that a model reads as a list of facts. The same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CHAR,
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeEngine

SQLITE_TIME = "%Y-%m-%d %H:%M:%S.%f"
# Dialects; the first has no times and UUIDs of its own, and the last only reads, in the mirror.
SQLITE, POSTGRESQL, DUCKDB = "sqlite", "postgresql", "duckdb"


class Base(DeclarativeBase):
    __table__: ClassVar[Table]  # each of ours stands for a table, none for a join or a query
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC. timestamptz on PostgreSQL; on SQLite text that sorts by time; in the mirror a timestamp, of UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = dialect.name in (POSTGRESQL, DUCKDB)
        return dialect.type_descriptor(DateTime(timezone=dialect.name == POSTGRESQL) if native else String(26))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        if dialect.name == DUCKDB:
            return value.replace(tzinfo=None)
        return value if dialect.name == POSTGRESQL else value.strftime(SQLITE_TIME)

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


class Guid(TypeDecorator[UUID]):
    """A UUID: native on PostgreSQL; on SQLite text with its dashes, so that SQL readers see what the API shows."""

    impl = CHAR(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(PgUuid(as_uuid=True) if dialect.name in (POSTGRESQL, DUCKDB) else CHAR(36))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | str | None:
        return value if value is None or dialect.name in (POSTGRESQL, DUCKDB) else str(value)

    def process_result_value(self, value: UUID | str | None, dialect: Dialect) -> UUID | None:
        return value if value is None or isinstance(value, UUID) else UUID(value)


# none_as_null: an absent fact is NULL for SQL readers, not the JSON word null.
JsonColumn = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

Id = Annotated[UUID, mapped_column(Guid, primary_key=True)]
Ref = Annotated[UUID, mapped_column(Guid)]
Word = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(200))]
LongText = Annotated[str, mapped_column(Text)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Count = Annotated[int, mapped_column(Integer)]
Big = Annotated[int, mapped_column(BigInteger)]
Json = Annotated[Any, mapped_column(JsonColumn)]
InnerJson = Annotated[Any, mapped_column(JsonColumn, info={"inner": True})]  # nobody is shown its text
Bytes = Annotated[bytes, mapped_column(LargeBinary)]


def partial_index(name: str, *columns: Any, where: str, sqlite_where: str | None = None, **more: Any) -> Index:
    """An index on some rows alone. ``sqlite_where``, where SQLite says the condition in other words."""
    return Index(name, *columns, sqlite_where=text(sqlite_where or where), postgresql_where=text(where), **more)
