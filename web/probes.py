"""How is it: for Prometheus. No key; the proxy decides who may ask. (``/healthz`` and ``/readyz``: callbacks.receiver.)"""

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from web.context import context
from web.metrics import Collector
from web.turns import SCRAPES

blueprint = Blueprint("probes", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus, read from the database at this moment, the same whichever process answers."""
    registry = CollectorRegistry(auto_describe=False)
    own = context()
    registry.register(Collector(own.database, own.connections))
    with SCRAPES.turn():
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
