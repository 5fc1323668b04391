"""take outs: leads that dialers have and whose numbers must not be called

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "take_outs",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("ref", sa.String(200), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("suppression_id", Guid, nullable=False),
        sa.Column("loaded_lead", Guid, nullable=True),
        sa.Column("target", sa.String(200), nullable=True),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("settled_at", UtcDateTime, nullable=True),
        sa.Column("settled_by", sa.String(200), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'sending', 'done', 'by_hand', 'left')", name="state"),
        sa.PrimaryKeyConstraint("id", name="pk_take_outs"),
        sa.ForeignKeyConstraint(["suppression_id"], ["suppressions.id"], name="fk_take_outs_suppression_id_suppressions"),
        sa.ForeignKeyConstraint(["loaded_lead"], ["loaded_leads.id"], name="fk_take_outs_loaded_lead_loaded_leads"),
        sa.UniqueConstraint("connection", "ref", name="uq_take_outs_connection_ref"),
    )
    for name, columns, condition in (
        ("ix_take_outs_due", ["connection", "due_at"], "state IN ('pending', 'sending')"),
        ("ix_take_outs_by_hand", ["id"], "state = 'by_hand'"),
    ):
        where = sa.text(condition)
        op.create_index(name, "take_outs", columns, sqlite_where=where, postgresql_where=where)
    op.add_column("suppressions", sa.Column("spread_at", UtcDateTime, nullable=True))
    unspread = sa.text("spread_at IS NULL")
    op.create_index(
        "ix_suppressions_unspread", "suppressions", ["id"], sqlite_where=unspread, postgresql_where=unspread
    )


def downgrade() -> None:
    """Loses which leads a person has to take out by hand."""
    op.drop_index("ix_suppressions_unspread", "suppressions")
    op.drop_column("suppressions", "spread_at")
    op.drop_table("take_outs")
