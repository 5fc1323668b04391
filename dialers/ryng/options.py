"""What may be said of a whole load, by Ryng's own names, and where each of it has a meaning."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from dialers.giving import Order, Refused
from dialers.ryng import custom_fields
from lib.whole_numbers import Whole

QUEUE = "queue:"  # before a queue's id, where a campaign's id could stand
IN_FILE = "in-file"

# The four requests that take leads, as sentences name them.
NEW_CAMPAIGN, CAMPAIGN, NEW_QUEUE, OLD_QUEUE = "a new campaign", "a campaign", "a new queue", "a queue that exists"
QUEUES = (NEW_QUEUE, OLD_QUEUE)
ONLY = {
    "description": (NEW_QUEUE,),
    "outputToLSQ": (NEW_QUEUE,),
    "maxDisposeTime": (NEW_QUEUE,),
    "maxDispose": (OLD_QUEUE,),  # the same, under the name that its page gives it
    "campaignID": QUEUES,
    "legDirection": QUEUES,
    "maxRetries": QUEUES,
    "retryInterval": QUEUES,
    "transactional": (OLD_QUEUE,),
    "number_header": (NEW_CAMPAIGN, CAMPAIGN),
    "agents_header": (NEW_CAMPAIGN, CAMPAIGN),
}
SENT = ("description", "legDirection", "maxRetries", "retryInterval", "maxDisposeTime", "maxDispose", "outputToLSQ")


class Options(Schema):
    """Options of a load. What Ryng names is in Ryng's spelling, what it has no name for in ours."""

    kind = fields.Str(load_default="campaign", validate=validate.OneOf(("campaign", "queue")))  # of a new one
    form = fields.Str(load_default="json", validate=validate.OneOf(("json", "csv")))
    without_callbacks = fields.Bool(load_default=False)
    transactional = fields.Bool()
    agentMapping = fields.Str(validate=validate.OneOf(("global", "inline", "all-agents")))
    agents = fields.List(fields.Str(validate=validate.Length(1, 200)), validate=validate.Length(1, 1_000))
    customFieldNames = fields.Dict(keys=fields.Str(), values=fields.Str(validate=validate.Length(1, 200)))
    campaignID = Whole(validate=validate.Range(1, 10**18 - 1))  # in customerData; a queue can go by a campaign
    description = fields.Str(validate=validate.Length(max=2_000))
    legDirection = fields.Str(validate=validate.OneOf(("agent-first", "customer-first")))
    maxRetries = Whole(validate=validate.Range(0, 1_000))
    retryInterval = Whole(validate=validate.Range(0, 1_000_000))  # minutes
    maxDisposeTime = Whole(validate=validate.Range(0, 1_000_000))  # seconds
    maxDispose = Whole(validate=validate.Range(0, 1_000_000))  # seconds
    outputToLSQ = fields.Bool()
    number_header = fields.Str(validate=validate.Length(1, 200))  # of the sheet's column
    agents_header = fields.Str(validate=validate.Length(1, 200))

    @validates_schema
    def _agents_and_mapping(self, given: dict[str, Any], **_: Any) -> None:
        # The page says "required if agentMapping set to implicit", and knows no such mode: global is meant.
        if (given.get("agentMapping") == "global") != ("agents" in given):
            raise ValidationError("Given with agentMapping global, and only with it.", "agents")

    @validates_schema
    def _headers(self, given: dict[str, Any], **_: Any) -> None:
        headers = given.get("customFieldNames", {})
        if wrong := [key for key in headers if not custom_fields.is_key(key)]:
            raise ValidationError(f"{wrong[0]!r} is none of customField1Name to customField8Name.", "customFieldNames")
        if len(set(headers.values())) < len(headers):
            raise ValidationError("Two of them have the same header.", "customFieldNames")


def target(campaign: str | None, options: Mapping[str, Any]) -> str:
    """Which of the four requests it is."""
    if campaign is None:
        return NEW_QUEUE if options["kind"] == "queue" else NEW_CAMPAIGN
    return OLD_QUEUE if campaign.startswith(QUEUE) else CAMPAIGN


def campaign_has_agents(campaign: str | None, options: Mapping[str, Any]) -> bool:
    """Whether agents may be left to a campaign: of inline the page says "from the agentsAssigned parameter within jsonData, or
    from within the selected campaign". A sheet has its own column for them."""
    return options["form"] == "json" and (target(campaign, options) == CAMPAIGN or "campaignID" in options)


def check(order: Order) -> None:
    """What depends on the whole order. Raises Refused."""
    options, where = order.options, target(order.campaign, order.options)
    if order.campaign is not None and not _is_id(order.campaign.removeprefix(QUEUE)):
        raise Refused("campaign", f"Ryng's ids are whole numbers; a queue's is given as {QUEUE}2.")
    if order.campaign is not None and options["kind"] == "queue":
        raise Refused("options.kind", f"Only for a new one; leads for a queue go to {QUEUE}<its id>.")
    for name, wheres in ONLY.items():
        if name in options and where not in wheres:
            raise Refused(f"options.{name}", f"Ryng takes this for {' and '.join(wheres)} only.")
    if options.get("transactional") and len(order.leads) > 1:
        raise Refused("options.transactional", f"It takes one lead; these are {len(order.leads)}.")
    if options["form"] == "csv":
        _check_sheet(order, where)
    elif found := [name for name in ("number_header", "agents_header") if name in options]:
        raise Refused(f"options.{found[0]}", "Only for form csv.")


def _check_sheet(order: Order, where: str) -> None:
    options = order.options
    if where in QUEUES:
        raise Refused("options.form", "Ryng takes sheets for campaigns only.")
    if not options["without_callbacks"]:
        raise Refused(
            "options.without_callbacks",
            "A sheet can name no callback URLs, so no outcome would arrive from these calls. Say true if that is wanted.",
        )
    if len(order.leads) == 1 and options.get("agentMapping", "all-agents") == "all-agents":
        raise Refused("options.agents", "Ryng asks for agents where a sheet has one lead only.")
    if options.get("agentMapping") == "inline" and "agents_header" not in options:
        raise Refused("options.agents_header", "Ryng's pages do not say how the column of agents is called: name it.")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
