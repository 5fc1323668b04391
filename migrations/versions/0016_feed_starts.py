"""feed starts: where the feed was whenever a worker started

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_starts",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_feed_starts")),
        sa.UniqueConstraint("id", name=op.f("uq_feed_starts_id")),
    )
    op.execute("INSERT INTO feed_starts (number, id, position) VALUES (1, 'first', 0)")


def downgrade() -> None:
    """Loses what tells a reader that is ahead of a restored database when no place was kept beside it."""
    op.drop_table("feed_starts")
