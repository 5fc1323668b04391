"""Other threads wake the event loop, and change nothing else of it."""

import threading

import gevent
import pytest

from callbacks.http.loop_ticket import LoopTicket


@pytest.fixture
def loop():
    LoopTicket(None)  # whatever it takes is there from now on
    return gevent.get_hub().loop


def test_what_keeps_the_loop_alive_is_counted_by_its_own_thread_alone(loop):
    """libev counts without Python's lock: what another thread counts at the same time is lost, and in the end the loop ends."""
    tickets, before = [LoopTicket(None) for _ in range(100)], loop.activecnt
    assert before > 0  # it does not end while nobody is connected, either
    thread = threading.Thread(target=lambda: [LoopTicket.release([ticket]) for ticket in tickets])
    thread.start()
    thread.join()
    assert loop.activecnt == before
    for ticket in tickets:
        ticket.wait()


def test_each_ticket_rings_however_many_threads_release_them(loop):
    """Beside timers, which libev counts."""
    rounds, threads, before = 200, 4, loop.activecnt
    answered = []

    def ask(lane: list) -> None:
        for number in range(rounds):
            lane.append(LoopTicket(None))
            lane[-1].wait()
            answered.append(number)

    def release(lane: list) -> None:
        for number in range(rounds):
            while len(lane) <= number:
                over.wait(0.0001)
            LoopTicket.release([lane[number]])

    def sleep() -> None:
        while not over.is_set():
            gevent.sleep(0.0003)

    over, lanes = threading.Event(), [[] for _ in range(threads)]
    releasing = [threading.Thread(target=release, args=[lane]) for lane in lanes]
    asking = [gevent.spawn(ask, lane) for lane in lanes]
    sleeping = [gevent.spawn(sleep) for _ in range(5)]
    for thread in releasing:
        thread.start()
    gevent.joinall(asking, timeout=60)
    over.set()
    for thread in releasing:
        thread.join()
    gevent.joinall(sleeping)
    assert sorted(answered) == sorted(list(range(rounds)) * threads)
    assert loop.activecnt == before
