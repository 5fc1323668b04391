"""Row 25: the whole way. Callbacks at full load, and how long it takes until each of them is an outcome that readers see."""

import time
from collections.abc import Iterator
from pathlib import Path

from bench import contenders, load, stored
from bench.databases import Embedded, Server
from bench.installation import Installation
from bench.load import Load
from bench.stage import CONNECTIONS, rounds
from bench.table import Row, Void, compared, note
from lib import clock
from models.database import Database
from rig.ports import free_port

SECONDS = 8.0  # of full load
LEFT_SECONDS = 300.0  # that what is left may take afterwards
GOALS = {"sqlite": 6, "postgresql": 5}  # times as many a second as the textbook
LOOK_SECONDS = 0.05


def way(where: Embedded | Server, folder: Path) -> Iterator[Row]:
    """Ours answers first and understands meanwhile and afterwards; the textbook does it all before it answers. Taking turns,
    each alone on the machine."""
    ours = Installation(folder / "way", free_port(), where.url("way"))
    textbook_url = where.url("way_textbook") or f"sqlite:///{folder}/way-textbook.db"
    textbook = Database(textbook_url)
    textbook.make()
    contenders.Base.metadata.create_all(textbook.engine)
    rates, theirs = [], []
    for _ in rounds():
        with contenders.served(contenders.WHOLE, free_port(), folder, textbook_url) as served:
            theirs.append(_of_textbook(textbook, served.url).rate)
        with ours.running():
            rates.append(_of_ours(ours))
    ours.database.close()
    textbook.close()
    goal = GOALS["sqlite" if ours.database.is_sqlite else "postgresql"]
    yield compared("25. callbacks/s, from the first until all are outcomes, ours / textbook", rates, theirs, goal)


def _of_textbook(database: Database, url: str) -> Load:
    """Raises Void."""
    last = stored.last_of_textbook(database)
    run = load.peak(url, CONNECTIONS, SECONDS)
    stored.balance(stored.textbook(database, last), [run])
    return run


def _of_ours(ours: Installation) -> float:
    """Callbacks a second, counted until the last one is an outcome. Raises Void."""
    before, began, at = stored.outcomes(ours.database), time.monotonic(), clock.now()
    run = load.peak(ours.callback_url, CONNECTIONS, SECONDS)
    if run.errors:
        raise Void(f"{run.errors} callbacks were not answered with 200")
    received = time.monotonic()
    # What was put aside is stored a moment after its answer, so that nothing pending is not yet the end.
    while stored.pending(ours.database) or stored.outcomes(ours.database) - before < run.answered:
        if time.monotonic() > received + LEFT_SECONDS:
            raise Void(f"of {run.answered} callbacks not all are outcomes after {LEFT_SECONDS:.0f} s")
        time.sleep(LOOK_SECONDS)
    over = time.monotonic()
    note(f"  {run.answered:,} answered at {run.rate:,.0f}/s; all are outcomes {over - received:.1f} s later")
    numbers = stored.balance(stored.receipts(ours.database, at), [run])
    stored.outcomes_match(ours.database, numbers)
    return run.answered / (over - began)
