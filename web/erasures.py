"""Persons over HTTP: what is kept of one; and who is erased: seen first, begun, and followed to the end. A worker does it."""

from dataclasses import asdict
from datetime import UTC
from typing import Any
from uuid import UUID

from flask import Response, g, request
from marshmallow import Schema

from lib import clock
from lib.text import as_json
from models import Erasure
from queries import erasures
from upkeep.erasure import access, beginning
from upkeep.erasure.beginning import Found, NotErased
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, not_found
from web.leads import DryRun
from web.openapi import Blueprint
from web.parameters import cursor, limit
from web.schemas import erasures as schemas
from web.schemas.errors import Error
from web.searching import searching
from web.suppressions import Reader, number_of

blueprint = Blueprint("erasures", __name__, description="Persons who are erased")


class NewQuery(Reader, DryRun):
    """How the number is read, and whether only to show what would be touched."""


class ListQuery(Schema):
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/erasures", methods=["POST"])
@scope("admin", act="erasure.apply")
@blueprint.arguments(NewQuery, location="query")
@blueprint.arguments(schemas.NewErasure)
@blueprint.response(202, schemas.OneErasure)
@blueprint.alt_response(200, schema=schemas.FoundErasure, description="Of a dry run.")
@blueprint.alt_response(400, schema=Error, description="The body is not JSON.")
@blueprint.alt_response(409, schema=Error, description="The number is one of yours, or is being erased.")
def erase(query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Erase a person from everything that Wrapup keeps

    Calls stay, without the number and whatever else was known of whom they were with, so that every total stays. It is written
    down before this is answered, and a worker does it; `GET /erasures/<id>` says how far it is. A number of your own, from which
    calls are made, is a 409.
    """
    written = number_of(query.get("connection"), body["number"])
    try:
        if query["dry_run"]:
            with searching() as session:
                return answer(shown_found(beginning.look(session, written)))
        own = context()
        row = beginning.begin(own.database, own.settings.data_dir, written, g.key_name, body["keep_uncalled"])
    except NotErased as error:
        raise ApiError(409, "not_erased", str(error)) from None
    return answer({"erasure": erasures.shown(row)}, status=202)


@blueprint.route("/persons", methods=["POST"])
@scope("admin", act="person.show")
@blueprint.arguments(Reader, location="query")
@blueprint.arguments(schemas.Person)
@blueprint.response(200, schemas.KeptRow, content_type="application/x-ndjson", description="The file.")
@blueprint.alt_response(400, schema=Error, description="The body is not JSON.")
@blueprint.alt_response(409, schema=Error, description="No number that could be looked for.")
def show_person(query: dict[str, Any], body: dict[str, Any]) -> Response:
    """What is kept of a person, row by row: what they may ask to see

    As far as indexes know the number: `wrapup person --everywhere` looks through all tables and files. The number stands in the
    body, since proxies write addresses down.
    """
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        raise ApiError(505, "http_1_1_needed", "Exports need HTTP/1.1; in nginx: proxy_http_version 1.1.")
    try:
        return person_file(number_of(query.get("connection"), body["number"]))
    except NotErased as error:
        raise ApiError(409, "not_erased", str(error)) from None


def person_file(number: str) -> Response:
    """The rows as NDJSON, to be saved. Its name holds no number. Raises NotErased for what is no number."""
    rows = access.kept(context().database, number)
    lines = (as_json(row).encode() + b"\n" for row in rows)
    name = f"person-{clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}.ndjson"
    response = Response(lines, content_type="application/x-ndjson")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.route("/erasures")
@scope("admin")
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, schemas.Erasures)
def list_erasures(query: dict[str, Any]) -> Response:
    """The ledger of erasures, newest first: when, by whom and how many rows; of whom stands nowhere"""
    with searching() as session:
        page = erasures.page(session, query.get("cursor"), query["limit"])
        return answer({"erasures": [erasures.shown(row) for row in page.rows], "next": page.next})


@blueprint.route("/erasures/<uuid:erasure>")
@scope("admin")
@blueprint.no_query
@blueprint.response(200, schemas.OneErasure)
def one_erasure(erasure: UUID) -> Response:
    """One erasure, and how far it is"""
    with context().database.read() as session:
        row: Erasure | None = erasures.find(session, erasure)
        return answer({"erasure": erasures.shown(row)}) if row else not_found("erasure")


def shown_found(found: Found) -> dict[str, Any]:
    told = asdict(found)
    return {name: told[name] for name in ("number", "counts", "records")}
