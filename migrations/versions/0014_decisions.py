"""decisions: what words mean, decided on the page or by the API

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("meaning", JsonColumn, nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", UtcDateTime, nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("calls", sa.Integer(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_connection", "decisions", ["connection", "id"])
    op.create_index("ix_decisions_state", "decisions", ["state"])


def downgrade() -> None:
    """Loses the decisions that were not written into the settings file, and their history."""
    op.drop_table("decisions")
