"""The highest place of the change feed that was seen, kept in a file outside the database.

A database that was restored from a backup does not know what it has given out since. This file does: a database that is
behind it is an older one, and a new epoch of the feed begins (``outcomes.feed``).

It is written by the worker, once a second at the most and at its end, from what is committed; so it is at or a little
below the truth, never above it, and costs intake and folding nothing. It is replaced as a whole, and not forced to the
disk: where a power failure takes the last seconds of it, the gap between epochs (``feed.GAP``) is larger than what they held.
Each host keeps its own.
"""

import json
import os
from pathlib import Path
from threading import Lock

import structlog

from lib import clock, private
from models.database import Database
from outcomes import doubting, feed
from outcomes.feed import Place, State

log = structlog.get_logger(__name__)

FILE = "feed-place.json"


def read(folder: Path) -> Place | None:
    """The place that the folder's file holds; None where there is none that can be read."""
    try:
        kept = json.loads((folder / FILE).read_bytes())
        return Place(int(kept["position"]), int(kept["epoch"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("feed_place_unreadable", error=type(error).__name__)
        return None


class FeedPlace:
    """Compares the database with what is kept, and keeps what it has given. ``starts``: the first look is a worker's start."""

    def __init__(self, database: Database, folder: Path, starts: bool = False):
        self._database = database
        self._folder = folder
        self._starts = starts
        self._lock = Lock()
        self._known: Place | None = None
        self._kept: Place | None = None
        self._looked = False
        self._complained = False

    def check(self) -> None:
        """The first look, before this process takes a place; later ones cost nothing. Raises SQLAlchemyError."""
        if not self._looked:
            self.look()

    def look(self) -> None:
        """Begin a new epoch where the database is behind; keep the place that it has given last. Raises SQLAlchemyError."""
        with self._lock:
            if not self._looked:
                self._known = self._kept = read(self._folder)
            found = self._followed()
            if self._starts and not self._looked:
                with self._database.write() as session:
                    feed.begin_start(session)
            self._known, self._looked = Place(found.last_position, found.epoch), True
            if self._known != self._kept:
                self._keep(self._known)

    def _followed(self) -> State:
        with self._database.read() as session:
            found = feed.state(session)
        if self._known is None or not feed.behind(found, self._known):
            return found
        with self._database.write() as session:
            # Leads before the feed's row, as whoever folds has them. Also where another process has just begun the epoch: what
            # was loaded in that moment is decided by somebody, too.
            doubted = doubting.doubt(session, clock.now())
            followed = feed.follow(session, clock.now(), self._known)  # a second look, which nobody can disturb
        if followed.epoch != found.epoch:
            log.warning(
                "feed_restarted",
                epoch=followed.epoch,
                restored_to=found.last_position,
                known=self._known.position,
                begins_above=followed.begins_above,
                leads_in_doubt=doubted,
            )
        return followed

    def _keep(self, place: Place) -> None:
        path = self._folder / FILE
        written = path.with_name(f"{FILE}.{os.getpid()}")
        try:
            private.make_folder(self._folder)
            private.write(written, json.dumps({"epoch": place.epoch, "position": place.position}) + "\n")
            written.replace(path)
        except OSError as error:  # the next look tries again; what is kept already holds until then
            if not self._complained:
                log.warning("feed_place_not_kept", error=type(error).__name__)
            self._complained = True
            return
        self._kept, self._complained = place, False
