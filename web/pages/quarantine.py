"""The quarantine: what could not be understood or was not authorised, why, and the way back out."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lib.text import many
from models.receipts import DISMISSED, QUARANTINED
from models.strangers import STRANGERS
from queries import evidence, keyset, strangers
from web import sorting_out
from web.context import context
from web.pages import session
from web.turns import SEARCHES

SHOWN = 100
_FILTERS = ("reason", "connection", "token")


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/quarantine", view_func=quarantine)
    blueprint.add_url_rule("/quarantine/replay", view_func=replay_all, methods=["POST"])
    blueprint.add_url_rule("/quarantine/dismiss", view_func=dismiss_all, methods=["POST"])


def quarantine() -> Response:
    """Counts by reason and connection, and the receipts, newest first."""
    wanted = _wanted(request.args)
    wrong = None
    with SEARCHES.turn(), session.database().read() as reading:
        configured = context().connections
        rows = evidence.by_reason(reading, wanted, configured)
        dropped = strangers.dropped(reading)
        dismissed = sum(
            row["receipts"] for row in evidence.by_reason(reading, wanted | {"state": DISMISSED}, configured)
        )
        try:
            page = evidence.page(reading, wanted, request.args.get("cursor"), SHOWN)
        except keyset.BadCursor as error:
            page, wrong = keyset.Page([], None), str(error)
    chosen = {name: value for name, value in wanted.items() if name in _FILTERS}
    html = render_template(
        "pages/quarantine.html",
        counts=rows,
        total=sum(row["receipts"] for row in rows),
        dismissed=dismissed,
        receipts=page.rows,
        following=urlencode(chosen | {"cursor": page.next}) if page.next else None,
        first="cursor" not in request.args,
        chosen=chosen,
        wrong=wrong,
        strangers_name=STRANGERS,
        dropped=dropped,
    )
    return make_response(html, 422 if wrong else 200)


@session.needs("admin")
def replay_all() -> Response:
    """Have every quarantined receipt of a reason read again; of one connection, where one is named."""
    wanted = _wanted(request.form)
    if "reason" not in wanted:
        flash("Choose a reason first: nothing was replayed.")
        return redirect(url_for("pages.quarantine"), 303)
    replayed = sorting_out.replay(wanted, g.reader.name)
    flash(f"{many(replayed, 'receipt')} sent back to be read again.")
    return redirect(url_for("pages.quarantine"), 303)


@session.needs("admin")
def dismiss_all() -> Response:
    """Say that every quarantined receipt of a reason is garbage; of one connection, where one is named."""
    wanted = _wanted(request.form)
    if "reason" not in wanted:
        flash("Choose a reason first: nothing was dismissed.")
        return redirect(url_for("pages.quarantine"), 303)
    # A row of names that strangers made up; what came with a token of ours has its own.
    made_up = [evidence.made_up(context().connections)] if request.form.get("made_up") else []
    dismissed = sorting_out.dismiss(wanted, g.reader.name, made_up)
    flash(f"{many(dismissed, 'receipt')} dismissed: kept and counted, but no trouble any more.")
    return redirect(url_for("pages.quarantine"), 303)


def _wanted(given: Mapping[str, str]) -> dict[str, str]:
    return {"state": QUARANTINED} | {name: given[name] for name in _FILTERS if given.get(name)}
