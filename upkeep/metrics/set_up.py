"""What runs here, and how much of what is set up: a figure that is not there is missing only where there should be one."""

import platform
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import metadata

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.registry import DIALERS
from models import CallbackPace
from models.schema import VERSION_TABLE
from upkeep.metrics.names import ASKED, CHANNELS, CONNECTIONS, DESTINATIONS, HEARD, LEADS, POLLED, SET_UP, WHAT


def figures(
    session: Session,
    connections: Mapping[str, Connection],
    destinations: Mapping[str, str],
    asked: Collection[str],
    channels: Collection[str],
) -> Iterator[Metric]:
    yield _build(session)
    found = GaugeMetricFamily(
        SET_UP,
        "How many the settings have; of heard: connections that have ever posted a callback and were followed since",
        labels=(WHAT,),
    )
    for what, count in _counts(session, connections).items():
        found.add_metric([what], count)
    found.add_metric([DESTINATIONS], len(destinations))
    found.add_metric([ASKED], len(asked))
    found.add_metric([CHANNELS], len(channels))
    yield found


def _build(session: Session) -> Metric:
    labels = ("version", "python", "database", "schema")
    found = GaugeMetricFamily("wrapup_build_info", "1; what runs is in the labels", labels=labels)
    dialect = session.connection().dialect
    database = ".".join(map(str, dialect.server_version_info or ()))
    schema = session.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    found.add_metric([_release(), platform.python_version(), f"{dialect.name} {database}", schema or ""], 1)
    return found


@cache
def _release() -> str:
    return metadata.version("wrapup")


def _counts(session: Session, connections: Mapping[str, Connection]) -> dict[str, int]:
    own = connections.values()
    # What a dialer of before has posted under this name is no reason to wait for another callback.
    post = [name for name, one in connections.items() if DIALERS[one.dialer].callback_kinds]
    heard = select(func.count(CallbackPace.connection.distinct())).where(CallbackPace.connection.in_(post))
    return {
        CONNECTIONS: len(own),
        HEARD: session.scalar(heard) or 0,
        POLLED: sum(bool(DIALERS[one.dialer].reports_of(one)) for one in own),
        LEADS: len(senders(connections)),
    }


def senders(connections: Mapping[str, Connection]) -> set[str]:
    """The connections that leads can be sent to."""
    return {name for name, one in connections.items() if DIALERS[one.dialer].leads}
