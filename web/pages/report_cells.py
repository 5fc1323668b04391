"""A report's rows and totals as cells: what stands in them, where each number leads to, and why one is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import url_for

from lib import clock
from queries.reports.base import Figure, Report
from queries.reports.compared import moved
from queries.reports.written import BEFORE, CHANGE, NAMES, amount, changed, figure_of, flat, label
from web.pages import openings, report_query, sentences, zones

NOTHING = "There are no calls or leads here to work it out from."
_TEXTS = ("word", "time")  # units of what is no number
MOST_ROWS = 500  # of a page; files have all
# The word always stands beside the look.
_TONES = {"over": "bad", "near": "warn", "ok": "good", "overdue": "bad", "missed": "bad", "kept": "good", "due": "open"}


@dataclass(frozen=True)
class Cell:
    """``second``: what stands behind, smaller. ``why``: the number of a reason. ``count``: how many it leads to. ``tone``: of a
    state, how it looks."""

    text: str
    href: str | None = None
    second: str | None = None
    why: int | None = None
    at: str | None = None
    count: int | None = None
    tone: str | None = None


@dataclass(frozen=True)
class Head:
    name: str
    title: str
    number: bool = False


@dataclass
class Cells:
    """Of one answer. ``pairs`` are its query; ``why`` gathers the reasons."""

    report: Report
    answer: Mapping[str, Any]
    pairs: openings.Pairs
    zone: str
    why: list[str] = field(default_factory=list)
    _known: dict[tuple[str, bool], tuple[Figure | None, str]] = field(default_factory=dict)

    def heads(self) -> list[Head]:
        """The columns of the rows."""
        names = dict.fromkeys(name for row in self.answer["rows"] for name in flat(row))
        shown = [name for name in names if NAMES.get(name) not in names]
        figures = {name: self._of(name, False)[0] for name in shown}
        return [Head(name, title(name), one is not None and one.unit not in _TEXTS) for name, one in figures.items()]

    def rows(self, heads: Sequence[Head]) -> list[list[Cell]]:
        """The cells of each row, in the order of ``heads``; of ``MOST_ROWS`` at most."""
        found = []
        for row in self.answer["rows"][:MOST_ROWS]:
            values = openings.values(self.report, self.answer["group_by"], row)
            shown = flat(row)
            found.append([self._cell(head.name, shown, row.get("reasons", {}), values) for head in heads])
        return found

    def totals(self) -> dict[str, Cell]:
        """Of each figure that there is of all calls."""
        totals, reasons = flat(self.answer["totals"]), self.answer["totals"].get("reasons", {})
        figures = [name for name in totals if self._of(name, True)[0] is not None]
        return {name: self._cell(name, totals, reasons, None) for name in figures}

    def _cell(
        self, name: str, row: Mapping[str, Any], reasons: Mapping[str, str], values: Mapping[str, str] | None
    ) -> Cell:
        value, (figure, part) = row.get(name), self._of(name, values is None)
        if figure is None or figure.unit == "time":
            return self._label(name, value, row)
        if value is None:
            return Cell("–", why=None if part == CHANGE else self._why(reasons.get(name, NOTHING)))
        text = amount(value, figure.unit)
        if figure.unit == "word" and not part:
            return Cell(text, tone=_TONES.get(value))
        if part == CHANGE:
            return Cell(changed(value, figure.unit))
        pairs, values = self._before(values) if part == BEFORE else (self.pairs, values)
        counts = figure.ratio is None and figure.mean is None and figure.nth is None and figure.total is None
        href = openings.address(self.report, figure, values, pairs, row.get("number"))
        return Cell(text, href, count=value if counts and href and isinstance(value, int) else None)

    def _of(self, name: str, of_all: bool) -> tuple[Figure | None, str]:
        if (name, of_all) not in self._known:
            self._known[name, of_all] = figure_of(self.report, name, of_all)
        return self._known[name, of_all]

    def _before(self, values: Mapping[str, str] | None) -> tuple[openings.Pairs, Mapping[str, str] | None]:
        """The query about the other period, and what the row shows there: a day or a week is another one."""
        other = self.answer["compared_with"]
        rest = [pair for pair in self.pairs if pair[0] not in ("since", "until")]
        pairs = [("since", other["since"]), ("until", other["until"]), *rest]
        return pairs, None if values is None else moved(values, -other["days"])

    def _why(self, reason: str) -> int:
        if reason not in self.why:
            self.why.append(reason)
        return self.why.index(reason) + 1

    def _label(self, name: str, value: Any, row: Mapping[str, Any]) -> Cell:
        if name == "id" and value is not None:
            return Cell("the call", url_for("pages.call", outcome_id=UUID(value)))
        if name.endswith("_at") and value is not None:
            return Cell(zones.moment(value, self.zone, "full"), at=clock.iso(clock.parse(value)))
        if name == "day" and value is not None and self.answer["group_by"] == ["day"]:
            hours = report_query.of_day(self.report, self.pairs, value, self.zone)
            page = url_for("pages.report", name=self.report.name)
            return Cell(value, f"{page}?{urlencode(hours)}" if hours else None)
        for beside, key in NAMES.items():
            if key == name and row.get(beside):
                return Cell(row[beside], second=value)
        return Cell(label(name, value), tone=_TONES.get(value) if name == "state" else None)


def title(name: str) -> str:
    """The head of a column."""
    for part, said in ((BEFORE, ", before"), (CHANGE, ", change")):
        if name.endswith(part):
            return sentences.plain(name.removesuffix(part)) + said
    return {"id": "call", "campaign_id": "campaign", "queue_id": "queue"}.get(name, sentences.plain(name))
