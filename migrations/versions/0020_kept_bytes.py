"""kept_bytes: what a stranger's receipt takes, with everything that is kept beside its body

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("kept_bytes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Loses nothing: the next start of the older release counts bodies."""
    op.drop_column("receipts", "kept_bytes")
