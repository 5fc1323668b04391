"""Leads over HTTP, towards the dialers: lists of them, and what became of each."""

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from leads import files, loads
from leads.loading import Loading, offered
from lib.whole_numbers import Whole
from models import LeadLoad
from web import errors, limits, to_dialers
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import not_found
from web.openapi import Blueprint
from web.parameters import OfConnections, any_of, cursor, limit
from web.schemas import leads as schemas
from web.searching import searching

LARGEST_LIST = 64 * 1024 * 1024  # 100,000 leads of 670 bytes each; some 400 MB of memory while it is checked

blueprint = Blueprint("leads", __name__, description="Towards the dialers: leads in, and what became of each")


class DryRun(Schema):
    dry_run = fields.Bool(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Only show what would be sent.", "example": True},
    )


class LoadQuery(Schema):
    state = fields.Str(
        validate=validate.OneOf(schemas.STATES),
        metadata={"description": "Only leads in this state.", "example": "rejected"},
    )
    limit = limit(100)
    cursor = Whole(
        load_default=0, validate=validate.Range(min=0), metadata={"description": "`next` of the page before."}
    )


class LoadsQuery(OfConnections):
    connection = any_of("The connection's name.", "ryng-main")
    limit = limit(100)
    cursor = cursor()


# Rows are checked by ``leads``, which tells the row and the field at fault.
LISTS = {
    "required": True,
    "content": {
        "application/json": {"schema": schemas.NewLeads},
        "text/csv": {"schema": {"type": "string"}, "example": "number,name\n+420601234567,Jana\n"},
        "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"number":"+420601234567"}\n'},
    },
}


@blueprint.route("/campaigns/<connection>", methods=["POST"])
@scope("leads", act="load.create", limited=True)
@blueprint.arguments(DryRun, location="query")
@blueprint.doc(requestBody={"required": True, "content": {"application/json": {"schema": schemas.NewCampaign}}})
@blueprint.response(202, schemas.Begun)
@blueprint.alt_response(200, schema=schemas.WouldSend, description="Of a dry run.")
def make_campaign(query: dict[str, Any], connection: str) -> Response:
    """Make a campaign with its first leads

    `options` are the dialer's own fields by their own names. The campaign's id appears at the load, where the dialer tells
    one.
    """
    to_dialers.answering_errors(lambda: offered(to_dialers.configured(connection), None))
    with to_dialers.allow_large_body(LARGEST_LIST):
        return _begin(query, connection, None, to_dialers.document({"name", "leads", "options"}))


@blueprint.route("/campaigns/<connection>/<campaign>/leads", methods=["POST"])
@scope("leads", act="load.create", limited=True)
@blueprint.arguments(DryRun, location="query")
@blueprint.doc(requestBody=LISTS)
@blueprint.response(202, schemas.Begun)
@blueprint.alt_response(200, schema=schemas.WouldSend, description="Of a dry run.")
def add_leads(query: dict[str, Any], connection: str, campaign: str) -> Response:
    """Load leads into a campaign

    All are checked before the first is sent; the answer is the id of the load, where each lead's fate is shown.
    """
    to_dialers.answering_errors(lambda: offered(to_dialers.configured(connection), campaign))
    with to_dialers.allow_large_body(LARGEST_LIST):
        data = to_dialers.body()
        if request.mimetype not in (*files.CSV, *files.LINES) and not files.is_list(data):
            return _begin(query, connection, campaign, to_dialers.document({"leads", "options"}))
        rows = to_dialers.answering_errors(lambda: files.rows(data, request.content_type or ""))
        return _begin(query, connection, campaign, {"leads": rows})


def _begin(query: dict[str, Any], connection: str, campaign: str | None, body: dict[str, Any]) -> Response:
    name, options = body.get("name"), body.get("options")
    options = {} if options is None else options
    if not isinstance(options, dict):
        errors.invalid("options", "Must be an object.")
    if name is not None and (not isinstance(name, str) or len(name) > 500):
        errors.invalid("name", "Must be text of 500 characters at most.")

    def begin() -> Response:
        loading = Loading(to_dialers.configured(connection), campaign, body["leads"], name, options)
        if query["dry_run"]:
            return answer(loading.dry(context().database, to_dialers.urls(connection)))
        load_id = loading.keep(context().database)
        return answer({"load_id": str(load_id), "campaign_id": campaign, **loading.noticed()}, status=202)

    return to_dialers.answering_errors(begin)


@blueprint.route("/loads")
@scope("read", limited=True)
@blueprint.arguments(LoadsQuery, location="query")
@blueprint.response(200, schemas.Loads)
def list_loads(query: dict[str, Any]) -> Response:
    """Loads, newest first, without their leads"""
    configured = context().settings.connections
    with searching() as session:
        return answer(loads.page(session, configured, query.get("connection"), query["limit"], query.get("cursor")))


@blueprint.route("/loads/<uuid:load_id>")
@scope("read", limited=True)
@blueprint.arguments(LoadQuery, location="query")
@blueprint.response(200, schemas.Load)
def get_load(query: dict[str, Any], load_id: UUID) -> Response:
    """How far a load is, and what became of each lead"""
    own = context()
    with own.database.read() as session:
        found = loads.shown(
            session, own.settings.connections, load_id, query["cursor"], query["limit"], query.get("state")
        )
    return answer(found) if found and limits.may_see(found["connection"]) else not_found("load")


@blueprint.route("/loads/<uuid:load_id>/resume", methods=["POST"])
@scope("leads", act="load.resume", limited=True)
@blueprint.no_query
@blueprint.response(200, schemas.Load)
def resume_load(load_id: UUID) -> Response:
    """Let a parked load go on, after its credentials were mended"""
    own = context()
    with own.database.write() as session:
        _check(session, load_id)
        resumed = loads.resume(session, load_id)
        found = loads.shown(session, own.settings.connections, load_id) if resumed else None
    return answer(found) if found else not_found("load")


@blueprint.route("/loads/<uuid:load_id>/unknown", methods=["POST"])
@scope("leads", act="leads.decide_unknown", limited=True)
@blueprint.no_query
@blueprint.arguments(schemas.Decision)
@blueprint.response(200, schemas.Decided)
def decide(body: dict[str, Any], load_id: UUID) -> Response:
    """Decide what became of the load's unknown leads

    `resend` sends them again, and may have somebody called twice.
    """
    with context().database.write() as session:
        _check(session, load_id)
        decided = loads.decide(session, load_id, body["decision"])
    return answer({"decided": decided}) if decided is not None else not_found("load")


def _check(session: Session, load_id: UUID) -> None:
    """Answers 404 for a load that the key may not see."""
    load = session.get(LeadLoad, load_id)
    if load is None or not limits.may_see(load.connection):
        not_found("load")
