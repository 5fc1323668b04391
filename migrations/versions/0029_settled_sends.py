"""an index of when sends were settled: the latest are counted, the oldest deleted

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_scheduled_sends_settled", "scheduled_sends", ["settled_at", "state"])


def downgrade() -> None:
    op.drop_index("ix_scheduled_sends_settled", "scheduled_sends")
