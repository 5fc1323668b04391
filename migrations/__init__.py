"""Alembic, configured in code: ``upgrade(database)`` brings a database to the present schema."""

from pathlib import Path

import click
import psycopg
from alembic import command
from alembic.config import Config

from models.database import Database

FOLDER = Path(__file__).parent
CONNECT_SECONDS = 5


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
    """Migrate up to the revision. Safe to call from several processes at once: one works, the others wait. Raises NotUnicode."""
    _refuse_other_than_unicode(database)
    command.upgrade(config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Migrate down to the revision. Loses what the newer schema alone could hold; each migration says what."""
    command.downgrade(config(database), revision)


def _refuse_other_than_unicode(database: Database) -> None:
    if database.is_sqlite:
        return
    # Not by way of the engine, which fails to understand an SQL_ASCII server's answers before anybody could ask.
    words, options = database.engine.dialect.create_connect_args(database.url)
    try:
        with psycopg.connect(*words, **{"connect_timeout": CONNECT_SECONDS} | options) as connection:
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.OperationalError:  # away: the migration will say so itself
        return
    if encoding not in (None, "UTF8"):
        raise NotUnicode(encoding)
