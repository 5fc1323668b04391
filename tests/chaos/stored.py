"""What the database holds after a run, read by plain SQL: none of our own code may vouch for itself here."""

import json
import re
from collections import Counter
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from models.database import Database
from tests.chaos import calls
from tests.chaos.ledger import Stored

RECEIPTS = """SELECT CAST(id AS text), kind, state, reason, body FROM receipts
    WHERE source = 'callback' AND dialer = 'ryng' AND NOT stranger"""
STRANGE = "SELECT count(*) FROM receipts WHERE stranger"
OUTCOMES = """SELECT call_id, attempt_id, talk_seconds, disposition FROM call_outcomes
    WHERE dialer = 'ryng' AND merged_into IS NULL"""
PENDING = "SELECT count(*) FROM receipts WHERE state = 'pending'"


def pending(url: str) -> int:
    """How many receipts wait to be understood."""
    with _connected(url) as connection:
        return connection.execute(text(PENDING)).scalar()


def look(url: str) -> Stored:
    """Everything that is there, and whatever is strange about it."""
    stored = Stored()
    with _connected(url) as connection:
        ids = Counter()
        for receipt, kind, state, reason, body in connection.execute(text(RECEIPTS)):
            ids[receipt] += 1
            _count(stored, receipt, kind, state, reason, bytes(body))
        stored.strange += [f"receipt {receipt}: {times} rows" for receipt, times in ids.items() if times > 1]
        stored.strangers = connection.execute(text(STRANGE)).scalar()
        for call_id, *row in connection.execute(text(OUTCOMES)):
            if not (call_id or "").isdigit():
                stored.strange.append(f"an outcome of the call {call_id!r}")
                continue
            stored.outcomes.setdefault(int(call_id), []).append(tuple(row))
        if connection.dialect.name == "sqlite":
            said = connection.execute(text("PRAGMA integrity_check")).scalar()
            stored.strange += [] if said == "ok" else [f"SQLite: {said}"]
    return stored


def damaged(spool: Path) -> list[str]:
    """What the spool set aside because it could not read it, but for what nobody was answered for: the torn end of a write, which
    a kill leaves while the disk is full. (An answered one would be missing from the ledger.)"""
    files = spool.rglob("*damaged*") if spool.exists() else ()
    lines = [line for path in files for line in path.read_bytes().split(b"\n") if line]
    return [f"the spool set aside what is no torn end: {line[:40]!r}..." for line in lines if not _torn(line)]


def _torn(line: bytes) -> bool:
    """The beginning of a line of the spool: a checksum, or a part of it, and no whole document behind it."""
    try:
        json.loads(line[9:])
        return False
    except ValueError:
        return re.fullmatch(rb"[0-9a-f]{0,8}|[0-9a-f]{8} .*", line) is not None


def _count(stored: Stored, receipt: str, kind: str, state: str, reason: str | None, body: bytes) -> None:
    try:
        number = json.loads(body)["callID"]
        same = body == calls.body(number, kind)
    except (ValueError, KeyError, TypeError):
        number, same = None, False
    if not same:
        stored.strange.append(f"receipt {receipt}: a {kind} of {len(body)} bytes that nobody sent like this")
        return
    if state not in ("normalized", "duplicate"):
        stored.strange.append(f"receipt {receipt} of {kind} {number}: {state} {reason or ''}")
    stored.receipts[number, kind] += 1


def _connected(url: str) -> Connection:
    # No pool: nothing of a look may be left when the server stops.
    return create_engine(Database(url).url, poolclass=NullPool).connect().execution_options(stream_results=True)
