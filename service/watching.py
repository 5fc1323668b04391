"""The watch over everything, wired: what the worker knows of the spool, of what was refused, and of its settings."""

from callbacks.ladder import spooled
from callbacks.spool import Spool
from crm.registry import asks_whom_not_to_call
from models.database import Database
from outcomes.decisions import Decided
from queries.recent_counts import RecentCounts
from service.passage.refusals import tally
from service.settings.config import Settings
from upkeep.alerts.digest import Digests
from upkeep.alerts.keepers import InFile
from upkeep.alerts.watching import Watch
from upkeep.metrics import machine
from upkeep.metrics.collecting import About, Collector


def watch_of(database: Database, settings: Settings) -> Watch | None:
    """None where nobody is to be told anything."""
    if not settings.alerts.wanted:
        return None
    spool, refused = Spool(settings.data_dir / "spool"), tally(settings.data_dir)
    connections = Decided(database, settings.connections)
    recent = RecentCounts(database, folder=settings.data_dir)

    def waiting() -> int | None:
        return spooled.known(spool)

    about = About(
        database=database,
        connections=connections,
        recent=recent,
        spooled=waiting,
        refused=refused,
        folder=settings.data_dir,
        destinations={name: one.kind for name, one in settings.destinations.items()},
        asked={name for name, one in settings.destinations.items() if asks_whom_not_to_call(one)},
        alerts=settings.alerts,
    )
    return Watch(
        settings.alerts,
        Collector(about),
        lambda: machine.figures(settings.data_dir, refused, waiting(), database.file),
        database,
        InFile(settings.data_dir),
        Digests(settings.alerts, database, connections, recent, waiting, settings.destinations),
    )
