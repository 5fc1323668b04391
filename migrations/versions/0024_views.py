"""views: saved views, and links that export them

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, JsonColumn, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "views",
        sa.Column("id", Guid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("owner", sa.String(200), nullable=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("report", sa.String(64), nullable=True),
        sa.Column("query", JsonColumn, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("kind IN ('report', 'outcomes')", name="kind"),
        sa.PrimaryKeyConstraint("id", name="pk_views"),
    )
    op.create_index("ix_views_owner", "views", ["owner"])
    op.create_table(
        "export_links",
        sa.Column("id", Guid, nullable=False),
        sa.Column("view_id", Guid, nullable=False),
        sa.Column("key_id", Guid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("for_spreadsheet", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=True),
        sa.Column("revoked_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(["view_id"], ["views.id"], name="fk_export_links_view_id_views"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_export_links_key_id_api_keys"),
        sa.PrimaryKeyConstraint("id", name="pk_export_links"),
        sa.UniqueConstraint("secret_hash", name="uq_export_links_secret_hash"),
    )
    op.create_index("ix_export_links_view_id", "export_links", ["view_id"])
    op.create_index("ix_export_links_key_id", "export_links", ["key_id"])


def downgrade() -> None:
    """Loses the views, and with them what every export link answers."""
    op.drop_table("export_links")
    op.drop_table("views")
