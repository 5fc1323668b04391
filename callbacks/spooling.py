"""The spool as a store for drafts."""

from collections.abc import Sequence

from callbacks.draft import Draft
from callbacks.spool import Spool


class SpoolStore:
    """Keeps drafts as lines of the spool. Nothing of it can be aborted: the disk answers when it answers."""

    def __init__(self, spool: Spool):
        self._spool = spool

    def keep(self, drafts: Sequence[Draft]) -> None:
        """Raises OSError where the spool cannot hold them."""
        self._spool.append([draft.line() for draft in drafts])

    def abort(self) -> None: ...

    def close(self) -> None: ...
