"""``/readyz`` may be asked by many at once, and while the database or the spool's disk hangs."""

import threading
import time
from types import SimpleNamespace

import gevent
import pytest

from callbacks.http.loop_ticket import LoopTicket
from callbacks.ladder.tickets import Ticket
from callbacks.readiness import Readiness
from rig.patience import stretched


class Store:
    """A store that takes its time, and counts who tries it."""

    def __init__(self, seconds: float = 0.0):
        self.seconds = seconds
        self.tried = 0

    def probe(self):
        self.tried += 1
        time.sleep(self.seconds)

    def schema(self):
        return None

    def close(self): ...


def readiness(database: Store, spool: Store, tripped: bool = False) -> Readiness:
    rung = SimpleNamespace(tripped=tripped)
    return Readiness(SimpleNamespace(database=rung, spool=spool, memory=(), open_database=lambda **_: database))


def test_who_asks_at_the_same_time_shares_a_look_and_its_answer():
    database, answers = Store(0.7), []
    ready = readiness(database, Store())
    threads = [threading.Thread(target=lambda: answers.append(ready.ask(Ticket(None)))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (answers, database.tried) == (["database"] * 20, 1)


@pytest.mark.parametrize("tripped", [False, True])
def test_a_disk_that_hangs_stops_no_event_loop(tripped):
    ready, pauses = readiness(Store(4.0), Store(4.0), tripped), []

    def beat():
        while True:
            before = time.monotonic()
            gevent.sleep(0.02)
            pauses.append(time.monotonic() - before)

    beating = gevent.spawn(beat)
    asking = [gevent.spawn(ready.ask, LoopTicket(None)) for _ in range(5)]
    began = time.monotonic()
    gevent.get_hub().loop.update_now()  # no test may have used it for ten seconds, and a time-out begins where it was then
    gevent.joinall(asking, timeout=10)
    assert time.monotonic() - began < stretched(4.0)  # a second for each store
    assert [one.value for one in asking] == [None] * 5
    assert max(pauses) < stretched(1.5)
    beating.kill()


def test_while_a_trial_hangs_the_next_look_answers_at_once_from_the_other_store():
    database = Store(3.0)
    ready = readiness(database, Store())
    assert ready.ask(Ticket(None)) == "spool"
    assert ready.ask(Ticket(None)) == "spool"
    assert database.tried == 1


def test_a_ticket_may_be_released_twice():
    ticket = LoopTicket(None)
    threads = [threading.Thread(target=LoopTicket.release, args=[[ticket]]) for _ in range(2)]
    threads[0].start()
    ticket.wait()
    threads[1].start()
    for thread in threads:
        thread.join()
    LoopTicket.release([ticket])
