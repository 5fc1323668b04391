"""Running the same evidence again, in another order: what is compared, and how it is delivered. For promise 2."""

import os
import threading
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from models import CallEvent, CallGroup, CallKey, CallOutcome, ChangeFeed, Receipt
from outcomes.normalize import normalize_pending
from outcomes.settle import settle_due
from tests.evidence import CONNECTIONS, START, outcomes

LATER = START + timedelta(days=3)

# What a rerun may give another value: our ids, and the steps it took to get there.
OURS = ("id", "group_id", "revision", "changed_at", "corrected_at", "changed_fields", "position", "set_by")
OURS += ("stood_connect_outcome", "stood_contact")


PROPERTY = settings(
    max_examples=int(os.environ.get("WRAPUP_TEST_EXAMPLES") or 5),  # each is several whole runs on a database
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def facts(database) -> list[dict]:
    """The outcomes as readers see them, in an order of their content."""
    rows = [{c.name: getattr(row, c.name) for c in CallOutcome.__table__.columns} for row in outcomes(database)]
    return sorted(({k: v for k, v in row.items() if k not in OURS} for row in rows), key=repr)


def empty(database) -> None:
    with database.write() as session:
        for table in (CallEvent, CallKey, CallOutcome, Receipt, CallGroup):
            session.execute(delete(table))
        session.execute(update(ChangeFeed).values(last_position=0))


def deliver(database, batches, workers: int = 1) -> None:
    """Keep the receipts batch by batch, normalizing after each with so many workers at once."""
    for batch in batches:
        with database.write() as session:
            session.add_all(batch)
        drain(database, workers)
    while settle_due(database, CONNECTIONS, now=LATER):
        pass


def drain(database, workers: int, now=START) -> None:
    failures = []

    def work():
        try:
            while normalize_pending(database, CONNECTIONS, limit=3, now=now):
                pass
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    while normalize_pending(database, CONNECTIONS, now=now):  # what the others held when the last one looked
        pass


def copies(given_receipts):
    """The same evidence for another run: same ids, same times."""
    columns = [column.name for column in Receipt.__table__.columns]
    return [Receipt(**{name: getattr(r, name) for name in columns}) for r in given_receipts]


def same_in_any_order(database, data, evidence, workers: int) -> list[dict]:
    """What comes of all of it at once comes of it in any order and in batches of any size; what that is."""
    empty(database)
    deliver(database, [copies(evidence)])
    expected = facts(database)
    order = data.draw(st.permutations(evidence))
    size = data.draw(st.integers(1, max(1, len(order))))
    empty(database)
    deliver(database, [copies(order[at : at + size]) for at in range(0, len(order), size)], workers)
    assert facts(database) == expected
    return expected
