"""schedules: views that are sent by themselves, and each moment at which one was due

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_WAYS = ("mail", "folder", "bucket")
_STATES = ("pending", "sending", "sent", "failed", "unknown", "missed")
_OPEN = sa.text("state IN ('pending', 'sending')")
_TO_TELL = sa.text("tell_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", Guid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("view_id", Guid, nullable=False),
        sa.Column("way", sa.String(64), nullable=False),
        sa.Column("recipients", JsonColumn, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("at", JsonColumn, nullable=False),
        sa.Column("weekdays", JsonColumn, nullable=False),
        sa.Column("month_day", sa.Integer(), nullable=True),
        sa.Column("tz", sa.String(64), nullable=False),
        sa.Column("tell", sa.String(200), nullable=True),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("paused_at", UtcDateTime, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(f"way IN {_WAYS}", name="way"),
        sa.ForeignKeyConstraint(["view_id"], ["views.id"], name="fk_schedules_view_id_views"),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.UniqueConstraint("name", name="uq_schedules_name"),
    )
    op.create_index("ix_schedules_view_id", "schedules", ["view_id"])
    op.create_table(
        "scheduled_sends",
        sa.Column("id", Guid, nullable=False),
        sa.Column("schedule_id", Guid, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("settled_at", UtcDateTime, nullable=True),
        sa.Column("tell_at", UtcDateTime, nullable=True),
        sa.Column("told_at", UtcDateTime, nullable=True),
        sa.Column("lease_owner", sa.String(200), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.CheckConstraint(f"state IN {_STATES}", name="state"),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled_sends"),
        sa.UniqueConstraint("schedule_id", "due_at", "trial", name="uq_scheduled_sends_schedule_id_due_at_trial"),
    )
    op.create_index("ix_scheduled_sends_schedule", "scheduled_sends", ["schedule_id", "id"])
    op.create_index(
        "ix_scheduled_sends_open", "scheduled_sends", ["next_at", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index(
        "ix_scheduled_sends_to_tell",
        "scheduled_sends",
        ["tell_at", "id"],
        sqlite_where=_TO_TELL,
        postgresql_where=_TO_TELL,
    )


def downgrade() -> None:
    """Loses all schedules, and what was sent by them."""
    op.drop_table("scheduled_sends")
    op.drop_table("schedules")
