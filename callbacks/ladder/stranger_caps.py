"""What strangers can fill is capped: anybody can post to an unknown connection or guess at a token.

A share (``callbacks.strangers``) has its part of the caps for certain. What others do not use comes on top, and goes back to
them when they need it, the oldest first and that of unknown names before all other. Within a share whom we know comes first,
and whom we do not gives way. All of it holds the quota's row, so that no number of processes can overshoot.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callbacks.draft import Draft
from callbacks.strangers import Drops, Strangers
from lib import clock
from models import KnownToken, Receipt, StrangerQuota, StrangerShare, strangers
from models.database import insert_into
from models.receipts import KEPT_BYTES, STRANGERS_KEPT
from models.strangers import NOBODY

AT_ONCE = 200  # receipts that are looked up to give way
# What gives way to others of its own share has been there for so long: else a flood would wear out the disk.
SETTLED = timedelta(hours=1)
UNSYNCHRONIZED = {"synchronize_session": False}


@dataclass
class Amount:
    """How much of something there is."""

    receipts: int = 0
    bytes: int = 0

    def add(self, receipts: int, size: int) -> None:
        self.receipts += receipts
        self.bytes += size

    def within(self, receipts: int, size: int, more: int) -> bool:
        """Whether one more receipt of ``more`` bytes stays within so many."""
        return self.receipts + 1 <= receipts and self.bytes + more <= size


def keep_strangers(session: Session, drafts: Sequence[Draft], caps: Strangers) -> dict[str, Drops]:
    """Keep strangers' drafts while they fit; what does not, and what gave way, is counted. Returns how much that was of each
    share."""
    strangers.lock(session)
    caps.learn(session.scalars(select(KnownToken.fingerprint)).all())
    there = set(session.scalars(select(Receipt.id).where(Receipt.id.in_([draft.id for draft in drafts]))))
    shares: dict[str, list[Draft]] = {}
    for draft in drafts:
        if draft.id not in there:
            shares.setdefault(caps.share(draft), []).append(draft)
    filling = _Filling(session, caps)
    for name, own in shares.items():
        filling.put(name, own)
    filling.write()
    return filling.drops


def count(session: Session, drops: Mapping[str, Drops]) -> None:
    """Count what was dropped, also where no database was; to be called with the quota's row locked."""
    for name, one in sorted(drops.items()):
        strangers.drop(session, name, one.receipts, one.last)


class _Filling:
    """One transaction's worth of keeping."""

    def __init__(self, session: Session, caps: Strangers):
        self._session = session
        self._caps = caps
        self._all = Amount(*session.execute(select(StrangerQuota.receipts, StrangerQuota.bytes)).one())
        rows = session.execute(select(StrangerShare.connection, StrangerShare.receipts, StrangerShare.bytes)).all()
        self._shares = {name: Amount(receipts, size) for name, receipts, size in rows}
        self._more: dict[str, Amount] = {}  # than there was before, or less
        self._oldest: dict[tuple[str, str], Iterator[tuple[UUID, int]]] = {}
        self._gone: set[UUID] = set()
        self._going: list[UUID] = []
        self.drops: dict[str, Drops] = {}

    def put(self, name: str, drafts: list[Draft]) -> None:
        """Keep those of one share that fit, whom we know before whom we do not."""
        fitting: list[dict[str, Any]] = []
        for known, draft in sorted(((self._caps.knows(one), one) for one in drafts), key=lambda pair: not pair[0]):
            size = draft.kept_bytes
            if not self._has_room(name, size, known):
                self._drop(name, draft)
                continue
            self._add(name, 1, size)
            fitting.append(draft.row() | {"share": name, "known_sender": known, "kept_bytes": size})
        self._let_go()
        if fitting:
            self._session.execute(insert_into(self._session, Receipt).on_conflict_do_nothing(), fitting)

    def write(self) -> None:
        """Write down how much there is now, and what was dropped."""
        for name, more in sorted(self._more.items()):
            strangers.add(self._session, name, more.receipts, more.bytes)
        count(self._session, self.drops)

    def _add(self, name: str, receipts: int, size: int) -> None:
        for held in (self._all, self._held(name), self._more.setdefault(name, Amount())):
            held.add(receipts, size)

    def _held(self, name: str) -> Amount:
        return self._shares.setdefault(name, Amount())

    def _has_room(self, name: str, size: int, known: bool) -> bool:
        caps = (self._caps.receipts, self._caps.bytes)
        if not caps[0] or size > caps[1]:
            return False
        while not self._all.within(*caps, size):
            if not self._makes_room(name, size, known):
                return False
        return True

    def _makes_room(self, name: str, size: int, known: bool) -> bool:
        """Whether a receipt went, so that one of this share may come."""
        own = (self._caps.share_receipts, self._caps.share_bytes)
        if self._held(name).within(*own, size):
            lacks_receipts = self._all.receipts >= self._caps.receipts
            above = [
                (other != NOBODY, -held.receipts if lacks_receipts else -held.bytes, other)
                for other, held in self._shares.items()
                if other != name and (held.receipts > own[0] if lacks_receipts else held.bytes > own[1])
            ]
            if any(self._goes(other, "any") for _, _, other in sorted(above)):
                return True
        if known:
            return self._goes(name, "unknown") or self._goes(NOBODY, "unknown")
        return self._goes(name, "settled")

    def _goes(self, name: str, which: str) -> bool:
        if (name, which) not in self._oldest:
            self._oldest[name, which] = self._look_up(name, which)
        for receipt, size in self._oldest[name, which]:
            if receipt not in self._gone:
                self._gone.add(receipt)
                self._going.append(receipt)
                self._add(name, -1, -size)
                self._drop(name)
                return True
        return False

    def _look_up(self, name: str, which: str) -> Iterator[tuple[UUID, int]]:
        """The oldest of a share that may give way, whom we do not know first: ``any``; only whom we do not know, ``unknown``;
        of these what is settled, and not of the share's first half, ``settled``: so what came first stays, and what came last."""
        mine = [*STRANGERS_KEPT, Receipt.share == name]
        start = 0
        if which != "any":
            mine.append(Receipt.known_sender.is_(False))
        if which == "settled":
            mine.append(Receipt.received_at < clock.now() - SETTLED)
            start = self._held(name).receipts // 2
        # Who has one sent back to be read locks it before the quota: it is left to them.
        order = (Receipt.known_sender, Receipt.id)
        oldest = select(Receipt.id).where(*mine).order_by(*order).limit(AT_ONCE).offset(start)
        statement = select(Receipt.id, KEPT_BYTES).where(Receipt.id.in_(oldest.scalar_subquery()))
        while True:
            self._let_go()
            found = self._session.execute(statement.order_by(*order).with_for_update(skip_locked=True)).all()
            yield from ((receipt, size) for receipt, size in found)
            if len(found) < AT_ONCE:
                return

    def _let_go(self) -> None:
        if self._going:
            self._session.execute(delete(Receipt).where(Receipt.id.in_(self._going)), execution_options=UNSYNCHRONIZED)
            self._going = []

    def _drop(self, name: str, draft: Draft | None = None) -> None:
        last = draft.received_at if draft is not None else None
        self.drops[name] = self.drops.get(name, Drops()).and_(1, last)
