"""Destinations and deliveries as they are steered by somebody, over HTTP or on a page, and logged with who it was."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from crm import steering
from crm.base import QuotaSpent
from crm.registry import CRMS, asks_whom_not_to_call
from lib import clock
from models import Delivery, DestinationState
from queries import deliveries, destination_states, destinations
from queries.destination_lag import Moments
from web import spooled
from web.context import context

NOT_STARTED = "No worker has followed the feed for this destination yet, so there is nothing to pause or to resume."
log = structlog.get_logger(__name__)


class CannotSteer(ValueError):
    """Nothing is sent to the destination, whoever steers it. The message is a sentence for the person, ``error_id`` its word."""

    def __init__(self, error_id: str, sentence: str):
        super().__init__(sentence)
        self.error_id = error_id


def shown(at: Moments | None = None) -> list[dict[str, Any]]:
    """Every destination, as it is now. ``at``: how sentences write moments; in UTC without it."""
    own = context()
    waiting = spooled.waiting()  # first: what is taken in meanwhile is said to wait once too often, never too seldom
    counts, age = own.recent_counts.deliveries()
    with own.database.read() as session:
        return destinations.destinations(session, _kinds(), counts, age, clock.now(), at, waiting)


def _kinds() -> dict[str, str]:
    return {name: one.kind for name, one in context().settings.destinations.items()}


def _check(name: str) -> DestinationState:
    """The row of a destination that is followed and sent to. Raises CannotSteer."""
    kind = _kinds().get(name)
    if kind is None:
        raise CannotSteer(
            destination_states.NOT_CONFIGURED, f"{name} is not in the settings any more, so nothing is sent there."
        )
    with context().database.read() as session:
        row = session.get(DestinationState, name)
    if row is None:
        raise CannotSteer(destination_states.NOT_STARTED, NOT_STARTED)
    if row.kind != kind:
        sentence = f"{name} was started as a {row.kind}, and the settings say {kind}: nothing is sent there."
        raise CannotSteer(destination_states.OTHER_KIND, sentence)
    return row


def are_there() -> bool:
    """Whether there is any: in the settings, or from another time."""
    if context().settings.destinations:
        return True
    with context().database.read() as session:
        return session.scalar(select(DestinationState.name).limit(1)) is not None


def find(name: str, at: Moments | None = None) -> dict[str, Any] | None:
    """The destination of that name, configured or not."""
    return next((one for one in shown(at) if one["name"] == name), None)


def pause(name: str, by: str) -> None:
    """Raises CannotSteer."""
    _check(name)
    steering.pause(context().database, name, by, clock.now())
    log.info("destination_paused", destination=name, key=by)


def resume(name: str, by: str) -> None:
    """Raises CannotSteer."""
    own, row = context(), _check(name)
    configured = own.settings.destinations[name]
    is_spent = row.error_id == QuotaSpent.error_id
    portal = CRMS[configured.kind].portal(configured) if is_spent else None
    steering.resume(own.database, name, clock.now(), portal)
    own.recent_counts.forget_deliveries()
    log.info("destination_resumed", destination=name, key=by)


def retry(delivery_id: UUID, by: str, record_id: str | None = None) -> Delivery | None:
    """Have it tried again, or, with a record, choose that. Raises CannotRetry, NotChosen."""
    own, now = context(), clock.now()
    with own.database.read() as session:
        row = deliveries.find(session, delivery_id)
    if row is None:
        return None
    try:
        _check(row.destination)
    except CannotSteer as error:
        raise steering.CannotRetry(str(error)) from None
    if record_id is None:
        found = steering.retry(own.database, delivery_id, now)
    else:
        found = steering.choose(own.database, delivery_id, record_id, now)
    if found is not None:
        own.recent_counts.forget_deliveries()
        event = "delivery_retried" if record_id is None else "record_chosen"
        log.info(event, delivery_id=str(delivery_id), destination=found.destination, key=by)
    return found


def leave_out(delivery_id: UUID, by: str) -> Delivery | None:
    """Say that its call belongs to nobody there. Raises CannotRetry."""
    own = context()
    found = steering.leave_out(own.database, delivery_id, by, clock.now())
    if found is not None:
        own.recent_counts.forget_deliveries()
        log.info("call_left_out", delivery_id=str(delivery_id), destination=found.destination, key=by)
    return found


def retry_many(filters: Mapping[str, Any], by: str) -> int:
    """Have every such delivery tried again; how many. Those of destinations that are sent nothing any more stay as they are."""
    own, kinds = context(), _kinds()
    with own.database.read() as session:
        rows = session.scalars(select(DestinationState))
        names = [row.name for row in rows if kinds.get(row.name) == row.kind]
    wanted = [*deliveries.conditions(filters), Delivery.destination.in_(names)]
    retried = steering.retry_many(
        own.database, wanted, clock.now(), {name: str(value) for name, value in filters.items()}
    )
    own.recent_counts.forget_deliveries()
    log.info("deliveries_retried", deliveries=retried, filters=sorted(filters), key=by)
    return retried


def asked_whom_not_to_call() -> set[str]:
    """The destinations of which the settings say so."""
    known = context().settings.destinations
    return {name for name, destination in known.items() if asks_whom_not_to_call(destination)}
