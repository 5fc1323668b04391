"""What is said towards the dialers, and answered."""

from marshmallow import Schema, fields, validate

from dialers.lead_fields import LeadFields
from models.loads import LOAD_STATES
from web.schemas.described import following, members, number, our_id, text, time

COMMANDS = ("start", "pause", "resume", "stop", "reload", "remove")
DECISIONS = ("resend", "accepted", "rejected")
STATES = ("pending", "accepted", "rejected", "unknown")


class NewLeads(Schema):
    leads = fields.List(fields.Nested(LeadFields), required=True, metadata={"description": "100,000 at most."})
    options = fields.Dict(
        keys=fields.Str(), metadata={"description": "The dialer's own fields for the request.", "example": {}}
    )


class NewCampaign(NewLeads):
    name = fields.Str(validate=validate.Length(1, 500), metadata={"description": "Its name.", "example": "Renewals"})


class Doubt(Schema):
    row = number("Its row in the list, from 1.", 3)
    number = text("E.164, as it is called.", "+380935550001", null=False)
    number_raw = text("As it was given.", "0935550001.0", null=False)
    doubts = fields.List(
        fields.Str(
            metadata={"description": "One of them.", "example": "What stood after the decimal point was dropped."}
        ),
        required=True,
        metadata={"description": "What is doubtful about the reading, in sentences."},
    )


class Suppressed(Schema):
    row = number("Its row in the list, from 1.", 4)
    number = text("E.164.", "+420601234567", null=False)
    reason = text("Why it is not called.", "Suppressed: asked for it in writing", null=False)


class Noticed(Schema):
    """What is no fault of the list, and what somebody may want to look at."""

    repeated = members("Numbers that stand in the list several times, with their rows.", {"+420601234567": [1, 7]})
    doubtful = number("How many leads have a number of which something is doubtful.", 1)
    doubts = fields.List(fields.Nested(Doubt), required=True, metadata={"description": "The first 1,000 of them."})
    suppressed = number("How many leads have a number that must not be called: they are rejected, and not sent.", 1)
    suppressions = fields.List(
        fields.Nested(Suppressed), required=True, metadata={"description": "The first 1,000 of them."}
    )


class Begun(Noticed):
    load_id = our_id("Of the load.")
    campaign_id = text("The campaign; null where it is being made.", "6541")


class WouldSend(Noticed):
    leads = number("How many leads.", 2)
    requests = number("How many requests.", 1)
    shown = fields.List(
        fields.Raw(metadata={"description": "One request, or those that belong together."}),
        required=True,
        metadata={"description": "The first of the requests, without credentials."},
    )


class Counts(Schema):
    pending = number("Not sent yet, or not answered yet.", 3)
    accepted = number("Taken by the dialer.", 90)
    rejected = number("Refused by the dialer.", 6)
    # marshmallow takes fields out of the class, so the schema's own ``unknown`` and ``loads`` stay.
    unknown = number("Sent, and nobody can tell whether they were taken.", 1)  # type: ignore[assignment]


class LoadedLead(Schema):
    id = our_id("Its id, which `loaded_lead` of outcomes and of counted leads names.")
    row = number("Its row in the list, from 1.", 1)
    number = text("E.164.", "+420601234567", null=False)
    reference = text("Your own name for it.", "crm-88213")
    state = text("What became of it.", "accepted", null=False, choices=STATES)
    reason = text("The dialer's reason.", "number blocked")
    dialer_id = text("The dialer's id of it, where it tells one.", "14")
    sent_at = time("When its request left.")


class LoadHead(Schema):
    id = our_id("Of the load.")
    connection = text("The connection.", "ryng-main", null=False)
    campaign_id = text("The campaign; null where it is being made, or its id is not told.", "6541")
    name = text("The name of a new campaign.", "Renewals")
    state = text("Whether it is under way.", "running", null=False, choices=LOAD_STATES)
    reason = text("Why it is parked, or what it waits for.", "The dialer allows no more requests now.")
    total = number("All its leads.", 100)
    created_at = time("When it was given.", null=False)
    finished_at = time("When the last lead had its end.")
    counts = fields.Nested(Counts, required=True)


class Load(LoadHead):
    leads = fields.List(fields.Nested(LoadedLead), required=True)
    next = following()


class Loads(Schema):
    loads = fields.List(fields.Nested(LoadHead), required=True)  # type: ignore[assignment]  # see Counts
    next = following()


class Decision(Schema):
    decision = fields.Str(
        required=True,
        validate=validate.OneOf(DECISIONS),
        metadata={"description": "`resend` may have somebody called twice.", "example": "rejected"},
    )


class Decided(Schema):
    decided = number("How many leads were unknown until now.", 1)


class Command(Schema):
    command = fields.Str(
        required=True, validate=validate.OneOf(COMMANDS), metadata={"description": "What to do.", "example": "pause"}
    )


class LeadStatus(Schema):
    status = fields.Str(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "By the dialer's own word.", "example": "success"},
    )


class NewCall(Schema):
    number = fields.Str(required=True, metadata={"description": "The customer's.", "example": "+919812345678"})
    agent = fields.Str(required=True, metadata={"description": "The dialer's id of the agent.", "example": "67131"})
    campaign = fields.Str(required=True, metadata={"description": "The dialer's id of the campaign.", "example": "24"})
    name = fields.Str(metadata={"description": "The customer's name.", "example": "Asha"})


class EndOfCall(Schema):
    attempt = fields.Str(required=True, metadata={"description": "The attempt's id.", "example": "49"})
    disposition = fields.Str(required=True, metadata={"description": "The tenant's word.", "example": "Interested"})
    notes = fields.Str(load_default="", metadata={"description": "For the record.", "example": "Wants a quote."})


class Answered(Schema):
    answer = fields.Raw(
        required=True, allow_none=True, metadata={"description": "The dialer's own answer.", "example": {}}
    )
