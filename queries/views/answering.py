"""What a view answers: a table for people to look at, or a file in pieces."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from models import CallOutcome
from models.database import Database
from models.views import View
from queries import selection
from queries.exports import making, source
from queries.exports.choice import Choice
from queries.exports.formats import FOR_SPREADSHEETS, FORMATS
from queries.lacking import lacking
from queries.reports import files, left_out, shown, whole, written
from queries.reports.base import DEFAULTS, Limits, Report, Rows, WrongQuestion
from queries.reports.shown import Bars, Hours
from queries.sources import Sources
from queries.views.reading import Broken, Question, read

FORMS = (files.CSV, files.XLSX, files.NDJSON)
PIECE = 64 * 1024


@dataclass(frozen=True)
class Means:
    """What it takes to answer: of the web from its context, of the worker from its settings. ``spooled`` says how many bytes of
    callbacks wait elsewhere for the database, None where nobody knows."""

    database: Database
    sources: Sources
    connections: Mapping[str, Connection]
    limits: Limits = DEFAULTS
    spooled: Callable[[], int | None] = lambda: 0


@dataclass(frozen=True)
class Table:
    """``rows``: values in the order of ``columns``: texts, numbers, truths, dates, aware times, None. ``more``: there are more
    rows than were asked for. ``said``: a report's rows as its page writes them, ``pictures``: those of its answer, and
    ``left_out``: how many calls they count as no contact because it is not known what their dispositions mean. ``lacking``: as of
    ``queries.lacking``."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    tz: str
    more: bool = False
    pictures: Sequence[Bars | Hours] = ()
    said: Sequence[Sequence[Any]] | None = None
    left_out: int = 0
    lacking: Sequence[str] = ()


def check(session: Session, means: Means, view: View) -> Question:
    """The question of a view that can be answered now. Raises Broken."""
    question = read(view, means.connections)
    question.check(session, means.limits, means.connections)
    return question


def problem(session: Session, means: Means, view: View) -> str | None:
    """Why the view cannot be answered, in a sentence; None where it can."""
    try:
        check(session, means, view)
    except Broken as error:
        return str(error)
    return None


def table(means: Means, view: View, limit: int = 1_000, at: datetime | None = None) -> Table:
    """The first rows: of a report in its order, of outcomes the oldest call first, as in a file. ``at``: when it is, for periods
    that move with the day. Raises Broken."""
    question = read(view, means.connections, at)
    lacks = _lacking(means, question)  # first: what is read meanwhile is then said once too often, and never too seldom
    if question.report is not None:
        told, totals = _answered(means, question, question.report)
        names, values = files.table(told or [totals])
        first = values[:limit]
        said = written.said(question.report, names, first)
        return Table(
            names,
            first,
            question.tz,
            len(values) > limit,
            shown.of(question.report, told, totals),
            said,
            _left_out(means, question),
            lacks,
        )
    columns = Choice(question.columns).columns
    with means.database.read() as session:
        filters = question.opened(question.asked(session, means.limits, means.connections))
        found = selection.matching_in_order(filters, "started_at").limit(limit + 1)
        wanted = found.with_only_columns(*(getattr(CallOutcome, name) for name in columns))
        rows = [[_shown(value) for value in row] for row in session.execute(wanted)]
    return Table(columns, rows[:limit], question.tz, len(rows) > limit, lacking=lacks)


def _shown(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return orjson.dumps(value).decode() if isinstance(value, (list, dict)) else value


def rows_of(means: Means, question: Question) -> Rows:
    """All rows of the question's report, or its totals as one where there are none. Raises Broken."""
    assert question.report is not None
    rows, totals = _answered(means, question, question.report)
    return rows or [totals]


def _answered(means: Means, question: Question, report: Report) -> tuple[Rows, dict[str, Any]]:
    def ask(whom: Any) -> tuple[Rows, dict[str, Any]]:
        return whole.answered(question.asked(whom, means.limits, means.connections), report, question.compare)

    try:
        return means.sources.ask(ask, question.filters, report.tables).value
    except WrongQuestion as error:
        raise Broken(error.parameter, str(error)) from None


def lacks(means: Means, view: View, at: datetime | None = None) -> list[str]:
    """What its figures lack at this moment, as of ``queries.lacking``; ``at`` as above. Raises Broken."""
    return _lacking(means, read(view, means.connections, at))


def _lacking(means: Means, question: Question) -> list[str]:
    spooled = means.spooled()
    with means.database.read() as session:
        return lacking(session, means.connections, question.filters, question.tz, clock.now(), spooled)


def _left_out(means: Means, question: Question) -> int:
    def ask(whom: Any) -> int:
        ways = (left_out.undecided, left_out.unstated)
        return sum(one.calls for way in ways for one in way(whom, question.filters, means.connections))

    if question.report is None or not question.report.by_meaning:
        return 0
    return means.sources.ask(ask, question.filters).value


def file(
    means: Means, view: View, form: str, for_spreadsheet: bool = False, at: datetime | None = None
) -> Iterator[bytes]:
    """The file, one of FORMS, of any number of rows, in pieces; ``at`` as above. What is wrong is raised before the first of
    them: Broken, and ``making.NotMade`` where a workbook cannot be made."""
    question = read(view, means.connections, at)
    if question.report is not None:
        data = files.made(form, rows_of(means, question), question.tz, for_spreadsheet)
        return (data[at : at + PIECE] for at in range(0, max(1, len(data)), PIECE))
    with means.database.read() as session:
        filters = question.opened(question.asked(session, means.limits, means.connections))
    return _outcomes(means, filters, form, choice(question, form, for_spreadsheet))


def choice(question: Question, form: str, for_spreadsheet: bool) -> Choice:
    """Which columns a file of outcomes has, and how they are written."""
    return Choice(question.columns, for_spreadsheet and form in FOR_SPREADSHEETS, question.tz)


def _outcomes(means: Means, filters: Mapping[str, Any], form: str, chosen: Choice) -> Iterator[bytes]:
    wanted = (FOR_SPREADSHEETS if chosen.spreadsheet else FORMATS)[form]
    rows, _ = source.pieces(means.database, means.sources, filters, chosen, wanted.written)
    if wanted.program is None:
        return wanted.table(rows, chosen)
    with closing(rows):
        made = making.made(wanted.program, chosen.order(), rows)
    return _read(made)


def _read(made: Any) -> Iterator[bytes]:
    with made:
        made.seek(0)
        while piece := made.read(PIECE):
            yield piece
