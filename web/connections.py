"""Connections, campaigns and queues over HTTP: health, freshness, and what was last reported."""

from collections.abc import Callable
from typing import Any

from flask import Response

from lib import clock
from queries import health, statuses, strangers
from queries.keyset import Page
from web import limits, spooled
from web.answers import answer
from web.auth import scope
from web.context import context
from web.openapi import Blueprint
from web.parameters import OfConnections, any_of, cursor, limit
from web.schemas import connections as answers
from web.searching import searching
from web.turns import LOOKS

PATIENCE = 3.0  # seconds for what is counted of all receipts

blueprint = Blueprint("connections", __name__, description="Where the outcomes come from, and how fresh they are")


@blueprint.route("/connections")
@scope("read", limited=True)
@blueprint.no_query
@blueprint.response(200, answers.Connections)
def list_connections() -> Response:
    """Every connection: when it was last heard, how far its reports are read, what could not be understood"""
    own, waiting = context(), spooled.waiting()
    settings = own.settings
    with LOOKS.turn(), own.database.read() as session:
        counts, age = own.recent_counts.known_receipts(session, own.connections, PATIENCE)
        found = health.connections(
            session, own.connections, clock.now(), own.recent_words.unmapped, waiting, counts, age is not None
        )
        return answer(
            {
                "connections": [one for one in found if limits.may_see(one["name"])],
                "counted_seconds_ago": None if age is None else int(age),
                "spooled_bytes": waiting,
                "strangers": strangers.known(
                    session,
                    [name for name in settings.connections if limits.may_see(name)],
                    settings.stranger_receipts,
                    settings.stranger_bytes,
                ),
            }
        )


class StatusQuery(OfConnections):
    connection = any_of("The connection's name.", "qvoice-main")
    limit = limit(100)
    cursor = cursor()


@blueprint.route("/campaigns")
@scope("read", limited=True)
@blueprint.arguments(StatusQuery, location="query")
@blueprint.response(200, answers.Campaigns)
def list_campaigns(query: dict[str, Any]) -> Response:
    """The last snapshot of each campaign"""
    return _page("campaigns", statuses.campaigns, query)


@blueprint.route("/queues")
@scope("read", limited=True)
@blueprint.arguments(StatusQuery, location="query")
@blueprint.response(200, answers.Queues)
def list_queues(query: dict[str, Any]) -> Response:
    """The last snapshot of each queue"""
    return _page("queues", statuses.queues, query)


def _page(name: str, read: Callable[..., Page[dict[str, Any]]], query: dict[str, Any]) -> Response:
    with searching() as session:
        page = read(session, query.get("connection"), query.get("cursor"), query["limit"])
    return answer({name: page.rows, "next": page.next})
