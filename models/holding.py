"""Who is at work on a table at this moment, for whoever has to wait until what they have seen is written."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

# Of a transaction that has locked or written rows of it.
LOCKING = ("RowShareLock", "RowExclusiveLock")
WRITING = LOCKING[1:]
_HOLDERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = ANY(:modes) "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND relation = CAST(:name AS regclass)"
)


def holders(session: Session, table: str, modes: Sequence[str] = LOCKING) -> set[str]:
    """The transactions that hold the table so. On SQLite nobody: there one writes at a time, and reads under the same lock. Not
    by pg_current_snapshot(): what anybody does in another database of the server holds that back."""
    if session.get_bind().dialect.name == "sqlite":
        return set()
    return set(session.scalars(_HOLDERS, {"name": table, "modes": list(modes)}))
