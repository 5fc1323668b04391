"""sign_ins: sessions of the pages, so that one can be ended wherever its cookie is

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from models.base import Guid, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("secret_hash", sa.String(64), primary_key=True),
        sa.Column("key_id", Guid, sa.ForeignKey("api_keys.id"), nullable=False),
        sa.Column("began_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_sign_ins_key", "sign_ins", ["key_id", "began_at"])


def downgrade() -> None:
    """Whoever is signed in signs in again; an older release takes cookies of its own until they are twelve hours old."""
    op.drop_table("sign_ins")
