"""Whether whoever follows would find something to do. For the worker, which starts that process: without DuckDB."""

import time
from pathlib import Path

from models.database import Database
from queries.mirror import forgetting
from queries.mirror import manifest as manifests
from queries.mirror.asking import present
from queries.mirror.manifest import Unusable

FEW = 2_000  # changes, that wait for one another: what is not mirrored yet is asked from the tables
LONGEST = 600.0  # seconds that any wait while nobody follows


class Behind:
    """How far the mirror in a folder is behind. ``longest``: for how many seconds fewer than ``FEW`` changes wait."""

    def __init__(self, database: Database, folder: Path, longest: float = LONGEST):
        self._database = database
        self._folder = folder
        self._longest = longest
        self._since: float | None = None

    def look(self) -> bool:
        """Whether it is to be followed now: enough waits, or has waited long enough, or it cannot be asked as it is. Raises
        SQLAlchemyError."""
        if forgetting.is_asked(self._folder):
            return True
        with self._database.read() as session:
            try:
                manifest, found = present(session, self._folder)
                manifests.verify(self._folder, manifest)
            except Unusable:
                return True
        waiting = found.last_position - manifest.place
        now = time.monotonic()
        self._since = (self._since or now) if waiting else None
        return waiting >= FEW or (self._since is not None and now - self._since >= self._longest)
