"""Alembic, configured in code: ``upgrade(database)`` brings a database to the present schema.

Alembic is loaded where something is to be migrated: who finds the present schema, as every command and every start but the
first, starts a tenth sooner without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import inspect, text

from models.database import Database
from models.schema import VERSION_TABLE, is_newer, known

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
CONNECT_SECONDS = 5
NEWER_SCHEMA = 3  # the exit code of a command that finds one


class NewerSchema(click.ClickException):
    """The database was made by a newer release. Whoever migrates is a command, which ends with this sentence and this code."""

    exit_code = NEWER_SCHEMA

    def __init__(self, revision: str):
        super().__init__(
            f"The database was made by a newer release of Wrapup: its schema is {revision}, this release knows up to "
            f"{max(known())}. Start that release, or restore a backup from before it; nothing was changed."
        )


class NotUnicode(click.ClickException):
    """The database cannot hold every text. Whoever migrates is a command, which ends with this sentence and code 1."""

    def __init__(self, encoding: str):
        super().__init__(
            f"The database's encoding is {encoding}; Wrapup needs UTF8: CREATE DATABASE ... ENCODING 'UTF8'."
        )


def config(database: Database) -> "Config":
    """The alembic configuration for one database, for ``alembic.command``."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.attributes["database"] = database
    return settings


def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate up to the revision. Safe to call from several processes at once: one works, the others wait. Raises NotUnicode
    and NewerSchema, and where the database is away what SQLAlchemy raises."""
    refuse_other_than_unicode(database)
    database.make()
    found = _present(database)
    if is_newer(found):
        raise NewerSchema(str(found))
    if revision == "head" and found == max(known()):
        return
    from alembic import command

    command.upgrade(config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Migrate down to the revision. Loses what the newer schema alone could hold; each migration says what."""
    from alembic import command

    command.downgrade(config(database), revision)


def _present(database: Database) -> str | None:
    """The database's revision; None where there is no schema yet."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
        return found


def refuse_other_than_unicode(database: Database) -> None:
    """Raises NotUnicode; of a server that is away nothing is known."""
    if database.is_sqlite:
        return
    import psycopg  # not where nobody needs it: it takes megabytes

    # Not by way of the engine, which fails to understand an SQL_ASCII server's answers before anybody could ask.
    words, options = database.engine.dialect.create_connect_args(database.url)
    try:
        with psycopg.connect(*words, **{"connect_timeout": CONNECT_SECONDS, **options}) as connection:
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.OperationalError:  # away: the migration will say so itself
        return
    if encoding not in (None, "UTF8"):
        raise NotUnicode(encoding)
