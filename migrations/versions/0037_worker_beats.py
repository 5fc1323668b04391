"""worker_beats: when the loops of each worker went round last

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

from models.base import JsonColumn, UtcDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker_beats",
        sa.Column("worker", sa.String(200), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("beat_at", UtcDateTime, nullable=False),
        sa.Column("loops", JsonColumn, nullable=False),
        sa.PrimaryKeyConstraint("worker", name="pk_worker_beats"),
    )


def downgrade() -> None:
    """Loses whether workers live, until their next beat."""
    op.drop_table("worker_beats")
