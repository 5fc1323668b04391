"""A figure opens to exactly the calls that it counts, in each of its rows and in the totals."""

import random

from sqlalchemy import func, select

from models import CallOutcome
from queries.reports import answering, opened
from queries.reports.catalogue import REPORTS
from queries.reports.groups import GROUPS
from queries.selection import OPENED, conditions
from tests.queries.reports import generated
from tests.queries.reports.generated import CONNECTIONS
from tests.queries.reports.test_against_oracle import LIMITS, OF_CALLS

FILTERS = {"connection": ["ryng-main", "mute"], "since": generated.FIRST + 3 * (generated.NOW - generated.FIRST) / 10}
ZONE = "Asia/Kathmandu"
AT_LEAST = 50  # figures that were opened


def asked(session, group_by=(), more=None, by_customer=False):
    return answering.asked(
        session, {**FILTERS, **(more or {})}, ZONE, tuple(group_by), LIMITS, CONNECTIONS, by_customer
    )


def listed(session, figure, groups, more, by_customer) -> int:
    question = asked(session, (), more, by_customer)
    found = opened.condition(question, figure, groups)
    return session.scalar(
        select(func.count()).where(*conditions({**question.filters, OPENED: found})).select_from(CallOutcome)
    )


def countable(report):
    return [
        figure.name
        for figure in report.figures
        if not figure.hidden and figure.unit == "calls" and (figure.calls or figure.opens)
    ]


def value(row, report, name):
    """A figure of a row; null where it is not shown there."""
    (inside,) = (figure.inside for figure in report.figures if figure.name == name)
    return row[inside][name.removeprefix(f"{inside}_")] if inside else row.get(name)


def told(row) -> dict[str, str]:
    """What a row shows of its groups, as parameters."""
    found = {}
    for name in GROUPS:
        shown = GROUPS[name].fields
        if shown[0] in row:
            value = row[shown[0]] if row[shown[0]] is not None else row.get(f"{name}_name", "")
            found[name] = "" if value is None else str(value)
    return found


def test_rows_and_totals(database):
    with database.write() as session:
        generated.store(session, generated.calls(11, 200))
    chosen, opened_figures = random.Random(5), 0
    with database.read() as session:
        for name in OF_CALLS:
            report = REPORTS[name]
            by_customer = report.by_customer
            own = report.own_rows or report.groups
            group_by = (
                () if own else chosen.choice((("weekday", "agent"), ("flag",), ("campaign", "hour"), ("queue", "week")))
            )
            found = answering.answer(asked(session, group_by, None, by_customer), report, None, 1000)
            for figure in countable(report):
                shown = value(found["totals"], report, figure)
                if shown is not None:
                    assert listed(session, f"{name}.{figure}", {}, None, by_customer) == shown, (name, figure)
                for row in chosen.sample(found["rows"], min(3, len(found["rows"]))):
                    if value(row, report, figure) is None:
                        continue
                    more = {"number": [row["number"]]} if "number" in row else None
                    count = listed(session, f"{name}.{figure}", {} if more else told(row), more, by_customer)
                    assert count == value(row, report, figure), (name, figure, row)
                    opened_figures += 1
    assert opened_figures > AT_LEAST
