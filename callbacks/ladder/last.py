"""The last rung: the whole receipt in the error log, and held in memory until a store takes it.

Receivers, reader, worker and supervisor write to one standard error, which may be a pipe, and a pipe keeps only writes of up to
4096 bytes in one piece (PIPE_BUF). Docker breaks lines at 16 KiB, journald at 48. So no line of a receipt is longer than a pipe
keeps whole, and a longer receipt becomes several:

    {"receipt": {...}, "event": "receipt_not_stored", ...}
    {"receipt": "<a part of the record's JSON>", "id": "<its id>", "piece": 1, "of": 7, "event": "receipt_not_stored", ...}

``recovery.from_log`` reads both.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from callbacks.draft import Draft
from callbacks.ladder.tickets import Ticket, release

log = structlog.get_logger(__name__)

EVENT = "receipt_not_stored"  # what ``wrapup replay --from-log`` looks for
WHOLE_LENGTH = 3500  # of a record as JSON; leaves room for what else stands on a line
PIECE_LENGTH = 1700  # quotes and backslashes are escaped once more, and it may hold nothing else
FLAT_BYTES = 1024  # what a draft takes in memory besides its texts


class Memory:
    """Drafts that no store has taken, oldest first, up to so many bytes. Each counts with its texts and FLAT_BYTES."""

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
                if draft.id in self._drafts:
                    continue
                if self._bytes + size_of(draft) > self._largest:
                    beyond.append(draft)
                else:
                    self._drafts[draft.id] = draft
                    self._bytes += size_of(draft)
        return beyond

    def first(self, count: int = 500) -> list[Draft]:
        """The oldest that are held."""
        with self._lock:
            return [draft for _, draft in zip(range(count), self._drafts.values(), strict=False)]

    def forget(self, drafts: Iterable[Draft]) -> None:
        """A store has taken these."""
        with self._lock:
            for draft in drafts:
                if (held := self._drafts.pop(draft.id, None)) is not None:
                    self._bytes -= size_of(held)


def size_of(draft: Draft) -> int:
    """About how much memory it takes: a long query costs as much as a long body."""
    return FLAT_BYTES + draft.kept_bytes


class LastRung:
    """Takes everything, at once. The only place where a body is written to a log."""

    def __init__(self, memory: Memory):
        self._memory = memory

    def put(self, tickets: Sequence[Ticket]) -> None:
        drafts = [ticket.draft for ticket in tickets]
        for draft in drafts:
            _write(draft)
        beyond = self._memory.hold(drafts)
        if beyond:
            log.error("memory_full", receipts=len(beyond))  # they stand in the log alone
        release(tickets)


def _write(draft: Draft) -> None:
    record = draft.record()
    text = json.dumps(record)  # in ASCII, so that a piece may end anywhere
    if len(text) <= WHOLE_LENGTH:
        log.error(EVENT, receipt=record)
        return
    pieces = [text[start : start + PIECE_LENGTH] for start in range(0, len(text), PIECE_LENGTH)]
    for number, piece in enumerate(pieces, 1):
        log.error(EVENT, receipt=piece, id=record["id"], piece=number, of=len(pieces))
