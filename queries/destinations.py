"""Destinations: how far each is, in figures and in a sentence.

A call is *in* when nothing is left to be done about it there. What is left is a delivery that is open, held or refused, unless a
later revision has its own: then that one speaks for the call. Calls of which nothing is to be there any more (taken back, merged,
not mapped any more) are left out of the total. What nobody has looked at in the feed yet is counted by itself, because nobody
knows yet what is to be made of it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lib.clock import iso
from models import CallOutcome, Delivery, DestinationState
from models.deliveries import IS_OPEN, OPERATIONS
from queries import destination_lag, receipt_counts
from queries.delivery_counts import OPEN, Counts
from queries.destination_lag import Ahead, Moments, in_utc, lag, next_try
from queries.destination_states import FAILING, OTHER_KIND, PARKED_STATE, PAUSED_STATE, STILL, state_of


def destinations(
    session: Session,
    configured: Mapping[str, str],
    counts: Mapping[str, Counts],
    age: float,
    now: datetime,
    at: Moments | None = None,
    spooled: int | None = 0,
) -> list[dict[str, Any]]:
    """Every destination as the API shows it: those of the settings in their order, then those that are there no more.
    ``configured``: name -> kind. ``counts``: what was counted, ``age`` seconds ago. ``at``: how ``lag`` writes moments; without
    it in UTC. ``spooled``: as of ``health.connections``."""
    rows = {row.name: row for row in session.scalars(select(DestinationState).order_by(DestinationState.name))}
    names = [*configured, *(name for name in rows if name not in configured)]
    found, came_at = [], receipt_counts.oldest_pending(session)
    for name in names:
        row, own = rows.get(name), counts.get(name, Counts())
        kind = configured.get(name)
        still = row is None or state_of(row, kind, now) in STILL
        ahead = None if row is None or still else _ahead(session, row, came_at, spooled)
        found.append(_shown(name, kind, row, ahead, own, age, now, at or in_utc))
    return found


def troubled(session: Session, configured: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Destination -> what is wrong with it, in a sentence: those of the settings that stand still without a person's saying so,
    and those whose last exchange failed."""
    rows = session.scalars(
        select(DestinationState).where(DestinationState.name.in_(configured)).order_by(DestinationState.name)
    )
    found = {}
    for row in rows:
        state = state_of(row, configured[row.name], now)
        if state in (FAILING, PARKED_STATE, OTHER_KIND) or (state == PAUSED_STATE and row.paused_by is None):
            found[row.name] = row.error or f"It is {state.replace('_', ' ')}."
    return found


def oldest_open(session: Session, names: Collection[str]) -> dict[str, datetime | None]:
    """Destination -> when the oldest of its deliveries was made that is still to be sent or looked up; None where none is."""
    found: dict[str, datetime | None] = {}
    for name in sorted(names):
        # Ids are in the order of their making, so a step on the index for each kind of them finds the oldest.
        firsts = [
            select(Delivery.id)
            .where(Delivery.destination == name, Delivery.state == state, Delivery.operation == operation)
            .order_by(Delivery.id)
            .limit(1)
            .scalar_subquery()
            for state in OPEN
            for operation in OPERATIONS
        ]
        made = select(func.min(Delivery.created_at)).where(or_(*(Delivery.id == first for first in firsts)))
        found[name] = session.scalar(made)
    return found


def _ahead(session: Session, row: DestinationState, came_at: datetime | None, spooled: int | None) -> Ahead:
    after = CallOutcome.position > row.position
    some = select(CallOutcome.position).where(after).limit(destination_lag.MOST_BEHIND).subquery()
    behind = session.scalar(select(func.count()).select_from(some)) or 0
    first = select(CallOutcome.changed_at).where(after).order_by(CallOutcome.position).limit(1)
    due = select(Delivery.due_at).where(Delivery.destination == row.name, IS_OPEN)
    return Ahead(
        behind,
        session.scalar(first) if behind else None,
        session.scalar(due.order_by(Delivery.due_at).limit(1)),
        came_at,
        spooled,
    )


def _shown(
    name: str,
    kind: str | None,
    row: DestinationState | None,
    ahead: Ahead | None,
    counts: Counts,
    age: float,
    now: datetime,
    at: Moments,
) -> dict[str, Any]:
    state = state_of(row, kind, now)
    if row is None:
        return dict.fromkeys(SHOWN) | {
            "name": name,
            "kind": kind,
            "state": state,
            "lag": "Not started yet: no worker has followed the feed for it, so nobody knows what is to be written.",
            "reasons": [],
        }
    return {
        "name": name,
        "kind": kind or row.kind,
        "state": state,
        "position": row.position,
        "behind": ahead.behind if ahead else None,
        "counts": counts.states,
        "waits_for_person": counts.held,
        "lag": lag(row, kind, ahead, counts, age, now, at),
        "sent_at": iso(row.sent_at),
        "error": row.error,
        "error_id": row.error_id,
        "parked_until": iso(row.parked_until) if state == PARKED_STATE else None,
        "next_at": iso(next_try(row, ahead)) if state == FAILING and ahead else None,
        "paused_at": iso(row.paused_at),
        "paused_by": row.paused_by,
        "calls": counts.calls,
        "calls_in": counts.calls - counts.missing,
        "reasons": counts.reasons,
        "account": row.account,
        "failing_since": iso(row.failing_since),
        "since": iso(row.since),
        "started_at": iso(row.started_at),
        "followed_at": iso(row.followed_at),
        "counted_seconds_ago": round(age),
    }


SHOWN = (
    *(
        "name",
        "kind",
        "state",
        "position",
        "behind",
        "counts",
        "waits_for_person",
        "lag",
        "sent_at",
        "error",
        "error_id",
    ),
    *(
        "parked_until",
        "next_at",
        "paused_at",
        "paused_by",
        "calls",
        "calls_in",
        "reasons",
        "account",
        "failing_since",
        "since",
    ),
    *("started_at", "followed_at", "counted_seconds_ago"),
)
