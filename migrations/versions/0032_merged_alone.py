"""merged alone: the indexes of merged rows and of what is waited for leave out the rows that are neither, nearly all

Revision ID: 0032
Revises: 0031

Every row was in both with a null. Reading the table once for each holds up whoever folds, not who keeps callbacks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

COLUMNS = ("merged_into", "settle_by")


def upgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"ix_call_outcomes_{column}", "call_outcomes")
        filled = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_call_outcomes_{column}", "call_outcomes", [column], sqlite_where=filled, postgresql_where=filled
        )


def downgrade() -> None:
    """Loses nothing."""
    for column in COLUMNS:
        op.drop_index(f"ix_call_outcomes_{column}", "call_outcomes")
        op.create_index(f"ix_call_outcomes_{column}", "call_outcomes", [column])
