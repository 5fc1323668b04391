"""Sessions of the pages over HTTP: who is signed in, since when and from where; and ending that. One's own; an admin's, all."""

from typing import Any
from uuid import UUID

from flask import Response, g

from lib import clock
from web import sign_ins
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, not_found
from web.openapi import Blueprint
from web.schemas import keys as answers

blueprint = Blueprint("sessions", __name__, description="Who is signed in to the pages")


@blueprint.route("/sessions")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.Sessions)
def list_sessions() -> Response:
    """Sessions that hold, the latest first: those that began with this key; of an admin's, all"""
    with context().database.read() as session:
        found = sign_ins.listed(session, clock.now(), _whose())
        return answer({"sessions": [sign_ins.shown(one, key) for one, key in found]})


@blueprint.route("/sessions/<uuid:session_id>", methods=["DELETE"])
@scope("read", act="session.end", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.Ended)
def end_session(session_id: UUID) -> Response:
    """End a session, wherever its cookie is"""
    with context().database.write() as session:
        if not sign_ins.end_one(session, session_id, _whose()):
            not_found("session")
    return answer({"ended": 1})


@blueprint.route("/sessions/end", methods=["POST"])
@scope("read", act="session.end", limited=True)
@blueprint.order(answers.WhichSessions)
@blueprint.response(200, answers.Ended)
def end_sessions(order: dict[str, Any]) -> Response:
    """End all sessions of a key, or everybody's"""
    key_id: UUID | None = order["key_id"] or g.key_id
    if order["everybody"] or key_id != g.key_id:
        if not may_end_others():
            raise ApiError(403, "scope_missing", "To end the sessions of others needs a key with the scope admin.")
        key_id = None if order["everybody"] else key_id
    with context().database.write() as session:
        return answer({"ended": sign_ins.end_every(session, key_id)})


def may_end_others() -> bool:
    """An admin who is limited to some connections is one of these alone."""
    return g.is_admin and g.connections is None


def _whose() -> UUID | None:
    key_id: UUID = g.key_id
    return None if may_end_others() else key_id
