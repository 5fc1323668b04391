"""first sent: when the request of a lead was made first, which says how old its key is

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What the running release sends meanwhile has none; its sent_at stands for it.
    op.add_column("loaded_leads", sa.Column("first_sent_at", UtcDateTime, nullable=True))


def downgrade() -> None:
    """Loses when requests that are still in doubt were made first: they are sent again however old they are."""
    op.drop_column("loaded_leads", "first_sent_at")
