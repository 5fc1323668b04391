"""The last rung: the whole receipt as a line of the error log, and held in memory until a store takes it."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from callbacks.draft import Draft
from callbacks.tickets import Ticket, release

log = structlog.get_logger(__name__)

EVENT = "receipt_not_stored"  # what ``wrapup replay --from-log`` looks for


class Memory:
    """Drafts that no store has taken, oldest first, up to so many bytes of bodies."""

    def __init__(self, largest: int):
        self._largest = largest
        self._lock = threading.Lock()
        self._drafts: OrderedDict[UUID, Draft] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._drafts)

    def hold(self, drafts: Iterable[Draft]) -> list[Draft]:
        """Hold what fits; returns what does not."""
        beyond = []
        with self._lock:
            for draft in drafts:
                if self._bytes + len(draft.body) > self._largest:
                    beyond.append(draft)
                elif draft.id not in self._drafts:
                    self._drafts[draft.id] = draft
                    self._bytes += len(draft.body)
        return beyond

    def first(self, count: int = 500) -> list[Draft]:
        """The oldest that are held."""
        with self._lock:
            return [draft for _, draft in zip(range(count), self._drafts.values(), strict=False)]

    def forget(self, drafts: Iterable[Draft]) -> None:
        """A store has taken these."""
        with self._lock:
            for draft in drafts:
                if self._drafts.pop(draft.id, None) is not None:
                    self._bytes -= len(draft.body)


class LastRung:
    """Takes everything, at once. The only place where a body is written to a log."""

    def __init__(self, memory: Memory):
        self._memory = memory

    def put(self, tickets: Sequence[Ticket]) -> None:
        drafts = [ticket.draft for ticket in tickets]
        for draft in drafts:
            log.error(EVENT, receipt=draft.record())
        beyond = self._memory.hold(drafts)
        if beyond:
            log.error("memory_full", receipts=len(beyond))  # they stand in the log alone
        release(tickets)
