"""``/metrics``: the figures of ``upkeep.metrics``. No key; the proxy decides who may ask. (``/healthz`` and ``/readyz``:
callbacks.receiver.)"""

import time

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from upkeep.metrics.collecting import About, Collector
from web import spooled, steered
from web.context import context
from web.scraped import Scraped
from web.turns import SCRAPES

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus, read from the database; what is counted of millions may be some moments old, and says so."""
    scraped = context().scraped
    body = scraped.get()
    if body is None:
        with SCRAPES.turn():
            body = scraped.get() or _made(scraped)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _made(scraped: Scraped) -> bytes:
    begun = time.monotonic()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(_about()))
    body = generate_latest(registry)
    scraped.keep(begun, body)
    return body


def _about() -> About:
    own = context()
    return About(
        database=own.database,
        connections=own.connections,
        recent=own.recent_counts,
        spooled=spooled.waiting,
        refused=own.refused,
        folder=own.settings.data_dir,
        destinations={name: one.kind for name, one in own.settings.destinations.items()},
        asked=steered.asked_whom_not_to_call(),
        alerts=own.settings.alerts,
    )
