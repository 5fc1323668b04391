"""Pipedrive's HTTP side: the guard before it, its routes, and ``/sandbox/...`` to look behind the scenes and to misbehave.

https://developers.pipedrive.com/docs/api: version 1 below /api/v1, version 2 below /api/v2.
"""

from typing import Any

from flask import Flask, Response, g, request

from sandbox import accounts, faults, wire
from sandbox.pipedrive import behind, calls, others, records
from sandbox.pipedrive.account import Pipedrive
from sandbox.pipedrive.faults import ANSWERS
from sandbox.pipedrive.refusals import Refusal, unauthorized
from sandbox.server import Application

BROKEN = {"success": False, "error": "An internal server error occurred", "data": None}
TOLD = (400, 403, 404, 405, 410)  # of refusals, those that the ledger names


def create_app(pipedrive: Pipedrive) -> Flask:
    """The WSGI application of one company."""
    app = Application("pipedrive-sandbox")
    faults.install(
        app, pipedrive.faults, lambda response: pipedrive.note(accounts.rule(), response), spared=accounts.is_ours
    )

    @app.before_request
    def guard():
        if accounts.is_ours(request.path):
            return None
        said = accounts.struck(ANSWERS, BROKEN)
        if said is not None:
            return said
        _admitted(pipedrive)
        wire.delayed(g.faults)
        return None

    @app.after_request
    def after(response: Response):
        if accounts.is_ours(request.path):
            return response
        for name, value in pipedrive.limits.headers().items():
            response.headers.setdefault(name, value)
        return accounts.spoiled(response, BROKEN)

    @app.errorhandler(Refusal)
    def refused(error: Refusal):
        if error.status in TOLD:
            pipedrive.note_refused(error.wrong, {"verb": request.method, "path": request.path, "why": error.error})
        return accounts.refusing(error)

    @app.errorhandler(404)
    @app.errorhandler(405)
    def nowhere(error: Any):
        if accounts.is_ours(request.path):
            return error
        return refused(Refusal(error.code, f"There is nothing at {request.method} {request.path}", wrong=True))

    calls.install(app, pipedrive)
    records.install(app, pipedrive)
    others.install(app, pipedrive)
    behind.install(app, pipedrive)
    return app


def _admitted(pipedrive: Pipedrive) -> None:
    """Raises Refusal for a request without a token, or beyond a limit."""
    if request.path.startswith("/oauth/"):
        return
    given = request.headers.get("x-api-token") or request.headers.get("Authorization", "").removeprefix("Bearer ")
    user = pipedrive.users.get(pipedrive.tokens.get(given, 0))
    if user is None:
        raise unauthorized()
    g.user = user
    pipedrive.limits.take(request.method, request.path)
