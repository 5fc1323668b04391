"""The contract's second part: what a dialer may be asked. Reports, how often and how far back, and the pages of an answer.

Whoever asks keeps the cursor and the records (``polling``); a dialer only walks its own pages.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dialers.connection import AnyClient, Connection


@dataclass(frozen=True)
class Layer:
    """How far to look back, and how often. ``span`` None: a report of the present moment, without a window.

    ``awaiting`` looks back as far as the oldest call that still awaits its disposition, and rests where there is none.
    ``jobs`` asks for what we have loaded and is not over yet, and rests where there is nothing; with a ``span`` also for
    what ended within it.
    """

    name: str
    every: timedelta
    span: timedelta | None = None
    awaiting: bool = False
    jobs: bool = False


@dataclass(frozen=True)
class Jobs:
    """What we have loaded and is not over yet: campaign -> the dialer's ids, in the order in which they were accepted."""

    by_campaign: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Window:
    """The time asked for, both ends included; frozen for a whole walk."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Record:
    """One record of a page, byte for byte. ``key`` tells which record it is a version of (None: unknown)."""

    body: bytes
    key: str | None = None
    context: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReportPage:
    records: list[Record]
    warning: str | None = None  # what was asked for and not answered, in a sentence; the walk goes on all the same
    more: bool = False  # another page follows for certain, or an error: it may be kept while that one is asked for


@dataclass(frozen=True)
class Report:
    """Something that a dialer can be asked.

    ``walk(client, connection, asked)`` yields pages in the dialer's order until the last one, and raises a ``ExchangeError``
    where it cannot go on; ``asked`` is a ``Window``, the ``Jobs`` of a layer of jobs, or None for the present moment. The
    poller keeps every page that was yielded, and moves the cursor in the last one's transaction.
    """

    name: str
    layers: tuple[Layer, ...]
    walk: Callable[[AnyClient, Connection, Any], Iterator[ReportPage]]
    switch: str | None = None  # the setting that must be true for it to be asked; None: always

    @property
    def of_now(self) -> bool:
        """Whether it is of the present moment alone, as of leads, campaigns and queues: such a record need tell of no call."""
        return all(layer.span is None and not layer.jobs and not layer.awaiting for layer in self.layers)
