"""Reports about leads: when each was reached first. A lead is shown where at least one of its calls matches the filters, in each
group in which it has such a call; which attempt was its first, and which reached it, is looked up in all of its calls."""

from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import ColumnElement, case, false, func, true
from sqlalchemy.sql.selectable import FromClause

from queries.reports import facts, history
from queries.reports.base import Asked, Figure, Found, Report, Source
from queries.reports.counting import sums_by_group
from queries.reports.distinct_leads import first_contacts_of
from queries.reports.groups import GROUPS, Group, calls
from queries.reports.meaning import KNOWN_BY, meaning_unknown, reasons_of
from queries.selection import conditions

LEADS = Figure(
    "leads",
    "Different leads that were called.",
    excludes="Calls without a lead; merged rows.",
    leads=lambda asked: facts.HAS_LEAD,
    unit="leads",
)


def _with_history(asked: Asked, groups: Sequence[Group]) -> FromClause:
    found = history.of_leads(asked)
    return calls(groups).outerjoin(found, found.c.lead == facts.LEAD)


def _first_was_contact(asked: Asked) -> ColumnElement[bool]:
    found = history.of_leads(asked)
    # As a case: SQLite would read from the bare comparison that each call has a history, begin with the histories, and go through
    # all calls for each of them.
    return case((found.c.first == found.c.contact, true()), else_=false())


FIRST_ATTEMPT = Report(
    "first_attempt_contact",
    "Which share of leads is reached on the first attempt?",
    (
        *KNOWN_BY,
        LEADS,
        Figure(
            "contacted_first",
            "Leads whose first attempt of all has a disposition with the flag `contact`.",
            excludes="Calls without a lead; merged rows; dispositions that nobody has mapped.",
            unit="leads",
            leads=_first_was_contact,
        ),
        Figure(
            "rate",
            "Leads contacted on their first attempt.",
            "Different leads that were called.",
            "Calls without a lead; merged rows.",
            unit="share",
            ratio=("contacted_first", "leads"),
        ),
    ),
    leads_by=first_contacts_of,
    source=Source(_with_history, lambda asked: conditions(asked.filters), GROUPS, lambda asked: facts.LEAD),
    reasons=meaning_unknown("contacted_first", "rate"),
    by_meaning=True,
)


def _read_never(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _lead_rows(asked: Asked, groups: Sequence[Group]) -> FromClause:
    """A row for each lead."""
    leads, reached = history.of_leads(asked), history.first_contacts(asked)
    return leads.outerjoin(reached, reached.c.lead == leads.c.lead)


def _never(asked: Asked) -> ColumnElement[bool]:
    return history.of_leads(asked).c.contact.is_(None)


def _attempt(asked: Asked) -> ColumnElement[int]:
    leads, reached = history.of_leads(asked), history.first_contacts(asked)
    return case((leads.c.first == leads.c.contact, 1), else_=func.coalesce(reached.c.attempt, leads.c.attempts))


def _reached(asked: Asked, report: Report) -> Found:
    """One statement: each lead is in one row, so the totals are their sums."""
    reasons = reasons_of(asked, "reached", "never")
    found = [labels | {"leads": int(sums["leads"])} for labels, sums in sums_by_group(asked, report, ATTEMPTS_GROUPS)]
    leads, never = (sum(row["leads"] for row in found if which(row)) for which in (bool, itemgetter("never")))
    if reasons:
        totals = {"leads": leads, **dict.fromkeys(reasons), "reasons": reasons}
        return Found([], totals, withheld=next(iter(reasons.values())))
    return Found(found, {"leads": leads, "reached": leads - never, "never": never})


_ATTEMPT = Group(("attempt",), lambda asked: (_attempt(asked),), read=int)
_NEVER = Group(("never",), lambda asked: (_never(asked),), show=bool, read=_read_never)
ATTEMPTS_GROUPS = (_NEVER, _ATTEMPT)

ATTEMPTS_TO_CONTACT = Report(
    "attempts_to_contact",
    "How many attempts does it take to reach a lead, and how many were made to those that never were reached?",
    (
        Figure(
            "leads",
            "Leads whose first contact was on this attempt of all; where `never` is true, leads without any contact, by "
            "the attempts made.",
            excludes="Calls without a lead; merged rows. A disposition that nobody has mapped counts as no contact.",
            unit="leads",
            calls=lambda asked: true(),
        ),
        Figure(
            "reached",
            "Leads with a contact.",
            excludes="Calls without a lead; merged rows; dispositions that nobody has mapped.",
            unit="leads",
            calls=lambda asked: ~_never(asked),
            of_totals=True,
        ),
        Figure(
            "never",
            "Leads without a contact.",
            excludes="Calls without a lead; merged rows. A disposition that nobody has mapped counts as no contact.",
            unit="leads",
            calls=_never,
            of_totals=True,
        ),
    ),
    own_rows="the attempt that reached the lead first; and where `never` is true, the attempts made",
    own_groups=("never", "attempt"),
    own=_reached,
    by_meaning=True,
    source=Source(
        _lead_rows,
        lambda asked: (),
        {"never": _NEVER, "attempt": _ATTEMPT},
        lambda asked: history.of_leads(asked).c.lead,
    ),
)
