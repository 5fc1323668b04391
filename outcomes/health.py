"""How fresh and how sound everything is: the same figures for the API, the dashboard and the metrics."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.registry import DIALERS
from dialers.vocabulary import UNKNOWN
from lib.clock import ago, iso
from models import CallOutcome, PollCursor, Receipt, StrangerQuota
from models.receipts import CALLBACK, PENDING, QUARANTINED, STATES

STRANGERS = "(strangers)"
UNMAPPED_DAYS = 30
MOST_UNMAPPED = 20


def connections(session: Session, configured: Mapping[str, Connection], now: datetime) -> list[dict[str, Any]]:
    """Every connection that is configured or that has left receipts, by name: what it offers, when it was last heard,
    its receipts by state, its unmapped words, and how far each of its reports has been read."""
    counts = receipt_counts(session)
    words = unmapped_words(session, now)
    polls = poll_states(session, now)
    names = set(configured) | set(polls) | {row["connection"] for row in counts} - {STRANGERS}
    return [
        _connection(session, name, configured.get(name), counts, now)
        | {"unmapped": words.get(name, []), "polls": polls.get(name, [])}
        for name in sorted(names)
    ]


def _connection(
    session: Session, name: str, connection: Connection | None, counts: list[dict[str, Any]], now: datetime
) -> dict[str, Any]:
    own = [row for row in counts if row["connection"] == name]
    dialer = DIALERS[connection.dialer] if connection else None
    kinds = set(dialer.callback_kinds if dialer else ()) | {row["kind"] for row in own if row["source"] == CALLBACK}
    last = last_callback(session, name, kinds)
    receipts = {state: sum(row["receipts"] for row in own if row["state"] == state) for state in STATES}
    return {
        "name": name,
        "dialer": connection.dialer if connection else None,
        "configured": connection is not None,
        "callback_kinds": list(dialer.callback_kinds) if dialer else [],
        "reports": [report.name for report in dialer.reports] if dialer else [],
        "last_callback_at": iso(last),
        "last_callback": "no callback yet" if last is None else f"last callback {ago(last, now)}",
        "receipts": receipts,
        "quarantined": receipts[QUARANTINED],
    }


def last_callback(session: Session, connection: str, kinds: Iterable[str]) -> datetime | None:
    """When the connection's last callback came that had a right to come. One short walk on an index for each kind."""
    found = [
        session.scalar(
            select(Receipt.received_at)
            .where(
                Receipt.connection == connection,
                Receipt.source == CALLBACK,
                Receipt.kind == kind,
                Receipt.stranger.is_(False),
            )
            .order_by(Receipt.received_at.desc())
            .limit(1)
        )
        for kind in sorted(kinds)
    ]
    return max((moment for moment in found if moment is not None), default=None)


def receipt_counts(session: Session) -> list[dict[str, Any]]:
    """``{"connection", "source", "kind", "state", "receipts"}`` for each combination there is. What strangers sent is
    counted under one name: the names they make up are theirs to choose, and must not grow our lists."""
    columns = (
        case((Receipt.stranger.is_(True), STRANGERS), else_=Receipt.connection).label("connection"),
        Receipt.source.label("source"),
        case((Receipt.stranger.is_(True), STRANGERS), else_=Receipt.kind).label("kind"),
        Receipt.state.label("state"),
    )
    inner = select(*columns).subquery()
    statement = select(*inner.c, func.count().label("receipts")).group_by(*inner.c).order_by(*inner.c)
    return [dict(row._mapping) for row in session.execute(statement)]


def oldest_pending(session: Session) -> datetime | None:
    """When the receipt came that has waited longest to be understood; None where none waits."""
    return session.scalar(select(func.min(Receipt.seen_at)).where(Receipt.state == PENDING))


def unmapped_words(session: Session, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Connection -> ``{"status_raw", "hangup_cause", "calls"}``: the words behind the outcome ``unknown`` of the last
    30 days' calls, the most frequent twenty. Mapping them repairs the past."""
    columns = (CallOutcome.connection, CallOutcome.status_raw, CallOutcome.hangup_cause)
    statement = (
        select(*columns, func.count().label("calls"))
        .where(
            CallOutcome.occurred_at >= now - timedelta(days=UNMAPPED_DAYS),
            CallOutcome.connect_outcome == UNKNOWN,
            CallOutcome.merged_into.is_(None),
        )
        .group_by(*columns)
        .order_by(func.count().desc(), *columns)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for connection, status_raw, hangup_cause, calls in session.execute(statement):
        words = found.setdefault(connection, [])
        if len(words) < MOST_UNMAPPED:
            words.append({"status_raw": status_raw, "hangup_cause": hangup_cause, "calls": calls})
    return found


def poll_states(session: Session, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Connection -> one entry for each look-back layer of each report."""
    found: dict[str, list[dict[str, Any]]] = {}
    order = (PollCursor.connection, PollCursor.report, PollCursor.layer)
    for cursor in session.scalars(select(PollCursor).order_by(*order)):
        found.setdefault(cursor.connection, []).append(
            {
                "report": cursor.report,
                "layer": cursor.layer,
                "complete_to": iso(cursor.complete_to),
                "last_ok_at": iso(cursor.last_ok_at),
                "due_at": iso(cursor.due_at),
                "failures": cursor.failures,
                "error_id": cursor.error_id,
                "error": cursor.error,
                "warning": cursor.warning,
                "records_seen": cursor.records_seen,
                "records_new": cursor.records_new,
                "words": _complete_to(cursor, now),
            }
        )
    return found


def _complete_to(cursor: PollCursor, now: datetime) -> str:
    report = cursor.report.replace("_", " ")
    if cursor.complete_to is None:
        return f"{report} not read yet"
    form = "%H:%M UTC" if cursor.complete_to.date() == now.date() else "%Y-%m-%d %H:%M UTC"
    return f"{report} complete to {cursor.complete_to.strftime(form)}"


def stranger_quota(session: Session, most_receipts: int, most_bytes: int) -> dict[str, Any]:
    """How much of the quarantine strangers fill, what they may fill, and how many receipts did not fit."""
    quota = session.scalars(select(StrangerQuota)).one()
    return {
        "receipts": quota.receipts,
        "bytes": quota.bytes,
        "overflow": quota.overflow,
        "last_overflow_at": iso(quota.last_overflow_at),
        "most_receipts": most_receipts,
        "most_bytes": most_bytes,
    }


def settling_counts(session: Session) -> list[tuple[str, str, int]]:
    """(connection, settling, outcomes), merged rows left out."""
    columns = (CallOutcome.connection, CallOutcome.settling)
    statement = select(*columns, func.count()).where(CallOutcome.merged_into.is_(None)).group_by(*columns)
    return [tuple(row) for row in session.execute(statement)]
