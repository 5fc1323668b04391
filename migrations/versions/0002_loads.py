"""loads: leads on their way into a dialer

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def partial(condition: str) -> dict:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "lead_loads",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("campaign", sa.String(length=200), nullable=True),
        sa.Column("makes_campaign", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("options", JsonColumn, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("parked_at", UtcDateTime, nullable=True),
        sa.Column("finished_at", UtcDateTime, nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'parked')", name="state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_loads")),
    )
    op.create_index("ix_lead_loads_open", "lead_loads", ["connection", "id"], **partial("state <> 'done'"))
    op.create_table(
        "loaded_leads",
        sa.Column("id", Guid, nullable=False),
        sa.Column("load_id", Guid, nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("number_raw", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("given", JsonColumn, nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("dialer_id", sa.String(length=200), nullable=True),
        sa.Column("order_key", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("settled_at", UtcDateTime, nullable=True),
        sa.CheckConstraint("state IN ('pending', 'sending', 'accepted', 'rejected', 'unknown')", name="state"),
        sa.ForeignKeyConstraint(["load_id"], ["lead_loads.id"], name=op.f("fk_loaded_leads_load_id_lead_loads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loaded_leads")),
        sa.UniqueConstraint("load_id", "ordinal", name=op.f("uq_loaded_leads_load_id_ordinal")),
    )
    op.create_index(
        "ix_loaded_leads_open", "loaded_leads", ["load_id", "ordinal"], **partial("state IN ('pending', 'sending')")
    )
    op.create_index(
        "ix_loaded_leads_dialer_id", "loaded_leads", ["connection", "dialer_id"], **partial("dialer_id IS NOT NULL")
    )
    op.create_index("ix_loaded_leads_number", "loaded_leads", ["connection", "number"])
    op.create_table(
        "sending_desks",
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error_id", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_sending_desks")),
    )
    op.create_index("ix_call_outcomes_lead", "call_outcomes", ["connection", "lead_id"], **partial("lead_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_call_outcomes_lead", "call_outcomes")
    for table in ("sending_desks", "loaded_leads", "lead_loads"):
        op.drop_table(table)
