"""The catalogue of reports over HTTP: each by its name, and the definitions of all."""

from typing import Any

from flask import Response, g
from marshmallow import fields, validate
from webargs.fields import DelimitedList

from lib import clock
from queries import keyset
from queries.asks import Asks
from queries.reports import answering, leads, opened, whole
from queries.reports import files as report_files
from queries.reports.base import WrongQuestion
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
@scope("read")
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
    own = context()

    def asked(whom: Asks) -> dict[str, Any]:
        groups, by_customer = tuple(rest["group_by"]), rest["zone"] == "customer"
        question = answering.asked(whom, filters, rest["tz"], groups, own.settings.limits, own.connections, by_customer)
        return answering.answer(question, found, rest["compare"], rest["limit"], rest.get("cursor"))

    def asked_for_file(whom: Asks) -> list[dict[str, Any]]:
        groups, by_customer = tuple(rest["group_by"]), rest["zone"] == "customer"
        question = answering.asked(whom, filters, rest["tz"], groups, own.settings.limits, own.connections, by_customer)
        return whole.rows(question, found, rest["compare"], rest.get("cursor"))

    with TURNS.turn():
        try:
            if rest["format"] != JSON:
                rows = own.sources.ask(asked_for_file, filters, found.tables).value
                return _file(name, rest["format"], rows, rest["tz"])
            answered = own.sources.ask(asked, filters, found.tables)
            return answer(answered.value | answered.told())
        except WrongQuestion as error:
            invalid(error.parameter, str(error))
        except keyset.BadCursor as error:
            invalid("cursor", str(error))


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
    filters, rest = split(query)
    own = context()

    def asked(whom: Asks) -> keyset.Page[dict[str, Any]]:
        by_customer = rest["zone"] == "customer"
        question = answering.asked(whom, filters, rest["tz"], (), own.settings.limits, own.connections, by_customer)
        return leads.page(question, rest["figure"], g.get("row", {}), rest["limit"], rest.get("cursor"))

    with TURNS.turn():
        try:
            report, _ = opened.named(rest["figure"])
            page = own.sources.ask(asked, filters, report.tables).value
        except WrongQuestion as error:
            invalid(error.parameter, str(error))
        except keyset.BadCursor as error:
            invalid("cursor", str(error))
    return answer({"leads": page.rows, "next": page.next})
