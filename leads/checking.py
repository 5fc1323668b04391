"""Checking leads before anything is sent: numbers, names, and what the dialer itself asks for. All or nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import RAISE, ValidationError

from dialers.base import Connection
from dialers.giving import BadLeads, BadList, Lead, Refused
from dialers.lead_fields import LONGEST, LeadFields
from dialers.registry import DIALERS
from leads.files import Row
from lib import ids, phone
from lib import text as texts
from lib.complaints import first

LONGEST_NUMBER = 200  # with all that people write around it
MOST_NESTED = 50  # lists and objects within each other; no dialer's fields have five
MOST_FAULTS = 50  # shown of a list; more help nobody


@dataclass
class Checked:
    """A list that may be sent. ``repeated`` maps a number that stands there several times to its rows."""

    leads: list[Lead] = field(default_factory=list)
    repeated: dict[str, list[int]] = field(default_factory=dict)


def check_options(connection: Connection, options: Mapping[str, Any]) -> dict[str, Any]:
    """The load's own options, as the dialer's schema reads them. Raises Refused."""
    check_storable(options, "options")
    try:
        return DIALERS[connection.dialer].leads.options(unknown=RAISE).load(dict(options))
    except ValidationError as error:
        where, sentence = first(error.messages)
        raise Refused(f"options.{where}" if where else "options", sentence) from None


def check(connection: Connection, campaign: str | None, rows: Iterable[Row], options: Mapping[str, Any]) -> Checked:
    """Every lead of the list, as it will be sent. Raises BadLeads, with every fault that was found, and BadList."""
    found, faults, places, schema = Checked(), [], {}, LeadFields(unknown=RAISE)
    dialer = DIALERS[connection.dialer]
    for at, row in rows:
        try:
            for name, value in row.items():
                check_storable(value, name)
            lead = _lead(connection, schema.load(row))
            dialer.leads.check(connection, campaign, lead, options)
        except ValidationError as error:
            where, sentence = first(error.messages)
            faults.append({"row": at, "field": where, "message": sentence})
        except Refused as error:
            if error.field == "campaign":  # no row of the list is at fault
                raise
            faults.append({"row": at, "field": error.field, "message": str(error)})
        else:
            found.leads.append(lead)
            places.setdefault(lead.number, []).append(at)
        if len(faults) > MOST_FAULTS:
            raise BadLeads(faults[:MOST_FAULTS], more=True)
    if faults:
        raise BadLeads(faults, more=False)
    if not found.leads:
        raise BadList("The list is empty.", field="leads")
    found.repeated = {number: at for number, at in places.items() if len(at) > 1}
    return found


def _lead(connection: Connection, given: dict[str, Any]) -> Lead:
    raw = given.pop("number")
    if isinstance(raw, float):
        raise Refused("number", "A number must be text: as a JSON number with a fraction its digits are lost.")
    number = phone.e164(raw, connection.default_country) if len(str(raw)) <= LONGEST_NUMBER else None
    if number is None:
        raise Refused("number", f"Not a telephone number that can be called{_country(connection)}.")
    own = {name: text(value, f"fields.{name}") for name, value in given.pop("fields", {}).items()}
    given = {name: value for name, value in given.items() if value not in (None, "", [], {})}
    given["agents"] = tuple(given.get("agents", ()))
    return Lead(number=number, number_raw=str(raw), mark=str(ids.new()), fields=own, **given)


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
            _check_storable(item, f"{where}.{name}", whole, deeper - 1)
    elif isinstance(value, list):
        for item in value:
            _check_storable(item, where, whole, deeper - 1)


def _country(connection: Connection) -> str:
    if connection.default_country:
        return f" from {connection.default_country}"
    return "; the connection has no default_country, so it must be international"


def text(value: Any, where: str) -> str:
    """A value of the tenant's own, as text. Raises Refused."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int) and len(str(value)) <= LONGEST:
        return str(value)
    raise Refused(where, f"Must be text of {LONGEST} characters at most.")
