"""The six figures of the first page: today's, each beside what it was up to this hour of the same weekday last week, and each
with the filters of the list of exactly its calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dialers.vocabulary import CONNECTED
from lib import zones
from queries.reports.of_calls import TALK_UNKNOWN
from web.pages import sentences

Totals = Mapping[str, Any]
_WEEK = timedelta(days=7)
NONE_OVER = "No call is over."
NOT_KNOWN = "Not known, see below."


def week_before(moment: datetime, zone: str) -> datetime:
    """When clocks in the zone showed the same a week before. Its twin: ``queries.reports.compared``."""
    where = ZoneInfo(zone)
    return zones.local(moment.astimezone(where).replace(tzinfo=None) - _WEEK, where)


def _talk(totals: Totals) -> int | None:
    """None where there were conversations, and of none is it known how long it was; as in the report of agents."""
    seconds: int = totals["talk_seconds"]
    return None if totals["connected"] and totals["avg_talk_seconds"] is None else seconds


def _meaning(totals: Totals) -> str:
    return NOT_KNOWN if totals["unmapped_dispositions"]["reason"] else NONE_OVER


@dataclass(frozen=True)
class _Kind:
    """``written``: how such a figure is written; ``apart``: the difference of two of them."""

    written: Callable[[Any], str]
    apart: Callable[[Any, Any], str]


def _signed(text: str, difference: float) -> str:
    return f"{'+' if difference > 0 else '−' if difference < 0 else '±'}{text}"


def _share(now: float, then: float) -> str:
    return _signed(f"{abs(now - then) / then * 100:.1f} %", now - then)


def _counts(now: int, then: int) -> str:
    difference = _signed(f"{abs(now - then):,}", now - then)
    return f"{difference} ({_share(now, then)})" if then else difference


def _points(now: float, then: float) -> str:
    return _signed(f"{abs(now - then) * 100:.1f} points", round(now - then, 3))


def _seconds(now: int, then: int) -> str:
    return _share(now, then) if then else _signed(sentences.hms(abs(now - then)), now - then)


_COUNT = _Kind(lambda count: f"{count:,}", _counts)
_RATE = _Kind(sentences.percent, _points)
_SECONDS = _Kind(sentences.hms, _seconds)


@dataclass(frozen=True)
class _Figure:
    """``read`` finds it in the totals of a summary, None where it cannot be told; ``why`` then says the reason. ``filters``:
    of the calls that it counts, or its numerator."""

    title: str
    kind: _Kind
    read: Callable[[Totals], Any]
    why: Callable[[Totals], str]
    filters: Mapping[str, str]


_CONTACT, _SALE = {"flag": "contact"}, {"flag": "sale"}
FIGURES: Mapping[str, _Figure] = {
    "attempts": _Figure("Attempts", _COUNT, lambda totals: totals["calls"], lambda _: "", {}),
    "connect_rate": _Figure(
        "Connect rate",
        _RATE,
        lambda totals: totals["connect_rate"],
        lambda _: NONE_OVER,
        {"connect_outcome": CONNECTED},
    ),
    "contacts": _Figure("Contacts", _COUNT, lambda totals: totals["contacts"], _meaning, _CONTACT),
    "contact_rate": _Figure("Contact rate", _RATE, lambda totals: totals["contact_rate"], _meaning, _CONTACT),
    "sales": _Figure("Sales", _COUNT, lambda totals: totals["sales"], _meaning, _SALE),
    "talk_seconds": _Figure("Talk time", _SECONDS, _talk, lambda _: TALK_UNKNOWN, {"figure": "agents.talk_seconds"}),
}


def tiles(
    today: Totals, span: Mapping[str, str], before: Totals | None, span_before: Mapping[str, str]
) -> dict[str, Any]:
    """Name -> ``{"title", "text", "why", "filters", "before", "filters_before", "change"}``. ``before``: None where nothing is
    known of that time. The spans are ``{"since", "until"}``, as filters take them."""
    return {name: _tile(figure, today, span, before, span_before) for name, figure in FIGURES.items()}


def _tile(
    figure: _Figure, today: Totals, span: Mapping[str, str], before: Totals | None, span_before: Mapping[str, str]
) -> dict[str, Any]:
    now = figure.read(today)
    then = None if before is None else figure.read(before)
    return {
        "title": figure.title,
        "text": None if now is None else figure.kind.written(now),
        "why": figure.why(today),
        "filters": {**figure.filters, **span},
        "before": None if then is None else figure.kind.written(then),
        "filters_before": {**figure.filters, **span_before},
        "change": None if now is None or then is None else figure.kind.apart(now, then),
    }
