"""Saved views and export links over HTTP."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields, validate

from queries.views import answering, saved
from queries.views.answering import FORMS
from web import viewed
from web.answers import answer
from web.auth import scope
from web.context import context
from web.openapi import Blueprint
from web.schemas import views as answers
from web.schemas.errors import Error

blueprint = Blueprint("views", __name__, description="Saved views, and links that answer one without a key")


@blueprint.route("/views")
@scope("read")
@blueprint.no_query
@blueprint.response(200, answers.Views)
def list_views() -> Response:
    """The views that the key may see: its own and the shared ones, with the scope `admin` all"""
    own = viewed.who()
    with context().database.read() as session:
        found = saved.views(session, own.name, own.is_admin)
        means = viewed.means()
        return answer({"views": [saved.shown(one, answering.problem(session, means, one)) for one in found]})


@blueprint.route("/views", methods=["POST"])
@scope("read", act="view.create")
@blueprint.order(answers.NewView)
@blueprint.response(201, answers.OneView)
@blueprint.alt_response(409, schema=Error, description="There are too many views.")
def save_view(order: dict[str, Any]) -> Response:
    """Save a view

    It belongs to keys of the name of the one that saves it: whoever renews a key under its name keeps them.
    """
    return answer({"view": viewed.keep(**order)}, 201)


@blueprint.route("/views/<uuid:view_id>")
@scope("read")
@blueprint.no_query
@blueprint.response(200, answers.OneView)
def show_view(view_id: UUID) -> Response:
    """One view"""
    with context().database.read() as session:
        view = viewed.find(session, view_id)
        return answer({"view": saved.shown(view, answering.problem(session, viewed.means(), view))})


@blueprint.route("/views/<uuid:view_id>", methods=["PUT"])
@scope("read", act="view.change")
@blueprint.order(answers.ViewChange)
@blueprint.response(200, answers.OneView)
def change_view(order: dict[str, Any], view_id: UUID) -> Response:
    """Change a view's name or question, or who may see it

    Its links and schedules send the new question from then on. Where it is shared no more, links that others made end.
    """
    return answer({"view": viewed.change(view_id, order)})


@blueprint.route("/views/<uuid:view_id>", methods=["DELETE"])
@scope("read", act="view.remove")
@blueprint.no_query
@blueprint.response(204, description="It is gone, and its links with it.")
@blueprint.alt_response(409, schema=Error, description="A schedule sends it.")
def delete_view(view_id: UUID) -> Response:
    """Delete a view and its links"""
    viewed.remove(view_id)
    return Response(status=204)


class FileQuery(Schema):
    format = fields.Str(
        required=True,
        validate=validate.OneOf(FORMS),
        metadata={"description": "`csv`, `xlsx` or `ndjson`.", "example": "csv"},
    )


@blueprint.route("/views/<uuid:view_id>/file")
@scope("read")
@blueprint.arguments(FileQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="The file.")
@blueprint.response(200, {"type": "string"}, content_type="application/x-ndjson", description="The file.")
@blueprint.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    description="The file.",
)
@blueprint.alt_response(409, schema=Error, description="`view_broken`: it cannot be asked any more.")
@blueprint.alt_response(503, schema=Error, description="`no_room`: the disk has no room to make the file.")
def view_file(query: dict[str, Any], view_id: UUID) -> Response:
    """All that a view answers, as a file

    As exports and files of reports are; of outcomes of any size, streamed.
    """
    with context().database.read() as session:
        view = viewed.find(session, view_id)
        session.expunge(view)
    return viewed.as_file(view, query["format"], False)


class LinkQuery(Schema):
    view_id = fields.UUID(
        required=True,
        metadata={"description": "The view.", "example": "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"},
    )


@blueprint.route("/export-links")
@scope("read")
@blueprint.arguments(LinkQuery, location="query")
@blueprint.response(200, answers.Links)
def list_links(query: dict[str, Any]) -> Response:
    """The links of a view, the newest first; their addresses are not kept

    None of a view that the key may not see.
    """
    own = viewed.who()
    with context().database.read() as session:
        view = saved.find(session, query["view_id"], own.name, own.is_admin)
        found = saved.links(session, view.id) if view else []
        return answer({"links": [saved.shown_link(link, good) for link, good in found]})


@blueprint.route("/export-links", methods=["POST"])
@scope("read", act="export_link.make")
@blueprint.order(answers.NewLink)
@blueprint.response(201, answers.MadeLink)
@blueprint.alt_response(404, schema=Error, description="There is no such view.")
@blueprint.alt_response(409, schema=Error, description="The view has too many links, or cannot be asked any more.")
def make_link(order: dict[str, Any]) -> Response:
    """Make an address that answers a view without a key

    Whoever has it reads that view and nothing else, until it is revoked, has expired, or the key that made it is revoked. Its
    secret is told this once; the database knows its hash. Twenty asks at once and then one each six seconds; beyond that 429.
    """
    link, secret = viewed.make_link(order["view_id"], order["name"], order["purpose"] is not None, order["expires_at"])
    return answer({"link": link, "urls": {form: viewed.address(secret, form) for form in FORMS}}, 201)


@blueprint.route("/export-links/<uuid:link_id>", methods=["DELETE"])
@scope("read", act="export_link.revoke")
@blueprint.no_query
@blueprint.response(200, answers.OneLink)
def revoke_link(link_id: UUID) -> Response:
    """Revoke a link; whoever made it, or its view, may"""
    return answer({"link": viewed.revoke_link(link_id)})
