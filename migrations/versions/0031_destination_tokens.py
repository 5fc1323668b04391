"""destination tokens: what a CRM gave for a while, kept for all processes

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "destination_tokens",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("given", sa.String(64), nullable=False),
        sa.Column("access", sa.Text(), nullable=True),
        sa.Column("access_until", UtcDateTime, nullable=True),
        sa.Column("refresh", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("renewing_since", UtcDateTime, nullable=True),
        sa.Column("refused_until", UtcDateTime, nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.String(200), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_destination_tokens"),
    )


def downgrade() -> None:
    """Loses refresh tokens: where a CRM gives a new one each time, the one of the settings is good no more."""
    op.drop_table("destination_tokens")
