"""counted deliveries: how many each destination has, and of how many calls, so that nobody counts a million to show it

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_MINE = "FROM deliveries WHERE deliveries.destination = destinations.name"


def upgrade() -> None:
    for name in ("deliveries", "calls"):
        op.add_column("destinations", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        f"UPDATE destinations SET deliveries = (SELECT count(*) {_MINE}), calls = (SELECT count(DISTINCT outcome_id) {_MINE})"
    )


def downgrade() -> None:
    op.drop_column("destinations", "calls")
    op.drop_column("destinations", "deliveries")
