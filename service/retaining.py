"""The worker's loops that keep receipts in parts, and delete what is older than it is kept."""

import threading

from lib import outside
from models.database import Database
from models.parting import Parting
from service.loops import Steps
from upkeep.retention.ages import Ages
from upkeep.retention.keeper import Keeper

PART_SECONDS = 60.0
RETENTION_SECONDS = 60.0


def retaining(database: Database, ages: Ages | None, stop: threading.Event) -> Steps:
    """A copy (``lib.outside``) stays as it was copied."""
    steps: Steps = {}
    if not database.is_sqlite:
        steps["part receipts"] = (Parting(database).step, PART_SECONDS)
    if ages is not None and not outside.is_closed():  # where nothing is deleted any more, nor does that fail any more
        steps["retention"] = (Keeper(database, ages, stop).step, RETENTION_SECONDS)
    return steps
