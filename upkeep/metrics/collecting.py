"""All figures, read from the tables. Where the database cannot be read there are no figures, not figures of zero."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from lib.shared_counts import SharedCounts
from models.database import Database
from models.errors import said
from models.writing import takes_writes
from queries.recent_counts import RecentCounts
from upkeep.alerts.settings import Alerts
from upkeep.metrics import counted, erased, kept, machine, now, passing_on, set_up, told, workers
from upkeep.metrics.names import READ_ONLY, UP

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class About:
    """What is asked about, and what is known outside of the database. ``spooled``: bytes of callbacks that wait on this machine,
    None where nobody knows; ``destinations``: name -> kind; ``asked``: those that are asked whom not to call; ``folder``: of the
    data; ``alerts``: whom the worker tells of them."""

    database: Database
    connections: Mapping[str, Connection]
    recent: RecentCounts
    spooled: Callable[[], int | None]
    refused: SharedCounts
    folder: Path
    destinations: Mapping[str, str] = field(default_factory=dict)
    asked: Collection[str] = ()
    alerts: Alerts = Alerts()


class Collector:
    """Asks the database once, and the machine."""

    def __init__(self, about: About, now: Callable[[], datetime] = clock.now):
        self._about = about
        self._now = now

    def collect(self) -> Iterator[Metric]:
        about = self._about
        spooled, writes = about.spooled(), True
        try:
            with about.database.read() as session:
                writes = takes_writes(session)
                found = [*_of_the_database(session, about, spooled, self._now())]
        except SQLAlchemyError as error:
            log.error("metrics_failed", error=type(error).__name__, said=said(error))
            found, writes = [], True  # nobody knows
        yield GaugeMetricFamily(UP, "1 where the database could be read", value=int(bool(found)))
        yield GaugeMetricFamily(
            READ_ONLY, "1 where the database can be read and takes no writes", value=int(not writes)
        )
        yield from found
        # Not the database's: what waits because the database was away is wanted most while it is.
        yield from machine.figures(about.folder, about.refused, spooled, about.database.file)


def _of_the_database(session: Session, about: About, spooled: int | None, at: datetime) -> Iterator[Metric]:
    yield from set_up.figures(session, about.connections, about.destinations, about.asked, about.alerts.channels)
    yield from counted.figures(session, about.recent, about.connections, about.destinations)
    yield from now.figures(session, about.connections, spooled, at)
    yield from passing_on.figures(session, about.connections, about.destinations, about.asked, at)
    yield from workers.figures(session, at)
    yield from told.figures(session, about.alerts, at)
    yield from kept.figures(session, at)
    yield from erased.figures(session, at)
