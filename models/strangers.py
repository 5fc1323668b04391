"""How much of the quarantine strangers fill: all together, and share by share.

A share is that of a connection, for what came in its name without a right to, or ``NOBODY``'s: that of all names that nobody
configured. Who changes what strangers have holds the quota's row (``lock``) and keeps both counts.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Big, Moment, Name
from models.database import insert_into

NOBODY = ""
STRANGERS = "(strangers)"  # all names that they made up, as one, where receipts are counted
UNKNOWN = "(unknown)"  # the same for readers: no connection can be called so


class StrangerQuota(Base):
    """One row: how much strangers have, and how many of their receipts did not fit or gave way."""

    __tablename__ = "stranger_quota"

    id: Mapped[int] = mapped_column(primary_key=True)
    receipts: Mapped[Big] = mapped_column(default=0)
    bytes: Mapped[Big] = mapped_column(default=0)
    overflow: Mapped[Big] = mapped_column(default=0)
    last_overflow_at: Mapped[Moment | None]


class StrangerShare(Base):
    """The same of one share."""

    __tablename__ = "stranger_shares"

    connection: Mapped[Name] = mapped_column(primary_key=True)  # or NOBODY
    receipts: Mapped[Big] = mapped_column(default=0)
    bytes: Mapped[Big] = mapped_column(default=0)
    dropped: Mapped[Big] = mapped_column(default=0)
    last_dropped_at: Mapped[Moment | None]


def lock(session: Session) -> None:
    """Nobody else keeps strangers' receipts, or takes some away, until this transaction ends."""
    _update(session, {"overflow": StrangerQuota.overflow})


def add(session: Session, share: str, receipts: int, size: int) -> None:
    """So much more of a share, or less. Never below zero: what was set back by hand must not turn into free space."""
    if receipts or size:
        _update(session, _sum(StrangerQuota, {"receipts": receipts, "bytes": size}))
        _upsert(session, share, {"receipts": receipts, "bytes": size})


def take_away(session: Session, gone: Iterable[tuple[str | None, int]]) -> None:
    """These, (share, bytes) each, are strangers' no more. None: of a release that knew no shares."""
    receipts: Counter[str | None] = Counter()
    sizes: Counter[str | None] = Counter()
    for share, size in gone:
        receipts[share] += 1
        sizes[share] += size
    for share in sorted(receipts, key=str):
        if share is None:
            _update(session, _sum(StrangerQuota, {"receipts": -receipts[share], "bytes": -sizes[share]}))
        else:
            add(session, share, -receipts[share], -sizes[share])


def drop(session: Session, share: str, receipts: int, last: datetime | None) -> None:
    """So many of a share were dropped; ``last``: when the last one came, where one came and did not fit."""
    when = {} if last is None else {"last_overflow_at": last}
    _update(session, {"overflow": StrangerQuota.overflow + receipts} | when)
    _upsert(session, share, {"dropped": receipts}, {} if last is None else {"last_dropped_at": last})


def _upsert(session: Session, share: str, more: dict[str, int], besides: dict[str, Any] | None = None) -> None:
    insert = insert_into(session, StrangerShare.__table__)
    row = {"receipts": 0, "bytes": 0, "dropped": 0} | {name: max(0, value) for name, value in more.items()}
    statement = insert.values(connection=share, **row, **(besides or {}))
    values = _sum(StrangerShare, more) | (besides or {})
    session.execute(statement.on_conflict_do_update(index_elements=["connection"], set_=values))


def _sum(table: type[StrangerQuota | StrangerShare], more: dict[str, int]) -> dict[str, ColumnElement[int]]:
    sums = {name: getattr(table, name) + value for name, value in more.items()}
    return {name: case((value > 0, value), else_=0) for name, value in sums.items()}


def _update(session: Session, values: dict[str, Any]) -> None:
    session.execute(update(StrangerQuota).values(values), execution_options={"synchronize_session": False})
