"""A connection tried for real, over HTTP: the same as ``wrapup check``."""

import threading
from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import Schema, fields

import polling
from web import limits
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, not_found
from web.openapi import Blueprint
from web.schemas.described import text

blueprint = Blueprint("checks", __name__, description="Whether a connection is set up as it must be")

# One at a time: each holds a thread for as long as the dialer takes, and dialers count logins.
_checking = threading.Lock()


class Check(Schema):
    what = text("What was tried.", "report lead history", null=False)
    ok = fields.Bool(
        required=True,
        allow_none=True,
        metadata={
            "description": "Whether it went well; null: it could not be tried, or somebody is to decide.",
            "example": True,
        },
    )
    said = text("What came of it.", "It answered; 20 records of the last hour on its first page.", null=False)
    todo = text("What to do.", None)


class Checked(Schema):
    checks = fields.List(fields.Nested(Check), required=True)


@blueprint.route("/connections/<name>/check", methods=["POST"])
@scope("admin", limited=True)
@blueprint.no_query
@blueprint.response(200, Checked)
def check_connection(name: str) -> Response:
    """Try a connection: each report is asked once, a callback is posted to its own URL; nothing is changed"""
    if name not in context().connections or not limits.may_see(name):
        not_found("connection")
    return answer({"checks": checked(name)})


def checked(name: str) -> list[dict[str, Any]]:
    """What ``polling.check`` says of a connection that is configured. Raises ApiError while another one is checked."""
    own = context()
    urls: Mapping[str, str] = own.settings.callbacks_of().get(name, {})
    if not _checking.acquire(blocking=False):
        raise ApiError(409, "check_running", "A connection is being checked already; ask again when that is done.")
    try:
        found = polling.check(own.database, own.connections[name], urls)
        return [{"what": one.what, "ok": one.ok, "said": one.said, "todo": one.todo} for one in found]
    finally:
        _checking.release()
