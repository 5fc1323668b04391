"""Destinations and deliveries as they are steered by somebody, over HTTP or on a page, and logged with who it was."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from crm import steering
from lib import clock
from models import Delivery, DestinationState
from queries import deliveries, destinations
from web.context import context

log = structlog.get_logger(__name__)


def shown() -> list[dict[str, Any]]:
    """Every destination, as it is now."""
    own = context()
    counts, age = own.recent_counts.deliveries()
    with own.database.read() as session:
        kinds = {name: one.kind for name, one in own.settings.destinations.items()}
        return destinations.destinations(session, kinds, counts, age, clock.now())


def are_there() -> bool:
    """Whether there is any: in the settings, or from another time."""
    if context().settings.destinations:
        return True
    with context().database.read() as session:
        return session.scalar(select(DestinationState.name).limit(1)) is not None


def find(name: str) -> dict[str, Any] | None:
    """The destination of that name, configured or not."""
    return next((one for one in shown() if one["name"] == name), None)


def pause(name: str, by: str) -> bool:
    """False where no worker has started it yet."""
    done = steering.pause(context().database, name, by, clock.now())
    if done:
        log.info("destination_paused", destination=name, key=by)
    return done


def resume(name: str, by: str) -> bool:
    """False where no worker has started it yet."""
    done = steering.resume(context().database, name, clock.now())
    if done:
        context().recent_counts.forget_deliveries()
        log.info("destination_resumed", destination=name, key=by)
    return done


def retry(delivery_id: UUID, by: str, record_id: str | None = None) -> Delivery | None:
    """Have it tried again, or, with a record, choose that. Raises CannotRetry, NotChosen."""
    own, now = context(), clock.now()
    if record_id is None:
        found = steering.retry(own.database, delivery_id, now)
    else:
        found = steering.choose(own.database, delivery_id, record_id, now)
    if found is not None:
        own.recent_counts.forget_deliveries()
        event = "delivery_retried" if record_id is None else "record_chosen"
        log.info(event, delivery_id=str(delivery_id), destination=found.destination, key=by)
    return found


def retry_many(filters: Mapping[str, Any], by: str) -> int:
    """Have every such delivery tried again; how many."""
    own = context()
    retried = steering.retry_many(own.database, deliveries.conditions(filters), clock.now())
    own.recent_counts.forget_deliveries()
    log.info("deliveries_retried", deliveries=retried, filters=sorted(filters), key=by)
    return retried
