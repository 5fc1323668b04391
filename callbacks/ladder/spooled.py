"""The spool as a store for drafts."""

from collections.abc import Sequence

import structlog

from callbacks.draft import Draft, NotADraft
from callbacks.spool import Spool
from lib import clock

log = structlog.get_logger(__name__)

ASIDE_SECONDS = 1.0  # what has waited for less was put aside while another one wrote (``callbacks.ladder.aside``)


class SpoolStore:
    """Keeps drafts as lines of the spool. Nothing of it can be aborted: the disk answers when it answers."""

    def __init__(self, spool: Spool):
        self._spool = spool

    def keep(self, drafts: Sequence[Draft]) -> None:
        """Raises OSError where the spool cannot hold them."""
        self._spool.append([draft.line() for draft in drafts])

    def abort(self) -> None: ...

    def close(self) -> None: ...


def understood(line: bytes) -> Draft | None:
    """The draft that a line of the spool holds; None for one that is whole and no receipt to us, of a newer release, say."""
    try:
        return Draft.from_line(line)
    except NotADraft:
        return None


def waiting(spool: Spool, seconds: float = ASIDE_SECONDS) -> int:
    """Bytes that the database does not take: 0 where the oldest has waited for less than so many seconds. What cannot be read has
    waited for longer. Raises OSError where nobody may look into the folder."""
    size = spool.size()
    oldest = spool.oldest() if size else None
    first = understood(oldest) if oldest is not None else None
    return 0 if first and abs((clock.now() - first.received_at).total_seconds()) < seconds else size


def known(spool: Spool) -> int | None:
    """The same; None where the spool cannot be read."""
    try:
        return waiting(spool)
    except OSError as error:
        log.error("spool_unreadable", error=type(error).__name__)
        return None
