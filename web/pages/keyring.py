"""Keys, for admins; and who is signed in: one's own sessions, or as an admin all."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from lib import clock
from lib import text as texts
from models.access import SCOPES
from web import keyring, keys, sign_ins
from web.context import context
from web.pages import session

TEXTS = ("name", "owner", "note", "expires_at", "networks")


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/keys", view_func=all_keys)
    blueprint.add_url_rule("/keys", view_func=make_key, methods=["POST"])
    blueprint.add_url_rule("/keys/<uuid:key_id>/revoke", view_func=revoke_key, methods=["POST"])
    blueprint.add_url_rule("/sessions", view_func=sessions)
    blueprint.add_url_rule("/sessions/end", view_func=end_sessions, methods=["POST"])


@session.needs("admin")
def all_keys() -> Response:
    return _page()


@session.needs("admin")
def make_key() -> Response:
    """The new key, shown this once."""
    form: dict[str, Any] = {name: request.form.get(name, "").strip() for name in TEXTS}
    form |= {"scopes": request.form.getlist("scope"), "connections": request.form.getlist("connection")}
    order = {name: form[name] or None for name in ("owner", "note", "expires_at", "connections")}
    order |= {"networks": form["networks"].replace(",", " ").split() or None}
    try:
        made = keyring.make(order | {"name": form["name"], "scopes": form["scopes"]})
    except HTTPException as error:
        told = getattr(error, "details", {})
        return _page(form, " ".join(sentence for sentences in told.values() for sentence in sentences))
    return _page(made=made)


@session.needs("admin")
def revoke_key(key_id: UUID) -> Response:
    found = keyring.revoke(key_id)
    if found is None:
        abort(404)
    flash(f"{texts.visible(found['name'])} is revoked.")
    return redirect(url_for("pages.all_keys"), 303)


def _page(form: dict[str, Any] | None = None, wrong: str | None = None, made: dict[str, Any] | None = None) -> Response:
    now = clock.now()
    with session.database().read() as reading:
        found = [keys.shown(key, now) for key in keys.list_keys(reading)]
    known = list(context().settings.connections)
    html = render_template(
        "pages/keys.html", keys=found[::-1], form=form or {}, wrong=wrong, made=made, scopes=SCOPES, connections=known
    )
    response = make_response(html, 422 if wrong else 200)
    if made:
        response.headers["Cache-Control"] = "no-store"
    return response


@session.limited
def sessions() -> str:
    """Who is signed in."""
    with session.database().read() as reading:
        found = sign_ins.listed(reading, clock.now(), _whose())
        rows = [sign_ins.shown(one, key, session.secret()) for one, key in found]
    return render_template("pages/sessions.html", rows=rows, everybody=_whose() is None)


@session.limited
def end_sessions() -> Response:
    """End one session, or all that are listed."""
    with session.database().write() as writing:
        if "session" in request.form:
            try:
                session_id = UUID(request.form["session"])
            except ValueError:
                abort(404)
            ended = int(sign_ins.end_one(writing, session_id, _whose()))
        else:
            ended = sign_ins.end_every(writing, _whose())
    flash(f"{texts.many(ended, 'session')} ended.")
    return redirect(url_for("pages.sessions"), 303)


def _whose() -> UUID | None:
    reader = g.reader
    key_id: UUID = reader.key_id
    return None if reader.may("admin") and reader.connections is None else key_id
