"""Whether it is known what the dispositions of some calls mean: else whatever rests on it is null, with a reason, and not 0."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement

from queries import words_seen
from queries.reports import facts
from queries.reports.base import Asked, Figure, Report
from queries.reports.counting import rows_and_totals
from queries.summary import NOBODY_DECIDED, NONE_STATED, unstated


@dataclass(frozen=True)
class Sentences:
    """Why it is not known."""

    none_stated: str
    nobody_decided: str


OF_CONTACTS = Sentences(NONE_STATED, NOBODY_DECIDED)


def undecided(asked: Asked) -> ColumnElement[bool]:
    """Calls of the question with a disposition of which it is not known what it means."""
    if "undecided" not in asked.kept:
        asked.kept["undecided"] = words_seen.undecided(asked.session, asked.filters, asked.configured)
    found: ColumnElement[bool] = asked.kept["undecided"]
    return found


_UNMAPPED = Figure("unmapped", "", calls=lambda asked: facts.ANSWERED & undecided(asked), hidden=True)
_DISPOSED = Figure("disposed", "", calls=lambda _: facts.ANSWERED & facts.DISPOSED, hidden=True)
_UNDECIDED = Figure("undecided", "", calls=undecided, hidden=True)
_TOLD = Figure("told", "", calls=lambda _: facts.DISPOSED, hidden=True)
_UNSTATED = Figure("unstated", "", calls=lambda asked: unstated(asked.configured), hidden=True)
_ALL = Figure("all calls", "", calls=lambda _: facts.EVERY, hidden=True)
KNOWN_BY = (_ALL, _UNMAPPED, _DISPOSED, _UNDECIDED, _TOLD, _UNSTATED)
# (undecided ones, all of them): of the conversations, and of all calls, a disposition may be told of one that never connected.
_OF_WHICH = (("unmapped", "disposed"), ("undecided", "told"))


def meaning_unknown(*names: str, sentences: Sentences = OF_CONTACTS) -> Any:
    """Figures that rest on what dispositions mean are null where that is not known."""

    def reasons(asked: Asked, known: Mapping[str, Any]) -> Mapping[str, str]:
        if known["all calls"] and known["unstated"] == known["all calls"]:
            return dict.fromkeys(names, sentences.none_stated)
        if any(known.get(some) and known[some] == known[of_all] for some, of_all in _OF_WHICH):
            return dict.fromkeys(names, sentences.nobody_decided)
        return {}

    return reasons


def reasons_of(asked: Asked, *names: str, sentences: Sentences = OF_CONTACTS) -> Mapping[str, str]:
    """``meaning_unknown`` of all calls that match, for reports that make their own rows."""
    report = Report("", "", KNOWN_BY, reasons=meaning_unknown(*names, sentences=sentences))
    found: Mapping[str, str] = rows_and_totals(replace(asked, group_by=()), report).totals.get("reasons", {})
    return found
