"""Whether all calls of a day that is over are here, as far as their sources say so. Stricter than ``queries.lacking``, which
tells what is not as usual: that a dialer had nothing to be asked for, or only posts callbacks, is as usual and no proof."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dialers.base import Connection
from queries import completeness
from queries.completeness import Reached

COMPLETE, INCOMPLETE = "all sources complete", "not all sources complete"
ASKED_COMPLETE = "all sources that can be asked complete"
NOBODY_ASKED = "no source can be asked whether this is all"
NONE = "no source is connected"
UNKNOWN = "nobody can say whether all sources are complete"
ONLY_CALLBACKS = "Of {} only callbacks tell: nobody can say whether all of them came."


@dataclass(frozen=True)
class Known:
    """``words``: in short, of all of them. ``short``: of whom it is not known, and why, in a sentence. ``unasked``: who only
    posts callbacks."""

    words: str
    short: Mapping[str, str] = field(default_factory=dict)
    unasked: Sequence[str] = ()

    def sentences(self, but: Collection[str]) -> Iterator[str]:
        """All of it, without those of whom somebody else tells."""
        yield from (sentence for name, sentence in self.short.items() if name not in but)
        if self.unasked:
            yield ONLY_CALLBACKS.format(", ".join(self.unasked))


def of(
    connections: Mapping[str, Connection],
    polls: Mapping[str, list[dict[str, Any]]],
    since: datetime,
    until: datetime,
    tz: str,
) -> Known:
    """Of the calls from ``since`` to ``until``. ``polls``: as ``health.poll_states`` gives them."""
    if not connections:
        return Known(NONE)
    behind, short, unasked = False, dict[str, str](), list[str]()
    for name, connection in sorted(connections.items()):
        of_calls = completeness.reports_of_calls(connection)
        if not of_calls:
            unasked.append(name)
            continue
        reached = [one for one in completeness.of_reports(connection, polls.get(name, [])) if one.report in of_calls]
        said = [*_short_of(reached, since, until, tz)]
        behind = behind or any(not one.idle and not _reaches(one, since, until) for one in reached)
        if said:
            short[name] = f"Of {name} it is not known whether all calls are here: {'; '.join(said)}."
    if short:
        words = INCOMPLETE if behind else UNKNOWN
    elif unasked:
        words = ASKED_COMPLETE if len(unasked) < len(connections) else NOBODY_ASKED
    else:
        words = COMPLETE
    return Known(words, short, unasked)


def _reaches(one: Reached, since: datetime, until: datetime) -> bool:
    """Whether it was asked for all of the time, and answered all of it."""
    if one.to is None or one.to < until or one.gaps:
        return False
    return one.back is None or one.to - one.back <= since


def _short_of(reached: Sequence[Reached], since: datetime, until: datetime, tz: str) -> Iterator[str]:
    for one in reached:
        if not _reaches(one, since, until):
            yield one.words(f"{one.to.astimezone(ZoneInfo(tz)):%Y-%m-%d %H:%M}" if one.to else "")
