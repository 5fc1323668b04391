"""Outcomes, their changes and what they rest on."""

from marshmallow import Schema, fields, validate

from dialers.vocabulary import ANSWERED_BY, CONNECT_OUTCOMES, DURATION_SOURCES, EVENT_KINDS, FLAGS, SETTLINGS
from web.schemas.described import following, members, number, our_id, text, time, yes_or_no
from web.schemas.receipts import Receipt


class Agent(Schema):
    """Who spoke for us; which of these is known depends on the dialer."""

    id = text("The dialer's id of the agent.", "4711")
    name = text("The agent's name.", "Priya N.")
    username = text("The agent's user name at the dialer.", "priya")
    email = text("The agent's e-mail address, where the dialer states one.", "priya@example.com")
    number = text("The agent's telephone number.", "+919800000001")
    extension = text("The agent's extension.", "204")


class Outcome(Schema):
    """What became of one call attempt. Absent facts are null; times are UTC; durations are whole seconds."""

    id = our_id("Ours; once shown it stays good for ever.")
    connection = text("The connection that it came through.", "ryng-main", null=False)
    dialer = text("The dialer.", "ryng", null=False)
    call_id = text("The dialer's id of the call.", "912873")
    attempt_id = text("The dialer's id of the attempt.", "912873-1")
    lead_id = text("The dialer's id of the lead.", "88213")
    campaign_id = text("The dialer's id of the campaign.", "6541")
    campaign_name = text("The campaign's name.", "Renewals November")
    queue_id = text("The dialer's id of the queue.", "17")
    queue_name = text("The queue's name.", "Renewals")
    direction = text("outbound, inbound or internal.", "outbound")
    customer_number = text("The customer's number in E.164, where it can be read.", "+919812345678")
    customer_number_raw = text("The customer's number as the dialer wrote it.", "9812345678")
    customer_name = text("The customer's name.", "Anil Rao")
    caller_number = text(
        "The number that the customer saw, in E.164, where it is told and can be read.", "+914900000000"
    )
    agent = fields.Nested(Agent, required=True)
    connect_outcome = text("The technical result.", "connected", null=False, choices=CONNECT_OUTCOMES)
    answered_by = text("Who or what answered.", "human", choices=ANSWERED_BY)
    disposition = text("What the agent or the system recorded, in the tenant's words.", "Interested")
    disposition_parent = text("The group that the disposition belongs to.", "Positive")
    flags = fields.List(
        fields.Str(validate=validate.OneOf(FLAGS)),
        required=True,
        metadata={"description": "What the disposition means.", "example": ["contact", "sale"]},
    )
    settling = text(
        "What is still waited for: `settled`, nothing, and a correction is possible all the same; `never_disposed`, nothing "
        "any more.",
        "settled",
        null=False,
        choices=SETTLINGS,
    )
    is_final = yes_or_no("Whether the call is over.", True)
    status_raw = text("The dialer's own word for the result.", "2")
    hangup_cause = text("The dialer's word for why the line was cut.", "NORMAL_CLEARING")
    lead_status = text("The lead's status when it was last reported.", "Closed")
    created_at = time("When the dialer made the attempt.")
    started_at = time("When it began to ring.")
    answered_at = time("When the customer answered.")
    ended_at = time("When the line was cut.", "2026-11-18T10:14:33Z")
    disposed_at = time("When the disposition was recorded.", "2026-11-18T10:15:02Z")
    callback_at = time("When the customer wants to be called back.", "2026-11-19T09:00:00Z")
    ring_seconds = number("How long it rang.", 9, null=True)
    talk_seconds = number("How long agent and customer spoke.", 92, null=True)
    duration_seconds = number("From the start to the end.", 101, null=True)
    talk_source = text(
        "Where `talk_seconds` comes from: the dialer stated it, two of its times, or the arrival of its callbacks.",
        "stated",
        choices=DURATION_SOURCES,
    )
    duration_source = text("Where `duration_seconds` comes from, likewise.", "computed", choices=DURATION_SOURCES)
    occurred_at = time(
        "The call's time, by which lists and reports count: the first known of started, answered, ended, first seen.",
        null=False,
    )
    recording_url = text("Where the dialer keeps the recording.", "https://dialer.example/recordings/912873.mp3")
    notes = text("What the agent wrote.", "Wants the offer by mail")
    custom_fields = members("The tenant's own fields, as the dialer sent them.", {"policy": "P-1002"})
    crm_reference = text(
        "The CRM's own key: of the field that is configured to hold it, else of the loaded lead.", "00Q5g00000ABCDE"
    )
    sources = fields.List(
        fields.Str(),
        required=True,
        metadata={
            "description": "What told us of the call; `lead` where a lead that was loaded completed it.",
            "example": ["callback:connect", "callback:terminal"],
        },
    )
    merged_into = text("The row that this one turned out to be the same call as.", None)
    revision = number("Grows by one with every change.", 3)
    position = number("Its place in the change feed.", 4711)
    first_seen_at = time("When we first heard of the call.", null=False)
    corrected_at = time(
        "When the row, settled, was first made to mean something else; null while what it said holds.", None
    )
    changed_at = time("When the row last changed.", "2026-11-18T10:15:03Z", null=False)


class OutcomePage(Schema):
    outcomes = fields.List(fields.Nested(Outcome), required=True)
    next = following()


class ChangedOutcome(Outcome):
    changed_fields = fields.List(
        fields.Str(),
        required=True,
        allow_none=True,
        metadata={
            "description": "The fields in which this revision differs from the one before, `agent` as one; empty with "
            "revision 1; null where an older release wrote it.",
            "example": ["disposition", "flags", "corrected_at"],
        },
    )


class Changes(Schema):
    outcomes = fields.List(fields.Nested(ChangedOutcome), required=True)
    next = text("Where to go on, now or at any later time.", "WyJmZWVkIiwiNDcxMSJd", null=False)
    more = yes_or_no("Whether more is there already.", False)


class Event(Schema):
    """One fact that a receipt told."""

    kind = text("What happened.", "call_ended", null=False, choices=EVENT_KINDS)
    happened_at = time("By the dialer's clock.")
    seen_at = time("By ours.", null=False)
    source = text("What told it.", "callback:terminal", null=False)
    receipt_id = our_id("The evidence.")
    attempt = text("The dialer's own name of the attempt, where it says one.", "912873-1")
    facts = members(
        "What it says, by the outcome's field names; `_` begins what is about the record.", {"talk_seconds": 92}
    )


class MatchedLead(Schema):
    id = our_id("The loaded lead, as `set_by` names it after `lead:`.")
    load_id = our_id("Its load.")
    row = number("Its row there, counted from 1.", 1)
    number = text("The number that it was loaded with.", "+919812345678", null=False)
    reference = text("Your own name for it.", "crm-88213")
    state = text("What became of it.", "accepted", null=False)


class Matched(Schema):
    """Of which loaded leads it may be a call."""

    matched_by = text(
        "The surest way in which it was found.", "mark", null=False, choices=("mark", "dialer_id", "number")
    )
    ambiguous = yes_or_no("Whether they have different references: then nothing was taken over from any.", False)
    leads = fields.List(
        fields.Nested(MatchedLead), required=True, metadata={"description": "Newest first, twenty at most."}
    )


class OutcomeDetail(Outcome):
    events = fields.List(fields.Nested(Event), required=True, metadata={"description": "The timeline."})
    receipts = fields.List(fields.Nested(Receipt), required=True, metadata={"description": "The evidence."})
    set_by = members(
        "Which receipt set which field; `lead:<id>` where it was taken over from a loaded lead.",
        {
            "talk_seconds": "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11",
            "crm_reference": "lead:019a9f2e-0000-7b55-9f0a-5d2a7e0c4b11",
        },
    )
    loaded_lead = fields.Nested(
        Matched,
        required=True,
        allow_none=True,
        metadata={"description": "Of which loaded leads it may be a call; null: of none.", "example": None},
    )
