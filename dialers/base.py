"""The contract: what a dialer may offer, in which shapes, and what it must not do.

A dialer is one folder with up to four files: ``words.py`` (pure: its vocabulary into call events), ``reports.py`` (what we
ask it), ``leads.py`` (what we give it) and ``api.py`` (its HTTP client), and one row in ``registry.py``.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dialers.giving import Act, CannotDo, Control, Leads
from dialers.vocabulary import CONNECT_OUTCOMES
from lib import text as texts
from lib.zones import Place


# What every reader is given -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Connection:
    """One configured account at one dialer. ``settings`` are the dialer's own, already checked by its schema."""

    name: str
    dialer: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    callback_tokens: tuple[str, ...] = ()
    callback_authorization: tuple[str, ...] = ()  # values of the header, any of which a callback must have; none: any
    default_country: str | None = None
    dispositions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the tenant's word -> flags
    disposition_window: timedelta = timedelta(hours=24)
    expect_every: timedelta | None = None  # a callback comes at least so often; None: learned
    # The tenant's meaning of the dialer's words -> connect outcome, or a kind of event, or ``vocabulary.DISMISSED``.
    words: Mapping[str, str] = field(default_factory=dict)
    states_dispositions: bool | None = None  # whether it tells dispositions; None: as its dialer does

    def says(self, word: str | None) -> str | None:
        """What the tenant's own table says of a dialer's word, whatever that is; None where it does not have it. Compared
        without case; a blank, ``+``, ``_`` and ``-`` are the same."""
        return self._meanings.get(plain(word)) if word and self.words else None

    @cached_property
    def _meanings(self) -> dict[str, str]:
        return {plain(word): meaning for word, meaning in reversed(self.words.items())}  # the first of equals counts

    @cached_property
    def place(self) -> Place:
        """Where the dialer's times are written down, as far as the connection says it."""
        zone = self.settings.get("timezone")
        return Place(ZoneInfo(zone) if zone else None, self.default_country, self.settings.get("day_first"))

    def meaning(self, word: str | None, table: Mapping[str, str]) -> str | None:
        """The connect outcome that a dialer's word stands for: by the tenant's own table, else by the dialer's; None where
        neither has it. Compared as ``says`` compares."""
        if not word:
            return None
        own = self.says(word)
        return own if own in CONNECT_OUTCOMES else _of(table, plain(word))

    def flags(self, disposition: str | None) -> list[str]:
        """The flags that this tenant gives the disposition; compared without case, and with single blanks. Sorted."""
        if not disposition or not self.dispositions:
            return []
        return list(self._flags.get(plain_disposition(disposition), ()))

    def decides(self, disposition: str, parent: str | None = None) -> bool:
        """Whether the tenant's table has the disposition or its parent, with flags or without any: then somebody has decided
        what it means. Compared as ``flags`` compares."""
        return any(plain_disposition(word) in self._flags for word in (disposition, parent) if word)

    @cached_property
    def _flags(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for word, flags in self.dispositions.items():
            found.setdefault(plain_disposition(word), set()).update(flags)
        return {word: sorted(flags) for word, flags in found.items()}


def _of(table: Mapping[str, str], wanted: str) -> str | None:
    return next((meaning for name, meaning in table.items() if plain(name) == wanted), None)


# Words come again and again, and are short. A long one is worked out each time: five thousand of a MiB would fill the memory.
LONGEST_REMEMBERED = 500


def plain(word: str) -> str:
    """A dialer's word as it is compared: two words that are equal in this are one word."""
    return _plain(word) if len(word) <= LONGEST_REMEMBERED else _plain.__wrapped__(word)


@lru_cache(maxsize=5_000)
def _plain(word: str) -> str:
    return re.sub(r"[\s+_-]+", " ", unicodedata.normalize("NFC", texts.seen(word))).strip().casefold()


def plain_disposition(word: str) -> str:
    """A disposition as it is compared: two that are equal in this are one."""
    return _plain_disposition(word) if len(word) <= LONGEST_REMEMBERED else _plain_disposition.__wrapped__(word)


@lru_cache(maxsize=5_000)
def _plain_disposition(word: str) -> str:
    return " ".join(unicodedata.normalize("NFC", texts.seen(word)).split()).casefold()


@dataclass(frozen=True)
class Evidence:
    """A receipt, as far as words may look at it."""

    source: str  # "callback" or "report"
    kind: str  # callback kind from the URL, or report name
    body: bytes
    content_type: str | None = None
    query: str | None = None
    method: str | None = None
    context: Mapping[str, Any] | None = None
    seen_at: datetime | None = None
    content_encoding: str | None = None


# What words return ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Event:
    """One fact. ``facts`` maps names of ``vocabulary.FACTS`` to JSON values (times as ``clock.iso`` writes them, ids as
    strings); a fact that the dialer does not state is left out, never null. ``keys`` are the names under which the dialer
    knows the call, at least one, each unique within the connection: two events that share a key are folded together.
    ``attempt`` is the dialer's own name of the attempt, None where the record does not say it. ``part`` is which part of its
    receipt told of it, where that has several. ``aliases`` are names by which other records may know the call, where these
    know no better one: they lead to the call, but never make two calls one that have keys of their own."""

    kind: str
    keys: tuple[str, ...]
    facts: Mapping[str, Any]
    attempt: str | None = None
    happened_at: datetime | None = None
    part: int = 0
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeadSeen:
    """A lead as the dialer lists it now."""

    lead_id: str
    campaign_id: str | None
    number: str | None
    number_raw: str | None
    first_name: str | None
    last_name: str | None
    status: str | None
    retries: int | None
    priority: int | None
    created_at: datetime | None


@dataclass(frozen=True)
class CampaignSeen:
    """A campaign's totals. A status written twice under one key is counted twice, so that the totals add up."""

    campaign_id: str
    name: str | None
    status: str | None
    total_leads: int | None
    leads_by_status: Mapping[str, int]
    repeated_statuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueueSeen:
    """A queue's counters and agents, by the dialer's own names."""

    queue_id: str
    name: str | None
    extension: str | None
    strategy: str | None
    counters: Mapping[str, Any]
    agents: list[Any]


@dataclass(frozen=True)
class Reading:
    """All that one receipt says. ``ignored`` is the reason why a receipt of a known kind says nothing that we need;
    ``forgiven`` are the slips that were passed over, by their words in ``dialers.forgiven``; ``refused`` says what of it could
    not be understood, where the rest could: then the rest counts, and the receipt goes to quarantine."""

    events: tuple[Event, ...] = ()
    leads: tuple[LeadSeen, ...] = ()
    campaigns: tuple[CampaignSeen, ...] = ()
    queues: tuple[QueueSeen, ...] = ()
    ignored: str | None = None
    forgiven: tuple[str, ...] = ()
    refused: str | None = None


class Unreadable(ValueError):
    """The receipt cannot be understood; it goes to quarantine.

    ``reason`` is one snake_case word for counting (``unparseable``, ``no_call_id``), ``detail`` a sentence for the operator
    that must not repeat the body.
    """

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail


# How attempts are told apart ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class KeptEvent:
    """An event of a group as it was stored, with the receipt that it came from."""

    id: UUID
    receipt_id: UUID
    ordinal: int
    source: str
    kind: str
    attempt: str | None
    happened_at: datetime | None
    received_at: datetime
    seen_at: datetime
    facts: Mapping[str, Any]
    outcome_id: UUID | None = None


def attempts_by_name(events: list[KeptEvent]) -> dict[str, list[KeptEvent]]:
    """The usual rule: one attempt per name; events that name none belong to the only one, or to the first by name."""
    names = sorted({event.attempt for event in events if event.attempt is not None})
    unnamed = names[0] if names else ""
    found: dict[str, list[KeptEvent]] = {}
    for event in events:
        found.setdefault(event.attempt if event.attempt is not None else unnamed, []).append(event)
    return found


# Reports: us asking ---------------------------------------------------------------------------------------------------
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
class Page:
    records: list[Record]
    warning: str | None = None  # what was asked for and not answered, in a sentence; the walk goes on all the same


@dataclass(frozen=True)
class Report:
    """Something that a dialer can be asked.

    ``walk(client, connection, asked)`` yields pages in the dialer's order until the last one, and raises a ``ReportError``
    where it cannot go on; ``asked`` is a ``Window``, the ``Jobs`` of a layer of jobs, or None for the present moment. The
    poller keeps every page that was yielded, and moves the cursor in the last one's transaction.
    """

    name: str
    layers: tuple[Layer, ...]
    walk: Callable[[Any, Connection, Any], Iterator[Page]]
    switch: str | None = None  # the setting that must be true for it to be asked; None: always


# The dialer itself ----------------------------------------------------------------------------------------------------
def disposes_never(values: Mapping[str, Any]) -> bool:
    """``Dialer.disposes`` of one that states no dispositions at all."""
    return False


@dataclass(frozen=True)
class Dialer:
    """What a dialer may offer; the row in ``registry.DIALERS``. What it does not offer is left out.

    Always: ``read(evidence, connection)`` understands one receipt: pure, no clock, no network; raises ``Unreadable``.
    ``attempts(events)`` splits the events of one group into attempts, a function of the set alone: the order in which
    they arrived must not matter. The keys are stable names for as long as the evidence that made them stands.
    ``disposes(values)``: whether a disposition may still come for a call that is over without one, and of which the row says
    this; pure. What never comes is not waited for. Asked through ``awaits``, since a connection's settings may know better.
    ``arrival(event)``, of a dialer that states no times: the place of what is posted as it happens in the life of a call.
    ``settings`` is a marshmallow schema class for the connection's own settings; ``secrets`` names those of them that are
    secret, which nobody is shown, whatever the dialer says (``dialers.masking``).
    ``client(connection)`` opens an HTTP client for everything that we ask; it is shared by threads. It may have ``secrets()``:
    what it was given besides, such as tokens.

    Callbacks: ``callback_kinds``, the last part of the URLs that it posts to.
    Reports: ``reports``, what it can be asked.
    Giving: ``ready(connection)`` raises ``CannotDo`` where the connection's settings lack what that needs; asked first.
    Leads: ``leads``, how it takes them (``giving.Leads``).
    Campaign control: ``control`` (``giving.Control``).
    Status write-back and other single writes: ``acts``, by the names in ``giving`` (``giving.Act``).
    """

    name: str
    settings: type
    read: Callable[[Evidence, Connection], Reading]
    attempts: Callable[[list[KeptEvent]], dict[str, list[KeptEvent]]] = attempts_by_name
    disposes: Callable[[Mapping[str, Any]], bool] = lambda values: True  # or ``disposes_never``
    arrival: Callable[[KeptEvent], int | None] | None = None  # one of ``vocabulary.ARRIVED_...``, or None
    callback_kinds: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    client: Callable[[Connection], Any] | None = None
    default_country: str | None = None  # of national numbers, where the connection names none
    ready: Callable[[Connection], None] = lambda connection: None
    leads: Leads | None = None
    control: Control | None = None
    acts: Mapping[str, Act] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    def awaits(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """Whether the disposition of a call that is over without one is waited for; ``values`` by column name."""
        told = connection.states_dispositions
        return self.disposes(values) if told is None else told

    def states_dispositions(self, connection: Connection) -> bool:
        """Whether any call of the connection may have one; where not, how many contacts and sales there were is not known."""
        told = connection.states_dispositions
        return self.disposes is not disposes_never if told is None else told

    def reports_of(self, connection: Connection) -> list[Report]:
        """The reports that this connection is to be asked for."""
        return [one for one in self.reports if one.switch is None or connection.settings.get(one.switch)]

    @property
    def offers(self) -> list[str]:
        """What it can do at its best, in words for people and programs."""
        can = {
            "callbacks": self.callback_kinds,
            "reports": self.reports,
            "leads": self.leads and self.leads.appends is None,
            "campaigns": self.leads and self.leads.most_new,
            **{command: True for command in (self.control.commands if self.control else ())},
            **self.acts,
        }
        return [name for name, offered in can.items() if offered]

    def offers_of(self, connection: Connection) -> list[str]:
        """What it can do of this for the connection as it is set up now."""
        lacking = set() if self.reports_of(connection) else {"reports"}
        try:
            self.ready(connection)
        except CannotDo:
            lacking |= set(self.offers) - {"callbacks", "reports"}
        return [name for name in self.offers if name not in lacking]
