"""searching: an index for each filter of the list, in the order of the calls' time

Revision ID: 0021
Revises: 0020

On PostgreSQL a table of more than SMALL calls is left alone here: the worker builds what is missing beside its other work,
without holding up anybody (``models.building``).
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SMALL = 100_000

AGENT = ("agent_id", "agent_username", "agent_name", "agent_number", "agent_extension", "agent_email")
FLAGS = ("contact", "sale", "callback", "not_interested", "dnc", "wrong_number")
IS_OPEN = {"postgresql": "is_final IS false", "sqlite": "is_final IS 0"}
DIFFERS = {"postgresql": "IS DISTINCT FROM", "sqlite": "IS NOT"}
KEY = {"postgresql": "hashtextextended({name}, 0)", "sqlite": "{name}"}
HAS_FLAG = {"postgresql": "flags ? '{flag}'", "sqlite": "instr(flags, '\"{flag}\"') > 0"}


def indexes(dialect: str) -> dict[str, str]:
    """Name, without what all begin with -> what it is on."""
    raw = f"customer_number_raw IS NOT NULL AND customer_number_raw {DIFFERS[dialect]} customer_number"
    key = KEY[dialect].format(name="customer_number_raw")
    found = {
        "outcome": "(connection, connect_outcome, occurred_at)",
        "settling": "(connection, settling, occurred_at) WHERE settling <> 'settled'",
        "open": f"(connection, occurred_at) WHERE {IS_OPEN[dialect]}",
        "number_raw": f"({key}, occurred_at) WHERE {raw}",
    }
    for name in (*AGENT, "campaign_name", "disposition"):
        key = KEY[dialect].format(name=name)
        found[name] = f"(connection, {key}, occurred_at) WHERE {name} IS NOT NULL"
    for flag in FLAGS:
        found[flag] = f"(connection, occurred_at) WHERE {HAS_FLAG[dialect].format(flag=flag)}"
    return found


def upgrade() -> None:
    connection = op.get_bind()
    looked_at = sa.text(f"SELECT count(*) FROM (SELECT 1 FROM call_outcomes LIMIT {SMALL + 1}) AS few")
    if connection.dialect.name == "postgresql" and connection.scalar(looked_at) > SMALL:
        return
    for name, on in indexes(connection.dialect.name).items():
        connection.exec_driver_sql(f"CREATE INDEX ix_call_outcomes_by_{name} ON call_outcomes {on}")


def downgrade() -> None:
    """Loses nothing."""
    for name in indexes(op.get_bind().dialect.name):
        op.execute(f"DROP INDEX IF EXISTS ix_call_outcomes_by_{name}")
