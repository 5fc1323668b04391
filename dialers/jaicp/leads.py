"""Giving JAICP numbers to call, commands to campaigns, and cancelling.

help.cloud.just-ai.com, "Adding phone numbers to the campaign", "Canceling call jobs", "Calls API". Numbers are added by POST
/addPhones, single ones too: the page prefers it to GET /addPhone, which would put everything about a customer into a URL.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from dialers.base import Connection
from dialers.fields import ident
from dialers.giving import (
    CANCEL_CALL,
    SHOW_CAMPAIGN,
    Act,
    Control,
    Lead,
    Leads,
    Order,
    Pace,
    Refused,
    Sent,
    TakingOut,
    Verdict,
)
from dialers.giving import TOLD as BY_TOLD_ID
from dialers.jaicp.api import Client, check_campaign, job_id, shown_path
from dialers.jaicp.policy import Options, policy
from dialers.jaicp.zones import gmt_zone
from lib import rawjson
from lib import text as texts
from lib.http.errors import AskedWrongly, Uncertain
from lib.http.exchange import asking

ADD = "/addPhones"
CANCEL = "/callJob/cancel"
MOST = 500  # the page allows any number; so many are soon sent again where an answer is lost

MARK = "wrapup_lead"  # in the payload: the script can hand it on to other systems
TOLD = ("name", "first_name", "last_name", "reference", "note")


def check(connection: Connection, campaign: str | None, lead: Lead, options: Mapping[str, Any]) -> None:
    """Raises Refused for a lead that must not be sent."""
    check_campaign(connection.settings["campaigns"], campaign)
    if lead.agents:
        raise Refused("agents", "JAICP's calls are made by a script: there are no agents to name.")
    if lead.priority is not None and not 1 <= lead.priority <= 5:
        raise Refused("priority", "Must be 1 to 5, as JAICP's dialerPriority.")
    if MARK in lead.fields:
        raise Refused(f"fields.{MARK}", "This name is taken: Wrapup's own id of the lead goes under it.")
    for name in TOLD:
        if name in lead.fields and getattr(lead, name) not in (None, lead.fields[name]):
            raise Refused(f"fields.{name}", f"Goes to the script under the same name as the lead's own {name}.")
    _item(connection, lead, options)


def shown(connection: Connection, order: Order) -> dict[str, Any]:
    """The request that ``send`` makes."""
    return {"method": "POST", "path": shown_path(order.existing, ADD), "body": _items(connection, order)}


def send(client: Client, connection: Connection, order: Order) -> Sent:
    """Add the numbers; JAICP answers with a job for each, in their order."""
    if order.campaign not in connection.settings["campaigns"]:
        raise AskedWrongly(f"The settings name no campaign {order.campaign} any more; nothing was sent.")
    body = client.give(order.existing, "POST", ADD, _items(connection, order), order.key)
    try:
        jobs = rawjson.loads(body)
    except rawjson.NotJson:
        jobs = None
    if not isinstance(jobs, list) or len(jobs) != len(order.leads):
        answered = (
            texts.many(len(jobs), "job id") if isinstance(jobs, list) else "something else than a list of job ids"
        )
        added = texts.many(len(order.leads), "number") + (" was" if len(order.leads) == 1 else " were")
        raise Uncertain(f"{added} added, and {answered} came back.")
    try:
        named = [ident(job, "the job's id") for job in jobs]
    except ValueError:
        named = [None]
    if None in named or len(set(named)) != len(named):
        raise Uncertain("JAICP answered with job ids that are none, or with one of them twice.")
    return Sent([Verdict(dialer_id=job) for job in named])


def _items(connection: Connection, order: Order) -> list[dict[str, Any]]:
    return [_item(connection, lead, order.options) for lead in order.leads]


def _item(connection: Connection, lead: Lead, options: Mapping[str, Any]) -> dict[str, Any]:
    digits = lead.number.removeprefix("+")
    own = ({"dialerPriority": lead.priority} if lead.priority is not None else {}) | dict(lead.options)
    told = {name: getattr(lead, name) for name in TOLD if getattr(lead, name) is not None}
    return {
        # The older pages write a JSON number, the newer ones a text.
        "phone": digits if connection.settings.get("phone_as_text") else int(digits),
        **({"gmtZone": gmt_zone(lead.timezone)} if lead.timezone else {}),
        "payload": {**told, **lead.fields, MARK: lead.mark},
        **policy(options, own),
    }


# Commands and single writes -------------------------------------------------------------------------------------------
class _Call(Schema):
    call = fields.Str(required=True, validate=validate.Length(1, 400))


class _Campaign(Schema):
    campaign = fields.Str(required=True)


def run(client: Client, connection: Connection, campaign: str, word: str) -> Any:
    """Send a command to a campaign."""
    return _said(client.give(campaign, "POST", f"/control/{word}"))


def cancel(client: Client, connection: Connection, given: Mapping[str, Any]) -> Any:
    """Cancel a job; the ids of the jobs that were cancelled. Only what was added over the API can be."""
    campaign, job = _named(connection.settings["campaigns"], given["call"])
    return _said(client.give(campaign, "POST", CANCEL, {"ids": [job_id(job)]}))


def show(client: Client, connection: Connection, given: Mapping[str, Any]) -> Any:
    """A campaign's information."""
    with asking():
        return _said(client.ask(given["campaign"], "GET", ""))


def _named(campaigns: Mapping[str, str], call: str) -> tuple[str, str]:
    """(campaign, job) of ``<campaign>:<job>``, ``<campaign>/<job>`` or, where there is one campaign only, ``<job>``."""
    campaign, _, job = call.replace("/", ":").rpartition(":")
    if not campaign and len(campaigns) == 1:
        return next(iter(campaigns)), job
    if campaign not in campaigns or not job:
        known = ", ".join(sorted(campaigns))
        raise Refused("call", f"Must be <campaign>:<job id>, with one of the campaigns {known}.")
    return campaign, job


def _said(body: bytes) -> Any:
    """The answer as JSON; what is none, as text. Raises Uncertain for a web page: it is a proxy's, or another host's."""
    if body.lstrip()[:1] == b"<":
        raise Uncertain("A web page came back, where JAICP answers with JSON or a word. Check api_url.")
    try:
        return rawjson.loads(body) if body.strip() else None
    except rawjson.NotJson:
        return body[:1_000].decode(errors="replace")


LEADS = Leads(
    check=check,
    shown=shown,
    send=send,
    pace=lambda connection: Pace(connection.settings.get("requests_per_minute") or 600, 60.0),
    options=Options,
    most=MOST,
    knows_keys=True,
    apart=True,
    takes_out=TakingOut(CANCEL_CALL, "call", BY_TOLD_ID, lambda campaign, job: f"{campaign}:{job}"),
)
CONTROL = Control({word: word for word in ("start", "pause", "resume", "stop")}, run)
ACTS = {CANCEL_CALL: Act(_Call, cancel), SHOW_CAMPAIGN: Act(_Campaign, show)}
