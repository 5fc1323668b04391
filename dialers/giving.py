"""The contract's third part: what a dialer may be given. Leads, commands to campaigns, and single writes.

Whoever sends keeps the order, the pace and the memory (``leads.sending``); a dialer only knows its own words. So everything
here is either pure, and a dry run shows exactly what would be sent, or it is one exchange with the dialer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from marshmallow import Schema

from dialers.connection import AnyClient, Connection
from lib import phone
from lib import phone_writing as writing
from lib import text as texts

LONGEST_NUMBER = 200  # with all that people write around it
LOST = "00000"  # at the end of a number that was a fraction: 9.81E+09, written out

ACCEPTED, REJECTED = "accepted", "rejected"


# Leads ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Lead:
    """Whom a campaign is to call. ``number`` is E.164, ``number_raw`` as it was given. ``mark`` is our own name for this
    lead, unique for ever: where a dialer carries something of ours through to its outcomes, lead and outcome meet by it.
    ``fields`` go along as text under the tenant's own names; ``options`` are the dialer's fields, by the dialer's names."""

    number: str
    number_raw: str
    mark: str
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    reference: str | None = None
    priority: int | None = None
    timezone: str | None = None
    agents: tuple[str, ...] = ()
    note: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What is sent at once: leads for a campaign, or for a new one (``campaign`` None), which gets the ``name``.
    ``options`` are those of the load, checked by ``Leads.options``. ``key`` is the same whenever this order is sent again.
    ``callbacks`` are our URLs by kind, with the connection's token."""

    campaign: str | None
    name: str | None
    options: Mapping[str, Any]
    leads: Sequence[Lead]
    key: str
    callbacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def existing(self) -> str:
        """The campaign, for a dialer that makes none. Raises Refused."""
        if self.campaign is None:
            raise Refused("campaign", "No campaign is named, and the dialer makes none.")
        return self.campaign


# What can be wrong with it: found out before anything is sent ------------------------------------------------------------
class CannotDo(ValueError):
    """The dialer does not offer this; the message says so."""


class Refused(ValueError):
    """What was asked for is wrong. ``field`` names where: ``timezone``, ``options.maxRetries``."""

    def __init__(self, where: str, sentence: str):
        super().__init__(sentence)
        self.field = where


class BadList(ValueError):
    """A list of leads cannot be taken. ``row`` is None where all of it is meant; ``field`` where one can be named."""

    def __init__(self, sentence: str, row: int | None = None, field: str | None = None):
        super().__init__(sentence)
        self.row = row
        self.field = field


class BadJson(BadList):
    """What should be a list of leads in JSON is no JSON, or no object."""


class BadLeads(ValueError):
    """Rows of a list at fault: ``[{"row", "field", "message"}]``. ``more`` says that there are others; ``doubts`` are those of
    the rows that were taken, ``[{"row", "number", "number_raw", "doubts"}]``."""

    def __init__(
        self, faults: list[dict[str, Any]], more: bool, doubts: Sequence[Mapping[str, Any]] = (), done: str = "sent"
    ):
        found = texts.many(len(faults), "fault")
        super().__init__(f"{'More than ' if more else ''}{found} in the list; nothing was {done}.")
        self.faults = faults
        self.more = more
        self.doubts = doubts


def to_be_called(value: object, default_country: str | None) -> phone.Number:
    """The number that is to be called, with what is doubtful about it. Raises Refused: what is not at least a full number
    of its plan is not dialled, and neither is what can be read in two ways."""
    found = phone.read(value, default_country) if len(str(value)) <= LONGEST_NUMBER else None
    if found is not None and not (writing.FRACTION in found.doubts and found.number.endswith(LOST)):
        return found
    if found is not None:
        raise Refused(
            "number", "A number with a fraction and zeros at its end: its last digits may be lost. Write text."
        )
    if default_country is None:
        at_home = "; the connection has no default_country, so it must be international"
    else:
        at_home = f" from {default_country}"
    if phone.is_short(value, default_country):
        raise Refused("number", f"Not a full number: it has too few digits to be called{at_home}.")
    raise Refused("number", f"Not a telephone number that can be called{at_home}.")


# What comes of it -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Verdict:
    """What the dialer said of one lead. ``dialer_id`` is its own name for it, where it tells one."""

    state: str = ACCEPTED  # or REJECTED
    reason: str | None = None
    dialer_id: str | None = None


@dataclass(frozen=True)
class Sent:
    """The answer to an order: a verdict for each of its leads, in their order; the new campaign's id, where it is told."""

    verdicts: Sequence[Verdict]
    campaign: str | None = None


@dataclass(frozen=True)
class Pace:
    """So many requests in so many seconds, at most."""

    requests: int
    seconds: float


# By what a lead that the dialer has is named to it, where it is to be taken out.
LISTED = "listed"  # by the id under which its own list of leads has it
TOLD = "told"  # by the id that it told when it took the lead
CALLED = "called"  # by the id of a call of it that is not over


@dataclass(frozen=True)
class TakingOut:
    """How a lead that the dialer has is taken out again: by the act ``act``, to which ``given`` names it, ``by`` one of LISTED,
    TOLD and CALLED. ``named(campaign, id)`` is what the act takes of a lead that is TOLD. ``over`` are statuses of a list in
    which a lead is not called any more. Asked for twice it must do no harm."""

    act: str
    given: str
    by: str
    named: Callable[[str | None, str], str] = lambda campaign, dialer_id: dialer_id
    over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leads:
    """How a dialer takes leads.

    ``check(connection, campaign, lead, options)`` is pure and raises ``Refused`` for a lead that must not be sent: it is
    asked about every lead before the first one is sent. ``campaign`` is None for a new one.
    ``shown(connection, order)`` is pure: the request that ``send`` would make, as ``{"method", "path", "query"?, "body"?}``
    without credentials; where several requests are made, a list of them.
    ``send(client, connection, order)`` makes it. Raises what stands in ``lib.http.errors``: ``CredentialsRefused`` (the load
    is parked), ``Unavailable`` (the dialer did not take it for sure: could not be connected to, 429, 503; it is sent again),
    ``Declined`` or ``AskedWrongly`` (every lead of the order is rejected for this reason), ``Uncertain`` (it is not sent
    again unless the dialer knows keys).
    ``pace(connection)`` is what the dialer allows in all, other requests included.
    ``most`` leads fit into one order; ``most_new`` into one that makes a campaign (None: it cannot make one).
    ``appends`` says why leads cannot be added to a campaign that exists; None where they can.
    ``knows_keys``: an order that is sent twice with one key is taken once.
    ``apart``: no two leads with one number are in one order: its answer tells of them by their places, and no page says whether
    equal numbers have two.
    ``fixed(connection, leads, options)`` is pure: the options of the load with what follows from all its leads and must be
    the same in each of its orders. Raises ``Refused``. None where an order needs to know nothing of the others.
    ``listed``: which report lists those that the dialer has, each with its status; None where none does.
    ``takes_out``: how one that it has is taken out again; None where it cannot be.
    ``named(campaign)`` is the id by which its calls name the campaign that leads are loaded into; None where they do not.
    """

    check: Callable[[Connection, str | None, Lead, Mapping[str, Any]], None]
    shown: Callable[[Connection, Order], Any]
    send: Callable[[AnyClient, Connection, Order], Sent]
    pace: Callable[[Connection], Pace]
    options: type[Schema]
    most: int = 1
    most_new: int | None = None
    appends: str | None = None
    knows_keys: bool = False
    apart: bool = False
    fixed: Callable[[Connection, Sequence[Lead], Mapping[str, Any]], dict[str, Any]] | None = None
    named: Callable[[str], str | None] = lambda campaign: campaign
    listed: str | None = None
    takes_out: TakingOut | None = None


class _Numbered(Protocol):
    @property
    def number(self) -> str: ...


Numbered = TypeVar("Numbered", bound=_Numbered)


def one_of_each(leads: Iterable[Numbered]) -> list[Numbered]:
    """Of leads with one number the first; the others go in later orders."""
    found: dict[str, Numbered] = {}
    for lead in leads:
        found.setdefault(lead.number, lead)
    return list(found.values())


# Commands and single writes -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Control:
    """Commands to a campaign. ``commands`` maps our words (start pause resume stop reload remove) to the dialer's own;
    ``run(client, connection, campaign, word)`` sends one and returns the dialer's answer. Raises as ``Act.run``."""

    commands: Mapping[str, str]
    run: Callable[[AnyClient, Connection, str, str], Any]


@dataclass(frozen=True)
class Act:
    """One thing that the dialer does at once. ``given`` is checked by the schema, which names what is needed.

    ``run(client, connection, given)`` returns the dialer's answer as JSON. Raises ``Refused`` before anything is sent,
    ``Declined`` with the dialer's reason, ``CredentialsRefused``, ``Unavailable``, ``Uncertain``.
    """

    given: type[Schema]
    run: Callable[[AnyClient, Connection, Mapping[str, Any]], Any]


# The acts that there are, by name; a dialer offers some of them.
START_CALL = "start_call"  # agent, campaign, number, name -> call_id, attempt_id
END_CALL = "end_call"  # call, attempt, disposition, notes
CANCEL_CALL = "cancel_call"  # call
SET_LEAD_STATUS = "set_lead_status"  # lead, status
DELETE_LEAD = "delete_lead"  # lead
SET_VOICEMAIL = "set_voicemail"  # call
LIST_IVRS = "list_ivrs"  # nothing
SHOW_CAMPAIGN = "show_campaign"  # campaign
ACTS = (START_CALL, END_CALL, CANCEL_CALL, SET_LEAD_STATUS, DELETE_LEAD, SET_VOICEMAIL, LIST_IVRS, SHOW_CAMPAIGN)
