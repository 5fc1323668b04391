"""Destinations: how far each is, in figures and in a sentence.

A call is *in* when nothing is left to be done about it there. What is left is a delivery that is open, held or refused, unless a
later revision has its own: then that one speaks for the call. Calls of which nothing is to be there any more (taken back, merged,
not mapped any more) are left out of the total. What nobody has looked at in the feed yet is counted by itself, because nobody
knows yet what is to be made of it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lib import clock
from lib.clock import iso
from lib.text import many
from models import CallOutcome, Delivery, DestinationState
from models.deliveries import IS_OPEN, OPERATIONS
from queries import health
from queries.delivery_counts import OPEN, Counts

# What a destination is.
RUNNING = "running"
PAUSED_STATE = "paused"  # by a person, or because the other side wants nothing more
PARKED_STATE = "parked"  # until its quota or its credentials allow more
FAILING = "failing"  # the last exchange failed; it is tried again
NOT_STARTED = "not_started"  # in the settings, and no worker has followed the feed for it yet
NOT_CONFIGURED = "not_configured"  # not in the settings any more
OTHER_KIND = "other_kind"  # it was started as another kind than the settings say now
STATES = (RUNNING, PAUSED_STATE, PARKED_STATE, FAILING, NOT_STARTED, NOT_CONFIGURED, OTHER_KIND)
STILL = (NOT_STARTED, NOT_CONFIGURED, OTHER_KIND)  # nobody follows the feed for such, or sends to them

MOST_BEHIND = 100_000  # changes that are counted
Moments = Callable[[datetime], str]  # how a sentence writes a moment
LATE_SECONDS = 120.0  # a worker looks every second; after so many it is said that nobody does


def destinations(
    session: Session,
    configured: Mapping[str, str],
    counts: Mapping[str, Counts],
    age: float,
    now: datetime,
    at: Moments | None = None,
) -> list[dict[str, Any]]:
    """Every destination as the API shows it: those of the settings in their order, then those that are there no more.
    ``configured``: name -> kind. ``counts``: what was counted, ``age`` seconds ago. ``at``: how ``lag`` writes moments; without
    it in UTC."""
    rows = {row.name: row for row in session.scalars(select(DestinationState).order_by(DestinationState.name))}
    names = [*configured, *(name for name in rows if name not in configured)]
    found, came_at = [], health.oldest_pending(session)
    for name in names:
        row, own = rows.get(name), counts.get(name, Counts())
        kind = configured.get(name)
        ahead = _ahead(session, row, came_at) if row is not None and state_of(row, kind, now) not in STILL else None
        found.append(_shown(name, kind, row, ahead, own, age, now, at or in_utc))
    return found


def state_of(row: DestinationState | None, kind: str | None, now: datetime) -> str:
    """One of ``STATES``: the first that holds, from the end to the beginning of what a person has to do about it. ``kind`` as
    the settings say."""
    if kind is None:
        return NOT_CONFIGURED
    if row is None:
        return NOT_STARTED
    if row.kind != kind:
        return OTHER_KIND
    if row.paused_at is not None:
        return PAUSED_STATE
    if row.parked_until is not None and row.parked_until > now:
        return PARKED_STATE
    return FAILING if row.failures or row.error else RUNNING


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


@dataclass(frozen=True)
class Ahead:
    """What is before a destination. ``behind``: calls that have changed since its place in the feed, MOST_BEHIND at most, the
    first of them at ``changed_at``; ``due_at``: since when something could be sent; ``came_at``: since when a receipt has
    waited of which nobody knows the call yet."""

    behind: int
    changed_at: datetime | None
    due_at: datetime | None
    came_at: datetime | None


def _ahead(session: Session, row: DestinationState, came_at: datetime | None) -> Ahead:
    after = CallOutcome.position > row.position
    some = select(CallOutcome.position).where(after).limit(MOST_BEHIND).subquery()
    behind = session.scalar(select(func.count()).select_from(some)) or 0
    first = select(CallOutcome.changed_at).where(after).order_by(CallOutcome.position).limit(1)
    due = select(Delivery.due_at).where(Delivery.destination == row.name, IS_OPEN)
    return Ahead(
        behind,
        session.scalar(first) if behind else None,
        session.scalar(due.order_by(Delivery.due_at).limit(1)),
        came_at,
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


def in_utc(at: datetime) -> str:
    """As sentences write a moment, where no reader has chosen a zone."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def lag(
    row: DestinationState, kind: str | None, ahead: Ahead | None, counts: Counts, age: float, now: datetime, at: Moments
) -> str:
    """How far it is: what is in, what waits for whom, what nobody has looked at, and why nothing moves where nothing does."""
    behind = ahead.behind if ahead else 0
    unread = ahead is not None and ahead.came_at is not None and _late(ahead.came_at, now)
    so_far = "As far as the feed has been followed, " if (behind or unread) and counts.calls else ""
    are_in = _are_in(counts)
    said = [so_far + are_in[0].lower() + are_in[1:] if so_far else are_in]
    if counts.held:
        said.append(f"{counts.held:,} {'waits' if counts.held == 1 else 'wait'} for a person")
    if counts.refused:
        said.append(f"{counts.refused:,} {_were(counts.refused)} refused")
    if counts.skipped:
        said.append(
            f"{counts.skipped:,} {_were(counts.skipped)} skipped, since nobody was found for them or somebody left them out"
        )
    if counts.unknown:
        said.append(f"of {counts.unknown:,} nobody can tell yet whether the CRM took it")
    if behind:
        more = "at least " if behind >= MOST_BEHIND else ""
        said.append(
            f"{more}{many(behind, 'change')} of calls {'has' if behind == 1 else 'have'} not been looked at yet"
        )
    sentences = ["; ".join(said) + "."]
    if age >= 1:
        sentences.append(f"Counted {round(age)} s ago.")
    return " ".join([*sentences, *_why_still(row, kind, ahead, now, at)])


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _are_in(counts: Counts) -> str:
    if not counts.calls:
        return "Nothing is to be written so far"
    if not counts.missing:
        return "The only call is in" if counts.calls == 1 else f"All {counts.calls:,} calls are in"
    if counts.missing >= counts.calls:
        return "The only call is not in" if counts.calls == 1 else f"None of {counts.calls:,} calls is in"
    return f"All but {counts.missing:,} of {counts.calls:,} calls are in"


def _why_still(row: DestinationState, kind: str | None, ahead: Ahead | None, now: datetime, at: Moments) -> list[str]:
    state = state_of(row, kind, now)
    if kind is None:
        return ["It is not in the settings any more, so nothing is sent."]
    if ahead is None:
        was = f"It was started as a {row.kind}, and the settings say {kind}: nothing is sent."
        return [was, "Give the new one a name of its own."]
    said = []
    if ahead.came_at is not None and _late(ahead.came_at, now):
        since = at(ahead.came_at)
        said.append(
            f"Receipts have waited since {since} to be read; what they say is in no figure: is a worker running?"
        )
    # Its place moves when something has changed, so that a quiet night is no trouble; and one who works through years of
    # history is behind, and at work.
    if ahead.changed_at is not None and _late(ahead.changed_at, now) and _late(row.followed_at, now):
        said.append(f"The feed has not been followed since {at(ahead.changed_at)}: is a worker running?")
    if state == PAUSED_STATE and row.paused_at is not None:
        by = f" by {row.paused_by}" if row.paused_by and row.paused_by != row.error else ""
        return [*said, f"Paused since {at(row.paused_at)}{by}: nothing is sent."]
    if state == PARKED_STATE and row.parked_until is not None:
        return [*said, f"Nothing is sent before {at(row.parked_until)}."]
    due = next_try(row, ahead)
    if state == FAILING:
        if due is None:
            return [*said, "The last exchange failed; nothing waits to be sent."]
        said.append(f"The last exchange failed; the next try is {_when(due, now)}.")
    if due is not None and _late(due, now) and _late(row.sent_at or row.started_at, now) and not _is_held(row, now):
        said.append(f"What has been due since {at(due)} is not sent: is a worker running?")
    return said


def next_try(row: DestinationState, ahead: Ahead) -> datetime | None:
    """From when on something could be sent; None where nothing waits."""
    if ahead.due_at is None:
        return None
    rests = [row.next_at] if row.failures or row.error else []
    return max([ahead.due_at, *rests, *([row.parked_until] if row.parked_until else [])])


def _is_held(row: DestinationState, now: datetime) -> bool:
    """Whether a worker has it at this moment, however long the other side takes to answer."""
    return row.lease_until is not None and row.lease_until > now


def _late(at: datetime, now: datetime) -> bool:
    return (now - at).total_seconds() > LATE_SECONDS


def _when(at: datetime, now: datetime) -> str:
    return f"in {clock.span(at - now)}" if at > now else "due"
