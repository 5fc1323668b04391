"""A ticket is a draft and somebody who waits for its 200."""

import threading
from collections.abc import Iterable
from typing import Any

from callbacks.draft import Draft


class Ticket:
    """For a server that gives each request a thread. ``callbacks.http.loop_ticket`` has the one for an event loop."""

    __slots__ = ("_done", "draft", "since")

    def __init__(self, draft: Draft):
        self.draft = draft
        self.since = 0.0  # when it came to the rung that it is at
        self._done = self._bell()  # what a kind of ticket waits at

    def _bell(self) -> Any:
        return threading.Event()

    def wait(self) -> None:
        """Return when a store has the draft."""
        self._done.wait()

    @classmethod
    def release(cls, tickets: Iterable["Ticket"]) -> None:
        """Let those who wait answer. Called from the threads of the stores; the tickets are all of this class."""
        for ticket in tickets:
            ticket._done.set()


def release(tickets: Iterable[Ticket]) -> None:
    """Let those who wait for these answer, of whatever classes."""
    kinds: dict[type[Ticket], list[Ticket]] = {}
    for ticket in tickets:
        kinds.setdefault(type(ticket), []).append(ticket)
    for kind, own in kinds.items():
        kind.release(own)
