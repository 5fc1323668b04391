"""HubSpot's HTTP side: the guard before it, its routes, and ``/sandbox/...`` to look behind the scenes and to misbehave.

https://developers.hubspot.com/docs/api-reference: date version 2026-09 where a path has one.
"""

import re
from typing import Any

from flask import Flask, Response, g, request

from sandbox import accounts, faults, wire
from sandbox.hubspot import behind, objects, others, pages
from sandbox.hubspot.account import Hubspot
from sandbox.hubspot.asked import answered
from sandbox.hubspot.faults import ANSWERS
from sandbox.hubspot.refusals import Refusal, missing_scopes, too_many, unauthorized
from sandbox.server import Application

READ, WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"
# (method, how the path begins, the scope that is needed); the first that fits.
SCOPES = (
    ("GET", "/crm/owners/", "crm.objects.owners.read"),
    ("GET", "/crm/properties/", "crm.schemas.contacts.read"),
    ("POST", "/crm/properties/", "crm.schemas.contacts.write"),
    ("GET", "/crm/", READ),
    ("POST", "/crm/", WRITE),
    ("PATCH", "/crm/", WRITE),
    ("PUT", "/crm/", WRITE),
    ("DELETE", "/crm/", WRITE),
    ("GET", "/calling/", READ),
)
_OURS = re.compile(r"/$|/sandbox|/contacts/\d|/favicon")
BROKEN = {"status": "error", "message": "internal error", "category": "INTERNAL_ERROR"}
TOLD = (400, 404, 405, 409, 415)  # of refusals, those that the ledger names
SAY_WHEN = ("ten_secondly", "secondly", "migrating")  # faults whose value is the Retry-After header
READS = ("/batch/read", "/search")  # asked by POST


def create_app(hubspot: Hubspot) -> Flask:
    """The WSGI application of one account."""
    app = Application("hubspot-sandbox")
    faults.install(app, hubspot.faults, lambda response: _noted(hubspot, response), spared=_is_ours)

    @app.before_request
    def guard():
        if _is_ours(request.path):
            return
        for name, refusal in ANSWERS.items():
            if name in g.faults:
                raise refusal(g.faults[name])
        if "error_in_200" in g.faults:
            return answered(BROKEN)
        _admitted(hubspot)
        wire.delayed(g.faults)

    @app.after_request
    def after(response: Response):
        if _is_ours(request.path):
            return response
        response.headers.update(hubspot.limits.headers(request.path.endswith("/search")))
        if "error_in_200_after" in g.faults:
            response = answered(BROKEN)
        return wire.spoiled(response, g.faults)

    @app.errorhandler(Refusal)
    def refused(error: Refusal):
        if error.status in TOLD:
            hubspot.note_refused(error.wrong, {"verb": request.method, "path": request.path, "why": error.message})
        response = answered(error.body(), error.status)
        after = next((g.faults[name] for name in SAY_WHEN if name in g.faults), None)
        if after is not None:
            response.headers["Retry-After"] = str(after)
        elif "retry_after" in g:
            response.headers["Retry-After"] = g.retry_after
        return response

    @app.errorhandler(404)
    @app.errorhandler(405)
    def nowhere(error: Any):
        if _is_ours(request.path):
            return error
        return refused(
            Refusal(error.code, "NOT_FOUND", f"There is nothing at {request.method} {request.path}", wrong=True)
        )

    objects.install(app, hubspot)
    others.install(app, hubspot)
    behind.install(app, hubspot)
    pages.install(app, hubspot)
    return app


def _is_ours(path: str) -> bool:
    """Of the sandbox, or a page for people: without a token, and nothing spoils it."""
    return _OURS.match(path) is not None


def _admitted(hubspot: Hubspot) -> None:
    """Raises Refusal for a request without a token, beyond a limit, or without the scope."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    scopes = hubspot.tokens.get(token)
    if scopes is None and not request.path.startswith("/oauth/"):
        raise unauthorized()
    refused = hubspot.limits.take(request.path.endswith("/search"))
    if refused is not None:
        policy, seconds = refused
        if seconds is not None:
            g.retry_after = str(int(seconds) + 1)
        raise too_many(policy)
    needed = next(
        (scope for verb, begin, scope in SCOPES if verb == request.method and request.path.startswith(begin)), None
    )
    if needed == WRITE and request.path.endswith(READS):
        needed = READ
    if needed is not None and needed not in (scopes or ()):
        raise missing_scopes([needed])


def _noted(hubspot: Hubspot, response: Response) -> None:
    rule = accounts.rule()
    for name, value in (request.view_args or {}).items():
        if name in ("kind", "verb", "source", "target"):
            rule = rule.replace(f"<{name}>", str(value))
    hubspot.note(rule, response)
