"""What is wrong at this moment, by the table of conditions and the figures of a scrape. Pure: the same figures say the same, here
and in Prometheus; a test compares the two."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prometheus_client.core import Metric

from upkeep.alerts.condition import GROWS, SEEN, Condition
from upkeep.alerts.rules import missing_for, missing_severity
from upkeep.metrics.names import SET_UP, WHAT

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figures:
    """Metric -> labels -> value, of one scrape."""

    values: Mapping[str, Mapping[Labels, float]]

    @classmethod
    def of(cls, metrics: Iterable[Metric]) -> "Figures":
        found: dict[str, dict[Labels, float]] = {}
        for metric in metrics:
            for sample in metric.samples:
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return cls(found)

    def series(self, metric: str) -> Mapping[Labels, float]:
        return self.values.get(metric, {})

    def set_up(self, what: str) -> float:
        return self.series(SET_UP).get(((WHAT, what),), 0)


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong now: ``key`` tells it from others, also after a restart."""

    key: str
    severity: str
    lasts: timedelta
    summary: str
    condition: Condition


@dataclass
class Windows:
    """Of what grows: (when, how much) of each series as far back as is looked, each more than what came before it was least."""

    kept: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def grown(self, key: str, value: float, at: datetime, over: timedelta) -> float:
        """By how much it is more than at its least within that time."""
        moment = at.timestamp()
        known = [(when, least) for when, least in self.kept.get(key, []) if when >= moment - over.total_seconds()]
        # What is no less than a later one will never be the least again.
        known = [(when, least) for when, least in known if least < value and when <= moment]
        self.kept[key] = [*known, (moment, value)]
        return value - self.kept[key][0][1]

    def most(self, key: str, value: float, holds: bool, at: datetime) -> float:
        """The most that it has been for as long as it holds. A window empties before what has grown in it is over: the last that
        is said of it would be the least."""
        name = f"{key} most"
        known = [most for _, most in self.kept.pop(name, [])]
        if holds:
            value = max(value, *known) if known else value
            self.kept[name] = [(at.timestamp(), value)]
        return value

    def misses(self, key: str, there: bool, at: datetime) -> bool:
        """Whether it is not there, and was within ``SEEN``."""
        if there:
            self.kept[key] = [(at.timestamp(), 0.0)]
            return False
        return any(0 <= at.timestamp() - when <= SEEN.total_seconds() for when, _ in self.kept.get(key, []))


def judged(
    conditions: Iterable[Condition], figures: Figures, windows: Windows, now: datetime
) -> tuple[list[Wrong], set[str]]:
    """(What is wrong, the names of conditions that cannot be judged: their figure is not there, for a reason or without one.)"""
    found: list[Wrong] = []
    unknown: set[str] = set()
    for one in conditions:
        found += _of_values(one, figures, windows, now)
        if _is_missing(one, figures, windows, now):
            key = json.dumps([one.name, "missing"])
            found.append(Wrong(key, missing_severity(one), missing_for(one), one.missing_sentence, one))
            unknown.add(one.name)
        elif _is_explained(one, figures):
            unknown.add(one.name)
    return found, unknown


def _of_values(condition: Condition, figures: Figures, windows: Windows, now: datetime) -> Iterable[Wrong]:
    for labels, value in figures.series(condition.metric).items():
        named = dict(labels)
        if not condition.takes(named):
            continue
        key = json.dumps([condition.name, *(named.get(name, "") for name in condition.of)])
        if condition.sign == GROWS:
            value = windows.grown(key, value, now, condition.over)
            value = windows.most(key, value, condition.holds(value), now)
        if condition.holds(value):
            yield Wrong(key, condition.severity, condition.lasts, condition.said(named, value), condition)


def _is_missing(condition: Condition, figures: Figures, windows: Windows, now: datetime) -> bool:
    there = _is_there(condition, figures)
    if condition.seen:
        return windows.misses(f"{condition.name} seen", there, now)
    wanted = condition.needs is None or figures.set_up(condition.needs) > 0
    return not there and wanted and not _is_explained(condition, figures)


def _is_there(condition: Condition, figures: Figures) -> bool:
    return any(
        condition.metric != condition.watched or condition.takes(dict(labels))
        for labels in figures.series(condition.watched)
    )


def _is_explained(condition: Condition, figures: Figures) -> bool:
    """Whether the figure is not there for the reason that is known: nobody misses it, and nobody knows what it would say."""
    reasons = (value for one in condition.unless for value in figures.series(one).values())
    return not _is_there(condition, figures) and any(value > 0 for value in reasons)
