"""Whether it is known what the dispositions of some calls mean: else whatever rests on it is null, with a reason, and not 0."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from models import CallOutcome
from queries import words_seen
from queries.reports import facts
from queries.reports.base import Asked, Figure, Report
from queries.reports.counting import counted
from queries.summary import NOBODY_DECIDED, NONE_STATED, unstated


def _unmapped(asked: Asked) -> Any:
    return facts.ANSWERED & words_seen.undecided(asked.session, asked.filters, asked.configured)


_UNMAPPED = Figure("unmapped", "", calls=_unmapped, hidden=True)
_DISPOSED = Figure("disposed", "", calls=lambda _: facts.ANSWERED & facts.DISPOSED, hidden=True)
_UNSTATED = Figure("unstated", "", calls=lambda asked: unstated(asked.configured), hidden=True)
_ALL = Figure("all calls", "", calls=lambda _: CallOutcome.id.is_not(None), hidden=True)
KNOWN_BY = (_ALL, _UNMAPPED, _DISPOSED, _UNSTATED)


def meaning_unknown(*names: str) -> Any:
    """Figures that rest on what dispositions mean are null where that is not known."""

    def reasons(asked: Asked, known: Mapping[str, Any]) -> Mapping[str, str]:
        if known["all calls"] and known["unstated"] == known["all calls"]:
            return dict.fromkeys(names, NONE_STATED)
        if known["unmapped"] and known["unmapped"] == known["disposed"]:
            return dict.fromkeys(names, NOBODY_DECIDED)
        return {}

    return reasons


def reasons_of(asked: Asked, *names: str) -> Mapping[str, str]:
    """``meaning_unknown`` of all calls that match, for reports that make their own rows."""
    report = Report("", "", KNOWN_BY, reasons=meaning_unknown(*names))
    found: Mapping[str, str] = counted(replace(asked, group_by=()), report).totals.get("reasons", {})
    return found
