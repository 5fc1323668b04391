"""Reports about numbers: ours that customers see, and theirs that nobody answers."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, or_, select

from lib import clock, zones
from models import CallOutcome
from models.database import AnySelect
from queries import keyset
from queries.expressions import of_last
from queries.reports import facts, history
from queries.reports.base import Asked, Figure, Found, Report
from queries.reports.counting import rows_and_totals
from queries.reports.groups import local
from queries.reports.meaning import reasons_of
from queries.reports.of_calls import ATTEMPTS, FINAL, TALK_KNOWN_BY, calls, rate, talk_unknown
from queries.selection import conditions

BEFORE = timedelta(days=14)
LEAST_TALK, MOST_TALK = 1, 6  # seconds of a short call
WITHOUT_SINCE = "Say with `since` from when on: what is compared are the 14 days before."
NONE_BEFORE = "No call of the 14 days before `since` is known that is over."
_ORDER = "unreachable_numbers"


def _with_before(asked: Asked, report: Report) -> Found:
    found = rows_and_totals(asked, report)
    since = asked.filters.get("since")
    if since is None:
        return replace(found, rows=[_unknown(row) for row in found.rows], totals=_unknown(found.totals))
    began = _earlier(since, asked.tz)
    span = (min(asked.span[0], began), asked.span[1])
    before = rows_and_totals(
        replace(asked, filters={**asked.filters, "since": began, "until": since}, span=span), report
    )
    rates = {row["caller_number"]: row["answer_rate"] for row in before.rows}
    rows = [_beside(row, rates.get(row["caller_number"])) for row in found.rows]
    return replace(found, rows=rows, totals=_beside(found.totals, before.totals["answer_rate"]))


def _earlier(since: datetime, tz: str) -> datetime:
    zone = zones.named(tz)
    return zones.local(since.astimezone(zone).replace(tzinfo=None) - BEFORE, zone)


def _beside(row: dict[str, Any], rate: float | None) -> dict[str, Any]:
    return row | {"answer_rate_14d": rate} if rate is not None else _unknown(row, NONE_BEFORE)


def _unknown(row: dict[str, Any], why: str = WITHOUT_SINCE) -> dict[str, Any]:
    return row | {"answer_rate_14d": None, "reasons": row.get("reasons", {}) | {"answer_rate_14d": why}}


NUMBER_HEALTH = Report(
    "number_health",
    "How do people take the numbers that we call from?",
    (
        *ATTEMPTS.figures,
        Figure("days", "", distinct=lambda asked: local(asked).day(), hidden=True),
        Figure(
            "per_day",
            "All outcomes.",
            "Days in `tz` with at least one of them.",
            unit="calls per day",
            ratio=("attempts", "days"),
        ),
        *TALK_KNOWN_BY,
        replace(FINAL, hidden=True),
        rate(
            "answer_rate",
            "answered",
            "final",
            "Calls with the connect outcome `connected`.",
            "Calls that are over (`is_final`).",
            elsewhere="Answer-seizure ratio.",
        ),
        Figure(
            "answer_rate_14d",
            "As `answer_rate`, of the 14 days before `since`.",
            "As `answer_rate`, of the 14 days before `since`.",
            "Merged rows; null without `since`.",
            unit="share",
        ),
        calls("short", "", facts.ANSWERED & CallOutcome.talk_seconds.between(LEAST_TALK, MOST_TALK), hidden=True),
        rate(
            "short_share",
            "short",
            "answered",
            f"Connected calls with `talk_seconds` of {LEAST_TALK} to {MOST_TALK}.",
            "Connected calls.",
            excludes="Merged rows; null where of none of the connected calls it is known how long it was.",
            elsewhere="Carriers: short-duration calls, of six seconds or less.",
        ),
    ),
    default_groups=("caller_number",),
    groups=("caller_number",),
    own=_with_before,
    reasons=lambda _, known: talk_unknown(known, "short_share"),
)


def _unreachable(asked: Asked) -> Subquery:
    """(number, attempts, last, first_at, last_at) of each; ``last``: what came of its last attempt."""
    number, at = CallOutcome.customer_number, CallOutcome.occurred_at
    tried = (
        select(
            number.label("number"),
            func.count().label("attempts"),
            of_last(CallOutcome.connect_outcome, at, CallOutcome.id).label("last"),
            func.min(at).label("first_at"),
            func.max(at).label("last_at"),
        )
        .where(*conditions(asked.filters), _tried(asked))
        .group_by(number)
        .having(func.count() >= asked.limits.min_attempts)
        .subquery("tried")
    )
    reached = history.numbers_with_contact().distinct().subquery("reached")
    apart = tried.outerjoin(reached, reached.c.customer_number == tried.c.number)
    return select(*tried.c).select_from(apart).where(reached.c.customer_number.is_(None)).subquery("unreachable")


def _tried(asked: Asked) -> ColumnElement[bool]:
    return facts.FINAL & facts.HAS_NUMBER & facts.OUTBOUND


def _of_unreachable(asked: Asked) -> ColumnElement[bool]:
    return CallOutcome.customer_number.in_(select(_unreachable(asked).c.number).correlate(None))


def _page(asked: Asked, report: Report, limit: int, cursor: str | None) -> Found:
    reasons = reasons_of(asked, "numbers", "attempts")
    if reasons:
        return Found([], {**dict.fromkeys(reasons), "reasons": reasons})
    numbers = _unreachable(asked)
    ordered = _behind(numbers, cursor).order_by(numbers.c.attempts.desc(), numbers.c.number).limit(limit + 1)
    page = keyset.page(
        list(asked.session.execute(ordered)), limit, lambda last: keyset.encode(_ORDER, str(last[1]), last[0])
    )
    ((count, attempts),) = asked.session.execute(select(func.count(), func.sum(numbers.c.attempts)))
    return Found([_shown(*row) for row in page.rows], {"numbers": count, "attempts": int(attempts or 0)}, page.next)


def _behind(numbers: Subquery, cursor: str | None) -> AnySelect:
    statement = select(*numbers.c)
    if cursor is None:
        return statement
    told, number = keyset.decode(_ORDER, cursor, 2)
    if not told.isascii() or not told.isdigit():
        raise keyset.BadCursor("This is not a cursor of ours.")
    fewer, as_many = numbers.c.attempts < int(told), numbers.c.attempts == int(told)
    return statement.where(or_(fewer, as_many & (numbers.c.number > number)))


def _shown(number: str, attempts: int, last: str, first_at: datetime, last_at: datetime) -> dict[str, Any]:
    times = {"first_at": clock.iso(first_at), "last_at": clock.iso(last_at)}
    return {"number": number, "attempts": int(attempts), "last_outcome": last, **times}


_EXCLUDES = (
    "Incoming calls; numbers with a contact ever, on any connection, whatever the filters; merged rows. A disposition that "
    "nobody has mapped counts as no contact, and so does a connected call of a connection that never states any: whether it "
    "was one is not known."
)

UNREACHABLE = Report(
    "unreachable_numbers",
    "Which numbers are called again and again without a contact?",
    (
        Figure("numbers", "The numbers that have a row.", excludes=_EXCLUDES, unit="numbers", of_totals=True),
        Figure(
            "attempts",
            "Calls to the number that are over, at least `min_attempts` (setting, 5).",
            excludes=_EXCLUDES,
            opens=_of_unreachable,
        ),
        Figure("last_outcome", "The connect outcome of the last of them.", excludes=_EXCLUDES, unit="word"),
        Figure("first_at", "When the first of them was.", excludes=_EXCLUDES, unit="time"),
        Figure("last_at", "When the last of them was.", excludes=_EXCLUDES, unit="time"),
    ),
    base=_tried,
    own_rows="one for each number, most attempts first",
    paged=_page,
    counted_by=("numbers",),
    by_meaning=True,
)
