"""What a view asks, read anew each time: settings and catalogue may have changed since it was saved.

The parameters are those of the list's and the reports' addresses, read as ``web.parameters`` and ``web.opening`` read them (a
test holds the two together), and ``period`` besides, which stands for ``since`` and ``until``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dialers.base import Connection
from dialers.registry import DIALERS
from dialers.vocabulary import ANSWERED_BY, CONNECT_OUTCOMES, FLAGS, SETTLINGS
from lib import clock, phone, zones
from lib import text as texts
from models.views import OF_OUTCOMES, OF_REPORT, View
from outcomes import undecided
from queries.asks import Asks
from queries.exports.choice import NAMES
from queries.reports import answering, compared, opened
from queries.reports.base import Asked, Limits, Report, WrongQuestion
from queries.reports.catalogue import REPORTS
from queries.reports.groups import GROUPS
from queries.selection import FILTERS, OPENED, TIME_FILTERS, WORD_FILTERS
from queries.views.periods import PERIODS, span

PERIOD, ROW, TOTALS = "period", "row", "totals"
_CHOICES: Mapping[str, Sequence[str]] = {
    "dialer": tuple(DIALERS),
    "connect_outcome": CONNECT_OUTCOMES,
    "answered_by": ANSWERED_BY,
    "flag": FLAGS,
    "settling": SETTLINGS,
}
_WORD = re.compile(rf"({'|'.join(undecided.FIELDS)}):[\s\S]{{1,2000}}")
_OF_ALL = (*FILTERS, "tz", "zone", PERIOD)
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    OF_OUTCOMES: (*_OF_ALL, "figure", ROW, "columns", *(name for name in GROUPS if name not in FILTERS)),
    OF_REPORT: (*_OF_ALL, "group_by", "compare"),
}
MOST_VALUES, LONGEST = 100, 500
# In a URL that was put together by hand, the plus sign of an offset arrives as a blank.
LOST_PLUS = re.compile(r"([T ][0-9]{1,2}:[0-9]{2}(?::[0-9.,]+)?) (?=[0-9]{2}(?::?[0-9]{2})?$)", re.IGNORECASE)

Query = Mapping[str, Sequence[str]]


class Broken(ValueError):
    """The view cannot be asked, or not any more. ``parameter`` is what to change; the message is a sentence for people."""

    def __init__(self, parameter: str, sentence: str):
        super().__init__(sentence)
        self.parameter = parameter


@dataclass(frozen=True)
class Question:
    """``report``: None for a list of outcomes. ``row``: the values of the figure's row."""

    filters: Mapping[str, Any]
    tz: str
    by_customer: bool = False
    report: Report | None = None
    group_by: tuple[str, ...] = ()
    compare: str | None = None
    figure: str | None = None
    row: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    def asked(self, whom: Asks, limits: Limits, configured: Mapping[str, Connection]) -> Asked:
        return answering.asked(whom, self.filters, self.tz, self.group_by, limits, configured, self.by_customer)

    def opened(self, asked: Asked) -> Mapping[str, Any]:
        """The filters, with the calls of the figure. Raises Broken."""
        if self.figure is None:
            return self.filters
        try:
            return {**self.filters, OPENED: opened.condition(asked, self.figure, self.row)}
        except WrongQuestion as error:
            raise Broken(error.parameter, str(error)) from None

    def check(self, whom: Asks, limits: Limits, configured: Mapping[str, Connection]) -> None:
        """Raises Broken where the question is none that can be answered. The calls are not looked at: any span will do."""
        now = clock.now()
        asked = Asked(
            whom,
            self.filters,
            self.group_by,
            self.tz,
            (now - timedelta(days=1), now),
            now,
            limits,
            configured,
            self.by_customer,
        )
        self.opened(asked)
        if self.report is None:
            return
        try:
            answering.grouped(asked, self.report)
            if self.report.source is not None:
                self.report.source.conditions(asked)  # not all take every filter
            if self.compare:
                compared.before(answering.grouped(asked, self.report), self.compare)
        except WrongQuestion as error:
            raise Broken(error.parameter, str(error)) from None


def read(view: View, connections: Mapping[str, Connection], now: datetime | None = None) -> Question:
    """The question. Raises Broken."""
    report = _report(view)
    given = {name: list(values) for name, values in view.query.items() if values}
    for name, values in given.items():
        if name not in PARAMETERS[view.kind]:
            raise Broken(name, f"A view of this kind has no parameter {name!r}.")
        if len(values) > MOST_VALUES or not all(texts.storable(value) for value in values):
            raise Broken(name, f"{name}: at most {MOST_VALUES} values, without characters that nothing holds.")
    tz = _one(given, "tz") or "UTC"
    if not zones.known(tz):
        raise Broken("tz", f"tz: {tz[:100]} is not an IANA time zone, such as Asia/Kolkata.")
    figure = _one(given, "figure")
    row, apart = _row(given, figure)
    filters = {name: _filter(name, given[name], tz) for name in FILTERS if name in given and (apart or name not in row)}
    if gone := [name for name in filters.get("connection", ()) if name not in connections]:
        raise Broken("connection", f"The connection {gone[0][:200]} is not in the settings (any more).")
    if "number" in filters:
        filters["number"] = numbers(filters["number"], filters.get("connection"), connections)
    return Question(
        filters | _period(given, tz, now or clock.now()),
        tz,
        _among(given, "zone", ("reader", "customer")) == "customer",
        report,
        _names(given, "group_by", GROUPS),
        _one(given, "compare"),
        figure,
        row,
        _names(given, "columns", NAMES),
    )


def numbers(written: Sequence[str], wanted: Sequence[str] | None, known: Mapping[str, Connection]) -> list[str]:
    """Numbers as they are written, and as the wanted connections read them, each in its default country."""
    asked = [one for name, one in known.items() if not wanted or name in wanted]
    countries = {one.default_country for one in asked if one.default_country}
    readings = (phone.e164(one, country) for one in written for country in sorted(countries))
    return list(dict.fromkeys([*written, *filter(None, readings)]))


def _report(view: View) -> Report | None:
    if view.kind == OF_OUTCOMES:
        if view.report is not None:
            raise Broken("report", "A view of outcomes names no report.")
        return None
    found = REPORTS.get(view.report or "")
    if found is None:
        raise Broken("report", f"There is no report {(view.report or '')[:64]!r} (any more).")
    return found


def _row(given: Mapping[str, list[str]], figure: str | None) -> tuple[dict[str, str], bool]:
    """The values of the figure's row, and whether they stand in ``row``; else they are parameters of their names."""
    named = [name for name in GROUPS if name in given]
    if figure is None:
        if alone := [name for name in (*named, ROW) if name in given and name not in FILTERS]:
            raise Broken(alone[0], f"{alone[0]} is a value of a report's row, and needs figure.")
        return {}, False
    if ROW not in given:
        return {name: _one(given, name) or "" for name in named}, False
    if named := [name for name in named if name not in FILTERS]:
        raise Broken(named[0], f"{named[0]} stands in row, where that is given.")
    values = [one.partition(":") for one in given[ROW] if one != TOTALS]
    row = {name: value for name, colon, value in values if colon}
    if len(row) < len(values):
        raise Broken(ROW, "row: write NAME:VALUE, with the name of a group, each once, or totals.")
    return row, True


def _one(given: Mapping[str, list[str]], name: str) -> str | None:
    values = given.get(name, [])
    if len(values) > 1:
        raise Broken(name, f"{name} may be given only once.")
    return values[0] if values else None


def _among(given: Mapping[str, list[str]], name: str, words: Sequence[str]) -> str | None:
    found = _one(given, name)
    if found is not None and found not in words:
        raise Broken(name, f"{name} is one of {', '.join(words)}.")
    return found


def _names(given: Mapping[str, list[str]], name: str, known: Sequence[str] | Mapping[str, Any]) -> tuple[str, ...]:
    """Names, separated by commas."""
    found = tuple(part.strip() for text in given.get(name, ()) for part in text.split(",") if part.strip())
    if unknown := [one for one in found if one not in known]:
        raise Broken(name, f"{name}: there is no {unknown[0][:100]!r} (any more).")
    if len(set(found)) < len(found):
        raise Broken(name, f"{name}: each may be named only once.")
    return found


def _filter(name: str, values: list[str], tz: str) -> Any:
    if name in WORD_FILTERS:
        for value in values:
            if value not in _CHOICES.get(name, (value,)):
                raise Broken(name, f"{name}: there is no {value[:100]!r} (any more).")
            if name == "unmapped" and not _WORD.fullmatch(value):
                raise Broken(name, f"unmapped: write FIELD:WORD, with one of {', '.join(undecided.FIELDS)}.")
            if name != "unmapped" and not 1 <= len(value) <= LONGEST:
                raise Broken(name, f"{name}: 1 to {LONGEST} characters.")
        return values
    value = _one({name: values}, name) or ""
    if name in TIME_FILTERS:
        moment = clock.parse(LOST_PLUS.sub(r"\1+", value.strip()), zones.Locale(zones.named(tz)))
        if moment is None:
            raise Broken(name, f"{name}: not a time that can be used; write it as 2026-11-18T10:12:52Z.")
        return moment
    if value not in ("true", "false"):
        raise Broken(name, f"{name} is true or false.")
    return value == "true"


def _period(given: Mapping[str, list[str]], tz: str, now: datetime) -> dict[str, datetime]:
    name = _among(given, PERIOD, tuple(PERIODS))
    if name is None:
        return {}
    if "since" in given or "until" in given:
        raise Broken(PERIOD, "Say either a period, or since and until.")
    since, until = span(name, tz, now)
    return {"since": since, "until": until}
