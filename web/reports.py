"""Reports over HTTP: the summary and the reconciliation."""

from typing import Any

from flask import Response
from marshmallow import fields, validate
from webargs.fields import DelimitedList

from queries import reconciliation as sides
from queries import summary as sums
from queries.asks import Asks
from queries.counting import TooManyGroups
from queries.reports import gone
from queries.sources import tables_of
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import invalid
from web.openapi import Blueprint
from web.opening import zone
from web.parameters import Filters, split
from web.schemas import reports as answers
from web.turns import REPORTS

blueprint = Blueprint("reports", __name__, description="Figures, exact at the moment of asking")


class ReconciliationQuery(Filters):
    tz = zone()


class SummaryQuery(ReconciliationQuery):
    group_by = DelimitedList(
        fields.Str(validate=validate.OneOf(tuple(sums.GROUPS))),
        load_default=list,
        metadata={
            "description": "What makes a row, separated by commas; without it, the totals alone.",
            "example": ["day", "campaign"],
        },
    )


@blueprint.route("/reports/summary")
@scope("read", limited=True)
@blueprint.arguments(SummaryQuery, location="query")
@blueprint.response(200, answers.Summary)
def summary(query: dict[str, Any]) -> Response:
    """Counts, connect and contact rates, talk time

    The same filters as the list, and the same calls. Each figure is defined once, in docs/api.md.
    """
    filters, rest = split(query)
    own = context()

    def ask(whom: Asks) -> dict[str, Any]:
        found = sums.summary(whom, filters, **rest, configured=own.connections)
        return _kept(found, whom, filters, rest["tz"])

    with REPORTS.turn():
        try:
            answered = own.sources.ask(ask, filters)
            return answer(answered.value | answered.told())
        except TooManyGroups as error:
            invalid("group_by", str(error))


@blueprint.route("/reports/reconciliation")
@scope("read", limited=True)
@blueprint.arguments(ReconciliationQuery, location="query")
@blueprint.response(200, answers.Reconciliation)
def reconciliation(query: dict[str, Any]) -> Response:
    """Calls known from callbacks only, from reports only, from both, per connection and day; and leads without a call

    What one side alone knows of shows what the other side loses.
    """
    filters, rest = split(query)

    def ask(whom: Asks) -> dict[str, Any]:
        found = sides.reconciliation(tables_of(whom), filters, **rest, calls=whom)
        return _kept(found, whom, filters, rest["tz"])

    with REPORTS.turn():
        try:
            answered = context().sources.ask(ask, filters)
            return answer(answered.value | answered.told())
        except TooManyGroups as error:
            invalid("since", str(error))


def _kept(found: dict[str, Any], whom: Asks, filters: dict[str, Any], tz: str) -> dict[str, Any]:
    """The answer with a note where some of the time is before what is kept; where all of it is, without figures."""
    before = gone.calls_before(tables_of(whom))
    if gone.is_all(filters, before):
        found = found | {"rows": [], "totals": gone.unknown(found["totals"])}
    return found | {"note": gone.note(filters, before, tz)}
