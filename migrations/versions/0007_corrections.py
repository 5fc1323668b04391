"""corrections: when a settled row was corrected, what each revision changed, and an index for the CRM's own key

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from models.base import JsonColumn, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE = """
    id, connection, dialer, call_id, attempt_id, lead_id, campaign_id, campaign_name, queue_id, queue_name, direction,
    customer_number, customer_number_raw, customer_name,
    agent_id, agent_name, agent_username, agent_number, agent_extension,
    connect_outcome, answered_by, disposition, disposition_parent, flags, settling, is_final, status_raw, hangup_cause,
    lead_status, created_at, started_at, answered_at, ended_at, disposed_at, callback_at,
    ring_seconds, talk_seconds, duration_seconds, recording_url, notes, custom_fields, crm_reference, sources,
    merged_into, revision, first_seen_at, changed_at"""
VIEW = "CREATE VIEW call_outcomes_v1 AS SELECT {} FROM call_outcomes WHERE merged_into IS NULL"


def upgrade() -> None:
    op.add_column("call_outcomes", sa.Column("corrected_at", UtcDateTime, nullable=True))
    # What the running release writes meanwhile, and what older ones wrote, has none: shown as null.
    op.add_column("call_outcomes", sa.Column("changed_fields", JsonColumn, nullable=True))
    op.create_index(
        "ix_call_outcomes_crm_reference",
        "call_outcomes",
        ["crm_reference"],
        sqlite_where=sa.text("crm_reference IS NOT NULL"),
        postgresql_where=sa.text("crm_reference IS NOT NULL"),
        postgresql_using="hash",
    )
    # At the end, where PostgreSQL lets a view grow while others stand on it.
    view = VIEW.format(BEFORE + ", corrected_at")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))
    else:
        op.execute("DROP VIEW call_outcomes_v1")
        op.execute(view)


def downgrade() -> None:
    """Loses which settled rows were corrected, and what the last revisions changed."""
    op.execute("DROP VIEW call_outcomes_v1")
    op.execute(VIEW.format(BEFORE))
    op.drop_index("ix_call_outcomes_crm_reference", "call_outcomes")
    op.drop_column("call_outcomes", "changed_fields")
    op.drop_column("call_outcomes", "corrected_at")
