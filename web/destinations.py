"""Destinations and deliveries over HTTP: how far each is, what was written where, and steering."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import Schema, fields, validate

from crm.steering import CannotRetry, NotChosen
from models.deliveries import DELIVERY_STATES, OPERATIONS
from queries import deliveries
from web import steered
from web.answers import answer
from web.auth import scope
from web.context import context
from web.errors import ApiError, invalid, not_found
from web.openapi import Blueprint
from web.parameters import any_of, cursor, limit
from web.schemas import destinations as answers
from web.schemas.errors import Error
from web.searching import searching
from web.turns import LOOKS

blueprint = Blueprint(
    "destinations", __name__, description="CRMs and webhooks: what was written where, and steering it"
)


@blueprint.route("/destinations")
@scope("read")
@blueprint.no_query
@blueprint.response(200, answers.Destinations)
def list_destinations() -> Response:
    """Every destination, and how far it is"""
    with LOOKS.turn():
        return answer({"destinations": steered.shown()})


@blueprint.route("/destinations/<name>/pause", methods=["POST"])
@scope("admin", act="destination.pause")
@blueprint.no_query
@blueprint.response(200, answers.OneDestination)
@blueprint.alt_response(409, schema=Error, description="No worker has started it yet, or it is sent nothing any more.")
def pause(name: str) -> Response:
    """Send nothing to a destination until it is resumed

    What is being sent at this moment is finished. Who paused it first stays named.
    """
    return _told(name, steered.pause)


@blueprint.route("/destinations/<name>/resume", methods=["POST"])
@scope("admin", act="destination.resume")
@blueprint.no_query
@blueprint.response(200, answers.OneDestination)
@blueprint.alt_response(409, schema=Error, description="No worker has started it yet, or it is sent nothing any more.")
def resume(name: str) -> Response:
    """Send to a destination again, also what was parked

    Whoever resumes says that the cause is mended: what went wrong is forgotten, a quota that was spent is there again, and what
    was put off is due now.
    """
    return _told(name, steered.resume)


def _found(name: str) -> dict[str, Any]:
    """The destination as it is shown. Answers 404."""
    with LOOKS.turn():
        return steered.find(name) or not_found("destination")


def _told(name: str, act: Callable[[str, str], None]) -> Response:
    _found(name)
    try:
        act(name, g.key_name)
    except steered.CannotSteer as error:
        raise ApiError(409, error.error_id, str(error)) from None
    return answer({"destination": _found(name)})


class DeliveryQuery(Schema):
    destination = any_of("The destination.", "sales-hubspot")
    outcome = fields.List(
        fields.UUID(),
        validate=validate.Length(max=100),
        metadata={"description": "The outcome.", "example": ["019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"]},
    )
    state = any_of("What became of it.", "refused", DELIVERY_STATES)
    reason = any_of("Why, in a word.", "required_field")
    operation = any_of("What is done.", "log_call", OPERATIONS)
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/deliveries")
@scope("read")
@blueprint.arguments(DeliveryQuery, location="query")
@blueprint.response(200, answers.DeliveryPage)
def list_deliveries(query: dict[str, Any]) -> Response:
    """What was written where, and what became of it, newest first"""
    filters = {name: value for name, value in query.items() if name in deliveries.FILTERS}
    with searching() as session:
        page = deliveries.page(session, filters, query.get("cursor"), query["limit"])
        return answer({"deliveries": [deliveries.shown(row) for row in page.rows], "next": page.next})


@blueprint.route("/deliveries/<uuid:delivery_id>")
@scope("read")
@blueprint.no_query
@blueprint.response(200, answers.Delivery)
def get_delivery(delivery_id: UUID) -> Response:
    """One delivery"""
    with context().database.read() as session:
        row = deliveries.find(session, delivery_id)
        return answer(deliveries.shown(row)) if row else not_found("delivery")


@blueprint.route("/deliveries/<uuid:delivery_id>/retry", methods=["POST"])
@scope("admin", act="delivery.retry")
@blueprint.no_query
@blueprint.arguments(answers.Choice, required=False)
@blueprint.response(200, answers.RetriedOne)
@blueprint.alt_response(400, schema=Error, description="The body is not JSON.")
@blueprint.alt_response(409, schema=Error, description="It cannot be tried again as it is.")
def retry_delivery(body: dict[str, Any], delivery_id: UUID) -> Response:
    """Have one delivery tried again, or choose the record of one that is held

    It waits as `pending` until a worker takes it; `reason` and `answer` stay until the next result. An `unknown` one is looked up
    first, and not sent blindly. With `record_id` everything of the call that is held at the destination goes to that record.
    """
    try:
        row = steered.retry(delivery_id, g.key_name, body.get("record_id"))
    except CannotRetry as error:
        raise ApiError(409, "cannot_retry", str(error)) from None
    except NotChosen as error:
        invalid("record_id", str(error))
    return answer({"delivery": deliveries.shown(row)}) if row else not_found("delivery")


@blueprint.route("/deliveries/<uuid:delivery_id>/leave-out", methods=["POST"])
@scope("admin", act="delivery.leave_out")
@blueprint.no_query
@blueprint.response(200, answers.RetriedOne)
@blueprint.alt_response(409, schema=Error, description="It does not wait for a person.")
def leave_out_delivery(delivery_id: UUID) -> Response:
    """Leave a call out whose record nobody can tell

    Everything of the call that is held at the destination is `refused` with the reason `left_out`, and so it stays when the call
    is corrected. To have the delivery tried again takes that back.
    """
    try:
        row = steered.leave_out(delivery_id, g.key_name)
    except CannotRetry as error:
        raise ApiError(409, "cannot_retry", str(error)) from None
    return answer({"delivery": deliveries.shown(row)}) if row else not_found("delivery")


@blueprint.route("/deliveries/retry", methods=["POST"])
@scope("admin", act="delivery.retry")
@blueprint.order(answers.RetryOrder)
@blueprint.response(200, answers.RetriedMany)
def retry_deliveries(order: dict[str, Any]) -> Response:
    """Have many deliveries tried again, such as those of a reason that was mended

    Refused, held and parked ones wait as `pending`; unknown ones are looked up. Of the rest nothing is touched, nor are those in
    whose place a later revision has come, or whose destination is not in the settings any more.
    """
    return answer({"retried": steered.retry_many(order, g.key_name)})
