"""What a worker does besides understanding receipts: the same, whether ``wrapup serve`` or ``wrapup worker`` starts it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callbacks.ladder import spooled
from callbacks.ladder.taking_in import TakingIn
from callbacks.spool import Spool
from callbacks.strangers import Strangers
from crm.destination import Destination
from models.database import Database
from outcomes.decisions import Decided
from queries.sources import Sources
from queries.views.answering import Means
from schedules.asking import asker
from schedules.sending import Sender
from service.erasing import eraser_of
from service.mirroring import Mirroring, mirroring_of
from service.settings import config
from service.watching import watch_of
from upkeep.alerts.watching import Watch
from upkeep.erasure.working import Eraser
from upkeep.retention.ages import Ages


@dataclass(frozen=True)
class Duties:
    """What is None is not done. ``watch``: who says when something is wrong, also when the database is not to be had."""

    mirroring: Mirroring | None = None
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    sender: Sender | None = None
    taking_in: TakingIn | None = None
    eraser: Eraser | None = None
    watch: Watch | None = None
    ages: Ages | None = None


ONLY_RECEIPTS = Duties()


def duties_of(database: Database, settings: config.Settings) -> Duties:
    return Duties(
        mirroring_of(database, settings),
        settings.destinations,
        _sender(database, settings),
        _taking_in(database, settings),
        eraser_of(settings, database),
        watch_of(database, settings),
        settings.retention,
    )


def _taking_in(database: Database, settings: config.Settings) -> TakingIn | None:
    """Who takes in what receivers have put aside; nothing is on PostgreSQL."""
    if not database.is_sqlite:
        return None
    return TakingIn(database, Spool(settings.data_dir / "spool"), Strangers.of(settings))


def _sender(database: Database, settings: config.Settings) -> Sender:
    """Who sends what schedules are due for."""
    sources = Sources(database, settings.mirror_folder(), settings.mirror, settings.mirror_rows)
    spool = Spool(settings.data_dir / "spool")
    means = Means(
        database, sources, Decided(database, settings.connections), settings.limits, lambda: spooled.known(spool)
    )
    return Sender(database, settings.schedules, asker(means))
