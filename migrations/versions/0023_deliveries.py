"""deliveries: destinations, what each is to be sent, and what their accounts allow

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OPERATIONS = ("log_call", "set_status", "remove_call", "post_event")
_STATES = ("pending", "sending", "done", "held", "refused", "parked", "unknown", "undone")
_OPEN = sa.text("state IN ('pending', 'sending', 'parked', 'unknown')")
_HAS_REASON = sa.text("reason IS NOT NULL")
_STATUS_DONE = sa.text("operation = 'set_status' AND state = 'done'")


def upgrade() -> None:
    op.create_table(
        "destinations",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("followed_at", UtcDateTime, nullable=False),
        sa.Column("since", UtcDateTime, nullable=True),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("paused_at", UtcDateTime, nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("parked_until", UtcDateTime, nullable=True),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error_id", sa.String(64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("lease_owner", sa.String(200), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_destinations"),
    )
    op.create_table(
        "portal_budgets",
        sa.Column("portal", sa.String(200), nullable=False),
        sa.Column("limit", sa.String(64), nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("spent_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("portal", "limit", name="pk_portal_budgets"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", Guid, nullable=False),
        sa.Column("destination", sa.String(200), nullable=False),
        sa.Column("outcome_id", Guid, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("record_id", sa.String(200), nullable=True),
        sa.Column("remote_id", sa.String(200), nullable=True),
        sa.Column("remote_url", sa.Text(), nullable=True),
        sa.Column("candidates", JsonColumn, nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("before", JsonColumn, nullable=True),
        sa.Column("after", JsonColumn, nullable=True),
        sa.Column("changed_fields", JsonColumn, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", UtcDateTime, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("settled_at", UtcDateTime, nullable=True),
        sa.CheckConstraint(f"operation IN {_OPERATIONS}", name="operation"),
        sa.CheckConstraint(f"state IN {_STATES}", name="state"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint(
            "destination",
            "outcome_id",
            "operation",
            "revision",
            name="uq_deliveries_destination_outcome_id_operation_revision",
        ),
    )
    op.create_index("ix_deliveries_outcome", "deliveries", ["outcome_id", "id"])
    op.create_index("ix_deliveries_state", "deliveries", ["destination", "state", "operation", "id"])
    op.create_index(
        "ix_deliveries_reason",
        "deliveries",
        ["destination", "state", "reason", "id"],
        sqlite_where=_HAS_REASON,
        postgresql_where=_HAS_REASON,
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["destination", "due_at", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_deliveries_record",
        "deliveries",
        ["destination", "record_id", "occurred_at"],
        sqlite_where=_STATUS_DONE,
        postgresql_where=_STATUS_DONE,
    )


def downgrade() -> None:
    """Loses what was sent to destinations: they would be sent it again."""
    op.drop_table("deliveries")
    op.drop_table("portal_budgets")
    op.drop_table("destinations")
