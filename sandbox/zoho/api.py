"""Zoho's HTTP side: the guard before it, its routes, and ``/sandbox/...`` to look behind the scenes and to misbehave.

https://www.zoho.com/crm/developer/docs/api/v8: the API below /crm/v8, the accounts server below /oauth/v2.
"""

from typing import Any

from flask import Flask, Response, g, request

from sandbox import accounts, faults, wire
from sandbox.server import Application
from sandbox.zoho import behind, others, queries, records
from sandbox.zoho.account import Zoho
from sandbox.zoho.faults import ANSWERS
from sandbox.zoho.refusals import Refusal, error, unauthorized

BROKEN = error("INTERNAL_ERROR", "Internal server error occurred.")
TOLD = (400, 403, 404, 405)  # of refusals, those that the ledger names


def create_app(zoho: Zoho) -> Flask:
    """The WSGI application of one account."""
    app = Application("zoho-sandbox")
    faults.install(app, zoho.faults, lambda response: zoho.note(accounts.rule(), response), spared=accounts.is_ours)

    @app.before_request
    def guard():
        if accounts.is_ours(request.path):
            return None
        if request.path.startswith("/oauth/"):
            wire.delayed(g.faults)
            return None
        said = accounts.struck(ANSWERS, BROKEN)
        if said is not None:
            return said
        _admitted(zoho)
        wire.delayed(g.faults)
        return None

    @app.after_request
    def after(response: Response):
        if accounts.is_ours(request.path):
            return response
        for name, value in zoho.limits.headers().items():
            response.headers.setdefault(name, value)
        return accounts.spoiled(response, BROKEN)

    @app.errorhandler(Refusal)
    def refused(found: Refusal):
        if found.status in TOLD:
            why = found.message or found.code
            zoho.note_refused(found.wrong, {"verb": request.method, "path": request.path, "why": why})
        return accounts.refusing(found)

    @app.errorhandler(404)
    @app.errorhandler(405)
    def nowhere(found: Any):
        if accounts.is_ours(request.path):
            return found
        why = f"There is nothing at {request.method} {request.path}"
        return refused(Refusal(found.code, "INVALID_URL_PATTERN", why, wrong=True))

    records.install(app, zoho)
    others.install(app, zoho)
    queries.install(app, zoho)
    behind.install(app, zoho)
    return app


def _admitted(zoho: Zoho) -> None:
    """Raises Refusal for a request without a token, or beyond a limit."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Zoho-oauthtoken" or token not in zoho.tokens:
        raise unauthorized()
    said = request.get_json(silent=True) if request.method in ("POST", "PUT") else None
    zoho.limits.take(len(said["data"]) if isinstance(said, dict) and isinstance(said.get("data"), list) else 0)
