"""Strangers: whoever posts for a connection that does not exist, or without the token that opens its URL.

What they may fill is capped, in *shares*: one of each configured connection, for what came in its name, and one of all names that
nobody configured. Some of them are known all the same: who has a token that is ours, an outdated one, say. One object per
process, shared by its threads. Why so: docs/decisions/0010-strangers.md.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from callbacks.draft import Draft
from callbacks.ladder.tickets import Ticket
from callbacks.settings import Settings
from models.strangers import NOBODY, UNKNOWN

log = structlog.get_logger(__name__)

TELL_SECONDS = 60.0  # between two lines of the log: what is dropped, strangers decide


@dataclass(frozen=True)
class Drops:
    """How many receipts of a share were dropped, and when the last one of them came."""

    receipts: int = 0
    last: datetime | None = None

    def and_(self, receipts: int, last: datetime | None) -> "Drops":
        moments = [moment for moment in (self.last, last) if moment is not None]
        return Drops(self.receipts + receipts, max(moments, default=None))


class Strangers:
    """``receipts`` and ``bytes_`` are the caps of all strangers together. ``fingerprints``: of the tokens in force; those that
    were in force once are in the database, see ``learn``. ``processes``: how many like this one there are."""

    def __init__(
        self,
        receipts: int,
        bytes_: int,
        connections: Iterable[str] = (),
        fingerprints: Iterable[str] = (),
        processes: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.receipts, self.bytes = receipts, bytes_
        self.connections = frozenset(connections)
        # What each share has for certain; what another one does not use comes on top.
        self.share_receipts, self.share_bytes = (most // (len(self.connections) + 1) for most in (receipts, bytes_))
        self.learned = False  # whether the tokens of the past are known here
        self._known = frozenset(fingerprints)
        self._processes = processes
        self._clock = clock
        self._lock = threading.Lock()
        self._below: dict[str, tuple[int, int]] = {}  # share -> receipts and bytes that went below the database
        self._uncounted: dict[str, Drops] = {}
        self._untold: dict[str, int] = {}
        self._told_at: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Strangers":
        tokens = [one for own in settings.token_fingerprints().values() for one in own]
        caps = (settings.stranger_receipts, settings.stranger_bytes)
        return cls(*caps, settings.connections, tokens, settings.workers)

    def share(self, draft: Draft) -> str:
        """Whose share it fills."""
        return draft.connection if draft.dialer and draft.connection in self.connections else NOBODY

    def learn(self, fingerprints: Iterable[str]) -> None:
        """These tokens are ours, or were."""
        self._known |= frozenset(fingerprints)
        self.learned = True

    def has(self, fingerprint: str | None) -> bool:
        """Whether it is that of a token which is ours, or was."""
        return fingerprint in self._known

    def knows(self, draft: Draft) -> bool:
        """Whether its sender has a token of ours, which nobody else can have: an outdated one, another connection's, one of
        a connection that has another name by now, or the right one without the right ``Authorization``. Its twin in SQL is
        ``outcomes.strangers.share_out``."""
        return draft.reason == "wrong_authorization" or self.has(draft.headers.get("token-fingerprint"))

    # Below the database --------------------------------------------------------------------------------------------------
    def parted(self, tickets: Sequence[Ticket]) -> tuple[list[Ticket], list[Ticket]]:
        """(what may go on down the ladder, what ends here and is counted)."""
        if not any(ticket.draft.stranger for ticket in tickets):
            return list(tickets), []
        on: list[Ticket] = []
        ended: list[Ticket] = []
        for ticket in tickets:
            (on if not ticket.draft.stranger or self._may_go_on(ticket.draft) else ended).append(ticket)
        for ticket in ended:
            self._count(self.share(ticket.draft), ticket.draft.received_at)
        self.tell()
        return on, ended

    def all_is_above(self) -> None:
        """The database is well and has what went below it: as much may go there again."""
        with self._lock:
            self._below.clear()

    def _may_go_on(self, draft: Draft) -> bool:
        """Only whom we know, and no more of each share than is its own: all processes together stay below the caps."""
        name = self.share(draft)
        if not self.knows(draft):
            return False
        with self._lock:
            receipts, size = self._below.get(name, (0, 0))
            receipts, size = receipts + 1, size + draft.kept_bytes
            if receipts * self._processes > self.share_receipts or size * self._processes > self.share_bytes:
                return False
            self._below[name] = receipts, size
        return True

    # What was dropped ------------------------------------------------------------------------------------------------------
    def _count(self, name: str, at: datetime) -> None:
        with self._lock:
            self._uncounted[name] = self._uncounted.get(name, Drops()).and_(1, at)
            self._untold[name] = self._untold.get(name, 0) + 1

    def uncounted(self) -> dict[str, Drops]:
        """Share -> what was dropped and is not counted in the database yet."""
        with self._lock:
            return dict(self._uncounted)

    def counted(self, drops: Mapping[str, Drops]) -> None:
        """The database has counted these."""
        with self._lock:
            for name, one in drops.items():
                left = self._uncounted.get(name, Drops()).receipts - one.receipts
                self._uncounted.pop(name, None)
                if left > 0:
                    self._uncounted[name] = Drops(left, one.last)

    def did_not_fit(self, drops: Mapping[str, Drops]) -> None:
        """To be told of; the database has counted them by itself."""
        with self._lock:
            for name, one in drops.items():
                self._untold[name] = self._untold.get(name, 0) + one.receipts
        self.tell()

    def tell(self, at_once: bool = False) -> None:
        """One line about all that was dropped since the last one, at most once in TELL_SECONDS; never a body or a name that a
        stranger made up."""
        with self._lock:
            due = self._told_at is None or self._clock() - self._told_at >= TELL_SECONDS
            if not self._untold or not (due or at_once):
                return
            told, self._untold, self._told_at = self._untold, {}, self._clock()
        shares = {name or UNKNOWN: receipts for name, receipts in sorted(told.items())}
        log.warning("strangers_dropped", receipts=sum(told.values()), connections=shares)
