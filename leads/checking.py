"""Checking leads before anything is sent: numbers, names, and what the dialer itself asks for. All or nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import RAISE, ValidationError

from dialers.base import Connection
from dialers.giving import BadLeads, BadList, CannotDo, Lead, Leads, Refused, to_be_called
from dialers.lead_fields import LONGEST, LeadFields
from dialers.registry import DIALERS
from leads.bounds import Row
from lib import ids
from lib import text as texts
from lib.complaints import LONGEST as LONGEST_SENTENCE
from lib.complaints import LONGEST_NAME, first

MOST_NESTED = 50  # lists and objects within each other; no dialer's fields have five
MOST_FAULTS = 50  # shown of a list; more help nobody


@dataclass
class Checked:
    """A list that may be sent. ``rows`` are the rows of its leads; ``repeated`` maps a number that stands there several times to
    its rows; ``doubts`` has, by row, what somebody may want to look at before it is called."""

    leads: list[Lead] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    repeated: dict[str, list[int]] = field(default_factory=dict)
    doubts: list[dict[str, Any]] = field(default_factory=list)


def taken_by(connection: Connection) -> Leads:
    """How the connection's dialer takes leads. Raises CannotDo."""
    found = DIALERS[connection.dialer].leads
    if found is None:
        raise CannotDo(f"{connection.dialer} takes no leads.")
    return found


def check_options(connection: Connection, options: Mapping[str, Any]) -> dict[str, Any]:
    """The load's own options, as the dialer's schema reads them. Raises Refused."""
    check_storable(options, "options")
    try:
        read: dict[str, Any] = taken_by(connection).options(unknown=RAISE).load(dict(options))
    except ValidationError as error:
        where, sentence = first(error.messages)
        raise Refused(f"options.{where}" if where else "options", sentence) from None
    return read


def check(connection: Connection, campaign: str | None, rows: Iterable[Row], options: Mapping[str, Any]) -> Checked:
    """Every lead of the list, as it will be sent. Raises BadLeads, with every fault that was found, and BadList."""
    found, faults, schema = Checked(), [], LeadFields(unknown=RAISE)
    places: dict[str, list[int]] = {}
    dialer = taken_by(connection)
    for at, row in rows:
        try:
            for name, value in row.items():
                check_storable(value, name)
            lead, doubts = _lead(connection, schema.load(row))
            dialer.check(connection, campaign, lead, options)
        except ValidationError as error:
            where, sentence = first(error.messages)
            faults.append({"row": at, "field": where, "message": sentence})
        except Refused as error:
            if error.field == "campaign":  # no row of the list is at fault
                raise
            faults.append({"row": at, "field": error.field[:LONGEST_NAME], "message": str(error)[:LONGEST_SENTENCE]})
        else:
            found.leads.append(lead)
            found.rows.append(at)
            places.setdefault(lead.number, []).append(at)
            if doubts:
                found.doubts.append(_doubtful(at, lead, doubts))
        if len(faults) > MOST_FAULTS:
            raise BadLeads(faults[:MOST_FAULTS], more=True, doubts=found.doubts)
    if faults:
        raise BadLeads(faults, more=False, doubts=found.doubts)
    if not found.leads:
        raise BadList("The list is empty.", field="leads")
    found.repeated = {number: at for number, at in places.items() if len(at) > 1}
    return found


def _lead(connection: Connection, given: dict[str, Any]) -> tuple[Lead, tuple[str, ...]]:
    """The lead, and what is doubtful about its number."""
    raw = given.pop("number")
    number, doubts = to_be_called(raw, connection.default_country)
    fields = given.pop("fields", None) or {}
    own = {name: text(value, f"fields.{name}") for name, value in fields.items() if value is not None}
    given = {name: value for name, value in given.items() if value not in (None, "", [], {})}
    given["agents"] = tuple(given.get("agents", ()))
    return Lead(number=number, number_raw=str(raw), mark=str(ids.new()), fields=own, **given), doubts


def _doubtful(at: int, lead: Lead, doubts: tuple[str, ...]) -> dict[str, Any]:
    return {"row": at, "number": lead.number, "number_raw": lead.number_raw, "doubts": list(doubts)}


def check_storable(value: Any, where: str) -> None:
    """Every text in the value. Raises Refused where a database could not hold one, or the value is nested too deep."""
    _check_storable(value, where, where, MOST_NESTED)


def _check_storable(value: Any, where: str, whole: str, deeper: int) -> None:
    if isinstance(value, str):
        if not texts.storable(value):
            raise Refused(where, "Holds a character that cannot be stored: NUL, or half of one.")
    elif isinstance(value, Mapping | list) and not deeper:
        raise Refused(whole, f"Is nested more than {MOST_NESTED} times.")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _check_storable(name, where, whole, deeper)
            _check_storable(item, f"{where[:LONGEST_NAME]}.{name[:LONGEST_NAME]}", whole, deeper - 1)
    elif isinstance(value, list):
        for item in value:
            _check_storable(item, where, whole, deeper - 1)


def text(value: Any, where: str) -> str:
    """A value of the tenant's own, as text. Raises Refused."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int) and len(str(value)) <= LONGEST:
        return str(value)
    raise Refused(where, f"Must be text of {LONGEST} characters at most.")
