"""Deliveries and their calls, counted by destination: what is in there, and what is not for which reason."""

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import case, func, null, select, union_all
from sqlalchemy.orm import Session, aliased

from models import CallOutcome, Delivery, DestinationState
from models.database import AnyRow
from models.deliveries import (
    DELIVERY_STATES,
    DONE,
    HELD,
    LEFT_OUT,
    PARKED,
    PENDING,
    REFUSED,
    REPLACED,
    SENDING,
    UNDONE,
    UNKNOWN,
    UNMATCHED,
)
from queries.deliveries import STEERED, outdated

OPEN = (PENDING, SENDING, PARKED, UNKNOWN)
_LEFT = (*OPEN, HELD, REFUSED)  # something is to be done about it
_NOT_DONE = (*_LEFT, UNDONE)
SKIPPED = "skipped"  # as metrics call what is refused and no CRM has refused
_NOBODYS = (*UNMATCHED, LEFT_OUT)


@dataclass(frozen=True)
class Counts:
    """Of one destination. ``states``: its deliveries by state; ``reasons``: those with a reason, ``{"state", "reason",
    "deliveries"}``, the most first, and of what can be tried again only such as no later revision has replaced. The rest are
    calls: all of them, those that are not in, and of these such as are held, refused, skipped because nobody was found, or
    unknown. ``nobodys``: of the deliveries that are refused those of which nobody was found, that somebody has left out, or
    whose person was erased."""

    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DELIVERY_STATES, 0))
    reasons: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    missing: int = 0
    held: int = 0
    refused: int = 0
    skipped: int = 0
    unknown: int = 0
    nobodys: int = 0

    def told(self) -> dict[str, int]:
        """State -> deliveries, with ``SKIPPED`` apart from what a CRM has refused."""
        return self.states | {REFUSED: self.states[REFUSED] - self.nobodys, SKIPPED: self.nobodys}


def counted(session: Session) -> dict[str, Counts]:
    """Of every destination that has deliveries. What is done is most of them, and not counted: the destination knows how many it
    has. What is left is looked at, each by itself: ``queries.recent_counts`` keeps what takes long."""
    own = select(DestinationState.name, DestinationState.deliveries, DestinationState.calls)
    rows = session.execute(own.where(DestinationState.deliveries > 0)).all()
    return {row.name: _counts(session, row.name, row.deliveries, row.calls) for row in rows}


def _counts(session: Session, name: str, deliveries: int, calls: int) -> Counts:
    states = dict.fromkeys(DELIVERY_STATES, 0)
    by_state = select(Delivery.state, func.count()).where(Delivery.destination == name, Delivery.state.in_(_NOT_DONE))
    for state, count in session.execute(by_state.group_by(Delivery.state)):
        states[state] = count
    states[DONE] = deliveries - sum(states.values())
    skipped = (Delivery.destination == name, Delivery.state == REFUSED, Delivery.reason.in_(_NOBODYS))
    nobodys = session.scalar(select(func.count()).select_from(Delivery).where(*skipped)) or 0
    reasons, missing = _left(session, name)
    reasons += _reasons(session, name)
    reasons.sort(key=lambda row: (-row["deliveries"], row["state"], row["reason"]))
    found = Counts(states, reasons, calls - _undone(session, name) - _merged(session, name), *missing)
    return replace(found, nobodys=nobodys)


def _reasons(session: Session, name: str) -> list[dict[str, Any]]:
    """Of what cannot be tried again, whether or not a later revision has its own."""
    mine = (Delivery.destination == name, Delivery.reason.is_not(None), Delivery.state.not_in(STEERED))
    keys = (Delivery.state, Delivery.reason)
    rows = session.execute(select(*keys, func.count()).where(*mine).group_by(*keys))
    return [{"state": state, "reason": reason, "deliveries": count} for state, reason, count in rows]


def _left(session: Session, name: str) -> tuple[list[dict[str, Any]], tuple[int, ...]]:
    """(reasons of what can be tried again; calls that are not in, and of these such as are held, refused, skipped, unknown)."""
    mine = (Delivery.destination == name, Delivery.state.in_(_LEFT), ~outdated())
    left = select(Delivery.outcome_id, Delivery.state, Delivery.reason).where(*mine).cte("left_over")
    skipped = (left.c.state == REFUSED) & func.coalesce(left.c.reason, "").in_(_NOBODYS)
    kinds = (left.c.state == HELD, (left.c.state == REFUSED) & ~skipped, skipped, left.c.state == UNKNOWN)
    calls = [func.count(case((kind, left.c.outcome_id)).distinct()) for kind in kinds]
    keys = (left.c.state, left.c.reason)
    counts = (func.count(), func.count(left.c.outcome_id.distinct()), *calls)
    # One walk finds the groups and the sums, which are in none.
    both: Any = union_all(select(*keys, *counts).group_by(*keys), select(null(), null(), *counts).select_from(left))
    found: list[AnyRow] = sorted(session.execute(both), key=lambda row: row[0] is None)
    *rows, totals = found
    reasons = [
        {"state": row[0], "reason": row[1], "deliveries": row[2]}
        for row in rows
        if row[0] in STEERED and row[1] is not None
    ]
    return reasons, tuple(totals[3:])


def _undone(session: Session, name: str) -> int:
    """Calls of which nothing is to be there. Of those in whose place another is sent, that one says it."""
    other = aliased(Delivery)
    same = (other.destination == Delivery.destination, other.outcome_id == Delivery.outcome_id)
    stands = select(other.id).where(*same, other.state != UNDONE).exists()
    mine = (Delivery.destination == name, Delivery.state == UNDONE, func.coalesce(Delivery.reason, "") != REPLACED)
    return session.scalar(select(func.count(Delivery.outcome_id.distinct())).where(*mine, ~stands)) or 0


def _merged(session: Session, name: str) -> int:
    """Calls that became others: what was written of them is gone from there, or was told to be. What is still to be done about
    one counts."""
    mine = (Delivery.destination == name, Delivery.outcome_id == CallOutcome.id)
    stands = select(Delivery.id).where(*mine, Delivery.state != UNDONE).exists()
    left = select(Delivery.id).where(*mine, Delivery.state.in_(_LEFT), ~outdated()).exists()
    merged = CallOutcome.merged_into.is_not(None)
    return session.scalar(select(func.count()).select_from(CallOutcome).where(merged, stands, ~left)) or 0
