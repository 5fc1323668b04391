"""What QVoice is given: leads for its campaigns, and single writes.

docs.qvoice.net, "Campaigns": "Add Lead to campaign", "Set lead status", "Delete Lead", "Set call disposition to voicemail". One
lead per request; the answer names no id, and there is no key: nothing may be sent twice.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import Schema, ValidationError, fields, validate

from dialers import lead_names
from dialers.base import Connection
from dialers.giving import (
    DELETE_LEAD,
    LISTED,
    SET_LEAD_STATUS,
    SET_VOICEMAIL,
    Act,
    Lead,
    Leads,
    Order,
    Pace,
    Refused,
    Sent,
    TakingOut,
    Verdict,
)
from dialers.qvoice import words
from dialers.qvoice.api import Client
from lib import phone
from lib.whole_numbers import Whole

CAMPAIGNS = "/api/v2/config/campaigns"

NUMBER_FORMS = {
    "e164": lambda number: number,
    "digits": lambda number: number.removeprefix("+"),
    "national": phone.national,
}
NEVER = {  # of a lead, what the documented body has no field for
    "timezone": "QVoice knows no time zones of leads; the campaign has one.",
    "agents": "QVoice chooses the agents by the campaign's queue.",
    "fields": "QVoice takes no fields of your own; there are ticket_id (the reference) and note.",
}


class Options(Schema):
    """Options of a load, or of one lead, which win."""

    retries = Whole(validate=validate.Range(0, 1_000))
    type = fields.Str(validate=validate.Length(1, 200))
    cool_off = Whole(validate=validate.Range(0, 10_000_000))


def _id() -> fields.Str:
    # An HTTP client takes "." and ".." in a path as steps, quoted or not, and another thing would be deleted.
    possible = [validate.Length(1, 200), validate.NoneOf((".", ".."), error="Not an id.")]
    return fields.Str(required=True, validate=possible)


class OneLead(Schema):
    lead = _id()


class LeadStatus(OneLead):
    status = _id()


class OneCall(Schema):
    call = _id()


# Leads ----------------------------------------------------------------------------------------------------------------
def check(connection: Connection, campaign: str | None, lead: Lead, options: Mapping[str, Any]) -> None:
    """Raises Refused."""
    if campaign in (".", ".."):
        raise Refused("campaign", "Not a campaign's id.")
    for name, sentence in NEVER.items():
        if getattr(lead, name):
            raise Refused(name, sentence)
    lead_names.check_parts(lead)
    home = connection.default_country
    if _form(connection) == "national" and home and not phone.is_of(lead.number, home):
        raise Refused("number", f"Is not of {home}, and lead_number_form sends numbers without their country's code.")
    _own(lead)


def shown(connection: Connection, order: Order) -> dict[str, Any]:
    (lead,) = order.leads
    return {"method": "PUT", "path": _path(order), "body": _body(connection, lead, order.options)}


def send(client: Client, connection: Connection, order: Order) -> Sent:
    (lead,) = order.leads
    client.tell("PUT", _path(order), _body(connection, lead, order.options))
    return Sent([Verdict()])


def pace(connection: Connection) -> Pace:
    return Pace(connection.settings.get("requests_per_minute") or 300, 60.0)


def _path(order: Order) -> str:
    return f"{CAMPAIGNS}/{quote(order.existing, safe='')}/lead"


def _body(connection: Connection, lead: Lead, options: Mapping[str, Any]) -> dict[str, Any]:
    """The documented fields, those that are given. A whole name is not split: who could tell where?"""
    whole = lead.name if not (lead.first_name or lead.last_name) else None
    found = {
        "number": NUMBER_FORMS[_form(connection)](lead.number),
        "first_name": lead.first_name or whole,
        "last_name": lead.last_name,
        "priority": lead.priority,
        "ticket_id": lead.reference,
        "note": lead.note,
        **options,
        **_own(lead),
    }
    return {name: value for name, value in found.items() if value is not None}


def _form(connection: Connection) -> str:
    return connection.settings.get("lead_number_form") or "e164"


def _own(lead: Lead) -> dict[str, Any]:
    try:
        return dict(Options().load(lead.options))
    except ValidationError as error:
        name, sentences = next(iter(error.messages_dict.items()))
        raise Refused(f"options.{name}", sentences[0]) from None


LEADS = Leads(
    check=check,
    shown=shown,
    send=send,
    pace=pace,
    options=Options,
    listed=words.LEADS,
    takes_out=TakingOut(DELETE_LEAD, "lead", LISTED, over=("success",)),
)


# Single writes --------------------------------------------------------------------------------------------------------
def set_lead_status(client: Client, connection: Connection, given: Mapping[str, str]) -> Any:
    lead, status = (quote(given[name], safe="") for name in ("lead", "status"))
    return client.tell("POST", f"{CAMPAIGNS}/leads/{lead}/status/{status}")


def delete_lead(client: Client, connection: Connection, given: Mapping[str, str]) -> Any:
    return client.tell("DELETE", f"{CAMPAIGNS}/leads/{quote(given['lead'], safe='')}")


def set_voicemail(client: Client, connection: Connection, given: Mapping[str, str]) -> Any:
    return client.tell("PUT", f"{CAMPAIGNS}/call/{quote(given['call'], safe='')}/disposition/voicemail")


ACTS = {
    SET_LEAD_STATUS: Act(LeadStatus, set_lead_status),
    DELETE_LEAD: Act(OneLead, delete_lead),
    SET_VOICEMAIL: Act(OneCall, set_voicemail),
}
