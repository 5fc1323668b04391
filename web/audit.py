"""The audit log over HTTP: who did what, when and from where."""

from datetime import UTC
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields, validate

from lib import clock
from models.audit import ACTS
from queries import audit
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError
from web.openapi import Blueprint
from web.parameters import any_of, cursor, limit, moment
from web.schemas import audit as answers
from web.searching import searching

blueprint = Blueprint("audit", __name__, description="Who did what, when and from where")
TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


class Filters(Schema):
    who = any_of("Who, exactly.", "Priya, back office")
    act = any_of("What was done.", "receipts.replay", ACTS)
    connection = any_of("Of which connection.", "ryng-main")
    subject = any_of("What was acted upon.", "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11")
    since = moment("At or after this time.")
    until = moment("Before this time.")


class Query(Filters):
    limit = limit(100)
    cursor = cursor()


class ExportQuery(Filters):
    form = fields.Str(
        data_key="format",
        load_default="csv",
        validate=validate.OneOf(audit.FORMS),
        metadata={"description": "The form of the file.", "example": "csv"},
    )


@blueprint.route("/audit")
@scope("admin")
@blueprint.arguments(Query, location="query")
@blueprint.response(200, answers.Notes)
def list_notes(query: dict[str, Any]) -> Response:
    """Acts of persons, newest first"""
    with searching() as session:
        page = audit.page(session, query, query.get("cursor"), query["limit"])
    return answer({"notes": [audit.shown(row) for row in page.rows], "next": page.next})


@blueprint.route("/audit/export")
@scope("admin")
@blueprint.arguments(ExportQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="The file.")
@blueprint.response(200, answers.Note, content_type="application/x-ndjson", description="The file.")
def export_notes(query: dict[str, Any]) -> Response:
    """The same as a file, streamed, of any length"""
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        raise ApiError(505, "http_1_1_needed", "Exports need HTTP/1.1; in nginx: proxy_http_version 1.1.")
    form = query["form"]
    response = Response(audit.written(context().database, query, form), content_type=TYPES[form])
    name = f"audit-{clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
