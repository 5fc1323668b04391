"""Salesforce's HTTP side: the guard before it, its routes, and ``/sandbox/...`` to look behind the scenes and to misbehave.

https://developer.salesforce.com/docs/platform/api-rest/guide: below /services/data/vXX.0.
"""

import re
from typing import Any

from flask import Flask, Response, g, request

from sandbox import accounts, faults, wire
from sandbox.salesforce import behind, granting, reading, writing
from sandbox.salesforce.account import Salesforce
from sandbox.salesforce.faults import ANSWERS
from sandbox.salesforce.refusals import Refusal, requests_spent, session_ended
from sandbox.server import Application

BROKEN = [{"message": "An unexpected error occurred", "errorCode": "UNKNOWN_EXCEPTION"}]
TOLD = (400, 403, 404, 405)  # of refusals, those that the ledger names
GRANTS = "/services/oauth2/"
DATA = "/services/data/v<version>"
_VERSION = re.compile(r"(?:4[6-9]|[5-9]\d)\.0\Z", re.ASCII)  # those that know collections


def create_app(org: Salesforce) -> Flask:
    """The WSGI application of one org."""
    app = Application("salesforce-sandbox")
    faults.install(app, org.faults, lambda response: org.note(accounts.rule(), response), spared=accounts.is_ours)

    @app.url_value_preprocessor
    def any_version(endpoint: str | None, values: dict[str, Any] | None):
        g.version = (values or {}).pop("version", None)

    @app.before_request
    def guard():
        if accounts.is_ours(request.path):
            return None
        said = accounts.struck({} if request.path.startswith(GRANTS) else ANSWERS, BROKEN)
        if said is not None:
            return said
        if g.version is not None and not _VERSION.match(g.version):
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist", wrong=True)
        _admitted(org)
        wire.delayed(g.faults)
        return None

    @app.after_request
    def after(response: Response):
        if accounts.is_ours(request.path):
            return response
        if not request.path.startswith(GRANTS):
            response.headers.setdefault("Sforce-Limit-Info", f"api-usage={org.used}/{org.limit}")
        return accounts.spoiled(response, BROKEN)

    @app.errorhandler(Refusal)
    def refused(error: Refusal):
        if error.status in TOLD:
            org.note_refused(error.wrong, {"verb": request.method, "path": request.path, "why": error.message})
        return accounts.refusing(error)

    @app.errorhandler(404)
    @app.errorhandler(405)
    def nowhere(error: Any):
        if accounts.is_ours(request.path):
            return error
        code = "NOT_FOUND" if error.code == 404 else "METHOD_NOT_ALLOWED"
        return refused(Refusal(error.code, code, f"There is nothing at {request.method} {request.path}", wrong=True))

    reading.install(app, org, DATA)
    writing.install(app, org, DATA)
    granting.install(app, org)
    behind.install(app, org)
    return app


def _admitted(org: Salesforce) -> None:
    """Raises Refusal for a request without a token, or beyond the day's."""
    if request.path.startswith(GRANTS):
        return
    if request.headers.get("Authorization", "").removeprefix("Bearer ") not in org.tokens:
        raise session_ended()
    with org.lock:
        if not org.lifted and org.used >= org.limit:
            raise requests_spent()
        org.used += 1
