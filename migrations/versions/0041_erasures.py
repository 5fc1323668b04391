"""erasures: persons who were erased, by a keyed hash, and which receipts were blanked

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", Guid, nullable=False),
        sa.Column("stand_in", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=True),
        sa.Column("erased_at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("keep_uncalled", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("place", JsonColumn, nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("counts", JsonColumn, nullable=False),
        sa.Column("told", JsonColumn, nullable=False),
        sa.Column("left", JsonColumn, nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("touched", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("lease_owner", sa.String(200), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.CheckConstraint("state IN ('running', 'done')", name="state"),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_stand_in", "erasures", ["stand_in"])
    running = sa.text("state = 'running'")
    op.create_index("ix_erasures_running", "erasures", ["id"], sqlite_where=running, postgresql_where=running)
    op.add_column("receipts", sa.Column("erased_at", UtcDateTime, nullable=True))


def downgrade() -> None:
    """Loses who was erased, so that their calls may be told again; what was erased stays so. A release before this one cannot read
    what stands in a blanked receipt, and puts it into quarantine where it is read again."""
    op.drop_column("receipts", "erased_at")
    op.drop_table("erasures")
