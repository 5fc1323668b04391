"""Alembic, configured in code: ``upgrade(database)`` brings a database to the present schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from models.database import Database

FOLDER = Path(__file__).parent


def config(database: Database) -> Config:
    """The alembic configuration for one database, for ``alembic.command``."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.attributes["database"] = database
    return settings


def upgrade(database: Database, revision: str = "head") -> None:
    """Migrate up to the revision. Safe to call from several processes at once: one works, the others wait."""
    command.upgrade(config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Migrate down to the revision. Loses what the newer schema alone could hold; each migration says what."""
    command.downgrade(config(database), revision)
