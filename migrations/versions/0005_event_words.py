"""event words: an index for events in words that nobody has mapped

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_call_events_word",
        "call_events",
        ["outcome_id"],
        sqlite_where=sa.text("json_extract(facts, '$._word') IS NOT NULL"),
        postgresql_where=sa.text("facts ->> '_word' IS NOT NULL"),
    )


def downgrade() -> None:
    """Loses nothing but speed."""
    op.drop_index("ix_call_events_word", "call_events")
