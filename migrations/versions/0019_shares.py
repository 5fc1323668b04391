"""shares: which share of what strangers may fill a receipt fills

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What strangers have already is shared out at the next start: which names are configured, only the settings know.
    op.add_column("receipts", sa.Column("share", sa.String(200), nullable=True))
    op.add_column("receipts", sa.Column("known_sender", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_receipts_share",
        "receipts",
        ["share", "known_sender", "id"],
        sqlite_where=sa.text("stranger IS 1"),
        postgresql_where=sa.text("stranger IS true"),
    )
    op.create_table(
        "stranger_shares",
        sa.Column("connection", sa.String(200), primary_key=True),
        sa.Column("receipts", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("dropped", sa.BigInteger(), nullable=False),
        sa.Column("last_dropped_at", UtcDateTime, nullable=True),
    )


def downgrade() -> None:
    """Loses how much was dropped of each connection; the sum of it stays."""
    op.drop_table("stranger_shares")
    op.drop_index("ix_receipts_share", table_name="receipts")
    op.drop_column("receipts", "known_sender")
    op.drop_column("receipts", "share")
