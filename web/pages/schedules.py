"""Schedules: what is sent by itself, when, what became of it; made, changed, tried and repeated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lib import clock
from lib.complaints import first
from models import View
from models.schedules import FORMS
from queries import keyset
from queries import schedules as shown
from queries.views import saved
from schedules import managing
from web import schedules, viewed
from web.context import context
from web.errors import ApiError
from web.pages import sentences, session, zones
from web.schemas.schedules import ScheduleOrder
from web.turns import LOOKS

SHOWN_SENDS = 50
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PLAIN = ("name", "view_id", "format", "tz", "tell")  # fields that are one text, and left out where it is empty


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/schedules", view_func=list_schedules, endpoint="schedules")
    blueprint.add_url_rule("/schedules", view_func=make, endpoint="make_schedule", methods=["POST"])
    blueprint.add_url_rule("/schedules/<uuid:schedule_id>", view_func=schedule)
    blueprint.add_url_rule("/schedules/<uuid:schedule_id>", view_func=act, endpoint="steer_schedule", methods=["POST"])
    blueprint.add_url_rule("/scheduled-sends/<uuid:send_id>/repeat", view_func=repeat, methods=["POST"])


def list_schedules() -> str:
    """All of them, and a form for one more."""
    return _list({}, None)


def _list(given: dict[str, Any], wrong: str | None) -> str:
    now, own = clock.now(), viewed.who()
    new = {"tz": zones.chosen(), "at": "07:00", "view_id": request.args.get("view", "")}
    with LOOKS.turn(), session.database().read() as reading:
        return render_template(
            "pages/schedules.html",
            schedules=[one | _waiting(one, now) for one in shown.schedules(reading, own.name, own.is_admin)],
            wrong=wrong,
            **_form(reading, new | given),
        )


def _form(reading: Session, given: dict[str, Any]) -> dict[str, Any]:
    """What the form of a schedule offers, and what stands in its fields: ``given``, else what was sent."""
    return {
        "views": saved.views(reading, g.reader.name, everybodys=True) if g.reader.may("admin") else [],
        "given": {"weekdays": request.form.getlist("weekdays")} | given,
        "settings": context().settings.schedules,
        "forms": FORMS,
        "days": DAYS,
        "zones": zones.all_known(),
    }


def _given(one: dict[str, Any]) -> dict[str, Any]:
    """The fields of the form as the schedule has them."""
    way = next(name for name in ("to", "folder", "bucket") if one[name] is not None)
    written = {"way": way, "where": ", ".join(one["to"]) if way == "to" else one[way], "at": " ".join(one["at"])}
    written |= {"weekdays": [str(day) for day in one["weekdays"]]}
    return {name: one[name] or "" for name in (*_PLAIN, "month_day")} | written


def _waiting(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Whether its next moment is past, and a sentence where nobody sends what it has to send."""
    next_at = clock.parse(one["next_at"])
    return {"late": next_at is not None and next_at < now, "overdue": sentences.overdue(one, now)}


def schedule(schedule_id: UUID) -> Response:
    """One, and what became of each moment."""
    return _page(schedule_id)


def _page(schedule_id: UUID, refused: str | None = None) -> Response:
    """``refused``: why it could not be changed as the form says."""
    wrong = None
    with LOOKS.turn(), session.database().read() as reading:
        own = viewed.who()
        row, view = shown.find(reading, schedule_id, own.name, own.is_admin) or abort(404)
        try:
            page = shown.page(reading, schedule_id, {}, request.args.get("cursor"), SHOWN_SENDS)
        except keyset.BadCursor as error:
            page, wrong = keyset.Page([], None), str(error)
        one = shown.shown(reading, row, view)
        html = render_template(
            "pages/schedule.html",
            schedule=one,
            **_waiting(one, clock.now()),
            problem=viewed.answering.problem(reading, viewed.means(), reading.get_one(View, row.view_id)),
            sends=[shown.shown_send(send, view is not None) for send in page.rows],
            following=page.next,
            first="cursor" not in request.args,
            repeatable=managing.REPEATABLE,
            wrong=wrong,
            refused=refused,
            **_form(reading, _sent() if refused else _given(one)),
        )
    return make_response(html, 422 if wrong or refused else 200)


@session.needs("admin")
def make() -> Response:
    """A new one, of the form's fields; the form again, with what is wrong, where it cannot be."""
    try:
        made = schedules.make(_order(), g.reader.name)
    except (ValidationError, ApiError) as error:
        return make_response(_list(_sent(), _why(error)), 422)
    flash(f"{made['name']} is made.")
    return redirect(url_for("pages.schedule", schedule_id=made["id"]), 303)


def _sent() -> dict[str, Any]:
    return {name: value for name, value in request.form.items() if name != "weekdays"}


def _why(error: ValidationError | ApiError) -> str:
    name, said = first(error.messages if isinstance(error, ValidationError) else dict(error.details))
    return f"{name}: {said}"


def _order() -> dict[str, Any]:
    """What the form says, as the API's body would. Raises ValidationError."""
    form = request.form
    order: dict[str, Any] = {name: form[name].strip() for name in _PLAIN if form.get(name, "").strip()}
    order["at"] = form.get("at", "").replace(",", " ").split()
    if days := form.getlist("weekdays"):
        order["weekdays"] = [int(day) for day in days if day.isascii() and day.isdigit() and len(day) == 1]
    if day := form.get("month_day", "").strip():
        order["month_day"] = int(day) if day.isascii() and day.isdigit() and len(day) < 3 else day
    where = form.get("where", "").strip()
    way = form.get("way")
    if way == "to":
        order["to"] = where.replace(",", " ").replace(";", " ").split()
    elif way in ("folder", "bucket"):
        order[way] = where
    found: dict[str, Any] = ScheduleOrder().load(order)
    return found


@session.needs("admin")
def act(schedule_id: UUID) -> Response:
    """What the button says."""
    what, by = request.form.get("do"), g.reader.name
    if what == "delete":
        if not schedules.remove(schedule_id, by):
            abort(404)
        flash("The schedule is deleted.")
        return redirect(url_for("pages.schedules"), 303)
    if what == "send":
        done, said = (
            schedules.try_now(schedule_id, by),
            "It is sent as soon as a worker takes it up; what came of it stands below.",
        )
    elif what == "change":
        try:
            done, said = schedules.change(schedule_id, _order(), by), "It is changed."
        except (ValidationError, ApiError) as error:
            return _page(schedule_id, _why(error))
    elif what == "pause":
        done, said = schedules.steer(schedule_id, managing.pause, by), "It is paused."
    elif what == "resume":
        done, said = schedules.steer(schedule_id, managing.resume, by), "It goes on."
    else:
        abort(400)
    if done is None:
        abort(404)
    flash(said)
    return redirect(url_for("pages.schedule", schedule_id=schedule_id), 303)


@session.needs("admin")
def repeat(send_id: UUID) -> Response:
    """Have it sent once more."""
    try:
        done = schedules.repeat(send_id, g.reader.name)
    except managing.CannotRepeat as error:
        flash(f"Nothing was changed. {error}")
        return redirect(session.local(request.form.get("back"), url_for("pages.schedules")), 303)
    if done is None:
        abort(404)
    flash("It is sent once more as soon as a worker takes it up.")
    return redirect(url_for("pages.schedule", schedule_id=done["schedule_id"]), 303)
