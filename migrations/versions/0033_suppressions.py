"""suppressions: numbers that must not be called

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", Guid, nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("number_raw", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("until", UtcDateTime, nullable=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("taken_off_at", UtcDateTime, nullable=True),
        sa.Column("taken_off_by", sa.String(200), nullable=True),
        sa.CheckConstraint("source IN ('person', 'outcome', 'crm')", name="source"),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
    )
    is_open = sa.text("taken_off_at IS NULL")
    op.create_index(
        "ix_suppressions_open",
        "suppressions",
        ["number", "source", "origin"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_suppressions_number", "suppressions", ["number", "id"])
    op.create_index("ix_suppressions_origin", "suppressions", ["origin"])


def downgrade() -> None:
    """Loses which numbers must not be called: write the list down before."""
    op.drop_table("suppressions")
