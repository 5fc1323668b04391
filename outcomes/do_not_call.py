"""Calls of which a disposition says that the number must not be called any more: the flag dnc, followed onto the list.

In the transaction that writes the outcome: whoever can read that a call says so finds its number on the list. An outcome puts its
number there when it comes to say so, and takes back what it has put itself when it does not any more, or says it of another
number. What a person has taken off meanwhile stays off (docs/decisions/0019-suppressions.md).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, exists, literal_column, select, tuple_
from sqlalchemy.orm import Session

from dialers.vocabulary import DNC
from lib import clock
from models import CallOutcome, Suppression
from models.bulk import among
from models.database import Database
from models.searching import has_flag
from models.suppressions import OUTCOME
from outcomes import suppressions
from outcomes.groups import Raced, lock_groups
from outcomes.suppressions import Wanted

PIECE = 250

Row = Mapping[str, Any]  # an outcome, as it is in the table or as it is to be
Change = tuple[Row | None, Row]  # before and after


def says(row: Row) -> bool:
    """Whether the outcome has the flag."""
    return DNC in row["flags"]


def follow(session: Session, changes: Iterable[Change], at: datetime) -> None:
    """Put and take off what these changes mean. Their groups are locked."""
    gone: dict[str, list[str]] = {}
    wanted: dict[str, list[Wanted]] = {}
    for before, after in changes:
        was, now, name = _number(before), _number(after), after["connection"]
        if was is not None and was != now:
            gone.setdefault(name, []).append(str(after["id"]))
        if now is not None and was != now:
            wanted.setdefault(name, []).append(_wanted(after, now))
    for name, origins in gone.items():
        its = (Suppression.source == OUTCOME, among(session, Suppression.origin, origins))
        suppressions.take_off(session, its, name, at)
    for name, some in wanted.items():
        suppressions.put(session, OUTCOME, some, name, at)


def _number(row: Row | None) -> str | None:
    """Which must not be called, as the outcome says."""
    if row is None or row["merged_into"] is not None or not says(row):
        return None
    number: str | None = row["customer_number"]  # None where it cannot be read
    return number


def _wanted(row: Row, number: str) -> Wanted:
    return Wanted(number, row["customer_number_raw"] or number, row["disposition"], None, str(row["id"]))


_COLUMNS = ("id", "connection", "flags", "customer_number", "customer_number_raw", "disposition", "merged_into")
_PLACE = (CallOutcome.connection, CallOutcome.occurred_at, CallOutcome.id)
_ITS_OWN = exists().where(Suppression.origin == cast(CallOutcome.id, Text))
_LACKING = (
    select(*_PLACE, CallOutcome.group_id)
    .where(has_flag(CallOutcome.flags, literal_column(f"'{DNC}'")), ~_ITS_OWN)
    .where(CallOutcome.customer_number.is_not(None), CallOutcome.merged_into.is_(None))
    .order_by(*_PLACE)
)


class Past:
    """Calls that say so and were written by a release that had no list: each is looked at once, when a worker starts."""

    def __init__(self, database: Database):
        self._database = database
        self._after: tuple[str, datetime, UUID] | None = None
        self._left = True

    def step(self, limit: int = PIECE) -> int:
        """Put some more of them on the list. How many were looked at; 0 when none is left."""
        if not self._left:
            return 0
        piece = _LACKING.limit(limit)
        if self._after is not None:
            piece = piece.where(tuple_(*_PLACE) > self._after)
        with self._database.read() as session:
            found = session.execute(piece).all()
        try:
            if found:
                self._put([row.id for row in found], {row.group_id for row in found})
        except Raced:
            return len(found)  # looked at again at the next call
        self._left = len(found) == limit
        self._after = (found[-1].connection, found[-1].occurred_at, found[-1].id) if found else None
        return len(found)

    def _put(self, ids: list[UUID], groups: set[UUID]) -> None:
        columns = [getattr(CallOutcome, name) for name in _COLUMNS]
        with self._database.write() as session:
            lock_groups(session, [], groups)  # what they say, and what they have put, stays as it is now
            rows = session.execute(select(*columns).where(among(session, CallOutcome.id, ids), ~_ITS_OWN))
            follow(session, [(None, dict(row)) for row in rows.mappings()], clock.now())
