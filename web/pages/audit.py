"""The audit log, for admins."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from lib import clock
from lib import text as texts
from models.audit import ACTS
from queries import audit, keyset
from web.pages import session
from web.turns import SEARCHES

SHOWN = 100
ASKED = ("who", "act", "since", "until")


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/audit", view_func=audit_log)


@session.needs("admin")
def audit_log() -> Response:
    """Acts of persons, newest first, by who and what and when."""
    asked = {name: texts.clean(request.args.get(name, "")).strip() for name in ASKED}
    wanted: dict[str, object] = {name: [asked[name]] for name in ("who", "act") if asked[name]}
    wrong = None
    for name in ("since", "until"):
        if asked[name]:
            wanted[name] = clock.parse(asked[name])
            if wanted[name] is None:
                wrong = f"{asked[name][:64]!r} is no time; 2026-01-31 and 2026-01-31T08:00:00Z are."
    rows, following = [], None
    if wrong is None:
        try:
            with SEARCHES.turn(), session.database().read() as reading:
                page = audit.page(reading, wanted, request.args.get("cursor"), SHOWN)
            rows = [audit.shown(row) for row in page.rows]
            following = {name: value for name, value in asked.items() if value} | {"cursor": page.next}
            following = following if page.next else None
        except keyset.BadCursor as error:
            wrong = str(error)
    html = render_template("pages/audit.html", rows=rows, following=following, asked=asked, acts=ACTS, wrong=wrong)
    return make_response(html, 422 if wrong else 200)
