"""quarantine: what was dismissed, and which tokens were ours

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("dismissed_at", UtcDateTime, nullable=True))
    op.add_column("receipts", sa.Column("dismissed_by", sa.Text(), nullable=True))
    op.create_table(
        "known_tokens",
        sa.Column("connection", sa.String(200), primary_key=True),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    """Loses what was dismissed, which is in quarantine like the rest again, and which tokens were ours."""
    op.drop_table("known_tokens")
    op.drop_column("receipts", "dismissed_by")
    op.drop_column("receipts", "dismissed_at")
