"""stood: what a row showed 24 hours after its call, where it has changed since

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null in rows of before. Those that are not changed any more show it themselves: outcomes.stood.
    op.add_column("call_outcomes", sa.Column("stood_connect_outcome", sa.String(64), nullable=True))
    op.add_column("call_outcomes", sa.Column("stood_contact", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Loses what changed rows had shown."""
    op.drop_column("call_outcomes", "stood_contact")
    op.drop_column("call_outcomes", "stood_connect_outcome")
