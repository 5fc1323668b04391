"""Schedules over HTTP: made, changed, steered, tried; and what became of each moment."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from flask import Response, g
from marshmallow import Schema
from sqlalchemy.orm import Session

from lib import clock
from models import Schedule, ScheduledSend, audit
from models.schedules import SEND_STATES
from queries import schedules as shown
from schedules import managing, noting
from web import viewed
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, invalid, not_found
from web.openapi import Blueprint
from web.parameters import any_of, cursor, limit
from web.schemas import schedules as answers
from web.schemas.errors import Error
from web.searching import searching
from web.turns import LOOKS

blueprint = Blueprint("schedules", __name__, description="Schedules: views that are sent by themselves")
log = structlog.get_logger(__name__)

# How what is logged is noted.
ACTS = {
    "schedule_changed": "schedule.change",
    "schedule_paused": "schedule.pause",
    "schedule_resumed": "schedule.resume",
}


@blueprint.route("/schedules")
@scope("read")
@blueprint.no_query
@blueprint.response(200, answers.Schedules)
def list_schedules() -> Response:
    """Every schedule, when it is due next, and what came of it last"""
    with LOOKS.turn(), context().database.read() as session:
        return answer({"schedules": shown.schedules(session, g.key_name, g.is_admin)})


@blueprint.route("/schedules", methods=["POST"])
@scope("admin", act="schedule.create")
@blueprint.order(answers.ScheduleOrder)
@blueprint.response(201, answers.OneSchedule)
def make_schedule(order: dict[str, Any]) -> Response:
    """Make a schedule

    It is due first after now.
    """
    return answer({"schedule": make(order, g.key_name)}, 201)


@blueprint.route("/schedules/<uuid:schedule_id>")
@scope("read")
@blueprint.no_query
@blueprint.response(200, answers.OneSchedule)
def one_schedule(schedule_id: UUID) -> Response:
    """One schedule"""
    with context().database.read() as session:
        row, view = shown.find(session, schedule_id, g.key_name, g.is_admin) or not_found("schedule")
        return answer({"schedule": shown.shown(session, row, view)})


@blueprint.route("/schedules/<uuid:schedule_id>", methods=["PUT"])
@scope("admin", act="schedule.change")
@blueprint.order(answers.ScheduleOrder)
@blueprint.response(200, answers.OneSchedule)
def change_schedule(order: dict[str, Any], schedule_id: UUID) -> Response:
    """Change a schedule, in whole

    What is left out is as in a new one. It is due next after now, by its new times; what was due by the old ones still is sent.
    """
    return answer({"schedule": change(schedule_id, order, g.key_name) or not_found("schedule")})


@blueprint.route("/schedules/<uuid:schedule_id>", methods=["DELETE"])
@scope("admin", act="schedule.remove")
@blueprint.no_query
@blueprint.response(200, answers.Removed)
def remove_schedule(schedule_id: UUID) -> Response:
    """Delete a schedule, and what is known of its sends"""
    if not remove(schedule_id, g.key_name):
        not_found("schedule")
    return answer({"removed": str(schedule_id)})


@blueprint.route("/schedules/<uuid:schedule_id>/pause", methods=["POST"])
@scope("admin", act="schedule.pause")
@blueprint.no_query
@blueprint.response(200, answers.OneSchedule)
def pause_schedule(schedule_id: UUID) -> Response:
    """It is not due until it is resumed

    What was due before and is still pending is sent.
    """
    return answer({"schedule": steer(schedule_id, managing.pause, g.key_name) or not_found("schedule")})


@blueprint.route("/schedules/<uuid:schedule_id>/resume", methods=["POST"])
@scope("admin", act="schedule.resume")
@blueprint.no_query
@blueprint.response(200, answers.OneSchedule)
def resume_schedule(schedule_id: UUID) -> Response:
    """Send again, from the next moment on

    What was due while it was paused is not sent.
    """
    return answer({"schedule": steer(schedule_id, managing.resume, g.key_name) or not_found("schedule")})


@blueprint.route("/schedules/<uuid:schedule_id>/send", methods=["POST"])
@scope("admin", act="schedule.send")
@blueprint.no_query
@blueprint.response(202, answers.OneSend)
def try_schedule(schedule_id: UUID) -> Response:
    """Have it sent once, now

    Besides when it is due, and also while it is paused. A worker sends it; its state says what came of it, and it is tried once.
    """
    return answer({"send": try_now(schedule_id, g.key_name) or not_found("schedule")}, 202)


class SendQuery(Schema):
    state = any_of("What became of it.", "failed", SEND_STATES)
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/schedules/<uuid:schedule_id>/sends")
@scope("read")
@blueprint.arguments(SendQuery, location="query")
@blueprint.response(200, answers.SendPage)
def list_sends(query: dict[str, Any], schedule_id: UUID) -> Response:
    """What became of each moment, the newest first"""
    with searching() as session:
        _, view = shown.find(session, schedule_id, g.key_name, g.is_admin) or not_found("schedule")
        page = shown.page(session, schedule_id, query, query.get("cursor"), query["limit"])
        return answer({"sends": [shown.shown_send(row, view is not None) for row in page.rows], "next": page.next})


@blueprint.route("/scheduled-sends/<uuid:send_id>/repeat", methods=["POST"])
@scope("admin", act="schedule.repeat")
@blueprint.no_query
@blueprint.response(202, answers.OneSend)
@blueprint.alt_response(409, schema=Error, description="It is sent, or still open.")
def repeat_send(send_id: UUID) -> Response:
    """Have one sent once more that failed, was missed, or is in doubt

    A mail has the same Message-ID, a file the same name: what arrived the first time is known again, or overwritten.
    """
    try:
        return answer({"send": repeat(send_id, g.key_name) or not_found("send")}, 202)
    except managing.CannotRepeat as error:
        raise ApiError(409, "cannot_repeat", str(error)) from None


# The same for pages ---------------------------------------------------------------------------------------------------
def make(order: dict[str, Any], by: str) -> dict[str, Any]:
    """Answers 422."""
    try:
        with context().database.write() as session:
            row = managing.keep(session, order, by, context().settings.schedules, clock.now())
            audit.note(session, "schedule.create", subject=row.id)
            found = _shown(session, row)
    except managing.Wrong as error:
        invalid(error.field, str(error))
    log.info("schedule_made", schedule=row.name, key=by)
    return found


def change(schedule_id: UUID, order: dict[str, Any], by: str) -> dict[str, Any] | None:
    """Answers 422."""

    def changed(session: Session, row: Schedule) -> None:
        managing.change(session, row, order, context().settings.schedules, clock.now())

    try:
        return _done(schedule_id, changed, "schedule_changed", by)
    except managing.Wrong as error:
        invalid(error.field, str(error))


def steer(schedule_id: UUID, act: Callable[[Session, Schedule, Any], None], by: str) -> dict[str, Any] | None:
    return _done(schedule_id, lambda session, row: act(session, row, clock.now()), f"schedule_{act.__name__}d", by)


def _done(schedule_id: UUID, act: Callable[[Session, Schedule], None], event: str, by: str) -> dict[str, Any] | None:
    with context().database.write() as session:
        row = session.get(Schedule, schedule_id)
        if row is None:
            return None
        act(session, row)
        session.flush()
        audit.note(session, ACTS[event], subject=row.id)
        found = _shown(session, row)
    log.info(event, schedule=row.name, key=by)
    return found


def remove(schedule_id: UUID, by: str) -> bool:
    """False where there is none."""
    with context().database.write() as session:
        row = session.get(Schedule, schedule_id)
        if row is None:
            return False
        managing.remove(session, row)
        audit.note(session, "schedule.remove", subject=schedule_id)
    log.info("schedule_removed", schedule=row.name, key=by)
    return True


def try_now(schedule_id: UUID, by: str) -> dict[str, Any] | None:
    """The send that was written down."""
    with context().database.write() as session:
        row = session.get(Schedule, schedule_id)
        if row is None:
            return None
        send = session.get(ScheduledSend, noting.tried(session, row, clock.now()))
        assert send is not None
        audit.note(session, "schedule.send", subject=schedule_id)
    log.info("schedule_tried", schedule=row.name, key=by)
    return shown.shown_send(send, True)


def repeat(send_id: UUID, by: str) -> dict[str, Any] | None:
    """Raises CannotRepeat."""
    with context().database.write() as session:
        row = managing.repeat(session, send_id, clock.now())
        if row is None:
            return None
        audit.note(session, "schedule.repeat", subject=send_id)
    log.info("send_repeated", send_id=str(send_id), key=by)
    return shown.shown_send(row, True)


def _shown(session: Session, row: Schedule) -> dict[str, Any]:
    own = viewed.who()
    found = shown.find(session, row.id, own.name, own.is_admin)
    assert found is not None
    return shown.shown(session, *found)
