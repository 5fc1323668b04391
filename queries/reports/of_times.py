"""When people answer, and what agents make of the conversations: reports that make their own rows."""

from dataclasses import replace

from dialers.vocabulary import NEVER_DISPOSED
from models import CallOutcome
from queries.reports import clocks, facts
from queries.reports.base import Asked, Figure, Found, Report
from queries.reports.counting import ratio, rows_and_totals
from queries.reports.meaning import KNOWN_BY, meaning_unknown
from queries.reports.of_calls import CONNECTED, CONTACTS, FEW, FINAL, rate

_FEW = FEW.format("of them over")


def _without_places(asked: Asked, report: Report) -> Found:
    """The rows of hours, of those calls of which the hour is known."""
    found = rows_and_totals(asked, report)
    if not asked.by_customer:
        found.totals.pop("zone_unknown")
    return replace(found, rows=[row for row in found.rows if row["weekday"] is not None])


BEST_TIME = Report(
    "best_time",
    "On which weekday and at which hour do people answer?",
    (
        *KNOWN_BY,
        FINAL,
        CONNECTED,
        CONTACTS,
        rate(
            "connect_rate", "connected", "final", "Connected calls.", "Calls that are over.", excludes=_FEW, least=True
        ),
        rate("contact_rate", "contacts", "final", "Contacts.", "Calls that are over.", excludes=_FEW, least=True),
        Figure(
            "zone_unknown",
            "With `zone=customer`: calls of which the customer's hour is not known, because it is not known which "
            "country their number is of, or that has several clocks. They are in the totals and in no row.",
            calls=lambda asked: clocks.unknown(asked) if asked.by_customer else facts.NONE,
            of_totals=True,
        ),
    ),
    own_rows="weekday and hour",
    own_groups=("weekday", "hour"),
    own=_without_places,
    by_customer=True,
    reasons=meaning_unknown("contacts", "contact_rate"),
    by_meaning=True,
)


def _by_disposition(asked: Asked, report: Report) -> Found:
    found = rows_and_totals(asked, report)
    calls = found.totals["calls"]
    rows = [row | {"share": ratio(row["calls"], calls)} for row in found.rows if row["disposition"] is not None]
    return replace(found, rows=rows)


DISPOSITIONS = Report(
    "dispositions",
    "What did the conversations come to?",
    (
        Figure(
            "calls",
            "Connected calls that are over, with this disposition; in the totals all of them, also those without any.",
            calls=lambda asked: facts.EVERY,
        ),
        rate(
            "share",
            "calls",
            "calls",
            "Connected calls that are over, with this disposition.",
            "Connected calls that are over, also those without a disposition.",
        ),
        Figure(
            "undisposed",
            "Connected calls that are over, without a disposition.",
            calls=lambda asked: ~facts.DISPOSED,
            of_totals=True,
        ),
        Figure(
            "never_disposed",
            "Connected calls that are over, whose time for a disposition has passed without one (`settling`).",
            calls=lambda asked: CallOutcome.settling == NEVER_DISPOSED,
            of_totals=True,
        ),
    ),
    base=lambda asked: facts.FINAL & facts.ANSWERED,
    own_rows="disposition_parent and disposition",
    own_groups=("disposition_parent", "disposition"),
    own=_by_disposition,
)
