"""Numbers that must not be called: the list, putting numbers on it, taking them off."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dialers.giving import BadLeads, BadList, Refused
from leads import numbers, suppressing, taking_out
from leads.numbers import Numbers
from lib import clock
from lib import text as texts
from models.take_outs import BY_HAND
from outcomes.suppressions import CHANGES, Change
from queries import keyset, suppressions, take_outs
from queries.suppressions import STANDING, STATES
from web import steered
from web.context import context
from web.pages import sentences, session
from web.turns import LOOKS

SHOWN = 50  # on a page
ALL = "all"


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/suppressions", view_func=suppressed, endpoint="suppressions")
    blueprint.add_url_rule("/suppressions/put", view_func=put_suppressions, methods=["POST"])
    done = "/suppressions/leads/<uuid:take_out_id>/done"
    blueprint.add_url_rule(done, view_func=settle_take_out, methods=["POST"])
    off = "/suppressions/<uuid:suppression_id>/off"
    blueprint.add_url_rule(off, view_func=take_off_suppression, methods=["POST"])


def suppressed() -> Response:
    """The list, the newest first: what holds, or what is asked for."""
    return _page()


@session.needs("leads")
def put_suppressions() -> Response:
    """Put the numbers of the form on the list, or see first what that would change."""
    form = {name: request.form.get(name, "") for name in ("numbers", "reason", "until")}
    try:
        found = _read(form)
    except BadLeads as error:
        faults = [f"{fault['row']}: {fault['message']}" for fault in error.faults]
        return _page(form=form, faults=faults)
    except (BadList, Refused) as error:
        return _page(form=form, faults=[str(error)])
    own = context().database
    if "look" in request.form:
        return _page(form=form, preview=_counted(found, suppressing.look(own, found)))
    counts = _counted(found, suppressing.put(own, found, g.reader.name))
    flash(
        f"{texts.many(counts['added'] + counts['replaced'], 'number')} put on the list; {counts['unchanged']} said so already."
    )
    return redirect(url_for("pages.suppressions"), 303)


@session.needs("leads")
def take_off_suppression(suppression_id: UUID) -> Response:
    """Take one off; who and when is kept."""
    taken = suppressing.take_off(context().database, suppression_id, g.reader.name)
    if taken is None:
        abort(404)
    number = taken.rows[0].number
    still = "may be called." if taken.may_be_called else "still must not be called: somebody else says so, too."
    flash(f"Taken off. {number} {still}")
    return redirect(session.local(request.form.get("back"), url_for("pages.suppressions")), 303)


@session.needs("leads")
def settle_take_out(take_out_id: UUID) -> Response:
    """Say that a lead was taken out at its dialer."""
    row = taking_out.settle_by_hand(context().database, take_out_id, g.reader.name)
    if row is None:
        abort(404)
    flash(f"{row.number} is taken out at {row.connection}, you say.")
    return redirect(session.local(request.form.get("back"), url_for("pages.suppressions")), 303)


def _read(form: dict[str, str]) -> Numbers:
    """Raises BadLeads, BadList and Refused."""
    now = clock.now()
    numbers.reason(form["reason"])
    numbers.until(form["until"], now)  # what all of them share is told once
    lines = [line.strip() for line in form["numbers"].splitlines() if line.strip()]
    rows = numbers.of_list(lines, {"reason": form["reason"], "until": form["until"]})
    return numbers.check(context().settings.connections.values(), rows, now)


def _counted(found: Numbers, changes: list[Change]) -> dict[str, Any]:
    return {what: sum(one.what == what for one in changes) for what in CHANGES} | {"doubts": found.doubts}


def _page(
    form: dict[str, str] | None = None, faults: list[str] | None = None, preview: dict[str, Any] | None = None
) -> Response:
    now, asked = clock.now(), {name: texts.clean(request.args.get(name, "")).strip() for name in ("state", "number")}
    found: dict[str, Any] = {
        "rows": [],
        "following": None,
        "left": [],
        "in_all": 0,
        "to_be_done": 0,
        "unreadable": 0,
        "destinations": [],
    }
    wrong = None
    try:
        wanted = _wanted(asked)
        with LOOKS.turn(), session.database().read() as reading:
            page = suppressions.page(reading, wanted, now, request.args.get("cursor"), SHOWN)
            found["rows"] = [suppressions.shown(row, now) for row in page.rows]
            found["following"] = {**asked, "cursor": page.next} if page.next else None
            found["left"] = take_outs.page(reading, {"state": [BY_HAND]}, None, SHOWN).rows
            found["in_all"] = sum(take_outs.by_hand(reading).values())
            found["to_be_done"] = take_outs.to_be_done(reading)
            found["not_taken_out"] = sentences.not_taken_out(suppressions.waiting_since(reading, now), now)
            found["unreadable"] = suppressions.unreadable(reading)
            found["destinations"] = suppressions.destinations_asked(reading, steered.asked_whom_not_to_call())
            found["unasked"] = sentences.unasked(found["destinations"], now)
    except (Refused, keyset.BadCursor) as error:
        wrong = str(error)
    html = render_template(
        "pages/suppressions.html",
        **found,
        first="cursor" not in request.args,
        asked=asked | {"state": asked["state"] or STANDING},
        states=(*STATES, ALL),
        form=form or {},
        faults=faults,
        preview=preview,
        wrong=wrong,
    )
    return make_response(html, 422 if wrong or faults else 200)


def _wanted(asked: dict[str, str]) -> dict[str, list[str]]:
    """The filters of the list. Raises Refused."""
    state = asked["state"] or STANDING
    if state not in (*STATES, ALL):
        raise Refused("state", f"There is no such state; it is one of {', '.join(STATES)}, {ALL}.")
    wanted = {} if state == ALL else {"state": [state]}
    if asked["number"]:
        readers = numbers.countries(context().settings.connections.values())
        wanted["number"] = [numbers.read(readers, asked["number"]).number]
    return wanted
