"""audit_log: what persons did, in rows that are only added

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

KEPT_DAYS = 90

SQLITE = (
    """
    CREATE TRIGGER audit_log_keeps_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_log: rows are only added'); END
    """,
    f"""
    CREATE TRIGGER audit_log_keeps_delete BEFORE DELETE ON audit_log
    WHEN OLD.happened_at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-{KEPT_DAYS} days')
    BEGIN SELECT RAISE(ABORT, 'audit_log: rows are kept for {KEPT_DAYS} days at least'); END
    """,
)
POSTGRESQL = (
    f"""
    CREATE FUNCTION audit_log_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.happened_at > now() - interval '{KEPT_DAYS} days' THEN
                RAISE EXCEPTION 'audit_log: rows are kept for {KEPT_DAYS} days at least';
            END IF;
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'audit_log: rows are only added';
    END $$
    """,
    "CREATE TRIGGER audit_log_keeps BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_keeps()",
    "CREATE TRIGGER audit_log_keeps_all BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_log_keeps()",
)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", Guid, primary_key=True),
        sa.Column("happened_at", UtcDateTime, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("key_id", Guid, nullable=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("connection", sa.String(200), nullable=True),
        sa.Column("subject", sa.String(200), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("details", JsonColumn, nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
    )
    op.create_index("ix_audit_log_happened_at", "audit_log", ["happened_at"])
    op.create_index("ix_audit_log_act", "audit_log", ["act", "id"])
    op.create_index("ix_audit_log_who", "audit_log", ["who", "id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Loses who did what. Export it first: ``wrapup audit``."""
    op.drop_table("audit_log")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_log_keeps()")
