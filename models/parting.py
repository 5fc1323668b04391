"""The table of receipts on PostgreSQL, parted by months, so that a month of it can be dropped.

    receipts            the whole: PARTITION BY RANGE (id), and ids sort by the time of their making
      receipts_first    all that there was when it was parted, and what came until the end of the month after
      receipts_2027_02  a month
      receipts_rest     whatever has no month: nobody worked for months, or a clock was far off. Nothing is ever refused

A table that is large already is parted by the worker, in steps that hold up nobody for longer than ``LOCK_MILLISECONDS``, each
of which can be seen in the catalogue: whoever comes next goes on where somebody stopped. First it gets a bound that new rows
keep; then the rows that are there are looked at, which takes minutes and locks out nobody; then it becomes the first part of a
new whole, as it is. See docs/decisions/0021-retention.md."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from lib import clock, ids, months
from models.database import UNHURRIED, Database
from models.driver import driver_of

log = structlog.get_logger(__name__)

WHOLE, FIRST, REST = "receipts", "receipts_first", "receipts_rest"
BOUND = "receipts_bound"  # the check that no row of what becomes the first part is younger
REFERRING = ("call_events", "leads", "lead_statuses", "campaign_statuses", "campaign_names", "queue_statuses")
SUFFIX = "_first"  # of the indexes of the first part
AHEAD = 3  # months
MOST_MOVED = 1_000  # rows
SOON = timedelta(days=7)  # a bound that is nearer than this is not kept to
LOCK_MILLISECONDS = 500
_LOCK_NOT_AVAILABLE, _DEADLOCK, _CHECK_VIOLATION = "55P03", "40P01", "23514"
_IDS = re.compile(r"'([0-9a-f-]{36})'")


@dataclass(frozen=True)
class Part:
    """``begin`` and ``end``, exclusive, as moments; the first has no beginning, and what has no month neither."""

    table: str
    begin: datetime | None
    end: datetime | None


def parts(connection: Connection) -> list[Part]:
    """By time; what has no month last. None at all where the table is not parted."""
    found = connection.execute(
        text(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = to_regclass(:whole) AND c.relispartition"
        ),
        {"whole": WHOLE},
    )
    return sorted((_part(*row) for row in found), key=lambda one: (one.end is None, one.end or clock.EARLIEST))


def _part(table: str, bound: str) -> Part:
    found = [ids.made_at(UUID(one)) for one in _IDS.findall(bound)]
    begin = found[0] if len(found) == 2 else None
    return Part(table, begin, found[-1] if found else None)


def is_parted(connection: Connection) -> bool:
    kind = connection.scalar(
        text("SELECT relkind::text FROM pg_class WHERE oid = to_regclass(:whole)"), {"whole": WHOLE}
    )
    return bool(kind == "p")


def is_busy(error: DBAPIError) -> bool:
    """Whether somebody else held the table for longer than may be waited: to be tried again."""
    return getattr(error.orig, "sqlstate", None) in (_LOCK_NOT_AVAILABLE, _DEADLOCK)


class Parting:
    """A step at a time: parts the table, then makes the months ahead. True where there is more to do now."""

    def __init__(self, database: Database):
        self._database = database
        self._given_up = database.is_sqlite
        self._said: str | None = None

    def step(self, now: datetime | None = None) -> bool:
        if self._given_up:
            return False
        now = now or clock.now()
        try:
            with self._database.engine.begin() as connection:
                if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _KEY}):
                    return False  # another worker does it
                connection.execute(UNHURRIED)  # else looking at a large table is broken off, and begun anew for ever
                return make_ahead(connection, now) if is_parted(connection) else self._part(connection, now)
        except DBAPIError as error:
            if not is_busy(error):
                raise
            return False

    def _part(self, connection: Connection, now: datetime) -> bool:
        stage, end = _stage(connection)
        if stage == "whole":
            self._say("receipts_parting", now)
            bind(connection, now)
        elif end is None or end - now < SOON:
            self._say("receipts_bound_moved", now)
            _unbind(connection)
        elif stage == "bound":
            try:
                with connection.begin_nested():
                    connection.exec_driver_sql(f"ALTER TABLE {WHOLE} VALIDATE CONSTRAINT {BOUND}")
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _CHECK_VIOLATION:
                    raise
                log.error("receipts_not_parted", why="a receipt has an id of a time to come")
                self._given_up = True
                _unbind(connection)
        else:
            part(connection)
            log.info("receipts_parted")
        return not self._given_up

    def _say(self, event: str, now: datetime) -> None:
        if self._said != event:
            log.info(event, until=months.name(first_end(now)))
            self._said = event


_KEY = 0x77726179  # of whoever parts; any constant will do


def first_end(now: datetime) -> datetime:
    """Where the first part ends: far enough for whoever parts to be done, however long it takes."""
    return months.later(months.begin(now), 2)


def _stage(connection: Connection) -> tuple[str, datetime | None]:
    """("whole", "bound" or "seen", where the first part would end)."""
    found = connection.execute(
        text(
            "SELECT convalidated, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = to_regclass(:whole) AND conname = :bound"
        ),
        {"whole": WHOLE, "bound": BOUND},
    ).one_or_none()
    if found is None:
        return "whole", None
    named = _IDS.findall(found[1])
    return "seen" if found[0] else "bound", ids.made_at(UUID(named[0])) if named else None


def bind(connection: Connection, now: datetime) -> None:
    """Give the table the bound, which only rows that come from now on are held to."""
    _patiently(connection)
    end = ids.first(first_end(now))
    connection.exec_driver_sql(f"ALTER TABLE {WHOLE} ADD CONSTRAINT {BOUND} CHECK (id < '{end}'::uuid) NOT VALID")


def _unbind(connection: Connection) -> None:
    _patiently(connection)
    connection.exec_driver_sql(f"ALTER TABLE {WHOLE} DROP CONSTRAINT {BOUND}")


def part(connection: Connection) -> None:
    """Make the table, whose rows have been seen to keep the bound, the first part of a new whole; within a transaction. All that
    can be made beside it is made first; while callbacks wait, one message goes to the server."""
    _, end = _stage(connection)
    assert end is not None
    _patiently(connection)
    indexes = _indexes(connection, WHOLE)
    _alike(connection, _NEW, WHOLE, "PARTITION BY RANGE (id)")
    connection.exec_driver_sql(f"ALTER TABLE {_NEW} DROP CONSTRAINT {BOUND}")
    connection.exec_driver_sql(f"ALTER TABLE {_NEW} ADD CONSTRAINT pk_{_NEW} PRIMARY KEY (id)")
    shared = [(name, written) for name, written, unique in indexes if not unique]
    for name, written in shared:
        connection.exec_driver_sql(re.sub(rf" {name} ON \S+ ", f" {name}_new ON {_NEW} ", written, count=1))
    _alike(connection, REST, _NEW)
    connection.exec_driver_sql(f"ALTER TABLE {_NEW} ATTACH PARTITION {REST} DEFAULT")
    _once(connection, REST)
    statements = [
        f"LOCK TABLE {', '.join(REFERRING)} IN ACCESS EXCLUSIVE MODE",
        f"LOCK TABLE {WHOLE} IN ACCESS EXCLUSIVE MODE",  # last: callbacks wait from here on
        *(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name in connection.execute(_KEYS, {"whole": WHOLE})),
        f"ALTER TABLE {WHOLE} RENAME TO {FIRST}",
        *(f"ALTER INDEX {name} RENAME TO {name}{SUFFIX}" for name, *_ in indexes),
        f"ALTER TABLE {_NEW} RENAME TO {WHOLE}",
        f"ALTER INDEX pk_{_NEW} RENAME TO pk_{WHOLE}",
        *(f"ALTER INDEX {name}_new RENAME TO {name}" for name, _ in shared),
        f"ALTER TABLE {WHOLE} ATTACH PARTITION {FIRST} FOR VALUES FROM (MINVALUE) TO ('{ids.first(end)}')",
        *(
            f"GRANT {privilege} ON {WHOLE} TO {role}"
            for privilege, role in connection.execute(_GRANTED, {"whole": WHOLE})
        ),
    ]
    with driver_of(connection, "receipts become a part") as driver:
        driver.execute("; ".join(statements))


_NEW = "receipts_new"
_KEYS = text(
    "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE confrelid = to_regclass(:whole) AND contype = 'f'"
)
_GRANTED = text(
    "SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END "
    "FROM pg_class, aclexplode(relacl) WHERE oid = to_regclass(:whole) AND grantee <> relowner"
)


def make_ahead(connection: Connection, now: datetime) -> bool:
    """Make the next month that lacks its part, of this one and those ``AHEAD``. Whether one was made. Later parts say nothing
    of it: a clock that was years ahead has had them made."""
    known = parts(connection)
    for month in (months.later(months.begin(now), count) for count in range(AHEAD + 1)):
        has_part = any(one.end and one.end > month and (one.begin is None or one.begin <= month) for one in known)
        if not has_part and _make(connection, month):
            return True
    return False


def _make(connection: Connection, month: datetime) -> bool:
    """Rows of the month that have come already, by a clock that was ahead say, are in the part of what has no month, and are
    moved: one of them would have all of the month go there. False where they are many: that has happened, and they stay."""
    table = f"{WHOLE}_{month:%Y_%m}"
    begin, end = ids.first(month), ids.first(months.later(month, 1))
    mine = f"FROM {REST} WHERE id >= '{begin}' AND id < '{end}'"
    there = connection.scalar(text(f"SELECT count(*) FROM (SELECT 1 {mine} LIMIT {MOST_MOVED + 1}) AS few"))
    if there > MOST_MOVED:
        return False
    try:
        with connection.begin_nested():
            _patiently(connection)
            _alike(connection, table, WHOLE)
            if there:
                connection.exec_driver_sql(f"LOCK TABLE {REST} IN ACCESS EXCLUSIVE MODE")
                moved = f"WITH gone AS (DELETE {mine} RETURNING *) INSERT INTO {table} SELECT * FROM gone"
                connection.exec_driver_sql(moved)
            bounds = f"FOR VALUES FROM ('{begin}') TO ('{end}')"
            connection.exec_driver_sql(f"ALTER TABLE {WHOLE} ATTACH PARTITION {table} {bounds}")
            _once(connection, table)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _CHECK_VIOLATION:
            raise
        return False  # one has come meanwhile
    log.info("receipts_month_made", month=months.name(month))
    return True


def take_off(connection: Connection, table: str) -> None:
    """Have a part be a table by itself, within a transaction. Waits no longer than ``LOCK_MILLISECONDS``."""
    _patiently(connection)
    connection.exec_driver_sql(f"ALTER TABLE {WHOLE} DETACH PARTITION {table}")


def unite(connection: Connection) -> None:
    """Make one table of it again: what a downgrade does. Takes as long as copying all but the first part."""
    if not is_parted(connection):
        connection.exec_driver_sql(f"ALTER TABLE {WHOLE} DROP CONSTRAINT IF EXISTS {BOUND}")
        return
    indexes = _indexes(connection, WHOLE)
    has_first = any(one.table == FIRST for one in parts(connection))
    if has_first:
        connection.exec_driver_sql(f"ALTER TABLE {WHOLE} DETACH PARTITION {FIRST}")
        connection.exec_driver_sql(f"ALTER TABLE {FIRST} DROP CONSTRAINT IF EXISTS {BOUND}")
    else:
        _alike(connection, FIRST, WHOLE)
    connection.exec_driver_sql(f"INSERT INTO {FIRST} SELECT * FROM {WHOLE}")
    connection.exec_driver_sql(f"DROP TABLE {WHOLE}")
    connection.exec_driver_sql(f"ALTER TABLE {FIRST} RENAME TO {WHOLE}")
    if has_first:
        for name, *_ in _indexes(connection, WHOLE):
            connection.exec_driver_sql(f"ALTER INDEX {name} RENAME TO {name.removesuffix(SUFFIX)}")
        return
    connection.exec_driver_sql(f"ALTER TABLE {WHOLE} ADD CONSTRAINT pk_{WHOLE} PRIMARY KEY (id)")
    for _, written, unique in indexes:
        if not unique:
            connection.exec_driver_sql(written.replace(" ON ONLY ", " ON ", 1))
    connection.exec_driver_sql(_CONTENT.format(name=f"uq_{WHOLE}_report_content", table=WHOLE))


def _alike(connection: Connection, table: str, like: str, more: str = "") -> None:
    including = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"
    connection.exec_driver_sql(f"CREATE TABLE {table} (LIKE {like} {including}) {more}")


# Within one month no two polls keep the same record twice, whatever their release. Over all months: polling.keep.
_CONTENT = "CREATE UNIQUE INDEX {name} ON {table} (connection, kind, content_hash) WHERE source = 'report'"


def _once(connection: Connection, table: str) -> None:
    connection.exec_driver_sql(_CONTENT.format(name=f"uq_{table}_content", table=table))


def _indexes(connection: Connection, table: str) -> list[Any]:
    """(name, its statement, whether it is unique)."""
    statement = text(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisunique FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass(:of) ORDER BY c.relname"
    )
    return list(connection.execute(statement, {"of": table}))


def _patiently(connection: Connection) -> None:
    """Whoever asks for a lock is waited for by all that come later: so it does not wait for long itself."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
