"""met: leads and campaigns of which calls are to be told, and the names that campaigns have had

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def partial(condition: str) -> dict:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("loaded_leads", sa.Column("news_at", UtcDateTime, nullable=True))
    op.create_index("ix_loaded_leads_news", "loaded_leads", ["id"], **partial("news_at IS NOT NULL"))
    op.create_index(
        "ix_call_outcomes_campaign_name",
        "call_outcomes",
        ["connection", "id"],
        **partial("campaign_id IS NULL AND campaign_name IS NOT NULL"),
    )
    op.create_table(
        "campaign_names",
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("campaign_id", sa.String(200), nullable=False),
        sa.Column("receipt_id", Guid, nullable=False),
        sa.Column("news_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("connection", "name", "campaign_id", name="pk_campaign_names"),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"], name="fk_campaign_names_receipt_id_receipts"),
    )
    # What is known already is news to the calls of before: the worker folds them again, some at a time.
    op.execute("UPDATE loaded_leads SET news_at = sent_at WHERE state IN ('accepted', 'unknown')")
    size = "octet_length(name)" if op.get_bind().dialect.name == "postgresql" else "length(CAST(name AS BLOB))"
    op.execute(f"""
        INSERT INTO campaign_names (connection, name, campaign_id, receipt_id, news_at)
        SELECT connection, name, campaign_id, receipt_id, seen_at FROM (
            SELECT connection, name, campaign_id, receipt_id, seen_at,
                row_number() OVER (PARTITION BY connection, name, campaign_id ORDER BY seen_at, id) AS place
            FROM campaign_statuses WHERE name IS NOT NULL AND {size} <= 500
        ) AS told WHERE place = 1
    """)


def downgrade() -> None:
    """Loses under which names campaigns were listed; reading their receipts again finds the names."""
    op.drop_table("campaign_names")
    op.drop_index("ix_call_outcomes_campaign_name", "call_outcomes")
    op.drop_index("ix_loaded_leads_news", "loaded_leads")
    op.drop_column("loaded_leads", "news_at")
