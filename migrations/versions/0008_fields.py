"""fields: the number that the customer saw, the agent's e-mail address, where durations come from; flags in the view

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = {
    "caller_number": sa.String(length=64),
    "agent_email": sa.Text(),
    "talk_source": sa.String(length=64),
    "duration_source": sa.String(length=64),
}
FLAGS = ("contact", "sale", "callback", "not_interested", "dnc", "wrong_number")

BEFORE = """
    id, connection, dialer, call_id, attempt_id, lead_id, campaign_id, campaign_name, queue_id, queue_name, direction,
    customer_number, customer_number_raw, customer_name,
    agent_id, agent_name, agent_username, agent_number, agent_extension,
    connect_outcome, answered_by, disposition, disposition_parent, flags, settling, is_final, status_raw, hangup_cause,
    lead_status, created_at, started_at, answered_at, ended_at, disposed_at, callback_at,
    ring_seconds, talk_seconds, duration_seconds, recording_url, notes, custom_fields, crm_reference, sources,
    merged_into, revision, first_seen_at, changed_at, corrected_at"""

# The twins of ``queries.selection.has_member``. Of SQLite's text the quoted word is looked for: flags are a closed list,
# so that none can be found inside another one's quotes, and that is several times faster than taking the array apart.
HAS_FLAG = {"postgresql": "flags ? '{flag}'", "sqlite": "instr(flags, '\"{flag}\"') > 0"}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("call_outcomes", sa.Column(name, kind, nullable=True))
    # Until now every duration was one that the dialer stated. That is no change of the calls: nothing reaches the feed.
    op.execute(
        "UPDATE call_outcomes SET "
        "talk_source = CASE WHEN talk_seconds IS NOT NULL THEN 'stated' END, "
        "duration_source = CASE WHEN duration_seconds IS NOT NULL THEN 'stated' END "
        "WHERE talk_seconds IS NOT NULL OR duration_seconds IS NOT NULL"
    )
    dialect = op.get_bind().dialect.name
    has_flag = HAS_FLAG[dialect]
    added = [*COLUMNS, "occurred_at", "position", *(f"{has_flag.format(flag=flag)} AS is_{flag}" for flag in FLAGS)]
    if dialect == "sqlite":
        op.execute("DROP VIEW call_outcomes_v1")
    # PostgreSQL replaces it where it stands: analysts' grants, and views of their own that read it, stay good.
    create = "CREATE VIEW" if dialect == "sqlite" else "CREATE OR REPLACE VIEW"
    op.execute(f"{create} {_view(', '.join([BEFORE, *added]))}")


def downgrade() -> None:
    """Loses the four columns; reading the receipts again brings them back. Grants on the view are to be given again."""
    op.execute("DROP VIEW call_outcomes_v1")
    for name in COLUMNS:
        op.drop_column("call_outcomes", name)
    op.execute(f"CREATE VIEW {_view(BEFORE)}")


def _view(columns: str) -> str:
    return f"call_outcomes_v1 AS SELECT {columns} FROM call_outcomes WHERE merged_into IS NULL"
