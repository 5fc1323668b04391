"""Alembic, configured in code: ``upgrade(database)`` brings a database to the present schema."""

from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from models.database import Database
from models.schema import is_newer, known

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


def config(database: Database) -> Config:
    """The alembic configuration for one database, for ``alembic.command``."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.attributes["database"] = database
    return settings


def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate up to the revision. Safe to call from several processes at once: one works, the others wait. Raises NotUnicode
    and NewerSchema, and where the database is away what SQLAlchemy raises."""
    _refuse_other_than_unicode(database)
    _refuse_newer(database)
    command.upgrade(config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Migrate down to the revision. Loses what the newer schema alone could hold; each migration says what."""
    command.downgrade(config(database), revision)


def _refuse_newer(database: Database) -> None:
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and is_newer(found):
        raise NewerSchema(found)


def _refuse_other_than_unicode(database: Database) -> None:
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
