"""How fresh and how sound everything is: the same figures for the API, the dashboard and the metrics."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dialers import masking
from dialers.base import Connection
from dialers.registry import DIALERS
from lib.clock import iso
from models import CallOutcome, LeadLoad, PollCursor, SendingDesk
from models.loads import PARKED
from models.polls import BEGUN_HISTORY
from models.receipts import CALLBACK, CHECK, DISMISSED, QUARANTINED, SHOWN_STATES
from models.retention import whole_since
from models.strangers import STRANGERS
from queries import (
    completeness,
    forgiven,
    heard,
    histories,
    leads_in_doubt,
    quarantine,
    receipt_counts,
    silence,
    unread_values,
    words_seen,
)
from queries.completeness import Reached
from queries.silence import Pace

Unmapped = Callable[[Session, Mapping[str, Connection]], dict[str, list[dict[str, Any]]]]  # who says what is undecided
NOTHING_SENT: dict[str, Any] = {
    "failures": 0,
    "error_id": None,
    "error": None,
    "parked_loads": 0,
} | leads_in_doubt.NO_DOUBT


def connections(
    session: Session,
    configured: Mapping[str, Connection],
    now: datetime,
    unmapped: Unmapped = words_seen.unmapped,
    spooled: int | None = 0,
    counts: list[dict[str, Any]] | None = None,
    all_counted: bool = True,
) -> list[dict[str, Any]]:
    """Every connection that is configured or that has left receipts, by name: what it offers, when it was last heard,
    its receipts by state, its unmapped words and unread values, how far each of its reports has been read, and how sending
    to it goes; and what came for it with a token that is not in force. ``spooled``: how many bytes of callbacks wait elsewhere
    for the database, None where nobody knows: ``heard.can_judge`` says whether any can be called silent. ``all_counted``: False
    where ``counts`` has only those in ``receipt_counts.OPEN_STATES``; the others are None then, and no 0."""
    counts = receipt_counts.by_state(session) if counts is None else counts
    words = unmapped(session, configured)
    unread = unread_values.unread(session)
    polls = poll_states(session, configured, now)
    desks = sending_states(session)
    begun = histories.begun(session, now)
    paces, whole = silence.paces(session, configured), whole_since(session)
    slips, is_last = forgiven.counted(session, now), heard.can_judge(session, spooled)
    misaddressed = quarantine.misaddressed(session)
    # A name that nobody configured, and of which everything was dismissed, is one that a stranger made up.
    names = (
        set(configured) | set(polls) | {row["connection"] for row in counts if row["state"] != DISMISSED} - {STRANGERS}
    )
    names |= {name for name, desk in desks.items() if desk["unknown_leads"]} | set(misaddressed)
    polls, begun = (discreet(configured, one) for one in (polls, begun))
    return [
        _connection(session, name, configured.get(name), counts, all_counted, paces.get(name), whole, now, is_last)
        | {"unmapped_words": words.get(name, []), "polls": polls.get(name, [])}
        | {"histories": begun.get(name, []), "unread_values": unread.get(name, [])}
        | {"freshness": _freshness(configured.get(name), polls.get(name, []), now)}
        | {"sending": _desk(configured.get(name), desks.get(name)), "forgiven": slips.get(name, [])}
        | {"misaddressed": misaddressed.get(name)}
        for name in sorted(names)
    ]


def discreet(
    configured: Mapping[str, Connection], told: dict[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """The same with no secret in what dialers have said: it is masked before it is stored, but an older release did not, and a
    setting may have become one since."""
    return {
        name: [row | _masked(configured[name], row) for row in rows] if name in configured else rows
        for name, rows in told.items()
    }


def _masked(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: row[name] for name in ("error", "warning") if row.get(name)}
    return masking.masked(said, connection) if said else said


def _connection(
    session: Session,
    name: str,
    connection: Connection | None,
    counts: list[dict[str, Any]],
    all_counted: bool,
    known: Pace | None,
    whole: datetime | None,
    now: datetime,
    is_last: bool,
) -> dict[str, Any]:
    own = [row for row in counts if row["connection"] == name]
    dialer, offers, reports = None, [], []
    if connection is not None:
        dialer = DIALERS[connection.dialer]
        offers = dialer.offers_of(connection)
        reports = [report.name for report in dialer.reports_of(connection)]
    kinds = set(dialer.callback_kinds if dialer else ()) | {row["kind"] for row in own if row["source"] == CALLBACK}
    kinds -= {CHECK}  # our own
    # Of the kinds that a dialer of before has posted under this name none is waited for.
    posted = set(dialer.callback_kinds if dialer else ())
    awaited = heard.last_of(session, name, posted, known, whole)
    last = awaited if kinds == posted else heard.last_callback(session, name, kinds)
    receipts = {
        state: sum(row["receipts"] for row in own if row["state"] == state)
        if all_counted or state in receipt_counts.OPEN_STATES
        else None
        for state in SHOWN_STATES
    }
    return {
        "name": name,
        "dialer": connection.dialer if connection else None,
        "configured": connection is not None,
        "offers": offers,
        "callback_kinds": list(dialer.callback_kinds) if dialer else [],
        "reports": reports,
        "last_callback_at": iso(last),
        "last_callback": heard.words(dialer is None or bool(kinds), last, whole, now, is_last),
        "silence": heard.silence_of(connection, awaited, known, now) if is_last else None,
        "receipts": receipts,
        "quarantined": receipts[QUARANTINED],
    }


def poll_states(
    session: Session, configured: Mapping[str, Connection], now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Connection -> one entry for each look-back layer of each report. What is not asked for any more is never due."""
    found: dict[str, list[dict[str, Any]]] = {}
    order = (PollCursor.connection, PollCursor.report, PollCursor.layer)
    for cursor in session.scalars(select(PollCursor).where(~BEGUN_HISTORY).order_by(*order)):
        is_asked_for = completeness.is_asked_for(configured.get(cursor.connection), cursor.report, cursor.layer)
        found.setdefault(cursor.connection, []).append(
            {
                "report": cursor.report,
                "layer": cursor.layer,
                "complete_to": iso(cursor.complete_to),
                "idle": cursor.idle_at is not None,
                "last_ok_at": iso(cursor.last_ok_at),
                "due_at": iso(cursor.due_at) if is_asked_for else None,
                "asked_since": iso(cursor.last_started_at) if histories.is_asked(cursor, now) else None,
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


def sending_states(session: Session) -> dict[str, dict[str, Any]]:
    """Connection -> ``{"failures", "error_id", "error", "parked_loads"}`` and its leads in doubt
    (``leads_in_doubt.unknown_leads``), for those with a desk, a parked load or such leads."""
    parked = select(LeadLoad.connection, func.count()).where(LeadLoad.state == PARKED).group_by(LeadLoad.connection)
    loads = dict(session.execute(parked).all())
    found = {name: NOTHING_SENT | {"parked_loads": count} for name, count in loads.items()}
    for desk in session.scalars(select(SendingDesk)):
        own = {"failures": desk.failures, "error_id": desk.error_id, "error": desk.error}
        found[desk.connection] = found.get(desk.connection, NOTHING_SENT) | own
    for name, own in leads_in_doubt.unknown_leads(session).items():
        found[name] = found.get(name, NOTHING_SENT) | own
    return found


def parked_loads(desks: Mapping[str, Mapping[str, Any]], configured: Collection[str]) -> dict[str, int]:
    """Of ``sending_states``, those of connections that are configured: to others nobody sends anyway."""
    return {name: desk["parked_loads"] for name, desk in desks.items() if name in configured}


def _desk(connection: Connection | None, desk: dict[str, Any] | None) -> dict[str, Any] | None:
    """None for a connection to which no leads are sent."""
    takes_leads = connection is not None and DIALERS[connection.dialer].leads is not None
    if desk is not None and connection is not None:
        desk = desk | _masked(connection, desk)
    return desk or (dict(NOTHING_SENT) if takes_leads else None)


def _complete_to(cursor: PollCursor, now: datetime) -> str:
    gaps = cursor.warning is not None
    return _in_words(Reached(cursor.report, cursor.complete_to, None, cursor.idle_at is not None, gaps), now)


def _in_words(reached: Reached, now: datetime) -> str:
    form = "%H:%M UTC" if reached.to and reached.to.date() == now.date() else "%Y-%m-%d %H:%M UTC"
    return reached.words(reached.to.strftime(form) if reached.to else "")


def _freshness(connection: Connection | None, polls: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """How far each report is complete, as ``web.schemas.connections.Freshness`` shows it."""
    return [
        {
            "report": one.report,
            "complete_to": iso(one.to),
            "back_seconds": int(one.back.total_seconds()) if one.back else None,
            "idle": one.idle,
            "gaps": one.gaps,
            "words": _in_words(one, now),
        }
        for one in completeness.of_reports(connection, polls)
    ]


def settling_counts(session: Session) -> list[tuple[str, str, int]]:
    """(connection, settling, outcomes), merged rows left out."""
    columns = (CallOutcome.connection, CallOutcome.settling)
    statement = select(*columns, func.count()).where(CallOutcome.merged_into.is_(None)).group_by(*columns)
    return [(name, settling, count) for name, settling, count in session.execute(statement)]
