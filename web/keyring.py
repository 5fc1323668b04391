"""API keys over HTTP: listed, made, renewed, revoked."""

from typing import Any
from uuid import UUID

from flask import Response

from lib import clock
from models import ApiKey
from web import keys
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, invalid, not_found
from web.keys import BadKey, Limits
from web.openapi import Blueprint
from web.schemas import keys as answers
from web.schemas.errors import Error

blueprint = Blueprint("keys", __name__, description="API keys: whose they are, what bounds them, when they were used")


@blueprint.route("/keys")
@scope("admin")
@blueprint.no_query
@blueprint.response(200, answers.Keys)
def list_keys() -> Response:
    """Every key, revoked ones included, in the order of their making"""
    now = clock.now()
    with context().database.read() as session:
        return answer({"keys": [keys.shown(key, now) for key in keys.list_keys(session)]})


@blueprint.route("/keys", methods=["POST"])
@scope("admin", act="key.create")
@blueprint.order(answers.NewKey)
@blueprint.response(201, answers.MadeKey)
def make_key(order: dict[str, Any]) -> Response:
    """Make a key; it is told this once"""
    return answer(make(order), 201)


@blueprint.route("/keys/<uuid:key_id>", methods=["DELETE"])
@scope("admin", act="key.revoke")
@blueprint.no_query
@blueprint.response(200, answers.OneKey)
def revoke_key(key_id: UUID) -> Response:
    """Revoke a key

    It stops working at once, and so do the sessions and the export links that were made with it.
    """
    return answer({"key": revoke(key_id) or not_found("key")})


@blueprint.route("/keys/<uuid:key_id>/renew", methods=["POST"])
@scope("admin", act="key.create")
@blueprint.order(answers.Renewal)
@blueprint.response(201, answers.MadeKey)
@blueprint.alt_response(409, schema=Error, description="It was revoked, or is no key but a person.")
def renew_key(order: dict[str, Any], key_id: UUID) -> Response:
    """Make another key in the place of this one, which is revoked

    With the same name, owner, scopes and limits. Where no end is named it lasts for as long as the old one was to last.
    """
    with context().database.write() as session:
        key = session.get(ApiKey, key_id) or not_found("key")
        if key.revoked_at is not None or key.subject is not None:
            raise ApiError(409, "cannot_renew", "It was revoked, or is no key but a person who signs in.")
        try:
            ends = keys.as_long_again(key)
            if "expires_at" in order:
                ends = keys.end_of(order["expires_at"]) if order["expires_at"] else None
            found, secret = keys.renewed(session, key, ends)
        except BadKey as error:
            invalid(error.field, str(error))
        return answer({"key": keys.shown(found, clock.now()), "secret": secret}, 201)


# The same for pages ---------------------------------------------------------------------------------------------------
def make(order: dict[str, Any]) -> dict[str, Any]:
    """``{"key", "secret"}``. Answers 422."""
    own = context()
    try:
        ends = order["expires_at"] and keys.end_of(order["expires_at"])
        limits = Limits(order["owner"], order["note"], ends or None, order["connections"], order["networks"])
        with own.database.write() as session:
            key, secret = keys.made(session, order["name"], order["scopes"], limits, own.settings.connections)
            return {"key": keys.shown(key, clock.now()), "secret": secret}
    except BadKey as error:
        invalid(error.field, str(error))


def revoke(key_id: UUID) -> dict[str, Any] | None:
    """The key as it is shown then; None where there is none."""
    with context().database.write() as session:
        key = session.get(ApiKey, key_id)
        if key is None:
            return None
        keys.revoke(session, key)
        return keys.shown(key, clock.now())
