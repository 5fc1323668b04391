"""Leads into Power Dialer campaigns: one row per request, and no word of it in the answer but that it was taken.

help.ringostat.com, "Ringostat API: Power Dialer Campaign Content". Campaigns are made in the cabinet, not over the API.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from dialers import lead_names
from dialers.base import Connection
from dialers.giving import REJECTED, Lead, Leads, Order, Pace, Refused, Sent, Verdict
from dialers.ringostat.api import ROWS, Client
from lib import text as texts
from lib.http.errors import Uncertain
from lib.http.exchange import Answer, verdict

WHAT = f"POST {ROWS}"
LONGEST_REASON = 300
REFUSALS = (400, 404, 409, 422)  # where the body may say why

# What a row has no place for. The reference is kept by us.
NO_PLACE = ("priority", "timezone", "agents", "note", "fields", "options")


class Options(Schema):
    """Ringostat knows none."""


def check(connection: Connection, campaign: str | None, lead: Lead, options: Mapping[str, Any]) -> None:
    """Raises Refused for what a row cannot say: left out silently it would look as if it had been sent."""
    _campaign_id(campaign)
    for name in NO_PLACE:
        value = getattr(lead, name)
        if value is not None and value != () and value != {}:
            raise Refused(name, f"Ringostat takes a name and a number of each lead; it has no place for {name}.")
    lead_names.check_whole(lead)


def shown(connection: Connection, order: Order) -> dict[str, Any]:
    (lead,) = order.leads
    return {"method": "POST", "path": ROWS, "body": _row(connection, order.campaign, lead)}


def send(client: Client, connection: Connection, order: Order) -> Sent:
    (lead,) = order.leads
    answer = client.add_row(_row(connection, order.campaign, lead))
    return Sent([_verdict(answer, client.host, str(connection.settings["auth_key"]))])


def pace(connection: Connection) -> Pace:
    return Pace(int(connection.settings["requests_per_minute"]), 60.0)


def _row(connection: Connection, campaign: str | None, lead: Lead) -> dict[str, Any]:
    number = lead.number if connection.settings.get("phone_plus") else lead.number.removeprefix("+")
    fio = lead.name or " ".join(name for name in (lead.first_name, lead.last_name) if name)
    return {"campaignId": _campaign_id(campaign), "fio": fio, "phone_number": number}


def _campaign_id(campaign: str | None) -> int:
    if campaign is None or not campaign.isascii() or not campaign.isdigit() or len(campaign) > 18:
        raise Refused(
            "campaign", "A campaign of Ringostat's is a whole number: editCampaign in the URL of its numbers."
        )
    return int(campaign)


def _verdict(answer: Answer, host: str, secret: str) -> Verdict:
    """``{"result": true}`` is documented; that a refusal is ``false`` or says an error is not. Raises a ExchangeError."""
    found = answer.said()
    said: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    if answer.status in REFUSALS:
        reason = _reason(said)
        if reason:
            return Verdict(REJECTED, reason.replace(secret, "***"))
    verdict(answer, host, WHAT)
    if said.get("result") is True:
        return Verdict()
    reason = _reason(said)
    if said.get("result") is False or reason:
        return Verdict(REJECTED, (reason or "Ringostat refused it and gave no reason.").replace(secret, "***"))
    raise Uncertain(f"{host} answered {WHAT} with something that its documentation does not show.")


def _reason(said: Mapping[str, Any]) -> str | None:
    """The sentence of a refusal, wherever it stands; without what no table can hold."""
    for name in ("error", "message", "errors"):
        value = said.get(name)
        while isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, Mapping):
            value = value.get("message")
        if isinstance(value, str) and value.strip():
            return str(texts.clean(value.strip()))[:LONGEST_REASON]
    return None


LEADS = Leads(check=check, shown=shown, send=send, pace=pace, options=Options)
