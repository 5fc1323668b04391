"""Who is looking: a signed cookie that holds the secret of a session, and nothing that could be used elsewhere.

Session and key are looked up at every request, so who has signed out, or whose key is revoked, is out at once
(``web.sign_ins``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from flask import abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from lib import clock, secrets
from lib import text as texts
from models import ApiKey, audit
from models.audit import Actor
from models.database import Database
from web import auth, keys, limits, sign_ins, spooled, steered
from web.auth import View
from web.context import context
from web.errors import ApiError, request_id
from web.origin import client
from web.pages import at_work, sentences, zones
from web.parameters import storable
from web.sign_ins import Where

_SESSION = "signed_in"
_CSRF = "csrf"


@dataclass(frozen=True)
class Reader:
    """Whoever is signed in, with which key."""

    name: str
    scopes: list[str]
    key_id: UUID
    connections: list[str] | None = None  # those that they may see; None: all

    def may(self, scope: str) -> bool:
        return auth.allows(self.scopes, scope)


def database() -> Database:
    return context().database


def reading() -> Database:
    """A copy of it, perhaps, for calls and figures."""
    return context().reading()


def public(view: View) -> View:
    """Say that a view needs no session. Stands directly below the route."""
    vars(view)["public"] = True
    return view


def needs(scope: str) -> Callable[[View], View]:
    """Say that a view needs more than the scope ``read``, which all of them need. Stands directly below the route."""

    def mark(view: View) -> View:
        vars(view)["needs"] = scope
        return view

    return mark


def limited(view: View) -> View:
    """Say that a view keeps to the connections of a reader who is limited to some. Stands directly below the route."""
    vars(view)["limited"] = True
    return view


def fragment(view: View) -> View:
    """Say that a view answers a script, which is told 401 where a person would be sent to sign in."""
    vars(view)["fragment"] = True
    return view


def guard() -> Response | None:
    """Before every page: the CSRF token of a POST, the session, the scope."""
    view = current_app.view_functions[request.endpoint or ""]
    if not storable([*(request.view_args or {}).values()]):
        abort(404)
    if request.method == "POST":
        check_csrf()
    if getattr(view, "public", False):
        return None
    g.reader = reader = _reader()
    if reader is None:
        if getattr(view, "fragment", False):
            abort(401)
        return redirect(url_for("pages.login", next=_here()), 303)
    structlog.contextvars.bind_contextvars(key=reader.name)
    audit.acts_as(Actor(reader.name, client(), reader.key_id, request_id()))
    g.has_destinations = steered.are_there()
    wanted = getattr(view, "needs", "read")
    if not reader.may(wanted):
        raise ApiError(403, "scope_missing", f"This needs a key with the scope {wanted}.")
    if reader.connections is not None and not getattr(view, "limited", False):
        if request.endpoint == "pages.overview":
            return redirect(url_for("pages.calls"), 303)
        limits.refuse()
    return None


def secret() -> str | None:
    """Of this session."""
    found: str | None = session.get(_SESSION)
    return found


def sign_in(text: str) -> bool:
    """Begin a session with the key; False where it is none that may read."""
    with database().read() as reading:
        key = keys.find_key(reading, text.strip())
    if key is None or not auth.allows(key.scopes, "read") or keys.refusal(key, client(), clock.now()):
        return False
    begin(key)
    return True


def begin(key: ApiKey, until: datetime | None = None) -> None:
    """Begin a session of this key, or of whom the provider has named. ``until``: it ends then, if that is sooner."""
    audit.acts_as(Actor(texts.visible(key.name)[:200], client(), key.id, request_id()))
    where = Where(client(), texts.clean(texts.visible(request.user_agent.string)))
    with database().write() as writing:
        secret = sign_ins.begin(writing, key, clock.now(), session.get(_SESSION), where, until)
    session.clear()  # with it goes the CSRF token that was given to nobody in particular
    session[_SESSION] = secret
    session.permanent = True


def signed_in() -> bool:
    """Whether there is a session that still holds, on a page that does not ask for one."""
    found = _reader()
    return found is not None and found.may("read")


def sign_out(everywhere: bool = False) -> None:
    """End this session, wherever its cookie is; ``everywhere``: all that were begun with its key. Where the database cannot
    be told, the cookie stays as well: whoever reads that it did not work can try again."""
    if secret := session.get(_SESSION):
        if (found := _reader()) is not None:
            audit.acts_as(Actor(found.name, client(), found.key_id, request_id()))
        with database().write() as writing:
            (sign_ins.end_all if everywhere else sign_ins.end)(writing, secret)
    session.clear()


def csrf_token() -> str:
    """The token that every form of this session carries."""
    if _CSRF not in session:
        session[_CSRF] = secrets.make()
    return session[_CSRF]


def check_csrf() -> None:
    """Refuse a form that did not come from a page of this session."""
    kept = session.get(_CSRF)
    if not kept or not secrets.same(request.form.get("csrf", ""), kept):
        raise ApiError(
            403,
            "csrf_refused",
            "This form was not made for your present session, or the browser keeps no cookies for this address. "
            "Go back, load the page again, and send it once more.",
        )


def local(path: str | None, otherwise: str = "/") -> str:
    """The path, where it leads to this site, else the other one. Browsers take ``/\\host`` and ``//host`` for a host."""
    if not path or path[0] != "/" or path[1:2] in ("/", "\\") or not path.isascii() or not path.isprintable():
        return otherwise
    return path


def for_templates() -> dict[str, Any]:
    """What every template can use."""
    return {
        "csrf_token": csrf_token,
        "reader": g.get("reader"),
        "zone": zones.chosen(),
        "here": _here(),
        "has_destinations": g.get("has_destinations", False),
        **({"lacking": [], "not_read_yet": None} if g.get("reader") is None else _lacking()),
    }


def _lacking() -> dict[str, Any]:
    """What no page can show: callbacks that the database does not have, and receipts that nobody has read. Where none waits,
    nothing."""
    told = sentences.spooled(spooled.waiting()), g.unread.waiting
    return {"lacking": [one for one in told if one], "not_read_yet": g.unread.soon}


def _here() -> str:
    """The address to come back to; after a POST there is nothing to come back to."""
    if request.method != "GET":
        return "/"
    query = request.query_string.decode("ascii", "replace")
    return local(f"{request.path}?{query}" if query else request.path)


def _reader() -> Reader | None:
    secret = session.get(_SESSION)
    if secret is None:
        return None
    with database().read() as reading:
        key = sign_ins.key_of(reading, secret, clock.now())
        g.unread = at_work.unread(reading, clock.now())
    if key is None or keys.refusal(key, client(), clock.now()):
        return None
    auth.used(key.id, secrets.hashed(secret))
    return Reader(texts.visible(key.name)[:200], key.scopes, key.id, key.connections)
