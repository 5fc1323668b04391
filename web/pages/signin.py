"""Signing in with an API key, and out again."""

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from web.pages import session

log = structlog.get_logger()

# One sentence for every failure: it tells nobody whether a key exists.
REFUSED = "This key cannot sign in here: it is unknown, was revoked, or lacks the scope read."


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/login", view_func=login, methods=["GET", "POST"])
    blueprint.add_url_rule("/logout", view_func=logout, methods=["POST"])


@session.public
def login() -> Response | str:
    """The form, and its answer."""
    back = session.local(request.values.get("next"))
    if request.method == "GET":
        if session.signed_in():
            return redirect(back, 303)
        return render_template("pages/login.html", back=back, refused=None)
    if session.sign_in(request.form.get("key", "")):
        return redirect(back, 303)
    log.warning("sign_in_refused")
    return make_response(render_template("pages/login.html", back=back, refused=REFUSED), 401)


@session.public
def logout() -> Response:
    """Sign out: of this session, or of all that were begun with its key."""
    session.sign_out(everywhere="everywhere" in request.form)
    return redirect(url_for("pages.login"), 303)
