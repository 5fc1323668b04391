"""Destinations: how far each is, what was refused and why, what waits for a person; and steering."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from crm.finding import MOST_CANDIDATES
from crm.steering import CannotRetry, NotChosen
from models import Delivery
from models.deliveries import HELD, LOST, REFUSED, UNKNOWN
from queries import deliveries, keyset
from web import steered
from web.pages import session, zones
from web.turns import LOOKS

SAMPLES = 5  # of each reason
SHOWN_REASONS = 20
SHOWN_HELD = 25  # on a page


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/destinations", view_func=destinations)
    blueprint.add_url_rule("/destinations/<name>", view_func=destination)
    blueprint.add_url_rule("/destinations/<name>/pause", view_func=pause, methods=["POST"])
    blueprint.add_url_rule("/destinations/<name>/resume", view_func=resume, methods=["POST"])
    blueprint.add_url_rule("/destinations/<name>/retry", view_func=retry_reason, methods=["POST"])
    blueprint.add_url_rule("/deliveries/<uuid:delivery_id>/retry", view_func=retry, methods=["POST"])
    blueprint.add_url_rule("/deliveries/<uuid:delivery_id>/choose", view_func=choose, methods=["POST"])
    blueprint.add_url_rule("/deliveries/<uuid:delivery_id>/leave-out", view_func=leave_out, methods=["POST"])


def destinations() -> str:
    """All of them at a glance."""
    with LOOKS.turn():
        return render_template("pages/destinations.html", destinations=steered.shown(_at))


def destination(name: str) -> Response:
    """The destination of that name, configured or not."""
    wrong = None
    with LOOKS.turn(), session.database().read() as reading:
        shown = steered.find(name, _at)
        if shown is None:
            abort(404)
        refused = _refused(reading, shown)
        try:
            wanted = {"destination": name, "state": HELD}
            held = deliveries.page(reading, wanted, request.args.get("cursor"), SHOWN_HELD, [~deliveries.outdated()])
        except keyset.BadCursor as error:
            held, wrong = keyset.Page([], None), str(error)
        listed = [*held.rows, *(row for reason in refused for row in reason["samples"])]
        calls = deliveries.calls_of(reading, listed)
    html = render_template(
        "pages/destination.html",
        destination=shown,
        refused=refused,
        held=_by_call(held.rows),
        following=held.next,
        first="cursor" not in request.args,
        calls=calls,
        lost=LOST,
        most_candidates=MOST_CANDIDATES,
        wrong=wrong,
    )
    return make_response(html, 422 if wrong else 200)


def _at(moment: datetime) -> str:
    """A moment in a sentence, in the reader's zone."""
    return zones.moment(moment, zones.chosen(), "full")


def _refused(reading: Session, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """The reasons of what was refused, each with its newest samples."""
    found = [one for one in shown["reasons"] if one["state"] == REFUSED][:SHOWN_REASONS]
    for one in found:
        wanted = {"destination": shown["name"], "state": REFUSED, "reason": one["reason"]}
        one["samples"] = deliveries.page(reading, wanted, None, SAMPLES, [~deliveries.outdated()]).rows
    return found


def _by_call(rows: list[Any]) -> list[Any]:
    """What is held of a call is decided at once, so it is shown once."""
    return list({row.outcome_id: row for row in reversed(rows)}.values())[::-1]


@session.needs("admin")
def pause(name: str) -> Response:
    """Send nothing there until it is resumed."""
    return _act(name, steered.pause, f"{name} is paused.")


@session.needs("admin")
def resume(name: str) -> Response:
    """Send there again."""
    return _act(name, steered.resume, f"{name} goes on.")


def _act(name: str, act: Callable[[str, str], None], done: str) -> Response:
    _known(name)
    try:
        act(name, g.reader.name)
        flash(done)
    except steered.CannotSteer as error:
        flash(str(error))
    return _back(name)


@session.needs("admin")
def retry_reason(name: str) -> Response:
    """Have everything tried again that was refused for a reason."""
    _known(name)
    reason = request.form.get("reason")
    if not reason:
        flash("Choose a reason first: nothing is tried again.")
        return _back(name)
    retried = steered.retry_many({"destination": name, "state": REFUSED, "reason": reason}, g.reader.name)
    flash(f"{deliveries.several(retried)} will be tried again.")
    return _back(name)


@session.needs("admin")
def retry(delivery_id: UUID) -> Response:
    """Have one tried again."""
    return _steered(lambda: steered.retry(delivery_id, g.reader.name), "It will be tried again.")


@session.needs("admin")
def choose(delivery_id: UUID) -> Response:
    """Say whom a call belongs to."""
    record_id = request.form.get("record_id", "")
    done = f"The call will be written to the record {record_id.strip()}."
    return _steered(lambda: steered.retry(delivery_id, g.reader.name, record_id), done)


@session.needs("admin")
def leave_out(delivery_id: UUID) -> Response:
    """Say that a call belongs to nobody there."""
    return _steered(lambda: steered.leave_out(delivery_id, g.reader.name), "The call is left out.")


def _steered(act: Callable[[], Delivery | None], done: str) -> Response:
    try:
        row = act()
    except (CannotRetry, NotChosen) as error:
        flash(f"Nothing was changed. {error}")
        return redirect(session.local(request.form.get("back"), url_for("pages.destinations")), 303)
    if row is None:
        abort(404)
    flash("It will be looked up, and sent again where it is not there." if row.state == UNKNOWN else done)
    otherwise = url_for("pages.destination", name=row.destination)
    return redirect(session.local(request.form.get("back"), otherwise), 303)


def _known(name: str) -> None:
    if steered.find(name) is None:
        abort(404)


def _back(name: str) -> Response:
    return redirect(session.local(request.form.get("back"), url_for("pages.destination", name=name)), 303)
