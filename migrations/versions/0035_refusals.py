"""refusals: when a destination's CRM was asked whom not to call

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("destinations", sa.Column("refusals_due", UtcDateTime, nullable=True))
    op.add_column("destinations", sa.Column("refusals_at", UtcDateTime, nullable=True))
    op.add_column("destinations", sa.Column("refusals_unread", sa.Integer(), nullable=True))
    op.add_column("destinations", sa.Column("refusals_error", sa.Text(), nullable=True))


def downgrade() -> None:
    """Loses when CRMs were asked last."""
    for name in ("refusals_error", "refusals_unread", "refusals_at", "refusals_due"):
        op.drop_column("destinations", name)
