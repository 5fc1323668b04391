"""Every report of calls against plain Python: the same rows and totals from SQLite, PostgreSQL and DuckDB, for hundreds of
combinations of filters, groups and zones."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from queries.reports import answering
from queries.reports.base import Limits
from queries.reports.catalogue import REPORTS
from queries.reports.groups import GROUPS
from tests.queries.reports import generated, oracle
from tests.queries.reports.generated import CONNECTIONS, NOW, ZONES
from tests.queries.reports.question import Question

pytestmark = pytest.mark.slow  # together more than ten seconds

CALLS, COMBINATIONS = 300, 7
LIMITS = Limits(abandon_limit=0.2, too_often=3, min_calls=4, min_attempts=3)
OF_CALLS = [name for name, report in REPORTS.items() if not report.tables]


def filters(chosen: random.Random, calls) -> dict:
    """None, one or two, with values that there are, and some that there are not."""
    some = chosen.choice(calls)
    known = {
        name: [some[name]] if some[name] is not None else ["none such"]
        for name in ("connection", "dialer", "campaign_id", "campaign_name", "lead_id", "connect_outcome")
        + ("answered_by", "disposition", "settling", "crm_reference")
    } | {
        "number": [some["customer_number"] or "+910000000000"],
        "agent": [some["agent_id"] or some["agent_name"] or "nobody"],
        "flag": [chosen.choice(("contact", "sale", "dnc"))],
        "is_final": chosen.choice((True, False)),
        "since": some["occurred_at"],
        "until": some["occurred_at"] + timedelta(days=chosen.choice((1, 12, 30))),
        "changed_since": some["changed_at"],
    }
    names = chosen.sample(list(known), chosen.choice((0, 0, 1, 1, 2)))
    if chosen.random() < 0.4:
        names += ["since", "until"]
    return {name: known[name] for name in names}


def questions(name: str, calls, combinations: int = COMBINATIONS) -> list[Question]:
    chosen = random.Random(f"{name} 1")
    report, found = REPORTS[name], []
    for _ in range(combinations):
        own = {} if report.own_rows or report.groups else GROUPS
        group_by = chosen.sample(list(own), min(len(own), chosen.choice((0, 1, 1, 2))))
        found.append(
            Question(
                filters(chosen, calls),
                group_by,
                chosen.choice(ZONES),
                NOW,
                {one.name: dict(one.dispositions) for one in CONNECTIONS.values()},
                ("mute",),
                LIMITS,
                report.by_customer and chosen.random() < 0.5,
            )
        )
    return found


def without_reasons(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "reasons"}


def answered(session, name: str, asked: Question, limit: int = 7) -> tuple[list, dict]:
    """The rows of all pages, of ``limit`` rows each, and the totals."""
    question = answering.asked(
        session, asked.filters, asked.tz, tuple(asked.group_by), asked.limits, CONNECTIONS, asked.by_customer
    )
    found, rows, cursor = {"next": None}, [], None
    while cursor is not None or not rows:
        found = answering.answer(replace(question, now=asked.now), REPORTS[name], None, limit, cursor)
        rows += found["rows"]
        cursor = found.get("next")
        if cursor is None:
            break
    return [without_reasons(row) for row in rows], without_reasons(found["totals"])


def compared(session, calls) -> None:
    for name in OF_CALLS:
        seen = set()
        for asked in questions(name, calls):
            expected = oracle.answer(name, calls, asked)
            assert answered(session, name, asked) == expected, (name, asked)
            seen |= {figure for figure, value in expected[1].items() if value}
        assert seen >= set(expected[1]), (name, seen)  # none that was nothing each time


@pytest.fixture(scope="module")
def calls():
    return generated.calls(7, CALLS)


def test_as_the_oracle_says(database, calls):
    with database.write() as session:
        generated.store(session, calls)
        session.execute(text("ANALYZE"))  # as the database does by itself before long
    with database.snapshot() as session:
        compared(session, calls)


def test_the_mirrors_engine_says_the_same(calls):
    compared(generated.Duck(calls), calls)
