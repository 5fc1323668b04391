"""feed epoch: a reader that is ahead of a restored database is told

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# With defaults, because the running release goes on taking places while this is added: they are of the first epoch.
COLUMNS = (("epoch", "1"), ("stands_to", "0"), ("begins_above", "0"))


def upgrade() -> None:
    for name, default in COLUMNS:
        op.add_column("change_feed", sa.Column(name, sa.BigInteger(), nullable=False, server_default=default))


def downgrade() -> None:
    """Loses the epoch: cursors given out since the first one are not understood any more."""
    for name, _ in reversed(COLUMNS):
        op.drop_column("change_feed", name)
