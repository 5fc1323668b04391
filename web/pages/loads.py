"""Loads: how far each is, why leads were rejected, and deciding what became of those that are unknown."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from leads import loads as kept
from lib import clock
from lib import text as texts
from lib.text import many
from models.loads import ACCEPTED, PENDING, REJECTED, RUNNING, UNKNOWN
from queries import keyset
from web.context import context
from web.pages import sentences, session, zones
from web.turns import LOOKS

SHOWN, SHOWN_LEADS = 25, 100  # on a page
# In the order of a bar, and how each looks; the word stands beside it.
TONES = {ACCEPTED: "good", REJECTED: "bad", UNKNOWN: "warn", PENDING: "open"}
DONE = {
    "accepted": "The dialer took them, you say: {} accepted.",
    "rejected": "The dialer did not take them, you say: {} rejected.",
    "resend": "{} will be sent again.",
}
_DIGITS = 15  # of a row's number, more than any list has


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/loads", view_func=loads)
    blueprint.add_url_rule("/loads/live", view_func=live_loads)
    blueprint.add_url_rule("/loads/<uuid:load_id>", view_func=load)
    blueprint.add_url_rule("/loads/<uuid:load_id>/live/<any(state, leads):part>", view_func=live_load)
    blueprint.add_url_rule("/loads/<uuid:load_id>/unknown", view_func=decide_leads, methods=["POST"])
    blueprint.add_url_rule("/loads/<uuid:load_id>/resume", view_func=resume_load, methods=["POST"])


def loads() -> Response:
    """All of them, the newest first; of one connection, where one is named."""
    shown = _listed()
    return make_response(render_template("pages/loads.html", **shown), 422 if shown["wrong"] else 200)


@session.fragment
def live_loads() -> Response:
    """The list, as it is now."""
    return _fragment("pages/_loads_list.html", _listed())


def _listed() -> dict[str, Any]:
    own, chosen = context(), [texts.clean(name) for name in request.args.getlist("connection")]
    wrong, now, cursor = None, clock.now(), request.args.get("cursor")
    with LOOKS.turn(), session.database().read() as reading:
        try:
            page = kept.page(reading, own.settings.connections, chosen, SHOWN, cursor)
        except keyset.BadCursor as error:
            page, wrong = {"loads": [], "next": None}, str(error)
        running = [one["id"] for one in page["loads"] if one["state"] == RUNNING]
        unsent = {one: sentences.unsent_leads(kept.waiting_since(reading, UUID(one), now), now) for one in running}
    pairs: dict[str, Any] = {"connection": chosen} | ({"cursor": cursor} if cursor else {})
    return {
        "loads": [one | {"bars": _bars(one["counts"]), "unsent": unsent.get(one["id"])} for one in page["loads"]],
        "following": urlencode(pairs | {"cursor": page["next"]}, doseq=True) if page["next"] else None,
        "first": not cursor,
        "chosen": chosen,
        "pairs": pairs,
        "as_of": now,
        "tones": TONES,
        "wrong": wrong,
    }


def load(load_id: UUID) -> Response:
    """One load, and its leads: those in a state, or rejected for the reason of one row, where that is asked for."""
    shown = _shown(load_id)
    return make_response(render_template("pages/load.html", **shown), 422 if shown["wrong"] else 200)


@session.fragment
def live_load(load_id: UUID, part: str) -> Response:
    """A part of its page, as it is now."""
    return _fragment(f"pages/_load_{part}.html", _shown(load_id))


def _fragment(template: str, shown: dict[str, Any]) -> Response:
    response = make_response(render_template(template, **shown), 422 if shown["wrong"] else 200)
    response.headers["X-As-Of"] = zones.moment(shown["as_of"], zones.chosen())
    return response


def _shown(load_id: UUID) -> dict[str, Any]:
    configured = context().settings.connections
    wanted = {name: value for name in ("state", "like") if (value := request.args.get(name))}
    after, like = (_row(request.args.get(name)) for name in ("cursor", "like"))
    wrong, now = None, clock.now()
    if wanted.get("state", UNKNOWN) not in TONES:
        wrong = f"There is no such state; it is one of {', '.join(TONES)}."
    elif None in (after, like):
        wrong = "This is not a row of a load."
    with LOOKS.turn(), session.database().read() as reading:
        found = kept.shown(reading, configured, load_id, after or 0, SHOWN_LEADS, wanted.get("state"), like or None)
        if found is None:
            abort(404)
        reasons = kept.reasons(reading, configured, load_id, REJECTED)
        doubts = kept.reasons(reading, configured, load_id, UNKNOWN)
        since = kept.waiting_since(reading, load_id, now)
    pairs = wanted | ({"cursor": request.args["cursor"]} if "cursor" in request.args else {})
    return {
        "load": found | {"bars": _bars(found["counts"])},
        "reasons": reasons,
        "doubts": doubts,
        "following": urlencode(wanted | {"cursor": found["next"]}) if found["next"] else None,
        "first": "cursor" not in request.args,
        "chosen": wanted,
        "pairs": pairs,
        "as_of": now,
        "unsent": sentences.unsent_leads(since, now),
        "live": found["state"] == RUNNING and not wrong,
        "tones": TONES,
        "wrong": wrong,
    }


def _row(text: str | None) -> int | None:
    """A row's number, 0 where none is given; None where it is none."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None


def _bars(counts: dict[str, int]) -> list[dict[str, Any]]:
    """The states that there are leads in, beside each other, as parts of one bar."""
    total, begun, found = sum(counts.values()), 0, []
    for state in TONES:
        if counts[state]:
            place = {"x": f"{100 * begun / total:.2f}%", "width": f"{100 * counts[state] / total:.2f}%"}
            found.append({"state": state, "leads": counts[state], "tone": TONES[state], **place})
            begun += counts[state]
    return found


@session.needs("leads")
def decide_leads(load_id: UUID) -> Response:
    """Say what became of all leads of the load that are unknown, as many as the form has shown."""
    decision, seen = request.form.get("decision", ""), request.form.get("seen", "")
    if decision not in kept.DECISIONS:
        flash("Choose what became of them first: nothing was decided.")
    elif decision == "resend" and not request.form.get("sure"):
        flash("Nothing was sent again: confirm first that somebody may be called twice.")
    else:
        with session.database().write() as writing:
            unknown = str(kept.counts(writing, load_id)[UNKNOWN])
            decided = kept.decide(writing, load_id, decision) if unknown == seen else 0
        if decided is None:
            abort(404)
        changed = "Nothing was decided: the leads in doubt are others than when you looked. Look again."
        flash(DONE[decision].format(many(decided, "lead")) if decided else changed)
    return redirect(url_for("pages.load", load_id=load_id), 303)


@session.needs("leads")
def resume_load(load_id: UUID) -> Response:
    """Let a parked load go on."""
    with session.database().write() as writing:
        if not kept.resume(writing, load_id):
            abort(404)
    flash("The load goes on, if its leads are all stored.")
    return redirect(url_for("pages.load", load_id=load_id), 303)
