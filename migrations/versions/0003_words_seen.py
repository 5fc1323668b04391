"""words seen: indexes for what nobody has mapped, and for leads that were sent

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = (
    (
        "ix_call_outcomes_unknown",
        "call_outcomes",
        ["connection", "id"],
        "connect_outcome = 'unknown' AND is_final AND NOT (merged_into IS NOT NULL)",
    ),
    (
        "ix_call_outcomes_unflagged",
        "call_outcomes",
        ["connection", "id"],
        "disposition IS NOT NULL AND flags = '[]' AND NOT (merged_into IS NOT NULL)",
    ),
    ("ix_loaded_leads_sent", "loaded_leads", ["sent_at"], "state = 'accepted'"),
)


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def downgrade() -> None:
    """Loses nothing but speed."""
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table)
