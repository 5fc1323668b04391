"""kept: the log of what persons did goes by its age as well, where the settings say so

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

BEFORE = ("receipts", "quarantine", "deliveries", "outcomes", "loads", "snapshots")


def upgrade() -> None:
    _kinds((*BEFORE, "audit"))


def downgrade() -> None:
    """Loses how far the log has been deleted, which nothing else depends on."""
    op.execute("DELETE FROM kept WHERE kind = 'audit'")
    _kinds(BEFORE)


def _kinds(kinds: tuple[str, ...]) -> None:
    check = sa.CheckConstraint(f"kind IN {kinds}", name="kind")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("kind", "kept", type_="check")
        op.create_check_constraint("kind", "kept", f"kind IN {kinds}")
        return
    op.rename_table("kept", "kept_before")  # SQLite changes no check; the table has a row for each kind
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
        check,
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_kept")),
    )
    op.execute("INSERT INTO kept SELECT * FROM kept_before")
    op.drop_table("kept_before")
