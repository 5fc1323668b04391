"""The page of a check: what ``wrapup check`` prints, for people without a shell."""

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from web import checks
from web.context import context
from web.pages import session


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/connections/<name>/check", view_func=check, methods=["POST"])
    blueprint.add_url_rule("/connections/<name>/check", view_func=back)


def back(name: str) -> Response:
    """Whoever comes back to the address of a check has it tried again from the connection's page."""
    return redirect(url_for("pages.connection", name=name), 303)


@session.needs("admin")
def check(name: str) -> str:
    """Try the connection now, and show what came of it."""
    if name not in context().connections:
        abort(404)
    return render_template("pages/check.html", name=name, checks=checks.checked(name))
