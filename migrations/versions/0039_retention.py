"""retention: how far each kind has been deleted; receipts may go, though others name them, and on PostgreSQL a month at once

Revision ID: 0039
Revises: 0038

A table of more than SMALL receipts is left alone on PostgreSQL: the worker parts it beside its other work (``models.parting``). On
SQLite a foreign key is taken out of the statement that the database keeps of a table, as its documentation has it for this purpose:
no row is touched, however many there are.
"""

import sqlalchemy as sa
from alembic import op

from lib import clock
from models import parting
from models.base import UtcDateTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SMALL = 20_000
KINDS = ("receipts", "quarantine", "deliveries", "outcomes", "loads", "snapshots")


def upgrade() -> None:
    op.create_table(
        "kept",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("since", UtcDateTime, nullable=True),
        sa.Column("deleting", sa.Boolean(), nullable=False),
        sa.Column("rounds", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", UtcDateTime, nullable=True),
        sa.Column("announced", UtcDateTime, nullable=True),
        sa.Column("announced_at", UtcDateTime, nullable=True),
        sa.Column("failing_since", UtcDateTime, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(f"kind IN {KINDS}", name="kind"),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_kept")),
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _rewrite(connection, _without_key)
        return
    few = sa.text(f"SELECT count(*) FROM (SELECT 1 FROM receipts LIMIT {SMALL + 1}) AS few")
    if connection.scalar(few) <= SMALL:
        now = clock.now()
        parting.bind(connection, now)
        connection.exec_driver_sql(f"ALTER TABLE receipts VALIDATE CONSTRAINT {parting.BOUND}")
        parting.part(connection)
        while parting.make_ahead(connection, now):
            pass


def downgrade() -> None:
    """Loses how far each kind has been deleted: what names a receipt that is gone stays, and nothing says any more that it is.
    On PostgreSQL receipts are copied, all but those from before they were parted."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _rewrite(connection, _with_key)
    else:
        parting.unite(connection)
        connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
        for table in parting.REFERRING:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {_name(table)}")
            # Of those that are there nothing is asked: some may name a receipt that was deleted.
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD {_key(table)} NOT VALID")
    op.drop_table("kept")


def _name(table: str) -> str:
    return f"fk_{table}_receipt_id_receipts"


def _key(table: str) -> str:
    return f"CONSTRAINT {_name(table)} FOREIGN KEY(receipt_id) REFERENCES receipts (id)"


def _without_key(table: str, written: str) -> str:
    before, key, after = written.partition(_key(table))
    if not key:
        raise RuntimeError(f"{table} is not written as a migration has written it; nothing was changed.")
    return before.rstrip().removesuffix(",") + after


def _with_key(table: str, written: str) -> str:
    return written.rstrip().removesuffix(")").rstrip() + f", \n\t{_key(table)}\n)"


def _rewrite(connection: sa.Connection, how) -> None:
    schema = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for table in parting.REFERRING:
        named = (table,)
        written = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", named)
        changed = how(table, written.scalar_one())
        connection.exec_driver_sql(
            "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (changed, table)
        )
    connection.exec_driver_sql(f"PRAGMA schema_version = {schema + 1}")  # so that whoever has it open reads it anew
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
