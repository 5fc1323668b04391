"""Who answers a question about calls: the mirror, or, where there is none that could, the tables. Same figures, slower; and the
answer says by whom it was given, and why not by the mirror."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy.orm import Session

from models.database import Database
from outcomes.feed import state
from queries.asks import Asks
from queries.mirror.asking import Mirror
from queries.mirror.manifest import Unusable

log = structlog.get_logger(__name__)

One = TypeVar("One")

AUTO, ALWAYS, NEVER = "auto", "always", "never"
MIRROR, TABLES = "mirror", "tables"
# What only the events of a call tell, which the mirror does not hold.
_OF_EVENTS = ("unmapped", "unread")


@dataclass(frozen=True)
class Answered(Generic[One]):
    """An answer, by whom it was given, and where that was not the mirror though there should be one, why: a sentence."""

    value: One
    source: str
    note: str | None = None

    def told(self) -> dict[str, Any]:
        return {"source": self.source, "source_note": self.note}


def _of_events(filters: Mapping[str, Any]) -> bool:
    return any(filters.get(name) for name in _OF_EVENTS)


def tables_of(whom: Any) -> Session:
    """The session in which the tables show the same moment as whoever was given to a question."""
    found: Session = getattr(whom, "tables", whom)
    return found


class Sources:
    """Of one process. ``mirror``: the setting WRAPUP_MIRROR. With ``auto`` the mirror is asked where there is one. ``rows``:
    from how many changes on there should be one. ``tables``: whose are asked where the mirror is not."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        mirror: str = AUTO,
        rows: int | None = None,
        tables: Callable[[], Database] | None = None,
    ):
        self._database = database
        self._tables = tables or (lambda: database)
        self.folder = folder
        self._setting = mirror
        self._rows = rows
        self._mirror = Mirror(folder)

    def ask(
        self, question: Callable[[Asks], One], filters: Mapping[str, Any] | None = None, tables: bool = False
    ) -> Answered[One]:
        """The answer to a question, which may be put twice: to the mirror, and where that fails to the tables. ``tables``: it is
        about what only they hold."""
        # The mirror is laid over by what has changed since, which a copy of the database need not have.
        by_mirror = not tables and self.has_mirror(filters or {})
        with (self._database if by_mirror else self._tables()).snapshot() as session:
            if tables or not self._should_have(session, filters or {}):
                return Answered(question(session), TABLES)
            try:
                return Answered(question(self._mirror.at_present(session)), MIRROR)
            except Unusable as error:
                log.warning("mirror_not_asked", why=str(error))
                note = f"Asked from the tables, which is slower: {error}."
        with self._tables().snapshot() as session:  # another one: this may have ended in the middle of its rows
            return Answered(question(session), TABLES, note)

    def has_mirror(self, filters: Mapping[str, Any]) -> bool:
        """Whether the mirror is asked first, for calls by these filters."""
        if self._setting == NEVER or _of_events(filters):
            return False
        return self._setting == ALWAYS or self.folder.is_dir()

    def _should_have(self, session: Session, filters: Mapping[str, Any]) -> bool:
        """Whether the mirror should be asked, be it there or not."""
        if self.has_mirror(filters):
            return True
        if self._setting != AUTO or self._rows is None or _of_events(filters):
            return False
        return state(session).last_position >= self._rows

    def close(self) -> None:
        self._mirror.close()
