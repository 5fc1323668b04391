"""forgiven: which slips were passed over when a receipt was read

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was read before says nothing of it; reading it again does.
    op.add_column("receipts", sa.Column("forgiven", sa.Text, nullable=True))
    op.create_index(
        "ix_receipts_forgiven",
        "receipts",
        ["connection", "received_at"],
        sqlite_where=sa.text("forgiven IS NOT NULL"),
        postgresql_where=sa.text("forgiven IS NOT NULL"),
    )


def downgrade() -> None:
    """Loses which slips were passed over; the receipts are the same."""
    op.drop_index("ix_receipts_forgiven", table_name="receipts")
    op.drop_column("receipts", "forgiven")
