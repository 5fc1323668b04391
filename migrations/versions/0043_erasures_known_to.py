"""erasures: what was there when one began, whatever the clocks of hosts said

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("erasures", sa.Column("known_to", UtcDateTime, nullable=True))
    op.add_column("erasures", sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """The ledger's file keeps both."""
    op.drop_column("erasures", "position")
    op.drop_column("erasures", "known_to")
