"""Choosing the zone in which a reader sees times."""

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from web.errors import invalid
from web.pages import session, zones

_YEAR = 365 * 24 * 3600


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/zone", view_func=zone, methods=["GET", "POST"])


@session.limited
def zone() -> Response | str:
    """The list of zones, and the choice."""
    back = session.local(request.values.get("next"))
    if request.method == "GET":
        return render_template("pages/zone.html", zones=zones.all_known(), back=back)
    name = request.form.get("zone", "")
    if not zones.known(name):
        invalid("zone", "There is no such time zone.")
    response = redirect(back, 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(zones.COOKIE, name, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response
