"""The summary, exact: counted from the table at the moment of asking, with the filters of ``queries.selection``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, func, literal_column, select

from dialers.base import Connection
from dialers.registry import DIALERS
from dialers.vocabulary import (
    AWAITING_DISPOSITION,
    COMPUTED,
    CONNECT_OUTCOMES,
    CONNECTED,
    OBSERVED,
    PROVISIONAL,
    STATED,
)
from models import CallOutcome
from models.database import AnyColumn
from queries import counting, words_seen
from queries.asks import Asks
from queries.counting import TooManyGroups, count_if
from queries.days import day_text, span
from queries.expressions import Local, has_member
from queries.selection import AGENT, conditions

Key = tuple[Any, ...]  # what the calls of one group have in common

NOBODY_DECIDED = (
    "Nobody has decided what the dispositions of these calls mean, so contacts and sales cannot be counted."
)
NONE_STATED = "No dispositions are stated of these calls, so how many were contacts and sales is not known."


@dataclass(frozen=True)
class Group:
    """Something to group by. ``fields`` are shown: the first key, and a name where the key is an id. The name, the first of
    ``names`` that is known, is only shown, not grouped by: some of a campaign's calls arrive without it, and are of that
    campaign all the same."""

    fields: tuple[str, ...]
    keys: tuple[AnyColumn, ...]
    names: tuple[AnyColumn, ...] = ()
    show: Callable[[Any], Any] = lambda key: key


def _by_id(kind: str) -> Group:
    key, name = getattr(CallOutcome, f"{kind}_id"), getattr(CallOutcome, f"{kind}_name")
    return Group((f"{kind}_id", f"{kind}_name"), (key, case((key.is_(None), name))), (name,))


def _by(field: str) -> Group:
    return Group((field,), (getattr(CallOutcome, field),))


# An agent is known by a different name at each dialer: the first that is there stands for the agent, and the filter
# ``agent`` takes any of them.
AGENT_SHOWN = func.coalesce(*AGENT)
AGENT_NAMES = (CallOutcome.agent_name, CallOutcome.agent_username)  # what people call the agent, where the key is an id
_SIMPLE = ("connection", "dialer", "connect_outcome", "answered_by", "disposition", "settling", "direction")
GROUPS: Mapping[str, Group] = {
    "day": Group(("day",), ()),  # its key depends on the zone
    "campaign": _by_id("campaign"),
    "queue": _by_id("queue"),
    "agent": Group(("agent", "agent_name"), (AGENT_SHOWN,), AGENT_NAMES),
} | {name: _by(name) for name in _SIMPLE}


@dataclass
class Tally:
    """What is counted, for one group or for all. Everything adds up, so totals are the sum of the rows."""

    calls: int = 0
    final: int = 0
    contacts: int = 0
    sales: int = 0
    talk: int = 0
    computed_talk: int = 0
    observed_talk: int = 0
    conversations: int = 0
    conversation_talk: int = 0
    awaiting: int = 0
    provisional: int = 0
    disposed: int = 0
    unstated: int = 0
    undecided: int = 0

    def __post_init__(self) -> None:
        self.by_outcome = dict.fromkeys(CONNECT_OUTCOMES, 0)

    def add(self, outcome: str, counts: Sequence[int]) -> None:
        """One row of the database: the connect outcome and the sums in the order of ``_SUMS``, then of ``_OF_CONNECTIONS``."""
        self.by_outcome[outcome] += counts[0]
        for name, count in zip((*_SUMS, *_OF_CONNECTIONS), counts, strict=True):
            setattr(self, name, getattr(self, name) + int(count or 0))

    def shown(self) -> dict[str, Any]:
        """As the API shows it. Rates are of the calls that are over, as decimals; null where there are none. What rests on the
        meaning of dispositions is null where nobody has decided what any of them means, and where none is ever stated: it is
        not known to be 0."""
        connected = self.by_outcome[CONNECTED]
        reason = None
        if self.calls and self.unstated == self.calls:
            reason = NONE_STATED
        elif self.undecided and self.undecided == self.disposed:
            reason = NOBODY_DECIDED
        contacts, sales = (self.contacts, self.sales) if reason is None else (None, None)
        return {
            "calls": self.calls,
            "final_calls": self.final,
            "connect_outcomes": dict(self.by_outcome),
            "connected": connected,
            "connect_rate": _ratio(connected, self.final, 4),
            "contacts": contacts,
            "contact_rate": None if contacts is None else _ratio(contacts, self.final, 4),
            "sales": sales,
            "unmapped_dispositions": {
                "calls": self.undecided,
                "share": _ratio(self.undecided, self.disposed, 4),
                "reason": reason,
            },
            "talk_seconds": self.talk,
            "talk_seconds_by_source": {
                STATED: self.talk - self.computed_talk - self.observed_talk,
                COMPUTED: self.computed_talk,
                OBSERVED: self.observed_talk,
            },
            "avg_talk_seconds": _ratio(self.conversation_talk, self.conversations, 1),
            "awaiting_disposition": self.awaiting,
            "provisional": self.provisional,
        }


def _talk_from(source: str) -> ColumnElement[int]:
    return func.sum(case((CallOutcome.talk_source == source, CallOutcome.talk_seconds), else_=0))


_SPOKE = (CallOutcome.connect_outcome == CONNECTED) & CallOutcome.talk_seconds.is_not(None)
_SUMS: Mapping[str, ColumnElement[Any]] = {
    "calls": func.count(),
    "final": count_if(CallOutcome.is_final.is_(True)),
    "contacts": count_if(has_member(CallOutcome.flags, "contact")),
    "sales": count_if(has_member(CallOutcome.flags, "sale")),
    "talk": func.sum(CallOutcome.talk_seconds),
    "computed_talk": _talk_from(COMPUTED),
    "observed_talk": _talk_from(OBSERVED),
    "conversations": count_if(_SPOKE),
    "conversation_talk": func.sum(case((_SPOKE, CallOutcome.talk_seconds), else_=0)),
    "awaiting": count_if(CallOutcome.settling == AWAITING_DISPOSITION),
    "provisional": count_if(CallOutcome.settling == PROVISIONAL),
    "disposed": count_if(CallOutcome.disposition.is_not(None)),
}
_OF_CONNECTIONS = ("unstated", "undecided")  # what is counted by the settings of today


def unstated(configured: Mapping[str, Connection]) -> ColumnElement[bool]:
    """Calls of which no disposition was told, nor ever will be."""
    silent = [name for name, one in configured.items() if not DIALERS[one.dialer].states_dispositions(one)]
    return CallOutcome.disposition.is_(None) & CallOutcome.connection.in_(sorted(silent))


def summary(
    session: Asks,
    filters: Mapping[str, Any],
    group_by: Sequence[str],
    tz: str = "UTC",
    configured: Mapping[str, Connection] = MappingProxyType({}),
) -> dict[str, Any]:
    """``{"group_by", "tz", "rows", "totals"}``: one row per group that has calls, in the order of the groups' values.
    ``tz`` is a known zone; ``configured`` are the connections, whose tables say which dispositions are decided: of others
    none is; and which of them state any. Raises TooManyGroups."""
    day = Group(("day",), (Local(CallOutcome.occurred_at, tz, span(session)).day(),), show=day_text)
    groups = [day if name == "day" else GROUPS[name] for name in dict.fromkeys(group_by)]
    # Grouped by connect outcome as well and put together here: cheaper than sixteen conditional counts for each call.
    keys = [key for group in groups for key in group.keys] + [CallOutcome.connect_outcome]
    names = [func.max(name) for group in groups for name in group.names]
    by_settings = (unstated(configured), words_seen.undecided(session, filters, configured))
    statement = (
        select(*keys, *names, *_SUMS.values(), *map(count_if, by_settings))
        .where(*conditions(filters))
        # By position: on PostgreSQL the same expression with a parameter in it counts as another one.
        .group_by(*(literal_column(str(at + 1), Integer) for at in range(len(keys))))
        .limit(counting.MOST_GROUPS * len(CONNECT_OUTCOMES) + 1)
    )
    size, sums_at = len(keys) - 1, len(keys) + len(names)
    totals = Tally()
    tallies: dict[Key, Tally] = {}
    shown_names: dict[Key, list[str | None]] = {}
    for row in session.execute(statement):
        key = tuple(row[:size])
        for tally in (tallies.setdefault(key, Tally()), totals):
            tally.add(row[size], row[sums_at:])
        known = shown_names.setdefault(key, [None] * len(names))
        shown_names[key] = [
            max(filter(None, pair), default=None) for pair in zip(known, row[size + 1 : sums_at], strict=True)
        ]
        if len(tallies) > counting.MOST_GROUPS:
            raise TooManyGroups(
                f"That makes more than {counting.MOST_GROUPS} groups; group by less or narrow the filters."
            )
    rows = [_labels(groups, key, shown_names[key]) | tallies[key].shown() for key in sorted(tallies, key=_nulls_last)]
    return {"group_by": [*dict.fromkeys(group_by)], "tz": tz, "rows": rows, "totals": totals.shown()}


def _labels(groups: Sequence[Group], key: Key, names: Sequence[str | None]) -> dict[str, str | None]:
    """The fields that say which group a row is: each group's first key, and its name."""
    keys, rest, found = iter(key), iter(names), {}
    for group in groups:
        own = [next(keys) for _ in group.keys]
        found[group.fields[0]] = group.show(own[0])
        if group.names:
            found[group.fields[1]] = first_told([next(rest) for _ in group.names])
    return found


def first_told(names: Sequence[str | None]) -> str | None:
    return next((name for name in names if name is not None), None)


def _nulls_last(key: Key) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is None, "" if value is None else value) for value in key)


def _ratio(part: int, whole: int, places: int) -> float | None:
    return round(part / whole, places) if whole else None
