"""Is it alive, can it store, how is it: for load balancers and Prometheus. No key; the proxy decides who may ask."""

import structlog
from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import text, update
from sqlalchemy.exc import SQLAlchemyError

from models import StrangerQuota
from models.database import Database
from web.answers import answer
from web.metrics import Collector

log = structlog.get_logger()
blueprint = Blueprint("probes", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process lives. Says nothing of the database: restarting us would not mend it."""
    return answer({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> Response:
    """200 when the database can be written to, else 503. Callbacks are answered and kept in either case."""
    try:
        _write(current_app.extensions["database"])
    except SQLAlchemyError as error:
        log.error("not_ready", error=type(error).__name__)
        return answer({"status": "not_ready", "message": "The database cannot be written to."}, 503)
    return answer({"status": "ok"})


def _write(database: Database) -> None:
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL statement_timeout = '2s'"))
        # A row that exists, set to what it is: a full disk and a standby refuse this, and a SELECT 1 would pass them.
        session.execute(update(StrangerQuota).values(overflow=StrangerQuota.overflow))


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus, read from the database at this moment, the same whichever process answers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(current_app.extensions["database"]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
