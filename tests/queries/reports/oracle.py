"""What reports must say, worked out in plain Python from a list of calls: written from the definitions, and not from the SQL.

``answer(name, calls, question)`` gives the rows and the totals of a report, without the sentences of ``reasons``.
"""

from typing import Any

from tests.queries.reports.figures import FIGURES
from tests.queries.reports.own_rows import ANSWERS
from tests.queries.reports.question import DAY, Calls, Question, grouped, matching

Rows = list[dict[str, Any]]
DEFAULT_GROUPS = {"may_still_move": ["day"], "abandon_rate": ["campaign"], "agents": ["agent"]}
LAST_DAYS = {"abandon_rate": 30}  # whose rows are of these days alone


def answer(name: str, calls: Calls, asked: Question) -> tuple[Rows, dict[str, Any]]:
    some = matching(calls, asked)
    if name not in FIGURES:
        return ANSWERS[name](some, asked, calls)
    if name in LAST_DAYS:
        until = asked.filters.get("until") or asked.now
        some = [call for call in some if until - LAST_DAYS[name] * DAY <= call["occurred_at"] < until]
    worked_out = FIGURES[name]
    by = asked.group_by or DEFAULT_GROUPS.get(name, [])
    groups = grouped(some, asked, by) if by else []
    return [label | worked_out(own, asked, calls) for label, own in groups], worked_out(some, asked, calls)
