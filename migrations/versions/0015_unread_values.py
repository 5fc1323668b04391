"""unread values: an index for events whose record states something that cannot be read

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_call_events_unread",
        "call_events",
        ["outcome_id"],
        sqlite_where=sa.text("(instr(facts, '\"_unread\":') > 0)"),
        postgresql_where=sa.text("((facts -> '_unread') IS NOT NULL)"),
    )


def downgrade() -> None:
    """Loses nothing but speed."""
    op.drop_index("ix_call_events_unread", "call_events")
