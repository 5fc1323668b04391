"""How destinations share SQLite's one writer with callbacks: of all that this process writes for them one waits for it at a time,
a little is written at once, and afterwards it is left to others for as long as it was held."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from models.database import Database

MOST = 100  # deliveries, or changes of the feed, in one transaction: as many as a CRM takes in one request
LONGEST_REST = 0.25  # seconds

_ours = threading.Lock()


@contextmanager
def write(database: Database) -> Iterator[Session]:
    """``database.write()``, as a destination may have it. PostgreSQL has many writers."""
    if not database.is_sqlite:
        with database.write() as session:
            yield session
        return
    with _ours:
        began = time.monotonic()
        try:
            with database.write() as session:
                began = time.monotonic()
                yield session
        finally:
            time.sleep(min(LONGEST_REST, time.monotonic() - began))


def most(database: Database, wanted: int) -> int:
    """How much of what is wanted may be written in one transaction."""
    return min(wanted, MOST) if database.is_sqlite else wanted
