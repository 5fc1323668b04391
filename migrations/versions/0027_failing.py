"""failing: to which account a destination writes, and since when it, or one of its deliveries, has been tried in vain

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("destinations", sa.Column("account", sa.String(200), nullable=True))
    op.add_column("destinations", sa.Column("failing_since", UtcDateTime, nullable=True))
    op.add_column("deliveries", sa.Column("failing_since", UtcDateTime, nullable=True))


def downgrade() -> None:
    """Loses which accounts destinations have written to: another one's credentials would go unnoticed once."""
    op.drop_column("deliveries", "failing_since")
    op.drop_column("destinations", "failing_since")
    op.drop_column("destinations", "account")
