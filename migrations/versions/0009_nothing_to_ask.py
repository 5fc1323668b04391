"""nothing to ask: when a layer was looked at and had nothing to ask for, which is not the same as being complete

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The running release goes on to say "complete" of those until it is replaced.
    op.add_column("poll_cursors", sa.Column("idle_at", UtcDateTime, nullable=True))


def downgrade() -> None:
    """Loses which layers have nothing to ask for; they are looked at again within their interval."""
    op.drop_column("poll_cursors", "idle_at")
