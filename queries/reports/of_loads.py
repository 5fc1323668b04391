"""Reports about leads that were loaded into dialers: how many were called, and how soon. They ask the tables alone.

Where a lead and its calls meet is said in ``queries.loaded``. A lead counts as accepted at its ``sent_at``, and that is the time
by which the filters and groups of these reports go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, case, func, literal, null, select, true
from sqlalchemy.sql.selectable import FromClause

from dialers.vocabulary import AWAITING_DISPOSITION, PROVISIONAL
from models import CallOutcome, LeadLoad, LoadedLead
from models.database import AnyColumn
from models.loads import ACCEPTED
from queries import loaded
from queries.expressions import Local, seconds_between
from queries.reports import facts, gone
from queries.reports.base import Asked, Condition, Figure, Report, Source, WrongQuestion
from queries.reports.counting import ratio
from queries.reports.groups import GROUPS, Group
from queries.reports.history import OF_THE_LEAD
from queries.reports.meaning import Sentences, meaning_unknown, undecided
from queries.reports.percentiles import MEDIAN, P90
from queries.sources import tables_of
from queries.summary import unstated

FILTERS = ("connection", "dialer", "campaign_id", "since", "until")
_ENDS = {"closed": facts.CLOSING, "reached": facts.CONTACT, "sold": facts.SALE}
_KEPT, _SPAN = "calls of loaded leads", "span of loads"
_ROOM = timedelta(days=1)


def conditions(asked: Asked) -> list[ColumnElement[bool]]:
    """The loaded leads that match, without those whose calls may have been deleted for their age: they would have been called by
    nobody. Raises WrongQuestion."""
    found: list[ColumnElement[bool]] = [LoadedLead.state == ACCEPTED]
    if (kept_since := gone.calls_before(tables_of(asked.session))) is not None:
        found.append(LoadedLead.sent_at >= kept_since)
    for name, value in asked.filters.items():
        if value is None or value == []:
            continue
        if name not in FILTERS:
            raise WrongQuestion(name, f"Loaded leads are not asked about it; this report takes {', '.join(FILTERS)}.")
        found.append(_condition(asked, name, value))
    return found


def _condition(asked: Asked, name: str, value: Any) -> ColumnElement[bool]:
    sent_at: AnyColumn = LoadedLead.sent_at
    if name in ("since", "until"):
        found: ColumnElement[bool] = sent_at >= value if name == "since" else sent_at < value
        return found
    if name == "dialer":
        return LoadedLead.connection.in_([one.name for one in asked.configured.values() if one.dialer in value])
    return (LeadLoad.campaign if name == "campaign_id" else LoadedLead.connection).in_(value)


def calls_of_leads(asked: Asked) -> CTE:
    """Of each lead with a call: ``lead``, ``first_at``, whether one of its calls ended it (``closed``), was a contact
    (``reached``) or a sale (``sold``), and how many of its ``calls`` have a disposition (``told``) of which nobody knows what it
    means (``undecided``), or never will (``unstated``)."""
    if _KEPT not in asked.kept:
        kinds = {**_ENDS, **_known_by(asked)}
        columns = (case((kind, 1), else_=0).label(name) for name, kind in kinds.items())
        wanted = conditions(asked)
        calls = loaded.calls_of((CallOutcome.occurred_at.label("at"), *columns), *wanted).subquery("calls_of_leads")
        figures = (
            func.min(calls.c.at).label("first_at"),
            func.count().label("calls"),
            *((func.max if name in _ENDS else func.sum)(calls.c[name]).label(name) for name in kinds),
        )
        asked.kept[_KEPT] = select(calls.c.lead, *figures).group_by(calls.c.lead).cte("met")
    found: CTE = asked.kept[_KEPT]
    return found


def _known_by(asked: Asked) -> Mapping[str, ColumnElement[bool]]:
    # By the calls of these connections: the other filters are about leads.
    of_calls = {name: value for name, value in asked.filters.items() if name in OF_THE_LEAD}
    return {
        "told": facts.DISPOSED,
        "undecided": undecided(replace(asked, filters=of_calls)),
        "unstated": unstated(asked.configured),
    }


def _rows(asked: Asked, groups: Sequence[Group]) -> FromClause:
    leads = LoadedLead.__table__.join(LeadLoad.__table__, LeadLoad.id == LoadedLead.load_id)
    return leads.outerjoin(calls_of_leads(asked), calls_of_leads(asked).c.lead == LoadedLead.id)


def _seconds(asked: Asked) -> ColumnElement[int]:
    """From acceptance to the first call; null where there is none."""
    between = seconds_between(calls_of_leads(asked).c.first_at, LoadedLead.sent_at)
    return case((between < 0, 0), else_=between)


def _local(asked: Asked) -> Local:
    if _SPAN not in asked.kept:
        ends = select(func.min(LoadedLead.sent_at), func.max(LoadedLead.sent_at)).where(LoadedLead.state == ACCEPTED)
        ((first, last),) = asked.session.execute(ends)
        asked.kept[_SPAN] = ((first or asked.now) - _ROOM, (last or asked.now) + _ROOM)
    return Local(LoadedLead.sent_at, asked.tz, asked.kept[_SPAN])


def _clock(name: str, read: Callable[[Local], AnyColumn]) -> Group:
    like = GROUPS[name]
    return Group(like.fields, lambda asked: (read(_local(asked)),), show=like.show, read=like.read)


def _dialer(asked: Asked) -> tuple[AnyColumn]:
    known = [(LoadedLead.connection == name, literal(one.dialer)) for name, one in asked.configured.items()]
    return (case(*known, else_=null()) if known else literal(None),)


_LOAD_GROUPS: Mapping[str, Group] = {
    "connection": Group(("connection",), lambda asked: (LoadedLead.connection,)),
    "dialer": Group(("dialer",), _dialer),
    "campaign": Group(
        ("campaign_id", "campaign_name"),
        lambda asked: (LeadLoad.campaign, case((LeadLoad.campaign.is_(None), LeadLoad.name))),
        (LeadLoad.name,),
    ),
    "day": _clock("day", Local.day),
    "week": _clock("week", Local.week),
    "month": _clock("month", Local.month),
    "hour": _clock("hour", Local.hour),
    "weekday": _clock("weekday", Local.weekday),
}
SOURCE = Source(_rows, conditions, _LOAD_GROUPS, lambda asked: LoadedLead.id)


def _moving(asked: Asked) -> Mapping[str, Any]:
    """Of the calls of these leads."""
    columns = (CallOutcome.id.label("call"), CallOutcome.settling.label("settling"))
    met_calls = loaded.calls_of(columns, *conditions(asked)).subquery()
    calls = select(met_calls.c.call, met_calls.c.settling).distinct().subquery()
    ((count, provisional, awaiting),) = asked.session.execute(
        select(
            func.count(), *(_count(calls.c.settling == one) for one in (PROVISIONAL, AWAITING_DISPOSITION))
        ).select_from(calls)
    )
    return {
        "provisional": int(provisional),
        "awaiting": int(awaiting),
        "share": ratio(int(provisional) + int(awaiting), count),
    }


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_EXCLUDES = "Leads that were not loaded through Wrapup; merged rows; calls that are only planned."
_UNMAPPED = _EXCLUDES.replace("merged rows", "dispositions that nobody has mapped; merged rows")
_LOADED = (
    "Leads that the dialer accepted, of those that were loaded through Wrapup (a lead that was loaded twice is two)"
)


_CLOSED_UNKNOWN = Sentences(
    "No dispositions are stated of the calls of these leads, so how many of them are closed, reached or sold is not known.",
    "Nobody has decided what the dispositions of these leads' calls mean, so how many of them are closed, reached or sold is not "
    "known.",
)


def _leads(name: str, numerator: str, condition: Condition, excludes: str = _EXCLUDES, **more: Any) -> Figure:
    return Figure(name, numerator, excludes=excludes, unit="leads", calls=condition, **more)


def _calls(name: str, column: str) -> Figure:
    return Figure(name, "", total=lambda asked: calls_of_leads(asked).c[column], hidden=True)


def _called(asked: Asked) -> ColumnElement[bool]:
    return calls_of_leads(asked).c.first_at.is_not(None)


PENETRATION = Report(
    "penetration",
    "How much of what was loaded has been called?",
    (
        _leads("loaded", f"{_LOADED}.", lambda asked: true()),
        _leads("attempted", f"{_LOADED}, with a call.", _called),
        _leads(
            "closed",
            f"{_LOADED}, with a call whose disposition has the flag `sale`, `dnc`, `not_interested` or `wrong_number`.",
            lambda asked: calls_of_leads(asked).c.closed == 1,
            excludes=_UNMAPPED,
        ),
        _leads(
            "reached",
            f"{_LOADED}, with a call whose disposition has the flag `contact`.",
            lambda asked: calls_of_leads(asked).c.reached == 1,
            excludes=_UNMAPPED,
        ),
        _leads(
            "sold",
            f"{_LOADED}, with a call whose disposition has the flag `sale`.",
            lambda asked: calls_of_leads(asked).c.sold == 1,
            excludes=_UNMAPPED,
        ),
        _calls("all calls", "calls"),
        *(_calls(name, name) for name in ("told", "undecided", "unstated")),
        Figure(
            "penetration",
            "Accepted leads with a call.",
            "Accepted leads; only those loaded through Wrapup.",
            _EXCLUDES,
            "VICIdial has two: leads called, and leads with a final status, by the leads of the list.",
            "share",
            ratio=("attempted", "loaded"),
        ),
    ),
    source=SOURCE,
    moving=_moving,
    tables=True,
    reasons=meaning_unknown("closed", "reached", "sold", sentences=_CLOSED_UNKNOWN),
)

_WITHIN = {"within_5m": 300, "within_1h": 3600, "within_1d": 86_400}


def _within(most: int) -> Condition:
    return lambda asked: _seconds(asked) <= most


_SECONDS = "whole seconds from `sent_at` of the lead to its first call, at least 0"

SPEED = Report(
    "speed_to_lead",
    "How soon is a lead called?",
    (
        _leads("leads", f"{_LOADED}.", lambda asked: true()),
        _leads("called", f"{_LOADED}, with a call.", _called),
        _leads("not_called", f"{_LOADED}, without any call.", lambda asked: ~_called(asked)),
        Figure(
            "median_seconds",
            f"The median, a value that occurred, of {_SECONDS}.",
            excludes=_EXCLUDES,
            unit="seconds",
            nth=(MEDIAN, _seconds),
        ),
        Figure(
            "p90_seconds",
            f"The 90th percentile, a value that occurred, of {_SECONDS}.",
            excludes=_EXCLUDES,
            unit="seconds",
            nth=(P90, _seconds),
        ),
        *(_leads(f"called {name}", "", _within(most), hidden=True) for name, most in _WITHIN.items()),
        *(
            Figure(
                name,
                f"Leads whose first call was at most {most} seconds after they were accepted.",
                "Accepted leads with a call.",
                _EXCLUDES,
                unit="share",
                ratio=(f"called {name}", "called"),
            )
            for name, most in _WITHIN.items()
        ),
    ),
    source=SOURCE,
    moving=_moving,
    tables=True,
)
