"""Tickets of an event loop, and how the threads of the stores wake the loop when a ticket's time has come.

Of libev no other thread may call anything but ``ev_async_send``. gevent's ``loop.run_callback_threadsafe`` counts in the calling
thread what keeps the loop alive, while the loop counts the same without Python's lock: once in some ten thousand calls a count is
lost. Where as many are lost as there are lines open, the loop ends (``LoopExit``), and with it the process and all requests that
it has in hand.
"""

import threading
from collections import deque
from collections.abc import Iterable

import gevent
from gevent.hub import Hub, Waiter

from callbacks.ladder.tickets import Ticket

_here = threading.local()


class Waking:
    """Of the event loop of the thread that makes it, for as long as that lives."""

    def __init__(self, hub: Hub):
        self.hub = hub
        self._released: deque[Ticket] = deque()
        self._watcher = hub.loop.async_()
        self._watcher.start(self._ring)

    def release(self, tickets: Iterable[Ticket]) -> None:
        """For any thread. The loop is woken once for all of them: it is another thread's, and waking it is what costs."""
        self._released.extend(tickets)
        self._watcher.send()

    def _ring(self) -> None:
        for _ in range(len(self._released)):  # what comes meanwhile has woken the loop once more
            ticket = self._released.popleft()
            bell, ticket._done = ticket._done, None
            if bell is not None:
                bell.switch(None)


class LoopTicket(Ticket):
    """A ticket whose holder is a greenlet."""

    __slots__ = ("_waking",)

    def _bell(self) -> Waiter:
        self._waking = _waking()
        return Waiter()

    def wait(self) -> None:
        bell = self._done
        if bell is not None:  # it has rung already
            bell.get()

    @classmethod
    def release(cls, tickets: Iterable[Ticket]) -> None:
        waiting = [ticket for ticket in tickets if isinstance(ticket, LoopTicket) and ticket._done is not None]
        if waiting:  # else all have rung already
            waiting[0]._waking.release(waiting)


def _waking() -> Waking:
    hub = gevent.get_hub()
    found: Waking | None = getattr(_here, "waking", None)
    if found is None or found.hub is not hub:
        found = _here.waking = Waking(hub)
    return found
