"""links_used: when an export link was last asked

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export_links", sa.Column("used_at", UtcDateTime, nullable=True))


def downgrade() -> None:
    """Loses when each link was last asked."""
    op.drop_column("export_links", "used_at")
