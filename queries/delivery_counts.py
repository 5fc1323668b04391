"""Deliveries and their calls, counted by destination: what is in there, and what is not for which reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from models import CallOutcome, Delivery
from models.deliveries import (
    DELIVERY_STATES,
    HELD,
    LEFT_OUT,
    PARKED,
    PENDING,
    REFUSED,
    SENDING,
    UNDONE,
    UNKNOWN,
    UNMATCHED,
)
from queries.deliveries import STEERED, outdated

OPEN = (PENDING, SENDING, PARKED, UNKNOWN)
_LEFT = (*OPEN, HELD, REFUSED)  # something is to be done about it


@dataclass(frozen=True)
class Counts:
    """Of one destination. ``states``: its deliveries by state; ``reasons``: those with a reason, ``{"state", "reason",
    "deliveries"}``, the most first, and of what can be tried again only such as no later revision has replaced. The rest are
    calls: all of them, those that are not in, and of these such as are held, refused, skipped because nobody was found, or
    unknown."""

    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DELIVERY_STATES, 0))
    reasons: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    missing: int = 0
    held: int = 0
    refused: int = 0
    skipped: int = 0
    unknown: int = 0


def counted(session: Session) -> dict[str, Counts]:
    """Of every destination that has deliveries. Takes a second for a million: ``queries.recent_counts`` keeps it."""
    states: dict[str, dict[str, int]] = {}
    keys = (Delivery.destination, Delivery.state)
    for name, state, count in session.execute(select(*keys, func.count()).group_by(*keys)):
        states.setdefault(name, dict.fromkeys(DELIVERY_STATES, 0))[state] = count
    if not states:
        return {}
    reasons: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(_reasons(session), key=lambda row: (-row["deliveries"], row["state"], row["reason"])):
        reasons.setdefault(row.pop("destination"), []).append(row)
    calls, missing = _calls(session), _missing(session)
    return {
        name: Counts(own, reasons.get(name, []), calls.get(name, 0), *missing.get(name, ()))
        for name, own in states.items()
    }


def _reasons(session: Session) -> Iterator[dict[str, Any]]:
    keys = (Delivery.destination, Delivery.state, Delivery.reason)
    counts = select(*keys, func.count().label("deliveries")).where(Delivery.reason.is_not(None)).group_by(*keys)
    # Apart, so that only few are looked at for what is newer.
    for condition in (Delivery.state.not_in(STEERED), Delivery.state.in_(STEERED) & ~outdated()):
        for row in session.execute(counts.where(condition)):
            yield dict(row._mapping)


def _calls(session: Session) -> dict[str, int]:
    """Destination -> its calls, without those of which nothing is to be there."""
    of_call = (Delivery.destination, Delivery.outcome_id)
    every = select(*of_call).distinct().subquery()
    counted_calls = select(every.c.destination, func.count()).group_by(every.c.destination)
    found = {name: count for name, count in session.execute(counted_calls)}
    other = aliased(Delivery)
    same = (other.destination == Delivery.destination, other.outcome_id == Delivery.outcome_id)
    stands = select(other.id).where(*same, other.state != UNDONE).exists()
    undone = select(*of_call).where(Delivery.state == UNDONE, ~stands).distinct().subquery()
    for name, count in session.execute(select(undone.c.destination, func.count()).group_by(undone.c.destination)):
        found[name] -= count
    # What was written of a merged row is gone from there, or was told to be; what is still to be done about it counts.
    is_merged = (CallOutcome.id == Delivery.outcome_id, CallOutcome.merged_into.is_not(None))
    left = select(other.id).where(*same, other.state.in_(_LEFT), ~outdated(other)).exists()
    merged = select(*of_call).where(*is_merged, stands, ~left).distinct().subquery()
    for name, count in session.execute(select(merged.c.destination, func.count()).group_by(merged.c.destination)):
        found[name] -= count
    return found


def _missing(session: Session) -> dict[str, tuple[int, ...]]:
    """Destination -> calls that are not in, and of these such as are held, refused, skipped, unknown."""
    of_call = (Delivery.destination, Delivery.outcome_id)
    skipped = (Delivery.state == REFUSED) & func.coalesce(Delivery.reason, "").in_((*UNMATCHED, LEFT_OUT))
    kinds = (Delivery.state == HELD, (Delivery.state == REFUSED) & ~skipped, skipped, Delivery.state == UNKNOWN)
    flags = [func.max(case((kind, 1), else_=0)).label(f"is_{at}") for at, kind in enumerate(kinds)]
    left = Delivery.state.in_(_LEFT) & ~outdated()
    calls = select(*of_call, *flags).where(left).group_by(*of_call).subquery()
    sums = [func.sum(calls.c[flag.name]) for flag in flags]
    grouped = select(calls.c.destination, func.count(), *sums).group_by(calls.c.destination)
    return {name: tuple(map(int, found)) for name, *found in session.execute(grouped)}
