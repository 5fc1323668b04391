"""Persons who are erased: a look at what would be touched, the act itself, and the ledger."""

from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dialers.giving import Refused
from leads import numbers
from queries import erasures, keyset
from upkeep.erasure import beginning
from upkeep.erasure.beginning import Found, NotErased
from web.context import context
from web.erasures import person_file
from web.pages import session
from web.turns import LOOKS

SHOWN = 50  # on a page


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/erasures", view_func=erased, endpoint="erasures")
    blueprint.add_url_rule("/erasures/erase", view_func=erase_person, methods=["POST"])


@session.needs("admin")
def erased() -> Response:
    """The ledger, the newest first."""
    return _page()


@session.needs("admin")
def erase_person() -> Response:
    """See what would be touched, or download all of it; or, when that was seen, erase."""
    form = {name: request.form.get(name, "") for name in ("number", "may_be_called")}
    own = context()
    try:
        readers = numbers.countries(own.settings.connections.values())
        number = numbers.read(readers, form["number"]).number
        if "download" in request.form:
            return person_file(number)
        if "apply" not in request.form:
            with LOOKS.turn(), session.database().read() as reading:
                return _page(form, found=beginning.look(reading, number))
        beginning.begin(own.database, own.settings.data_dir, number, g.reader.name, not form["may_be_called"])
    except (Refused, NotErased) as error:
        return _page(form, wrong=str(error))
    flash("It is begun. A worker does it, and this page says how far it is.")
    return redirect(url_for("pages.erasures"), 303)


def _page(form: dict[str, str] | None = None, found: Found | None = None, wrong: str | None = None) -> Response:
    rows: list[dict[str, Any]] = []
    following = None
    try:
        with LOOKS.turn(), session.database().read() as reading:
            page = erasures.page(reading, request.args.get("cursor"), SHOWN)
            rows, following = [erasures.shown(row) for row in page.rows], page.next
    except keyset.BadCursor as error:
        wrong = str(error)
    for row in rows:
        row["sentences"] = erasures.sentences(row["told"])
    html = render_template(
        "pages/erasures.html",
        rows=rows,
        following=following,
        first="cursor" not in request.args,
        form=form or {},
        found=found,
        wrong=wrong,
    )
    return make_response(html, 422 if wrong else 200)
