"""Opening a figure of a report: ``figure=connect_rate.connected`` and the values that one of its rows shows, as parameters of
their names. With a figure, such a name means the row's value, null included (an empty text), and not a filter."""

from typing import Any

from flask import Request, g
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import ColumnElement
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict

from lib import zones
from queries.asks import Asks
from queries.reports import answering, opened
from queries.reports.base import WrongQuestion
from queries.reports.groups import GROUPS, OPENED_BY
from queries.selection import FILTERS, OPENED
from web import limits
from web.context import context
from web.errors import invalid


def known_zone(name: str) -> None:
    """Raises ValidationError where there is no such zone."""
    if not zones.known(name):
        raise ValidationError("Not an IANA time zone, such as Asia/Kolkata.")


def zone() -> fields.Str:
    return fields.Str(
        load_default="UTC",
        validate=known_zone,
        metadata={
            "description": "Whose clocks: an IANA time zone.",
            "example": "Asia/Kolkata",
            "format": "iana-time-zone",
        },
    )


def _shown(what: str, example: str) -> fields.Str:
    description = f"With `figure`: {what} of the report's row."
    return fields.Str(validate=validate.Length(max=2000), metadata={"description": description, "example": example})


def whose_clocks() -> fields.Str:
    return fields.Str(
        load_default="reader",
        validate=validate.OneOf(("reader", "customer")),
        metadata={
            "description": "`customer`: hours of the customer's own place, where the report can.",
            "example": "reader",
        },
    )


TOTALS = "totals"  # the row of all
OF_LEADS = ("attempt", "never")  # what rows of leads show besides


class Row(Schema):
    """The figure, and what a row may show that is no filter besides."""

    figure = fields.Str(
        validate=validate.Length(1, 200),
        metadata={
            "description": "The calls that a figure of a report counts, as `REPORT.FIGURE`, in one of its rows: give the "
            "row's values as parameters of their names, an empty one for null. `campaign` and `queue` take the id, or where "
            "the row has none the name.",
            "example": "connect_rate.connected",
        },
    )
    row = fields.List(
        fields.Str(
            validate=validate.Regexp(
                rf"^({TOTALS}|({'|'.join((*OPENED_BY, *OF_LEADS))}):[\s\S]{{0,2000}})$",
                error="Write it as NAME:VALUE, with the name of a group or `lead_id`, or `totals`.",
            )
        ),
        validate=validate.Length(1, 10),
        metadata={
            "description": "With `figure`: the row's values as NAME:VALUE, nothing behind the colon for null, or "
            "`totals`; `lead_id:` also, the calls that name no lead. With it all other parameters are filters, also those "
            "that are named as groups.",
            "example": ["day:2026-11-18"],
        },
    )
    tz = zone()
    zone = whose_clocks()
    day = _shown("the day", "2026-11-18")
    hour = _shown("the hour", "10")
    weekday = _shown("the weekday, 1 for Monday,", "3")
    week = _shown("the week", "2026-W47")
    month = _shown("the month", "2026-11")
    campaign = _shown("the campaign", "6541")
    queue = _shown("the queue", "17")
    disposition_parent = _shown("the parent disposition", "Interested")
    caller_number = _shown("the number that the customer saw", "+918040001234")
    direction = _shown("the direction", "outbound")


class LeadRow(Row):
    """The figure whose leads are listed, and what one of its rows may show."""

    figure = fields.Str(
        required=True,
        validate=validate.Length(1, 200),
        metadata={
            "description": "The leads that a figure of a report counts, as `REPORT.FIGURE`, in one of its rows: give the "
            "row's values as parameters of their names, an empty one for null.",
            "example": "first_attempt_contact.contacted_first",
        },
    )
    attempt = _shown("the attempt", "3")
    never = _shown("`true` or `false`,", "false")


def without_row(request: Request, schema: Schema, given: MultiDictProxy) -> MultiDictProxy:
    """The parameters without those that are values of the figure's row, which ``opened_filters`` finds again."""
    if "figure" not in schema.fields:
        return given
    named = [name for name in (*GROUPS, *OF_LEADS) if name in request.args and name in schema.fields]
    if "figure" not in request.args:
        if alone := [name for name in (*named, "row") if name in request.args and name not in FILTERS]:
            raise ValidationError({name: ["Is a value of a report's row, and needs `figure`."] for name in alone})
        return given
    if "row" in request.args:
        return _apart(request, schema, given, [name for name in named if name not in FILTERS])
    if twice := [name for name in named if len(request.args.getlist(name)) > 1]:
        raise ValidationError(
            {name: ["With `figure` it is the row's value, and may be given only once."] for name in twice}
        )
    g.row = {name: request.args[name] for name in named}
    kept = MultiDict((name, value) for name, value in request.args.items(multi=True) if name not in g.row)
    return MultiDictProxy(kept, schema)


def _apart(request: Request, schema: Schema, given: MultiDictProxy, named: list[str]) -> MultiDictProxy:
    """The same where ``row`` has the values of the row."""
    if named:
        raise ValidationError({name: ["Stands in `row`, where that is given."] for name in named})
    values = [one.partition(":") for one in request.args.getlist("row") if one != TOTALS]
    g.row = {name: value for name, _, value in values}
    if len(g.row) < len(values):
        raise ValidationError({"row": ["Each value of the row may be given only once."]})
    return given


def with_figure(session: Asks, filters: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    """The filters, with the calls of the figure where one is opened. Takes what is about it out of ``rest``. Raises
    WrongQuestion."""
    figure, tz, clocks = rest.pop("figure", None), rest.pop("tz"), rest.pop("zone")
    rest.pop("row", None)
    if figure is None:
        return filters
    limits.refuse()  # whether a call was the first, say, is looked up in all calls
    own = context()
    question = answering.asked(session, filters, tz, (), own.settings.limits, own.connections, clocks == "customer")
    found: list[ColumnElement[bool]] = opened.condition(question, figure, g.get("row", {}))
    return {**filters, OPENED: found}


def opened_filters(session: Asks, filters: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    """``with_figure``, whose complaints are answered with 422."""
    try:
        return with_figure(session, filters, rest)
    except WrongQuestion as error:
        invalid(error.parameter, str(error))
