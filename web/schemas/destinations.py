"""Destinations, and what was written to them."""

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from models.deliveries import DELIVERY_STATES, OPERATIONS
from queries.deliveries import STEERED
from queries.destination_lag import MOST_BEHIND
from queries.destination_states import STATES
from web.schemas.described import following, members, number, our_id, text, time


class ReasonCount(Schema):
    """Deliveries that share a state and a reason."""

    state = text("What became of them.", "refused", null=False, choices=DELIVERY_STATES)
    reason = text("Why, in a word.", "required_field", null=False)
    deliveries = number("How many.", 12)


class Destination(Schema):
    """Where outcomes are written to. All figures are null where no worker has started it yet."""

    name = text("As the settings file calls it.", "sales-hubspot", null=False)
    kind = text("Its kind of CRM.", "hubspot")
    state = text("What it is; the guide says what each means.", "running", null=False, choices=STATES)
    position = number("How far it has followed the change feed.", 48_213, null=True)
    behind = number(
        f"Calls that have changed since and were not looked at yet, counted up to {MOST_BEHIND}; null where it is not followed.",
        0,
        null=True,
    )
    counts = members("Deliveries by state.", dict.fromkeys(DELIVERY_STATES, 0) | {"done": 48_189}, null=True)
    waits_for_person = number("Calls that are held until somebody says whom they belong to.", 9, null=True)
    lag = text("How far it is, in a sentence.", "All but 12 of 48,201 calls are in; 9 wait for a person.", null=False)
    sent_at = time("When the other side last took something.")
    error = text("What went wrong last, in a sentence; null where it went well.", None)
    error_id = text("The same in a word.", None)
    parked_until = time("Where it is parked: nothing is sent before.", None)
    next_at = time("Where it is failing and something waits: when it is tried again.", None)
    paused_at = time("Since when it is paused.", None)
    paused_by = text("Who paused it.", None)
    calls = number("Calls that something is to be there of.", 48_201, null=True)
    calls_in = number("Of these, such as nothing is left to be done about.", 48_189, null=True)
    reasons = fields.List(fields.Nested(ReasonCount), required=True)
    account = text("The CRM's own id of the account that it writes to, where the CRM says it.", "45678901")
    failing_since = time("Nothing that was tried since then was taken or refused.", None)
    since = time("It is sent calls from then on; null: what has changed since it was started.", None)
    started_at = time("When a worker followed the feed for it first.")
    followed_at = time("When a worker last found something new in the feed.")
    counted_seconds_ago = number("How old the counts are; 0: of this moment.", 0, null=True)


class Destinations(Schema):
    destinations = fields.List(fields.Nested(Destination), required=True)


class OneDestination(Schema):
    destination = fields.Nested(Destination, required=True)


class Candidate(Schema):
    """A record of the CRM to which the call may belong."""

    id = text("The CRM's id.", "501", null=False)
    name = text("What it is called there.", "Ravi Kumar")
    url = text("Where a person sees it.", "https://app.hubspot.com/contacts/1/record/0-1/501")


class Delivery(Schema):
    """One operation on one outcome's revision at one destination."""

    id = our_id("Ours; deliveries sort by it in the order of their making.")
    destination = text("The destination.", "sales-hubspot", null=False)
    outcome_id = our_id("The outcome.")
    revision = number("Its revision.", 3)
    operation = text("What is done.", "log_call", null=False, choices=OPERATIONS)
    state = text("What became of it.", "done", null=False, choices=DELIVERY_STATES)
    reason = text("Why, in a word.", None)
    remote_id = text("The CRM's id of what was written.", "98451")
    remote_url = text("Where a person sees that.", "https://app.hubspot.com/contacts/1/record/0-48/98451")
    attempts = number("How often a worker took it up, to send or to look it up.", 1)
    sent_at = time("When a worker last took it up. What is `held` or `unchanged` was not sent then.")
    answer = text("What the CRM said, in its own words, or a sentence of ours.", None)
    record_id = text("The CRM's record that the call belongs to.", "501")
    candidates = fields.List(
        fields.Nested(Candidate),
        required=True,
        allow_none=True,
        metadata={"description": "Of a held one: the records to choose from.", "example": None},
    )
    due_at = time("When it is sent, or looked up, at the earliest.", null=False)
    occurred_at = time("The call's time.", null=False)
    created_at = time("When it was made.", null=False)
    settled_at = time("When its state became what it is.")
    before = members("Fields of the record as they were before.", {"hs_lead_status": "NEW"}, null=True)
    after = members("And as they were set.", {"hs_lead_status": "CONNECTED"}, null=True)


class DeliveryPage(Schema):
    deliveries = fields.List(fields.Nested(Delivery), required=True)
    next = following()


class RetriedOne(Schema):
    delivery = fields.Nested(Delivery, required=True)


class Choice(Schema):
    """Of a delivery that is held, or whose record is there no more: whom the call belongs to."""

    class Meta:
        unknown = RAISE

    record_id = fields.Str(
        validate=validate.Length(1, 200),
        metadata={
            "description": "The CRM's id of the record: one of the candidates where there are any. Without it, it is only tried "
            "again.",
            "example": "501",
        },
    )


class RetryOrder(Schema):
    """Which deliveries are tried again; all that is given must hold. At least one filter: none would be everything."""

    class Meta:
        unknown = RAISE

    destination = fields.Str(
        validate=validate.Length(1, 500), metadata={"description": "The destination.", "example": "sales-hubspot"}
    )
    outcome = fields.UUID(metadata={"description": "The outcome.", "example": "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"})
    state = fields.Str(
        validate=validate.OneOf(STEERED),
        metadata={"description": "What became of them; without it, any of these.", "example": "refused"},
    )
    reason = fields.Str(validate=validate.Length(1, 500), metadata={"description": "Why.", "example": "required_field"})
    operation = fields.Str(
        validate=validate.OneOf(OPERATIONS), metadata={"description": "What is done.", "example": "log_call"}
    )

    @validates_schema
    def _not_everything(self, data: dict[str, object], **_: object) -> None:
        if not data:
            raise ValidationError("At least one filter must be given.", "destination")


class RetriedMany(Schema):
    retried = number("How many deliveries are tried again.", 12)
