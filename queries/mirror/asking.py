"""Asking the mirror: exactly as of a place in the feed, the latest when the question is put."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from models import Kept
from models.retention import OUTCOMES
from outcomes.feed import Place, State, state
from queries import feed
from queries.mirror import fetching
from queries.mirror import manifest as manifests
from queries.mirror.child import Child
from queries.mirror.dialect import written
from queries.mirror.manifest import Manifest, Unusable

MOST_OVER = 200_000  # changes since, that are laid over it; with more it is behind
MOST_KEPT, MOST_ROWS = 200, 2_000  # answers that are kept, and the rows of one

Rows = list[tuple[Any, ...]]


def present(session: Session, folder: Path) -> tuple[Manifest, State]:
    """The manifest of a mirror that can be asked at the latest place that the session shows, and the feed. Raises Unusable."""
    manifest = manifests.load(folder)
    if manifest is None:
        raise Unusable("the mirror has not been begun yet")
    if not manifest.built:
        raise Unusable("the mirror is being built")
    found = state(session)
    if not feed.knows(session, found, Place(manifest.place, manifest.epoch, manifest.start)):
        raise Unusable("the mirror is one of another feed")
    if found.last_position - manifest.place > MOST_OVER:
        raise Unusable("the mirror is behind")
    kept = session.get(Kept, OUTCOMES)
    if kept is not None and (kept.deleting or kept.rounds != manifest.rounds):
        raise Unusable("the mirror still has what is being deleted")
    return manifest, found


@contextmanager
def laying_over() -> Iterator[None]:
    """Fetch what has changed and have it laid over the mirror. Raises Unusable where the disk has no room for that."""
    try:
        yield
    except OSError as error:
        raise Unusable(f"what has changed since cannot be laid over it ({type(error).__name__})") from None


class Asked:
    """The mirror at a place: answers statements as a session does (``queries.asks.Asks``)."""

    source = "mirror"

    def __init__(self, mirror: "Mirror", place: int, tables: Session):
        self._mirror = mirror
        self.tables = tables  # which show the same moment
        self.place = place

    def execute(self, statement: Any, /) -> Iterable[Any]:
        """The rows. Raises Unusable."""
        return self._mirror.rows(self.place, *written(statement))


class Mirror:
    """The mirror in a folder, for one process that asks. Not for two threads at once: reports are made in turns."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._child = Child(folder)
        self._told: str | None = None  # the manifest that the process has open
        # The epoch and the latest start of the feed that was asked last, and how often something had been deleted.
        self._feed: tuple[int, str, int] | None = None
        self._number = 0  # of the process
        self._place = 0  # up to which changes are laid over it
        self._kept: OrderedDict[tuple[Any, ...], Rows] = OrderedDict()

    def at_present(self, session: Session) -> Asked:
        """The mirror with all that has changed since laid over it, at the latest place that the session shows. Every
        statement of the session must show the same moment. Raises Unusable."""
        manifest, found = present(session, self._folder)
        # Where the database was restored, and nobody has said so, a place is given again, and to another change; and what is
        # deleted takes none.
        if (found.epoch, found.start, manifest.rounds) != self._feed:
            self.forget()
            self._told, self._feed = None, (found.epoch, found.start, manifest.rounds)
        last = found.last_position
        told = json.dumps(asdict(manifest), sort_keys=True)
        if told != self._told or self._number != self._child.number or self._place > last:
            self._told = None
            self._child.call("open", asdict(manifest))
            self._told, self._number, self._place = told, self._child.number, manifest.place
        self._lay_over(session, last)
        return Asked(self, last, session)

    def _lay_over(self, session: Session, to: int) -> None:
        path = self._folder / f"over-{uuid4().hex}.csv"
        while self._place < to:
            try:
                with laying_over():
                    reached = fetching.changes(session, path, self._place, to, MOST_OVER)
                    some = path.stat().st_size
                if some:
                    self._call("lay_over", str(path))
                self._place = reached
            finally:
                path.unlink(missing_ok=True)

    def rows(self, place: int, statement: str, parameters: list[Any]) -> Rows:
        """The answer; the same question at the same place is answered from memory."""
        key = (place, statement, *map(repr, parameters))
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        found: Rows = self._call("rows", statement, parameters)
        if len(found) <= MOST_ROWS:
            self._kept[key] = found
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _call(self, name: str, *arguments: Any) -> Any:
        if self._number != self._child.number:
            raise Unusable("the process that asks the mirror was started anew")
        return self._child.call(name, *arguments)

    def forget(self) -> None:
        """Answers that are kept; what is asked next is asked anew."""
        self._kept.clear()

    def close(self) -> None:
        self._child.close()
