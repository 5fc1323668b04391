"""first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The one view for SQL readers. Its columns are only ever added to; merged rows are left out, as in lists and reports.
VIEW = """
CREATE VIEW call_outcomes_v1 AS SELECT
    id, connection, dialer, call_id, attempt_id, lead_id, campaign_id, campaign_name, queue_id, queue_name, direction,
    customer_number, customer_number_raw, customer_name,
    agent_id, agent_name, agent_username, agent_number, agent_extension,
    connect_outcome, answered_by, disposition, disposition_parent, flags, settling, is_final, status_raw, hangup_cause,
    lead_status, created_at, started_at, answered_at, ended_at, disposed_at, callback_at,
    ring_seconds, talk_seconds, duration_seconds, recording_url, notes, custom_fields, crm_reference, sources,
    merged_into, revision, first_seen_at, changed_at
FROM call_outcomes WHERE merged_into IS NULL
"""


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", Guid, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JsonColumn, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_keys_secret_hash")),
    )
    op.create_table(
        "call_groups",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("dialer", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_groups")),
    )
    op.create_table(
        "change_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_feed")),
    )
    op.create_table(
        "poll_cursors",
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("layer", sa.String(length=64), nullable=False),
        sa.Column("complete_to", UtcDateTime, nullable=True),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.Column("last_started_at", UtcDateTime, nullable=True),
        sa.Column("last_ok_at", UtcDateTime, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error_id", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("warning", sa.Text(), nullable=True),
        sa.Column("records_seen", sa.BigInteger(), nullable=False),
        sa.Column("records_new", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "report", "layer", name=op.f("pk_poll_cursors")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("dialer", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("method", sa.String(length=64), nullable=True),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("headers", JsonColumn, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_size", sa.BigInteger(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=True),
        sa.Column("context", JsonColumn, nullable=True),
        sa.Column("stranger", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("processed_at", UtcDateTime, nullable=True),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'normalized', 'duplicate', 'ignored', 'quarantined')", name="state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
    )
    with op.batch_alter_table("receipts", schema=None) as batch_op:
        batch_op.create_index("ix_receipts_connection", ["connection", "source", "kind", "received_at"], unique=False)
        batch_op.create_index(
            "ix_receipts_pending",
            ["seen_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_receipts_quarantined",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'quarantined'"),
            postgresql_where=sa.text("state = 'quarantined'"),
        )
        batch_op.create_index(
            "ix_receipts_record",
            ["connection", "kind", "record_key"],
            unique=False,
            sqlite_where=sa.text("record_key IS NOT NULL"),
            postgresql_where=sa.text("record_key IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_receipts_report_content",
            ["connection", "kind", "content_hash"],
            unique=True,
            sqlite_where=sa.text("source = 'report'"),
            postgresql_where=sa.text("source = 'report'"),
        )

    op.create_table(
        "stranger_quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipts", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("overflow", sa.BigInteger(), nullable=False),
        sa.Column("last_overflow_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stranger_quota")),
    )
    op.create_table(
        "call_events",
        sa.Column("id", Guid, nullable=False),
        sa.Column("receipt_id", Guid, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("group_id", Guid, nullable=False),
        sa.Column("outcome_id", Guid, nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.String(length=200), nullable=True),
        sa.Column("happened_at", UtcDateTime, nullable=True),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("facts", JsonColumn, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["call_groups.id"], name=op.f("fk_call_events_group_id_call_groups")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"], name=op.f("fk_call_events_receipt_id_receipts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_events")),
        sa.UniqueConstraint("receipt_id", "ordinal", name=op.f("uq_call_events_receipt_id_ordinal")),
    )
    with op.batch_alter_table("call_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_events_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_events_outcome_id"), ["outcome_id"], unique=False)

    op.create_table(
        "call_keys",
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("group_id", Guid, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["call_groups.id"], name=op.f("fk_call_keys_group_id_call_groups")),
        sa.PrimaryKeyConstraint("connection", "key", name=op.f("pk_call_keys")),
    )
    with op.batch_alter_table("call_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_keys_group_id"), ["group_id"], unique=False)

    op.create_table(
        "call_outcomes",
        sa.Column("id", Guid, nullable=False),
        sa.Column("group_id", Guid, nullable=False),
        sa.Column("attempt_key", sa.String(length=250), nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("dialer", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=200), nullable=True),
        sa.Column("attempt_id", sa.String(length=200), nullable=True),
        sa.Column("lead_id", sa.String(length=200), nullable=True),
        sa.Column("campaign_id", sa.String(length=200), nullable=True),
        sa.Column("campaign_name", sa.Text(), nullable=True),
        sa.Column("queue_id", sa.String(length=200), nullable=True),
        sa.Column("queue_name", sa.Text(), nullable=True),
        sa.Column("direction", sa.String(length=64), nullable=True),
        sa.Column("customer_number", sa.String(length=64), nullable=True),
        sa.Column("customer_number_raw", sa.Text(), nullable=True),
        sa.Column("customer_name", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.String(length=200), nullable=True),
        sa.Column("agent_name", sa.Text(), nullable=True),
        sa.Column("agent_username", sa.Text(), nullable=True),
        sa.Column("agent_number", sa.Text(), nullable=True),
        sa.Column("agent_extension", sa.Text(), nullable=True),
        sa.Column("connect_outcome", sa.String(length=64), nullable=False),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("disposition_parent", sa.Text(), nullable=True),
        sa.Column("flags", JsonColumn, nullable=False),
        sa.Column("settling", sa.String(length=64), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("status_raw", sa.Text(), nullable=True),
        sa.Column("hangup_cause", sa.Text(), nullable=True),
        sa.Column("lead_status", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=True),
        sa.Column("started_at", UtcDateTime, nullable=True),
        sa.Column("answered_at", UtcDateTime, nullable=True),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("disposed_at", UtcDateTime, nullable=True),
        sa.Column("callback_at", UtcDateTime, nullable=True),
        sa.Column("ring_seconds", sa.BigInteger(), nullable=True),
        sa.Column("talk_seconds", sa.BigInteger(), nullable=True),
        sa.Column("duration_seconds", sa.BigInteger(), nullable=True),
        sa.Column("recording_url", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("custom_fields", JsonColumn, nullable=False),
        sa.Column("crm_reference", sa.Text(), nullable=True),
        sa.Column("sources", JsonColumn, nullable=False),
        sa.Column("merged_into", Guid, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("occurred_at", UtcDateTime, nullable=False),
        sa.Column("settle_by", UtcDateTime, nullable=True),
        sa.Column("set_by", JsonColumn, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "connect_outcome IN ('connected', 'voicemail', 'no_answer', 'busy', 'rejected', 'unreachable', 'invalid_number', 'failed', 'abandoned', 'agent_unavailable', 'canceled', 'blocked', 'unknown', 'pending', 'in_progress', 'retry_scheduled')",
            name="connect_outcome",
        ),
        sa.CheckConstraint(
            "settling IN ('provisional', 'awaiting_disposition', 'settled', 'never_disposed')", name="settling"
        ),
        sa.ForeignKeyConstraint(["group_id"], ["call_groups.id"], name=op.f("fk_call_outcomes_group_id_call_groups")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_outcomes")),
        sa.UniqueConstraint("position", name=op.f("uq_call_outcomes_position")),
    )
    with op.batch_alter_table("call_outcomes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_outcomes_merged_into"), ["merged_into"], unique=False)
        batch_op.create_index("ix_call_outcomes_campaign", ["connection", "campaign_id", "occurred_at"], unique=False)
        batch_op.create_index("ix_call_outcomes_changed", ["changed_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_outcomes_group_id"), ["group_id"], unique=False)
        batch_op.create_index("ix_call_outcomes_number", ["customer_number"], unique=False)
        batch_op.create_index("ix_call_outcomes_occurred", ["occurred_at", "id"], unique=False)
        batch_op.create_index("ix_call_outcomes_settle_by", ["settle_by"], unique=False)

    op.create_table(
        "campaign_statuses",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("campaign_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("total_leads", sa.BigInteger(), nullable=True),
        sa.Column("leads_by_status", JsonColumn, nullable=False),
        sa.Column("repeated_statuses", JsonColumn, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("receipt_id", Guid, nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"], name=op.f("fk_campaign_statuses_receipt_id_receipts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_statuses")),
        sa.UniqueConstraint("receipt_id", "seen_at", name=op.f("uq_campaign_statuses_receipt_id_seen_at")),
    )
    with op.batch_alter_table("campaign_statuses", schema=None) as batch_op:
        batch_op.create_index("ix_campaign_statuses_campaign", ["connection", "campaign_id", "seen_at"], unique=False)

    op.create_table(
        "leads",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("lead_id", sa.String(length=200), nullable=False),
        sa.Column("campaign_id", sa.String(length=200), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("number_raw", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("retries", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=True),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("receipt_id", Guid, nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"], name=op.f("fk_leads_receipt_id_receipts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("connection", "lead_id", name=op.f("uq_leads_connection_lead_id")),
    )
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.create_index("ix_leads_number", ["number"], unique=False)

    op.create_table(
        "queue_statuses",
        sa.Column("id", Guid, nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("queue_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("counters", JsonColumn, nullable=False),
        sa.Column("agents", JsonColumn, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("receipt_id", Guid, nullable=False),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"], name=op.f("fk_queue_statuses_receipt_id_receipts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_statuses")),
        sa.UniqueConstraint("receipt_id", "seen_at", name=op.f("uq_queue_statuses_receipt_id_seen_at")),
    )
    with op.batch_alter_table("queue_statuses", schema=None) as batch_op:
        batch_op.create_index("ix_queue_statuses_queue", ["connection", "queue_id", "seen_at"], unique=False)

    op.create_table(
        "lead_statuses",
        sa.Column("id", Guid, nullable=False),
        sa.Column("lead_id", Guid, nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("receipt_id", Guid, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_statuses_lead_id_leads")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"], name=op.f("fk_lead_statuses_receipt_id_receipts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_statuses")),
        sa.UniqueConstraint("receipt_id", "seen_at", name=op.f("uq_lead_statuses_receipt_id_seen_at")),
    )
    with op.batch_alter_table("lead_statuses", schema=None) as batch_op:
        batch_op.create_index("ix_lead_statuses_lead", ["lead_id", "seen_at"], unique=False)
    op.execute("INSERT INTO change_feed (id, last_position) VALUES (1, 0)")
    op.execute("INSERT INTO stranger_quota (id, receipts, bytes, overflow) VALUES (1, 0, 0, 0)")
    op.execute(VIEW)


def downgrade() -> None:
    """Loses everything: there is nothing below the first tables."""
    op.execute("DROP VIEW call_outcomes_v1")
    with op.batch_alter_table("lead_statuses", schema=None) as batch_op:
        batch_op.drop_index("ix_lead_statuses_lead")

    op.drop_table("lead_statuses")
    with op.batch_alter_table("queue_statuses", schema=None) as batch_op:
        batch_op.drop_index("ix_queue_statuses_queue")

    op.drop_table("queue_statuses")
    with op.batch_alter_table("leads", schema=None) as batch_op:
        batch_op.drop_index("ix_leads_number")

    op.drop_table("leads")
    with op.batch_alter_table("campaign_statuses", schema=None) as batch_op:
        batch_op.drop_index("ix_campaign_statuses_campaign")

    op.drop_table("campaign_statuses")
    with op.batch_alter_table("call_outcomes", schema=None) as batch_op:
        batch_op.drop_index("ix_call_outcomes_settle_by")
        batch_op.drop_index("ix_call_outcomes_occurred")
        batch_op.drop_index("ix_call_outcomes_number")
        batch_op.drop_index(batch_op.f("ix_call_outcomes_group_id"))
        batch_op.drop_index("ix_call_outcomes_changed")
        batch_op.drop_index("ix_call_outcomes_campaign")

    op.drop_table("call_outcomes")
    with op.batch_alter_table("call_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_keys_group_id"))

    op.drop_table("call_keys")
    with op.batch_alter_table("call_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_events_outcome_id"))
        batch_op.drop_index(batch_op.f("ix_call_events_group_id"))

    op.drop_table("call_events")
    op.drop_table("stranger_quota")
    with op.batch_alter_table("receipts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_receipts_report_content",
            sqlite_where=sa.text("source = 'report'"),
            postgresql_where=sa.text("source = 'report'"),
        )
        batch_op.drop_index(
            "ix_receipts_record",
            sqlite_where=sa.text("record_key IS NOT NULL"),
            postgresql_where=sa.text("record_key IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_receipts_quarantined",
            sqlite_where=sa.text("state = 'quarantined'"),
            postgresql_where=sa.text("state = 'quarantined'"),
        )
        batch_op.drop_index(
            "ix_receipts_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index("ix_receipts_connection")

    op.drop_table("receipts")
    op.drop_table("poll_cursors")
    op.drop_table("change_feed")
    op.drop_table("call_groups")
    op.drop_table("api_keys")
