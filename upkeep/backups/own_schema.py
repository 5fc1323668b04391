"""The schema of PostgreSQL that a backup's tables are put into: the one where they were, and where this role looks for them.

That is ``public``, unless the role's search_path or the URL says otherwise. Then ``public`` may be somebody else's, and stays."""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, text

from models.database import Database
from upkeep.backups import postgresql
from upkeep.backups.manifest import DUMP
from upkeep.backups.refused import Refused


def found(backup: Path, connection: Connection, pg_restore: Path) -> str:
    """Its name; it is made where it is not there. Raises Refused."""
    named = postgresql.schema_of(pg_restore, backup / DUMP)
    if postgresql.schema(connection) is None:
        connection.execute(text(f"CREATE SCHEMA {_quoted(connection, named)}"))
    own = postgresql.schema(connection)
    if own != named:
        raise Refused(
            f"The backup's tables are of the schema {named}, and this role looks for them in {own or 'another one'}. Have its "
            f"search_path begin with {named}; nothing was changed."
        )
    return named


def move(connection: Connection, own: str, aside: str) -> None:
    """All that is in it is in another one then, and it is empty."""
    connection.execute(text(f"ALTER SCHEMA {_quoted(connection, own)} RENAME TO {_quoted(connection, aside)}"))
    connection.execute(text(f"CREATE SCHEMA {_quoted(connection, own)}"))


def put_back(database: Database, own: str, aside: str) -> None:
    """What was moved aside is the database again; without it what was put there goes."""
    database.engine.dispose()
    with suppress(Exception), database.engine.begin() as connection:
        quoted = _quoted(connection, own)
        connection.execute(text(f"DROP SCHEMA {quoted} CASCADE"))
        moved = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        if connection.scalar(moved, {"name": aside}):
            connection.execute(text(f"ALTER SCHEMA {_quoted(connection, aside)} RENAME TO {quoted}"))
        else:
            connection.execute(text(f"CREATE SCHEMA {quoted}"))


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
