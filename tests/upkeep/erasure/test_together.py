"""Two workers that are told of one call of an erased person at the same moment: it is one call."""

import threading
from contextlib import closing

import pytest
from sqlalchemy import event, func, select, text

from lib.stand_ins import is_stand_in
from models import CallKey, CallOutcome
from models.database import Database
from outcomes.normalize import normalize_pending
from rig.waiting import until
from tests.evidence import CONNECTIONS, connect, keep, outcomes, receipt, terminal
from tests.upkeep.erasure.test_working import erased

WAITS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


class Worker:
    """On a connection of its own, which stops before its commit until it may go on."""

    def __init__(self, url: str, told):
        self._database = Database(url)
        self.at_commit, self.may = threading.Event(), threading.Event()
        event.listen(self._database.engine, "commit", self._stop)
        self.thread = threading.Thread(target=self._work, args=[[told.id]])
        self.thread.start()

    def _stop(self, _connection) -> None:
        self.at_commit.set()
        assert self.may.wait(60)

    def _work(self, only) -> None:
        with closing(self._database):
            normalize_pending(self._database, CONNECTIONS, only=only)


@pytest.mark.parametrize("first", ["without the number", "with it"])
def test_the_first_event_without_a_number_and_the_end_are_one_call(postgresql_url, tmp_path, first):
    database = Database(postgresql_url)
    keep(database, receipt(terminal(7, 7)))
    normalize_pending(database, CONNECTIONS)
    erased(database, tmp_path)
    bodies = [receipt(connect(customerNum=None), kind="connect"), receipt(terminal())]
    one, other = keep(database, *(bodies if first == "without the number" else bodies[::-1]))
    workers = [Worker(postgresql_url, one)]
    until(workers[0].at_commit.is_set, 20)
    workers.append(Worker(postgresql_url, other))

    def is_stopped() -> bool:
        with database.read() as session:
            return workers[1].at_commit.is_set() or bool(session.scalar(WAITS))

    until(is_stopped, 20)
    for worker in workers:
        worker.may.set()
    for worker in workers:
        worker.thread.join(60)
    assert len(outcomes(database)) == 2, "the call of before, and this one"
    assert all(is_stand_in(row.customer_number) for row in outcomes(database))
    with database.read() as session:
        assert all(is_stand_in(key) for key in session.scalars(select(CallKey.key)))
        assert session.scalar(select(func.count(CallOutcome.group_id.distinct()))) == 2
    database.close()
