"""Whether a database that can be read takes writes."""

import os

from sqlalchemy import text
from sqlalchemy.orm import Session


def takes_writes(session: Session) -> bool:
    """As far as it can be told without writing: not where SQLite's file or its folder is read-only, as after the system has
    mounted a broken disk anew, nor on a PostgreSQL that is a standby or was told to be read-only."""
    bind = session.get_bind()
    if bind.dialect.name == "sqlite":
        path = os.path.abspath(bind.engine.url.database or "")
        return all(os.access(one, os.W_OK, effective_ids=True) for one in (path, os.path.dirname(path)))
    told: str | None = session.scalar(text("SELECT current_setting('transaction_read_only')"))
    return told == "off"
