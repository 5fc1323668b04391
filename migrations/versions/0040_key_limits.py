"""key_limits: keys have owners, ends, limits and a last use; sessions are told apart

Revision ID: 0040
Revises: 0039
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from models.base import JsonColumn, UtcDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KEYS: dict[str, Any] = {
    "owner": sa.String(200),
    "note": sa.Text(),
    "created_by": sa.String(200),
    "expires_at": UtcDateTime,
    "connections": JsonColumn,
    "networks": JsonColumn,
    "last_used_at": UtcDateTime,
    "last_used_from": sa.String(64),
    "subject": sa.String(600),
}
SIGN_INS: dict[str, Any] = {"last_seen_at": UtcDateTime, "address": sa.String(64), "browser": sa.String(200)}


def upgrade() -> None:
    for name, kind in KEYS.items():
        op.add_column("api_keys", sa.Column(name, kind, nullable=True))
    for name, kind in SIGN_INS.items():
        op.add_column("sign_ins", sa.Column(name, kind, nullable=True))
    op.create_index("ix_api_keys_subject", "api_keys", ["subject"], unique=True)


def downgrade() -> None:
    """Loses owners, ends and limits: an older release would take a limited key for one that may see everything, so those and
    whom a provider named are revoked first."""
    limited = "connections IS NOT NULL OR networks IS NOT NULL OR subject IS NOT NULL OR expires_at IS NOT NULL"
    op.execute(f"UPDATE api_keys SET revoked_at = COALESCE(revoked_at, created_at) WHERE {limited}")
    op.drop_index("ix_api_keys_subject", "api_keys")
    for name in SIGN_INS:
        op.drop_column("sign_ins", name)
    for name in KEYS:
        op.drop_column("api_keys", name)
