"""What has been deleted for its age ([retention]) of the time that is asked about: nothing is known of that, which is no 0."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lib import zones
from models.retention import LOADS, OUTCOMES
from queries import kept
from queries.reports.base import Asked, Found, Report
from queries.sources import tables_of

GONE = "What there was before {} has been deleted for its age ([retention]): of that time, nothing is known."


def calls_before(session: Session | None) -> datetime | None:
    """Calls before this moment are deleted, or being deleted; None: those of all times are there. A question that is only written
    down, as for dbt, has no session, and nobody can say it."""
    return None if session is None else kept.since(session, OUTCOMES)


def before(asked: Asked, report: Report) -> datetime | None:
    """The same of all that a report is about: of one about loaded leads, of their loads as well."""
    return kept.since(tables_of(asked.session), OUTCOMES, *([LOADS] if report.tables else []))


def note(filters: Mapping[str, Any], before: datetime | None, tz: str) -> str | None:
    """A sentence where some of the time was before; None where it was not."""
    since = filters.get("since")
    if before is None or (since is not None and since >= before):
        return None
    at = f"{before.astimezone(zones.named(tz)):%Y-%m-%d %H:%M} ({tz})"
    return GONE.format(at)


def is_all(filters: Mapping[str, Any], before: datetime | None) -> bool:
    """Whether all of the time was before."""
    until = filters.get("until")
    return before is not None and until is not None and until <= before


def withheld(report: Report, found: Found, why: str) -> Found:
    """Without its rows, and with no figure but what is set: nobody knows them."""
    figures = [one for one in report.figures if not one.hidden and one.name != "limit"]
    names = {one.inside or one.name for one in figures}
    totals = {name: unknown(value) if name in names else value for name, value in found.totals.items()}
    reasons = {one.name: why for one in figures}
    return replace(found, rows=[], totals=totals | {"reasons": reasons}, next=None, withheld=why)


def unknown(value: Any) -> Any:
    """Nothing in its place; of an object in the places of its members."""
    return {name: unknown(one) for name, one in value.items()} if isinstance(value, dict) else None
