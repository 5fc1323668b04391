"""Keeping a page: its records become receipts, in one transaction and a handful of statements.

A record that says what its newest receipt says costs nothing. New words are a new receipt. Words that were seen before,
but not last (a disposition was set, corrected, and set back), make their old receipt news again: ``seen_at`` moves, and it
is read once more.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from dialers.asking import Record, ReportPage
from dialers.base import Connection
from lib import ids
from models import Receipt, bulk
from models.database import stand_ins
from models.receipts import PENDING, REPORT
from outcomes.erased import Reducer
from outcomes.recognizing import any_erased

TABLE = Receipt.__table__
INSTANT = timedelta(microseconds=1)
# A page may be kept this long after it was asked for. Newest receipts that are "younger" than that were stamped by a clock
# that has been set back since.
LARGEST = 1024 * 1024  # of what is kept of a record
LONGEST_ASKED = timedelta(minutes=15)
_sorted_json = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True)
class Kept:
    """How many records a page had, and how many of them were news."""

    seen: int = 0
    new: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.seen + other.seen, self.new + other.new)


class _Version(NamedTuple):
    """What is stored of a record, as far as deciding needs it."""

    id: UUID
    content_hash: str
    seen_at: datetime


def keep_page(
    session: Session, connection: Connection, report: str, page: ReportPage, at: datetime, told: set[str] | None = None
) -> Kept:
    """Keep what is new in the page. ``at`` is when the page was asked for: what another walk has learned since then is
    fresher, and stays on top. ``told`` are the keys that this walk has met before; it is added to. A record that a walk
    meets twice in different words (two legs of a call) is kept twice, but only its first meeting can make old words news,
    and only where the newest do not stand beside them: otherwise the two would replace each other at every poll."""
    told = set() if told is None else told
    _alone(session, connection.name, report)
    by_hash: dict[str, Record] = {}
    for record in page.records:
        by_hash.setdefault(content_hash(record), record)
    last = {
        record.key: digest for digest, record in by_hash.items() if record.key is not None and record.key not in told
    }
    known, renamed = _known(session, connection.name, report, by_hash)
    newest: dict[str | None, _Version] = {}
    for key, versions in known.items():
        if key is not None:
            newest[key] = max(versions, key=lambda version: (version.seen_at, version.id))
    stored = {version.content_hash: version for versions in known.values() for version in versions}
    fresh, revived = [], []
    for digest, record in by_hash.items():
        top = newest.get(record.key)
        if digest not in stored:
            key = renamed.get(record.key or "", record.key)
            fresh.append(_row(connection, report, record, key, digest, at, _seen_at(top, at) or at))
        elif (
            record.key is not None
            and top
            and top.content_hash not in by_hash
            and last.get(record.key) == digest
            and _seen_at(top, at)
        ):
            revived.append({"row_id": stored[digest].id, "now_seen": _seen_at(top, at)})
    told |= set(last)
    return Kept(len(page.records), _insert(session, fresh) + _revive(session, revived))


def _alone(session: Session, connection: str, report: str) -> None:
    """Nobody else keeps a page of this report until this transaction ends, so that what is not there when it is looked for is
    not there when it is kept. No index says so over all months of receipts (docs/decisions/0021-retention.md); SQLite has one
    writer."""
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(f"{connection}\n{report}", 0)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def content_hash(record: Record) -> str:
    """SHA-256 over what the poller knew of the record and the record itself."""
    context = _sorted_json(record.context).encode() if record.context else b"{}"
    return hashlib.sha256(context + b"\n" + record.body).hexdigest()


def _seen_at(newest: _Version | None, at: datetime) -> datetime | None:
    """When words that differ from the newest ones are to count as seen; None where the newest are fresher than they."""
    if newest is None or at > newest.seen_at:
        return at
    if at == newest.seen_at or newest.seen_at - at > LONGEST_ASKED:
        return newest.seen_at + INSTANT
    return None


def _known(
    session: Session, connection: str, report: str, by_hash: dict[str, Record]
) -> tuple[dict[str | None, list[_Version]], dict[str, str]]:
    """(every receipt of the page's records: by key; those of records without a key, by what they say; the keys under whose
    stand-ins receipts are kept -> these)."""
    mine = (TABLE.c.connection == connection, TABLE.c.kind == report)
    columns = (TABLE.c.record_key, TABLE.c.id, TABLE.c.content_hash, TABLE.c.seen_at)
    keys = sorted({record.key for record in by_hash.values() if record.key is not None})
    unkeyed = sorted(digest for digest, record in by_hash.items() if record.key is None)
    # As records stand there whose person was erased.
    hashed: dict[str, str] = {}
    if any_erased(session):
        own = Reducer(stand_ins(session), connection)
        hashed = {str(own.record_key(key)): key for key in keys} | {own.content_hash(one): one for one in by_hash}
        keys += [str(own.record_key(key)) for key in keys]
        unkeyed += [own.content_hash(one) for one in unkeyed]
    found: dict[str | None, list[_Version]] = {}
    renamed: dict[str, str] = {}
    bulk.plan_for_values(session)
    if keys:
        # Nothing but a report's records has a key. A condition that says so makes SQLite read all records of the report.
        statement = select(*columns).where(*mine, bulk.among(session, TABLE.c.record_key, keys))
        for key, row_id, digest, seen_at in session.execute(statement):
            found.setdefault(hashed.get(key, key), []).append(_Version(row_id, hashed.get(digest, digest), seen_at))
            if key in hashed:
                renamed[hashed[key]] = key
    if unkeyed:
        same = (TABLE.c.source == REPORT, bulk.among(session, TABLE.c.content_hash, unkeyed))
        for _, row_id, digest, seen_at in session.execute(select(*columns).where(*mine, *same)):
            found.setdefault(None, []).append(_Version(row_id, hashed.get(digest, digest), seen_at))
    return found, renamed


def _row(
    connection: Connection, report: str, record: Record, key: str | None, digest: str, at: datetime, seen_at: datetime
) -> dict[str, Any]:
    return {
        "id": ids.new(),
        "connection": connection.name,
        "dialer": connection.dialer,
        "source": REPORT,
        "kind": report,
        "received_at": at,
        "seen_at": seen_at,
        "body": record.body[:LARGEST],
        "body_size": len(record.body),
        "truncated": len(record.body) > LARGEST,  # it will be put aside as a callback of this size is
        "content_hash": digest,
        "record_key": key,
        "context": dict(record.context) if record.context else None,
        "stranger": False,
        "state": PENDING,
        "readings": 0,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> int:
    # Another process may keep the same page now. Everybody inserts in one order, so nobody waits in a circle.
    return bulk.insert_new(session, TABLE, sorted(rows, key=itemgetter("content_hash")))


def _revive(session: Session, rows: list[dict[str, Any]]) -> int:
    if not rows:
        return 0
    statement = (
        update(TABLE)
        .where(TABLE.c.id == bindparam("row_id"), TABLE.c.seen_at < bindparam("now_seen"))
        .values(seen_at=bindparam("now_seen"), state=PENDING, reason=None, detail=None, processed_at=None)
    )
    session.connection().execute(statement, sorted(rows, key=lambda row: row["row_id"]))
    return len(rows)
