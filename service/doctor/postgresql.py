"""What a PostgreSQL suffers from after months and years, unseen until it is late: an order of texts that its system has changed,
transaction ids that nobody frees, and somebody who has a transaction open and keeps all that was deleted since.

https://www.postgresql.org/docs/current/routine-vacuuming.html, and of collations sql-altercollation.html."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from lib import clock
from service.doctor.line import FAIL, WARN, Line
from upkeep.backups.postgresql import server_version

WHAT = "PostgreSQL"
TELLS_COLLATION = 15  # the first release that knows by which version of its system's a database was sorted
OLD, TOO_OLD = 1_000_000_000, 2_000_000_000  # transactions; by itself it frees ids after 200 million
LONG = timedelta(hours=3)
MUCH_BYTES = 1_000_000_000

_COLLATION = text(
    "SELECT datcollversion, coalesce(pg_database_collation_actual_version(oid), 'another') FROM pg_database "
    "WHERE datname = current_database() AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)"
)
_AGE = text(
    "SELECT datname, greatest(age(datfrozenxid), mxid_age(datminmxid)) AS age FROM pg_database ORDER BY age DESC LIMIT 1"
)
_OPEN = text(
    "SELECT 'process ' || pid, usename, clock_timestamp() - xact_start AS long FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start < clock_timestamp() - :long "
    "UNION ALL SELECT 'the prepared transaction ' || gid, owner, clock_timestamp() - prepared FROM pg_prepared_xacts "
    "WHERE database = current_database() AND prepared < clock_timestamp() - :long ORDER BY long DESC LIMIT 1"
)
_SLOT = text(
    "SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float AS kept FROM pg_replication_slots "
    "WHERE NOT active AND NOT pg_is_in_recovery() ORDER BY kept DESC NULLS LAST LIMIT 1"
)


def in_the_long_run(session: Session) -> Iterator[Line]:
    """Only what is not well. Other roles' transactions show to pg_monitor and superusers alone."""
    if server_version(session) >= TELLS_COLLATION and (found := session.execute(_COLLATION).one_or_none()):
        told = f"Its system sorts texts by version {found[1]} now, and the database was made with {found[0]}."
        name = session.scalar(text("SELECT quote_ident(current_database())"))
        todo = f"Indexes may miss rows: REINDEX DATABASE {name}; ALTER DATABASE {name} REFRESH COLLATION VERSION; wrapup verify"
        yield Line(WHAT, WARN, told, todo)
    name, age = session.execute(_AGE).one()
    if age > OLD:
        told = f"Its database {name} has ids that are {age:,} transactions old: at some 2,100,000,000 nothing can be written."
        yield Line(WHAT, FAIL if age > TOO_OLD else WARN, told, "VACUUM (FREEZE) there, once nobody holds that back.")
    if held := session.execute(_OPEN, {"long": LONG}).one_or_none():
        told = f"{held[0]} of {held[1]} has had a transaction open for {clock.span(held[2])}: what is deleted stays on the disk."
        yield Line(WHAT, WARN, told[0].upper() + told[1:], "End it, unless it is a backup: pg_terminate_backend.")
    if (slot := session.execute(_SLOT).one_or_none()) and (slot.kept or 0) > MUCH_BYTES:
        told = (
            f"Nobody reads the replication slot {slot[0]}, and {slot[1] / 1e9:.1f} GB of PostgreSQL's log wait for it."
        )
        yield Line(WHAT, WARN, told, "Start who reads it, or pg_drop_replication_slot.")
