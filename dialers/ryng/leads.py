"""What Ryng is given: leads for campaigns and queues.

docs.ryng.in, "Create Campaign API", "Append Campaign API", "Create a Q", "Append to a Q", "Transactional API". Making a
campaign or a queue answers no id, so all its leads are in that one request. There is no key: nothing may be sent twice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dialers import lead_names
from dialers.base import Connection
from dialers.giving import CALLED, CANCEL_CALL, Lead, Leads, Order, Pace, Refused, Sent, TakingOut, Verdict
from dialers.ryng import custom_fields, sheets
from dialers.ryng import options as load_options
from dialers.ryng.api import BASE, Client, configured
from dialers.ryng.options import QUEUE, QUEUES, SENT, Options
from lib.http.errors import AskedWrongly

MOST, MOST_NEW = 500, 5_000  # no page has a limit; a request should not take longer than its answer is waited for


def check(connection: Connection, campaign: str | None, lead: Lead, options: Mapping[str, Any]) -> None:
    """Raises Refused, and CannotDo where the connection can only receive."""
    configured(connection)
    inline = options.get("agentMapping") == "inline"
    if lead.timezone:
        raise Refused("timezone", "Ryng knows no time zones of customers.")
    if lead.options:
        raise Refused(
            f"options.{next(iter(lead.options))}", "Ryng has no fields of a single lead but those given here."
        )
    if lead.priority is not None and load_options.target(campaign, options) not in QUEUES:
        raise Refused("priority", f"Ryng knows priorities in queues only; a queue's id is given as {QUEUE}2.")
    if inline and not lead.agents and not load_options.campaign_has_agents(campaign, options):
        raise Refused("agents", "With agentMapping inline every lead names its agents, unless a campaign has them.")
    if lead.agents and not inline:
        raise Refused(
            "agents", "Ryng looks at a lead's own agents with agentMapping inline only: say so in the options."
        )
    lead_names.check_whole(lead)
    custom_fields.values(connection, lead)


def fixed(connection: Connection, leads: Sequence[Lead], options: Mapping[str, Any]) -> dict[str, Any]:
    """Each header gets its place once for the whole load: Ryng has no reason to expect another in the next request. Raises
    Refused where there are too many headers."""
    headers = custom_fields.places(connection, leads, options.get("customFieldNames", {}))
    return {**options, "customFieldNames": custom_fields.names(headers)}


def shown(connection: Connection, order: Order) -> dict[str, Any]:
    """The request. Raises Refused where the order as a whole cannot be sent."""
    configured(connection)
    load_options.check(order)
    body = sheets.form(connection, order) if order.options["form"] == "csv" else _body(connection, order)
    return {"method": "POST", "path": BASE + _path(order), "body": body}


def send(client: Client, connection: Connection, order: Order) -> Sent:
    try:
        body = shown(connection, order)["body"]
    except Refused as error:  # leads that are sent again may have come together in another order than was checked
        raise AskedWrongly(f"Nothing was sent: {error}") from None
    content = sheets.parts(body) if order.options["form"] == "csv" else {"json": body}
    client.give("POST", _path(order), **content)
    return Sent([Verdict()] * len(order.leads))


def pace(connection: Connection) -> Pace:
    return Pace(connection.settings.get("requests_per_minute") or 60, 60.0)


def _path(order: Order) -> str:
    if order.campaign is None:
        return "/progressive/queue" if order.options["kind"] == "queue" else "/campaign"
    if not order.campaign.startswith(QUEUE):
        return f"/campaign/{order.campaign}"
    last = "transactional" if order.options.get("transactional") else "calls"
    return f"/progressive/queue/{order.campaign.removeprefix(QUEUE)}/{last}"


def _body(connection: Connection, order: Order) -> dict[str, Any]:
    options = order.options
    headers = custom_fields.places(connection, order.leads, options.get("customFieldNames", {}))
    urls = {} if options["without_callbacks"] else order.callbacks
    selected = {"campaignID": options["campaignID"]} if "campaignID" in options else {}
    customers = {f"{kind}CallbackUrl": urls[kind] for kind in ("connect", "terminal") if kind in urls}
    rows = [_row(connection, lead, headers) for lead in order.leads]
    return {
        **({"name": order.name} if order.name else {}),
        **{name: options[name] for name in ("agentMapping", "agents", *SENT) if name in options},
        "customFieldNames": custom_fields.names(headers),
        "customerData": {**selected, **customers, "jsonData": rows},
    }


def _row(connection: Connection, lead: Lead, headers: Mapping[str, int]) -> dict[str, Any]:
    texts = custom_fields.values(connection, lead) | {custom_fields.MARK: lead.mark}
    return {
        "number": lead.number,
        **({"priority": lead.priority} if lead.priority is not None else {}),
        **({"agentsAssigned": list(lead.agents)} if lead.agents else {}),
        **{f"customField{headers[header]}": text for header, text in texts.items() if header in headers},
    }


LEADS = Leads(
    check=check,
    shown=shown,
    send=send,
    pace=pace,
    options=Options,
    most=MOST,
    most_new=MOST_NEW,
    fixed=fixed,
    named=lambda campaign: None if campaign.startswith(QUEUE) else campaign,
    takes_out=TakingOut(CANCEL_CALL, "call", CALLED),
)
