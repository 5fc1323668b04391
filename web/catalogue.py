"""The catalogue of reports over HTTP: each by its name, and the definitions of all."""

from collections.abc import Mapping
from typing import Any

from flask import Response, g
from marshmallow import fields, validate
from webargs.fields import DelimitedList

from lib import clock
from queries import keyset
from queries.asks import Asks
from queries.reports import answering, leads, opened, whole
from queries.reports import files as report_files
from queries.reports.base import Asked, Report, WrongQuestion
from queries.reports.catalogue import REPORTS
from queries.reports.groups import GROUPS
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import invalid, not_found
from web.openapi import Blueprint
from web.opening import LeadRow, whose_clocks
from web.parameters import Filters, cursor, limit, split
from web.reports import ReconciliationQuery
from web.schemas import catalogue as answers
from web.turns import REPORTS as TURNS

JSON = "json"

blueprint = Blueprint("catalogue", __name__, description="Reports: each figure with one written definition")


class ReportQuery(ReconciliationQuery):
    group_by = DelimitedList(
        fields.Str(validate=validate.OneOf(tuple(GROUPS))),
        load_default=list,
        metadata={
            "description": "What makes a row, separated by commas; without it, what the report is made by, or the totals alone.",
            "example": ["day", "campaign"],
        },
    )
    compare = fields.Str(
        load_default=None,
        validate=validate.Length(1, 50),
        metadata={
            "description": "`previous`: the period before; `week`: the same weekdays a week ago; or a span of days. Each to the "
            "same hour.",
            "example": "previous",
        },
    )
    zone = whose_clocks()
    format = fields.Str(
        load_default=JSON,
        validate=validate.OneOf((JSON, *report_files.TYPES)),
        metadata={
            "description": "`csv`, `xlsx`: a file of the rows, or of the totals where there are none.",
            "example": JSON,
        },
    )
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/reports/definitions")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.Definitions)
def definitions() -> Response:
    """What each figure of each report means

    The numerator, the denominator, what is left out, and what the figure is called elsewhere. Docs and pages say the same text.
    """
    return answer({"reports": [report.described() for report in REPORTS.values()]})


@blueprint.route("/reports/<name>")
@scope("read")
@blueprint.arguments(ReportQuery, location="query")
@blueprint.response(200, answers.CataloguedReport)
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="The file.")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=report_files.TYPES[report_files.XLSX])
def report(query: dict[str, Any], name: str) -> Response:
    """One report of the catalogue, exact at its `as_of`

    The filters are those of the list, and the calls are the same. History does not end at a filter: whether an attempt was
    the first, or a number had asked not to be called, is looked up in all calls.
    """
    found = REPORTS.get(name)
    if found is None:
        not_found("report")
    filters, rest = split(query)
    try:
        return as_file(found, filters, rest) if rest["format"] != JSON else answer(answered(found, filters, rest))
    except WrongQuestion as error:
        invalid(error.parameter, str(error))
    except keyset.BadCursor as error:
        invalid("cursor", str(error))


def answered(report: Report, filters: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    """The report's answer, and who gave it; ``rest`` is what ``ReportQuery`` asks besides filters. Raises WrongQuestion and
    BadCursor."""

    def ask(whom: Asks) -> dict[str, Any]:
        question = _question(whom, filters, rest)
        return answering.answer(question, report, rest["compare"], rest["limit"], rest.get("cursor"))

    with TURNS.turn():
        found = context().sources.ask(ask, filters, report.tables)
    return found.value | found.told()


def as_file(report: Report, filters: Mapping[str, Any], rest: Mapping[str, Any]) -> Response:
    """All of its rows, whatever the page: a file that ends at a hundred would be taken for the whole. Raises WrongQuestion and
    BadCursor."""

    def ask(whom: Asks) -> list[dict[str, Any]]:
        return whole.rows(_question(whom, filters, rest), report, rest["compare"], rest.get("cursor"))

    with TURNS.turn():
        rows = context().sources.ask(ask, filters, report.tables).value
        return _file(report.name, rest["format"], rows, rest["tz"])


def _question(whom: Asks, filters: Mapping[str, Any], rest: Mapping[str, Any]) -> Asked:
    own, by_customer = context(), rest["zone"] == "customer"
    groups = tuple(rest["group_by"])
    return answering.asked(whom, filters, rest["tz"], groups, own.settings.limits, own.connections, by_customer)


def _file(name: str, form: str, rows: list[dict[str, Any]], tz: str) -> Response:
    response = Response(report_files.made(form, rows, tz), content_type=report_files.TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.now():%Y%m%dT%H%M%SZ}.{form}"'
    return response


class LeadQuery(LeadRow, Filters):
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/leads")
@scope("read")
@blueprint.arguments(LeadQuery, location="query")
@blueprint.response(200, answers.CountedLeads)
def counted_leads(query: dict[str, Any]) -> Response:
    """The leads that a figure of a report counts

    Exactly as many as the figure says. The filters and the values of the row choose the leads; what is shown of each is of its
    whole history.
    """
    try:
        page = leads_page(*split(query))
    except WrongQuestion as error:
        invalid(error.parameter, str(error))
    except keyset.BadCursor as error:
        invalid("cursor", str(error))
    return answer({"leads": page.rows, "next": page.next})


def leads_page(filters: Mapping[str, Any], rest: Mapping[str, Any]) -> keyset.Page[dict[str, Any]]:
    """A page of them; ``rest`` is what ``LeadQuery`` asks besides filters. Raises WrongQuestion and BadCursor."""
    own, by_customer = context(), rest["zone"] == "customer"

    def ask(whom: Asks) -> keyset.Page[dict[str, Any]]:
        question = answering.asked(whom, filters, rest["tz"], (), own.settings.limits, own.connections, by_customer)
        return leads.page(question, rest["figure"], g.get("row", {}), rest["limit"], rest.get("cursor"))

    report, _ = opened.report_and_figure(rest["figure"])
    with TURNS.turn():
        return own.sources.ask(ask, filters, report.tables).value
