"""callback pace: how many callbacks came in which hour

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callback_pace",
        sa.Column("connection", sa.String(200), primary_key=True),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("counted_to", UtcDateTime, nullable=False),
    )
    op.create_table(
        "callback_hours",
        sa.Column("connection", sa.String(200), primary_key=True),
        sa.Column("hour", UtcDateTime, primary_key=True),
        sa.Column("callbacks", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Loses what was learned; it is counted again from the receipts of the last weeks."""
    op.drop_table("callback_hours")
    op.drop_table("callback_pace")
