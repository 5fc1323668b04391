"""leads in doubt: an index to count them by

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_loaded_leads_unknown",
        "loaded_leads",
        ["connection", "load_id"],
        sqlite_where=sa.text("state = 'unknown'"),
        postgresql_where=sa.text("state = 'unknown'"),
    )


def downgrade() -> None:
    """Loses nothing but speed."""
    op.drop_index("ix_loaded_leads_unknown", "loaded_leads")
