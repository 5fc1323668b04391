"""Who may read what: ``Authorization: Bearer wk_...``, checked before anything else of an API request is looked at.

Every view under /api/v1 carries its scope (``@scope("read")``). One that carries none is refused to everybody, so that a
forgotten decorator shows itself at once and opens nothing.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import structlog
from flask import Flask, Response, after_this_request, current_app, g, request

from lib import clock
from lib import text as texts
from models import audit
from models.audit import Actor
from web import keys, limits
from web.context import context
from web.errors import ApiError, invalid, request_id
from web.origin import client

View = TypeVar("View", bound=Callable[..., Any])

API = "/api/v1"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="wrapup"'}


def scope(name: str, act: str | None = None, limited: bool = False) -> Callable[[View], View]:
    """Say which scope a view needs, to the check and to the description, and as which act (``models.audit.ACTS``) its use is
    noted; a view that changes nothing has none. ``limited``: it keeps to the connections of a key that is limited to some, and is
    not refused to it (``web.limits``). Stands directly below the route."""

    def mark(view: View) -> View:
        told = getattr(view, "_apidoc", {})
        said = told.get("manual_doc", {}) | {"security": [{"key": [name]}]}
        vars(view).update(scope=name, act=act, limited=limited, _apidoc=told | {"manual_doc": said})
        return view

    return mark


def register(app: Flask) -> None:
    app.before_request(_check)


def _check() -> None:
    if not request.path.startswith(API + "/") or request.endpoint is None or request.method == "OPTIONS":
        return  # nothing there, which needs no key to be told
    wanted = getattr(current_app.view_functions[request.endpoint], "scope", None)
    given = _token(request.headers.get("Authorization", ""))
    if not given:
        context().refuse("key_required")
        raise ApiError(
            401, "key_required", "This address needs an API key: Authorization: Bearer wk_...", {}, _CHALLENGE
        )
    with context().database.read() as session:
        key = keys.find_key(session, given)
    if key is None:
        context().refuse("key_refused")
        raise ApiError(401, "key_refused", "This API key is unknown or has been revoked.", {}, _CHALLENGE)
    if refusal := keys.refusal(key, client(), clock.now()):
        context().refuse(refusal.error_id)
        raise ApiError(401, refusal.error_id, refusal.sentence, {}, _CHALLENGE)
    if wanted is None or not allows(key.scopes, wanted):
        raise ApiError(403, "scope_missing", f"This address needs a key with the scope {wanted or 'admin'}.")
    for name, value in (request.view_args or {}).items():
        if isinstance(value, str) and not texts.storable(value):
            invalid(name, "Holds a character that nothing holds: NUL.")
    g.key_name = texts.visible(key.name)[:200]  # of an older release: what its columns hold
    g.key_id, g.is_admin = key.id, allows(key.scopes, "admin")
    g.connections = key.connections
    used(key.id)
    if key.connections is not None:
        _check_limits(current_app.view_functions[request.endpoint])
    structlog.contextvars.bind_contextvars(key=g.key_name)
    audit.acts_as(Actor(g.key_name, client(), key.id, request_id()))


def _check_limits(view: Callable[..., Any]) -> None:
    """A key that is limited to some connections asks only what keeps to them."""
    if not getattr(view, "limited", False):
        limits.refuse()
    name = (request.view_args or {}).get("connection")
    if name is not None:
        limits.narrow([name])


def used(key_id: UUID, session: str | None = None) -> None:
    """Remember that the key was used, and with it perhaps a session (by its hash). It is written when the answer has left."""
    last_used = context().last_used
    if not last_used.note(key_id, client(), session):
        return

    @after_this_request
    def write(response: Response) -> Response:
        response.call_on_close(last_used.write)
        return response


def _token(header: str) -> str:
    """What stands behind Bearer; empty where nothing does. Not ``request.authorization``: for what else may stand there werkzeug
    has parsers, which fail for some of it."""
    scheme, _, rest = header.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else ""


def allows(scopes: list[str], wanted: str) -> bool:
    """Whether a key with these scopes may do what needs that scope."""
    return wanted in scopes or "admin" in scopes  # admin opens everything
