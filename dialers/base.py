"""The contract: what a dialer may offer, in which shapes, and what it must not do.

A dialer is one folder and one row in ``registry.py``: ``words.py`` (pure: its vocabulary into call events; the shapes stand
here), ``reports.py`` (what we ask it, ``dialers.asking``), ``leads.py`` (what we give it, ``dialers.giving``) and ``api.py``
(its HTTP client, over ``lib.http.exchange`` and, where it logs in, ``lib.http.tokens``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema

from dialers.asking import Report
from dialers.connection import AnyClient
from dialers.connection import Connection as Connection
from dialers.giving import Act, CannotDo, Control, Leads


# What words are given ---------------------------------------------------------------------------------------------------
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
    ``forgiven`` are the slips that were passed over, by their words in ``dialers.bodies.forgiven``; ``refused`` says what of it
    could not be understood, where the rest could: then the rest counts, and the receipt goes to quarantine."""

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

    @property
    def arrived(self) -> tuple[datetime, UUID, int]:
        """By which events are sorted as they arrived, however often they were told again since."""
        return (self.received_at, self.receipt_id, self.ordinal)


def attempts_by_name(events: list[KeptEvent]) -> dict[str, list[KeptEvent]]:
    """The usual rule: one attempt per name; events that name none belong to the only one, or to the first by name."""
    names = sorted({event.attempt for event in events if event.attempt is not None})
    unnamed = names[0] if names else ""
    found: dict[str, list[KeptEvent]] = {}
    for event in events:
        found.setdefault(event.attempt if event.attempt is not None else unnamed, []).append(event)
    return found


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
    ``tells``: of voicemail and abandoned calls, what its own words come to; of what it never tells reports do not say 0.
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
    settings: type[Schema]
    read: Callable[[Evidence, Connection], Reading]
    attempts: Callable[[list[KeptEvent]], dict[str, list[KeptEvent]]] = attempts_by_name
    disposes: Callable[[Mapping[str, Any]], bool] = lambda values: True  # or ``disposes_never``
    tells: tuple[str, ...] = ()
    arrival: Callable[[KeptEvent], int | None] | None = None  # one of ``vocabulary.ARRIVED_...``, or None
    callback_kinds: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    client: Callable[[Connection], AnyClient] | None = None
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

    def tells_of(self, connection: Connection, outcome: str) -> bool:
        """Whether any call of the connection may have the connect outcome: by the dialer's words, or what the tenant says of
        them."""
        tables = (connection.settings.get(name) or {} for name in ("status_codes", "hangup_causes"))
        given = [connection.words, *tables]
        return outcome in self.tells or any(outcome in table.values() for table in given)

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
