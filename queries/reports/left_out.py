"""What reports that rest on the meaning of dispositions leave out: calls of which that is not known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text

from dialers.base import Connection
from dialers.vocabulary import CONNECTED
from models import CallOutcome
from models.calls import UNFLAGGED
from outcomes.undecided import DISPOSITION, value
from queries import summary, words_seen
from queries.asks import Asks
from queries.counting import count_if
from queries.reports import facts
from queries.selection import conditions

MOST_WORDS = 20  # in an address


@dataclass(frozen=True)
class LeftOut:
    """So many calls of a connection. ``listed``: what a list is filtered by besides, to have exactly these, where one can."""

    connection: str
    calls: int
    listed: Mapping[str, Sequence[str]] | None


def undecided(session: Asks, filters: Mapping[str, Any], configured: Mapping[str, Connection]) -> list[LeftOut]:
    """Those that match with a disposition that nobody has decided, or that were not read again since; by connection."""
    unknown = count_if(words_seen.undecided(session, filters, configured))
    said = (CallOutcome.connection, CallOutcome.disposition)
    statement = select(*said, func.count(), unknown).where(*conditions(filters), text(UNFLAGGED)).group_by(*said)
    words: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for name, word, unflagged, calls in session.execute(statement):
        if calls:
            words[name].append((word, unflagged, int(calls)))
    found = []
    for name, of in sorted(words.items()):
        # A word with a parent may be decided where it is not with another: the list would have both.
        exact = len(of) <= MOST_WORDS and all(calls == unflagged for _, unflagged, calls in of)
        listed = {"unmapped": [value(DISPOSITION, word) for word, *_ in sorted(of)]}
        found.append(
            LeftOut(name, sum(calls for *_, calls in of), listed if exact and not filters.get("unmapped") else None)
        )
    return found


def unstated(session: Asks, filters: Mapping[str, Any], configured: Mapping[str, Connection]) -> list[LeftOut]:
    """Those that match and connected, of connections that never state a disposition; by connection."""
    none = count_if(summary.unstated(configured))
    name = CallOutcome.connection
    statement = select(name, func.count(), none).where(*conditions(filters), facts.ANSWERED).group_by(name)
    listed = {"connect_outcome": [CONNECTED]}
    rows = sorted((name, connected, int(calls or 0)) for name, connected, calls in session.execute(statement))
    return [LeftOut(name, calls, listed if calls == connected else None) for name, connected, calls in rows if calls]
