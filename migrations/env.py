"""Runs migrations on the database handed over by ``migrations.config``."""

from alembic import context
from sqlalchemy import text

from models.base import Base
from models.database import unhurried

# Two starting servers must not migrate at once. Any constant will do; this one spells "wrap".
ADVISORY_LOCK = 0x77726170


def run() -> None:
    database = context.config.attributes["database"]
    with database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            unhurried(session)  # else one of a large table is never done, and who waits for another's gives up
            # A migration that waits for a lock makes every later query wait behind it.
            connection.execute(text("SET LOCAL lock_timeout = '30s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=database.is_sqlite,
            compare_type=True,
            compare_server_default=False,
        )
        context.run_migrations()


run()
