"""The contract: what a kind of CRM may offer, in which shapes, and what it must not do.

A kind is one folder and one row in ``registry.py``. The engine decides what is to be done, in which order, when and how often;
a kind only says how its CRM is asked. It knows no database, keeps no state, and never waits: before each request it asks the
``Budget``, which does. Everything is asked for in lists, because some CRMs take hundreds at once; one that takes one at a time
goes through the list, and says of each what came of it.

What a request proves is said in two ways. Of the whole request, by the exceptions of ``lib.http.errors`` and those below; of each
record, by its ``Result``. A 2xx without a result for each record proves nothing: the records it does not tell of are ``Unknown``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from marshmallow import Schema

from crm.destination import Destination
from lib.http.errors import CredentialsRefused, ExchangeError

# What ``Crm.client`` opened. Whoever hands it to the kind's own functions looks into none.
AnyClient: TypeAlias = Any


# What is asked for ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Whom:
    """Whom a call belongs to: ``value`` is the CRM's id of a record (``crm_reference``), or a number in E.164."""

    by: str
    value: str


@dataclass(frozen=True)
class Record:
    """A record of the CRM. ``numbers``: all that it has, as the CRM writes them, by which the engine verifies what a search
    has found; ``name`` and ``url`` are for people."""

    id: str
    name: str | None = None
    url: str | None = None
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """A call that is to stand in the CRM. ``mark`` is our id of it, for the CRM's unique field; ``trace`` is the delivery's, for
    where the CRM says an input's own id in its answers. ``outcome`` is as the API shows it. ``remote_id``: what stands there
    already, as far as is known. ``owner``: the CRM's user."""

    mark: str
    trace: str
    outcome: Mapping[str, Any]
    record_id: str
    owner: str | None = None
    remote_id: str | None = None


@dataclass(frozen=True)
class Change:
    """Fields of a record that are to be set, all or none."""

    trace: str
    record_id: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Event:
    """An outcome for a webhook. ``id`` stays the same however often it is posted, and has no full stop; ``type`` is
    ``call.outcome.settled`` (nothing is waited for any more), ``call.outcome.changed`` or ``call.outcome.merged``; ``at`` is when
    the outcome changed."""

    id: str
    type: str
    at: datetime
    outcome: Mapping[str, Any]
    changed_fields: Sequence[str] | None


# What came of it --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Done:
    """The CRM has it. ``answer``: its own words, where it said any that people want to read."""

    remote_id: str | None = None
    remote_url: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Refused:
    """For good: asking again gets the same answer. ``reason``: one snake_case word for counting (``validation``,
    ``required_field``, ``record_deleted``); ``answer``: the CRM's own words, without our secrets."""

    reason: str
    answer: str


@dataclass(frozen=True)
class Again:
    """Certainly not taken, and worth sending again, after so many seconds where the CRM says how many. ``tried``: whether it was
    sent at all; where that is not so, nobody makes it wait longer for it."""

    answer: str
    after: float | None = None
    tried: bool = True


@dataclass(frozen=True)
class Unknown:
    """Nobody can tell whether it was taken. ``remote_id``: what of it is known to be there, begun and not finished."""

    answer: str
    remote_id: str | None = None


Result: TypeAlias = Done | Refused | Again | Unknown


@dataclass(frozen=True)
class Seen:
    """What a look-up found under our mark. ``same``: with the values that would be sent now, on the record where it belongs."""

    remote_id: str
    same: bool
    remote_url: str | None = None


@dataclass(frozen=True)
class Line:
    """What ``wrapup crm check`` says of one thing: whether it is so, and where it is not, what to do."""

    what: str
    fine: bool
    todo: str | None = None


# What goes wrong with the whole of it -----------------------------------------------------------------------------------
class QuotaSpent(ExchangeError):
    """The account's day is over until then; all destinations there wait. ``limit`` is its word for which of the limits."""

    error_id = "quota_spent"

    def __init__(self, sentence: str, until: datetime, limit: str):
        super().__init__(sentence)
        self.until = until
        self.limit = limit


class SwitchedOff(ExchangeError):
    """The other side wants nothing more (410): the destination is paused until somebody resumes it."""

    error_id = "switched_off"


class NotSetUp(CredentialsRefused):
    """The account, or what the destination's table says of it, lacks something that everything sent there needs, as refused
    credentials do; no delivery is at fault. The sentence says what to do."""

    error_id = "not_set_up"


# Limits -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Limit:
    """So many requests in so many seconds. Kept by all processes and all destinations at one account (``Crm.portal``)."""

    requests: int
    seconds: float


class Budget(Protocol):
    """What the account still allows. ``take``, from whichever thread, waits for one request's turn under the limit of that name,
    one of ``Crm.limits``. Raises QuotaSpent while a day's quota is known to be spent. ``put_off``: the CRM says that its limit
    has room again only in so many seconds; nobody at the account has a turn before."""

    def take(self, limit: str) -> None: ...

    def put_off(self, limit: str, seconds: float) -> None: ...


# Tokens that end -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Granted:
    """What a CRM gave: ``access`` to ask with, for so many seconds (None: nobody says), and ``refresh`` to have it renewed
    with from now on (None: with the one that was used)."""

    access: str
    seconds: float | None = None
    refresh: str | None = None


class Access(Protocol):
    """The token of a client, where it ends by itself. ``token`` gives one that has not ended, other than ``stale``, which the
    CRM has just refused; of all processes one has it renewed, once. Raises CredentialsRefused, and what renewing raises."""

    def token(self, stale: str | None = None) -> str: ...


# The kind ---------------------------------------------------------------------------------------------------------------
class Records(Protocol):
    """Whom calls belong to. ``find`` gives the records of each, in the order asked: none, one, or several; by a number also such
    as only look like it, since the engine verifies them. Raises ExchangeError."""

    def find(self, client: AnyClient, wanted: Sequence[Whom]) -> Sequence[Sequence[Record]]: ...

    def read(self, client: AnyClient, ids: Sequence[str], names: Sequence[str]) -> Sequence[Mapping[str, str] | None]:
        """The fields of those records as they are now, absent ones as an empty text; None where there is no such record."""
        ...

    def change(self, client: AnyClient, changes: Sequence[Change]) -> Sequence[Result]: ...


class Calls(Protocol):
    """Calls on records. ``content`` is pure: what would be sent of the call, without its mark; equal contents are not sent
    again. ``log`` makes or renews each under its mark, puts it on its record, and reads back that it is there: where that is not
    so it is not ``Done``. ``look_up`` asks for marks, not for values, where the CRM can. ``remove`` of what is gone is Done.
    Where calls are given one by one, an error of ``log`` has the traces of those that were sent in ``tried``: of the others it is
    known that they were not."""

    def content(self, call: Call) -> Mapping[str, Any]: ...

    def log(self, client: AnyClient, calls: Sequence[Call]) -> Sequence[Result]: ...

    def look_up(self, client: AnyClient, calls: Sequence[Call]) -> Sequence[Seen | None]: ...

    def remove(self, client: AnyClient, remote_ids: Sequence[str]) -> Sequence[Result]: ...


class Events(Protocol):
    """Outcomes as they are. What is posted again has the same id, so an unknown result needs no look-up. An error's ``tried``
    holds the ids of those that were posted: they wait behind the others, which may fare better."""

    def post(self, client: AnyClient, events: Sequence[Event]) -> Sequence[Result]: ...


@dataclass(frozen=True)
class Refusing:
    """A record of the CRM whose person must not be called: its numbers, as the CRM writes them, and why, in a sentence."""

    id: str
    numbers: tuple[str, ...]
    reason: str


class Refusals(Protocol):
    """Whom the CRM says not to call. ``wanted`` tells whether the destination's table asks for that at all. ``listed`` gives all
    of them, some at a time; ``still`` says of records which of them it says so now. Raises ExchangeError."""

    def wanted(self, destination: Destination) -> bool: ...

    def listed(self, client: AnyClient) -> Iterable[Sequence[Refusing]]: ...

    def still(self, client: AnyClient, ids: Sequence[str]) -> Mapping[str, bool]: ...


def nothing_to_check(client: AnyClient, destination: Destination, repair: bool) -> Iterable[Line]:
    """Of a kind that has nothing to check."""
    return ()


@dataclass(frozen=True)
class Crm:
    """A kind of CRM. ``settings``: the keys of its table that are its own, beside those of every destination.
    ``client(destination, budget)`` opens it and asks nothing. ``portal`` names the account whose limits it shares with others,
    without a secret in it. ``batch``: so many deliveries are worked on at once. ``look_up_after``: seconds by which what was
    written can be found later than it is there. ``check(client, destination, repair)`` asks for everything that the
    destination needs; with ``repair`` it makes what the API lets it make. ``secrets`` are never shown or logged.

    ``account(client)`` asks the CRM how the account is called there, whatever credentials lead to it; None where it will not
    say. ``place``: where in an account calls stand under our marks; destinations with the same one have the same calls.

    ``erase(client, ids)`` takes records of persons away for good, who asked for it, where the API can.

    Where tokens end by themselves ``refresh`` gives the settings' refresh token, and the client is ``client(destination, budget,
    access)``. ``renew`` has that token, or the one that was given last, renewed. Raises CredentialsRefused where it is good no
    more, Uncertain where nobody knows whether it is used up."""

    name: str
    settings: type[Schema]
    client: Callable[..., AnyClient]
    portal: Callable[[Destination], str]
    limits: Callable[[Destination], Mapping[str, Limit]]
    batch: int = 100
    look_up_after: float = 0.0
    records: Records | None = None
    calls: Calls | None = None
    events: Events | None = None
    refusals: Refusals | None = None
    check: Callable[[AnyClient, Destination, bool], Iterable[Line]] = nothing_to_check
    secrets: Callable[[Destination], Sequence[str]] = lambda destination: ()
    account: Callable[[AnyClient], str | None] = lambda client: None
    place: Callable[[Destination], str] = lambda destination: ""
    refresh: Callable[[Destination], str | None] = lambda destination: None
    renew: Callable[[Destination, str], Granted] | None = None
    erase: Callable[[AnyClient, Sequence[str]], Sequence[Result]] | None = None
