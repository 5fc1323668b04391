"""What a report is made of: figures with their definitions, and the question that it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from dialers.base import Connection
from models.database import AnyColumn
from queries.asks import Asks


@dataclass(frozen=True)
class Limits:
    """The section ``[reports]`` of the settings file: docs/settings.md."""

    abandon_limit: float = 0.03  # of human conversations and abandoned calls
    too_often: int = 7  # attempts to one number in seven days
    min_calls: int = 30  # below which some rates say nothing
    min_attempts: int = 5  # without contact, from which a number is unreachable
    day_start: int = 8  # hours in the customer's zone, between which calls are made
    day_end: int = 21


DEFAULTS = Limits()


@dataclass(frozen=True)
class Asked:
    """A question. ``filters`` are those of ``queries.selection``; ``span`` begins before the first call's time and ends behind
    the last one's, of those that can match; ``now`` is its moment."""

    session: Asks
    filters: Mapping[str, Any]
    group_by: tuple[str, ...]
    tz: str
    span: tuple[datetime, datetime]
    now: datetime
    limits: Limits = DEFAULTS
    configured: Mapping[str, Connection] = field(default_factory=dict)
    by_customer: bool = False  # the clock of the customer's place instead of ``tz``
    kept: dict[str, Any] = field(default_factory=dict, init=False, compare=False)  # what was looked up for it once


OUTCOMES, LEADS = "outcomes", "leads"  # what a figure opens to

Share = tuple[int, int]  # nine tenths are (9, 10)
Condition = Callable[[Asked], ColumnElement[bool]]
Column = Callable[[Asked], AnyColumn]


@dataclass(frozen=True)
class Figure:
    """One figure and its definition, which is served and documented as it stands here. ``numerator`` and ``denominator`` are
    sentences; counts have no denominator. ``elsewhere``: what it is called at other systems.

    How it is worked out, one of: ``calls``, a count of those for which a condition holds; ``leads``, of the leads that have
    such a call; ``ratio``, of two other figures by name; ``total``, ``mean``, ``nth`` or ``distinct`` values of a column over the
    calls. A report with rows of its own may work it out by itself."""

    name: str
    numerator: str
    denominator: str | None = None
    excludes: str = "Merged rows."
    elsewhere: str = ""
    unit: str = "calls"
    calls: Condition | None = None
    leads: Condition | None = None
    ratio: tuple[str, str] | None = None
    total: Column | None = None
    mean: Column | None = None
    nth: tuple[Share, Column] | None = None
    distinct: Column | None = None
    opens: Condition | None = None  # the calls that it stands for, where that is not what is said above
    least: bool = False  # null below ``Limits.min_calls`` of ``least_of``
    hidden: bool = False  # worked out for others, not shown
    of_totals: bool = False  # shown in the totals alone
    # The object that it stands in, without its name: ``now_contacts`` is ``{"now": {"contacts"}}``.
    inside: str | None = None

    @property
    def by_meaning(self) -> bool:
        """Whether its definition says that what nobody has mapped is not counted: then it may be more than it says."""
        return "nobody has mapped" in self.excludes

    def described(self) -> dict[str, Any]:
        """As the API shows its definition, but for where it opens."""
        told = ("name", "numerator", "denominator", "excludes", "elsewhere", "unit", "inside")
        return {name: getattr(self, name) for name in told}


Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """What a report found: its rows, and the totals of all its calls, whatever rows they are in. ``moving``: what may still
    change of them, where that was found on the way; ``withheld``: why no rows are told, where nobody can say which there are."""

    rows: Rows
    totals: dict[str, Any]
    next: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
    moving: Mapping[str, Any] | None = None
    withheld: str | None = None


@dataclass(frozen=True)
class Source:
    """What a report counts, where that is not simply calls: the rows, grouped by some of its ``groups``
    (``queries.reports.groups.Group``), and what must hold of them."""

    rows: Callable[[Asked, Sequence[Any]], FromClause]
    conditions: Callable[[Asked], Sequence[ColumnElement[bool]]]
    groups: Mapping[str, Any]
    lead: Callable[[Asked], AnyColumn]  # whose a row is


@dataclass(frozen=True)
class Report:
    """``rows``: what a row is, where the report makes its own. ``default_groups``: where none are asked for. ``base``: which
    calls it is about, of those that match the filters."""

    name: str
    question: str
    figures: tuple[Figure, ...]
    default_groups: tuple[str, ...] = ()
    base: Condition | None = None
    days: int | None = None  # so many up to ``until`` are looked at, where that is not all of them; ``base`` holds it
    least_of: str = "final"  # the figure that ``Figure.least`` looks at
    own_rows: str | None = None
    own_groups: tuple[str, ...] = ()
    own: Callable[[Asked, "Report"], Found] | None = None
    paged: Callable[[Asked, "Report", int, str | None], Found] | None = None
    counted_by: tuple[str, ...] = ()  # of one in pages: the totals that together are all of its rows
    groups: Sequence[str] | None = None  # those that it takes; None: all
    source: Source | None = None
    # How its leads are counted, where not one by one.
    leads_by: Callable[..., Mapping[Any, dict[str, int]]] | None = None
    by_meaning: bool = False  # it rests on what dispositions mean: ``left_out`` says of which calls that is not known
    tables: bool = False  # it asks tables that the mirror does not have
    by_customer: bool = False  # whether it can go by the customer's clock
    moving: Callable[[Asked], Mapping[str, Any]] | None = None  # what may still change, where it is not about calls
    # What is added to each row and to the totals.
    finish: Callable[[Asked, dict[str, Any]], dict[str, Any]] | None = None
    # Figure -> why it is null in this row.
    reasons: Callable[[Asked, Mapping[str, Any]], Mapping[str, str]] | None = None

    def described(self) -> dict[str, Any]:
        """As the API shows its definitions."""
        shown = [figure.described() | {"opens": self.opens(figure)} for figure in self.figures if not figure.hidden]
        return {"name": self.name, "question": self.question, "figures": shown}

    def count(self, totals: Mapping[str, Any]) -> int | None:
        """How many rows there are on all pages, by the totals; None where it has no pages."""
        return sum(totals.get(name) or 0 for name in self.counted_by) if self.counted_by else None

    def opens(self, figure: Figure) -> str | None:
        """What the figure opens to, as the route that lists it is called; None where it counts nothing that could be listed."""
        if figure.leads is not None or figure.unit == LEADS:
            return LEADS
        if figure.opens is not None or figure.calls is not None:
            return OUTCOMES
        if figure.ratio is not None:
            return self.opens(self.numerator(figure))
        if any(one is not None for one in (figure.total, figure.mean, figure.nth)):
            return LEADS if self.source is not None else OUTCOMES
        return None

    def numerator(self, rate: Figure) -> Figure:
        """What a rate opens as."""
        (part,) = (one for one in self.figures if rate.ratio is not None and one.name == rate.ratio[0])
        return part


class WrongQuestion(ValueError):
    """The report cannot answer that. ``parameter`` is what to change; the message is a sentence for the caller."""

    def __init__(self, parameter: str, sentence: str):
        super().__init__(sentence)
        self.parameter = parameter
