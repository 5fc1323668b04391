"""What VoIPEX is given: campaigns with their call lists, and commands to them. IpexCloud/voipex-docs, "Dialer".

A new campaign takes two requests, the list of numbers and the campaign that calls it. Neither carries a key: where an answer
does not come, nobody can tell whether the request was taken.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import Schema

from dialers.base import Connection
from dialers.fields import text, whole
from dialers.giving import Act, Control, Lead, Leads, Order, Pace, Refused, Sent, Verdict
from dialers.voipex.api import Client
from dialers.voipex.options import Options
from lib import rawjson
from lib import text as texts
from lib.http.errors import CredentialsRefused, Declined, Garbled, Unavailable, Uncertain

LISTS_PATH = "/dialer/call-lists"
CAMPAIGNS_PATH = "/dialer/campaigns"
IVRS_PATH = "/ivr"

APPENDS = (
    "VoIPEX documents no way to add numbers to a campaign that exists. Make a campaign with its leads instead: "
    "POST /api/v1/campaigns/<connection>, or wrapup leads load --new."
)
# A call list has numbers and "attributes", of which only an empty list was ever shown.
NO_PLACE = ("name", "first_name", "last_name", "priority", "timezone", "agents", "note", "options")
MOST_UNUSED = 100  # lists without a campaign that are remembered
LONGEST_ID = 18  # digits of one that is a number

NATIONAL, INTERNATIONAL, DIGITS = "national", "e164", "digits"
NUMBER_FORMS = (NATIONAL, INTERNATIONAL, DIGITS)
CZECH = "+420"


def check(connection: Connection, campaign: str | None, lead: Lead, options: Mapping[str, Any]) -> None:
    """Raises Refused: a number is all that a call list is known to hold."""
    for name in NO_PLACE:
        if getattr(lead, name):
            raise Refused(name, f"A call list of VoIPEX holds numbers only; it has no documented place for {name}.")
    given = next((name for name, value in lead.fields.items() if value), None)
    if given is not None:
        raise Refused(
            f"fields.{given}", "A call list of VoIPEX holds numbers only: what its attributes hold is not public."
        )


def shown(connection: Connection, order: Order) -> list[dict[str, Any]]:
    """Both requests; the id of the list is known when it has been made."""
    return [
        {"method": "POST", "path": LISTS_PATH, "body": _list(connection, order)},
        {"method": "POST", "path": CAMPAIGNS_PATH, "body": _campaign(order, "<id of the list>")},
    ]


def send(client: Client, connection: Connection, order: Order) -> Sent:
    """Make the list, then the campaign."""
    numbers = _list(connection, order)
    # Where the campaign was refused for the moment, the order comes again: its list is there already.
    mark = hashlib.sha256(json.dumps(numbers).encode()).hexdigest()
    list_id = client.unused_lists.pop(mark, None) or _made_list(client, numbers)
    try:
        answer = client.tell("POST", CAMPAIGNS_PATH, _campaign(order, _number(list_id)))
    except (Unavailable, CredentialsRefused):
        if len(client.unused_lists) < MOST_UNUSED:
            client.unused_lists[mark] = list_id
        raise
    except Declined as error:
        raise Declined(f"{error} The call list {list_id} was made and is used by no campaign.") from None
    except Uncertain as error:
        raise Uncertain(f"{error} The call list {list_id} was made.") from None
    campaign = _id(answer)
    if campaign is None:
        raise Uncertain(f"VoIPEX named no id for the campaign that it was to make of the call list {list_id}.")
    return Sent([Verdict() for _ in order.leads], campaign)


def _made_list(client: Client, numbers: Mapping[str, Any]) -> str:
    try:
        answer = client.tell("POST", LISTS_PATH, numbers)
    except Uncertain as error:
        raise Uncertain(f"{error} At most a call list was made, and no campaign that calls it.") from None
    list_id, sent = _id(answer), len(numbers["numbers"])
    if list_id is None:
        raise Uncertain("VoIPEX named no id for the call list that it was to make; no campaign was made.")
    taken = whole(answer.get("numbersCount"))
    if taken != sent:
        counted = "did not say how many" if taken is None else f"counted {taken}"
        raise Uncertain(
            f"The call list {list_id} was sent with {texts.many(sent, 'number')}, and VoIPEX {counted}; no campaign was made "
            "with it."
        )
    return list_id


def _list(connection: Connection, order: Order) -> dict[str, Any]:
    form = connection.settings.get("number_form") or NATIONAL
    numbers = [{"number": written(lead.number, form), "attributes": []} for lead in order.leads]
    return {"name": _name(order), "numbers": numbers}


def _campaign(order: Order, list_id: int | str) -> dict[str, Any]:
    return {"name": _name(order), **order.options, "callLists": [list_id]}


def _name(order: Order) -> str:
    if not order.name:
        raise Refused("name", "VoIPEX wants a name for every campaign.")
    return order.name


def written(number: str, form: str) -> str:
    """The E.164 number as the account writes numbers. VoIPEX shows nine digits; how it wants those of other countries is not
    documented."""
    if form == INTERNATIONAL:
        return number
    if form == DIGITS:
        return number.removeprefix("+")
    return number.removeprefix(CZECH) if number.startswith(CZECH) else "00" + number.removeprefix("+")


def _id(answer: Any) -> str | None:
    return text(answer.get("id")) if isinstance(answer, dict) else None


def _number(list_id: str) -> int | str:
    """As it came: ids of lists are numbers in the documentation, texts everywhere here."""
    return int(list_id) if len(list_id) <= LONGEST_ID and list_id.isascii() and list_id.isdigit() else list_id


def pace(connection: Connection) -> Pace:
    return Pace(connection.settings["requests_per_minute"], 60.0)


def command(client: Client, connection: Connection, campaign: str, word: str) -> Any:
    """Send one of VoIPEX's commands; its answer."""
    if not campaign.strip("."):
        raise Refused("campaign", "This cannot be the id of a campaign.")
    path = f"{CAMPAIGNS_PATH}/{quote(campaign, safe='')}/control"
    return client.tell("PUT", path, {"command": word}) or {}


def ivrs(client: Client, connection: Connection, given: Mapping[str, Any]) -> Any:
    """The IVR applications, as VoIPEX lists them."""
    try:
        found = rawjson.loads(client.ask(IVRS_PATH))
    except rawjson.NotJson as error:
        raise Garbled(f"The answer to GET {IVRS_PATH} is not JSON: {error}.") from None
    if not isinstance(found, list):
        raise Garbled(f"The answer to GET {IVRS_PATH} is no list.")
    return found


LEADS = Leads(
    check=check,
    shown=shown,
    send=send,
    pace=pace,
    options=Options,
    most=10_000,
    most_new=10_000,
    appends=APPENDS,
)
CONTROL = Control(
    {"start": "start", "pause": "pause", "resume": "unpause", "reload": "reload", "remove": "remove"}, command
)
NOTHING = Schema.from_dict({}, name="Nothing")
LIST_IVRS = Act(NOTHING, ivrs)
