"""One condition: when something is wrong with a figure of ``upkeep.metrics``, and what is said then.

Beside each stands its twin: the figure is missing although there should be one, so that nobody takes silence for health.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from upkeep.alerts.forms import NUMBER, Form

CRITICAL, WARNING = "critical", "warning"
SEVERITIES = (CRITICAL, WARNING)
ABOVE, BELOW, IS, GROWS = ">", "<", "==", "grows"
JOB = "wrapup"

MISSING_FOR = timedelta(minutes=15)  # a large table is counted some minutes after a start
SEEN = timedelta(days=1)  # within which a figure was there that is missed only where it ever was
KEEPS = timedelta(minutes=2)  # an alert ends when it has been well for so long: what flaps is told once


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True)
class Condition:
    """``metric`` of the series that have the labels ``only`` and none that ``but`` (patterns) match is ABOVE, BELOW or IS
    ``bound``, or GROWS by more than it within ``over``, for as long as ``lasts``. ``of``: the labels that part one alert from
    the other, and stand in ``sentence`` beside ``{value}``, which ``form`` writes. ``todo``: what comes first. ``needs``: of
    ``wrapup_set_up``, what there must be for the figure to be missed; ``shown_by``: another figure that is there whenever this
    one can be judged; ``unless``: figures of which each says, above 0, why this one cannot be there; ``seen``: it is missed where
    it was there within a day, and nowhere else. ``of_machine``: needs no database, and is judged by each machine for itself.
    ``own``: whether the worker judges it as well."""

    name: str
    metric: str
    sign: str
    bound: float
    severity: str
    sentence: str
    todo: str
    lasts: timedelta = minutes(5)
    over: timedelta = minutes(15)
    of: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)
    but: Mapping[str, str] = field(default_factory=dict)
    form: Form = NUMBER
    needs: str | None = None
    shown_by: str | None = None
    unless: tuple[str, ...] = ()
    seen: bool = False
    of_machine: bool = False
    own: bool = True
    missing: str = ""

    @property
    def title(self) -> str:
        """Its heading in docs/alerts.md."""
        return self.name.replace("_", " ").capitalize()

    @property
    def alert(self) -> str:
        """Its name at Prometheus."""
        return "Wrapup" + "".join(word.capitalize() for word in self.name.split("_"))

    @property
    def watched(self) -> str:
        """The figure that is missed when it is not there."""
        return self.shown_by or self.metric

    @property
    def missing_sentence(self) -> str:
        return (
            self.missing or f"The figure {self.watched} is missing: nobody can say whether this is well: {self.title}."
        )

    def takes(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(name) == value for name, value in self.only.items()) and not any(
            re.fullmatch(pattern, labels.get(name, "")) for name, pattern in self.but.items()
        )

    def holds(self, value: float) -> bool:
        """Of a value, or of what it grew by."""
        if self.sign == IS:
            return value == self.bound
        return value < self.bound if self.sign == BELOW else value > self.bound

    def said(self, labels: Mapping[str, str], value: float) -> str:
        return self.sentence.format(**{name: labels.get(name, "") for name in self.of}, value=self.form.text(value))
