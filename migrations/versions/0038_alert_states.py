"""alert_states: which alerts there are, and who was told what

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

from models.base import JsonColumn, UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_states",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("document", JsonColumn, nullable=False),
        sa.Column("lease_owner", sa.String(200), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_alert_states"),
    )


def downgrade() -> None:
    """Loses who was told what: alerts that are on are told once more."""
    op.drop_table("alert_states")
