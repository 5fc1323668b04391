"""Who is looking: a signed cookie that holds the id of an API key, and nothing that could be used elsewhere.

The key is looked up at every request, so a key that is revoked is out at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask import Response, abort, current_app, g, redirect, request, session, url_for
from sqlalchemy import select

from lib import ids, secrets
from models import ApiKey
from models.database import Database
from web import auth, keys, spooled
from web.errors import Refused
from web.pages import words, zones

_KEY = "key"
_CSRF = "csrf"


@dataclass(frozen=True)
class Reader:
    """Whoever is signed in."""

    name: str
    scopes: list[str]

    def may(self, scope: str) -> bool:
        return auth.allows(self.scopes, scope)


def database() -> Database:
    return current_app.extensions["database"]


def public(view: Callable) -> Callable:
    """Say that a view needs no session. Stands directly below the route."""
    view.public = True
    return view


def needs(scope: str) -> Callable:
    """Say that a view needs more than the scope ``read``, which all of them need. Stands directly below the route."""

    def mark(view: Callable) -> Callable:
        view.needs = scope
        return view

    return mark


def fragment(view: Callable) -> Callable:
    """Say that a view answers a script, which is told 401 where a person would be sent to sign in."""
    view.fragment = True
    return view


def guard() -> Response | None:
    """Before every page: the CSRF token of a POST, the session, the scope."""
    view = current_app.view_functions[request.endpoint]
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
    wanted = getattr(view, "needs", "read")
    if not reader.may(wanted):
        raise Refused(403, "scope_missing", f"This needs a key with the scope {wanted}.")
    return None


def sign_in(text: str) -> bool:
    """Begin a session with the key; False where it is none that may read."""
    with database().read() as reading:
        key = keys.find_key(reading, text.strip())
    if key is None or not auth.allows(key.scopes, "read"):
        return False
    session.clear()  # with it goes the CSRF token that was given to nobody in particular
    session[_KEY] = str(key.id)
    session.permanent = True
    return True


def signed_in() -> bool:
    """Whether there is a session that still holds, on a page that does not ask for one."""
    found = _reader()
    return found is not None and found.may("read")


def sign_out() -> None:
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
        raise Refused(
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


def context() -> dict:
    """What every template can use."""
    return {
        "csrf_token": csrf_token,
        "reader": g.get("reader"),
        "zone": zones.chosen(),
        "here": _here(),
        "spooled": words.spooled(spooled.waiting()) if "reader" in g else None,
    }


def _here() -> str:
    """The address to come back to; after a POST there is nothing to come back to."""
    if request.method != "GET":
        return "/"
    query = request.query_string.decode("ascii", "replace")
    return local(f"{request.path}?{query}" if query else request.path)


def _reader() -> Reader | None:
    key_id = ids.parse(session.get(_KEY))
    if key_id is None:
        return None
    with database().read() as reading:
        key = reading.scalars(select(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))).one_or_none()
    return Reader(key.name, key.scopes) if key else None
