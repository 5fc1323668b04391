"""Row 8: SQL statements for each callback, from its receipt until its outcome is written."""

import statistics
import time
from collections.abc import Iterator

from bench import load, stored
from bench.stage import SECONDS, Stage, rounds
from bench.table import Row, Void, spread
from lib import clock

RATE = 1000.0


def statements(stage: Stage) -> Iterator[Row]:
    """Counted where they are run: in the server's log, or by SQLite's own trace. BEGIN, COMMIT and each of the rows of a
    statement with many parameters count as one, and so does what an idle worker asks meanwhile."""
    found = []
    with stage.where.counting(stage.ours.database) as database, stage.ours.running(**stage.where.tracing()):
        for _ in rounds():
            stored.drained(database)
            before, began = stage.where.statements(), clock.now()
            run = load.steady(stage.ours.callback_url, RATE, SECONDS)
            stored.drained(database)
            time.sleep(0.2)  # the server writes its log a little later
            counted = stage.where.statements() - before
            if not counted:
                raise Void("no statement was counted")
            found.append(counted / run.answered)
            numbers = stored.balance(stored.receipts(database, began), [run])
            stored.outcomes_match(database, numbers)
    reached = statistics.median(found) <= 3
    yield Row(
        "8. SQL statements per callback, end to end, at 1,000/s", spread(found, ".2f"), "", "", "at most 3", reached
    )
