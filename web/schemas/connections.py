"""Connections and how they are; campaigns and queues, as they were last reported."""

from marshmallow import Schema, fields

from dialers.bodies.forgiven import FORGIVEN
from web.schemas.described import following, members, names, number, our_id, spooled_bytes, text, time, yes_or_no
from web.schemas.words import UnmappedWord


class Sending(Schema):
    """How sending leads goes."""

    failures = number("How often in a row it failed.", 0)
    error_id = text("What stands in the way, in a word.", None)
    error = text("The same in a sentence.", None)
    parked_loads = number("Loads of which nothing is sent until somebody lets them go on.", 0)
    unknown_leads = number(
        "Leads whose request left, and of which nobody can tell, or has decided, whether they were taken.", 0
    )
    oldest_unknown_at = time("Since when the oldest of them is in doubt.")
    unknown_load_ids = fields.List(
        fields.Str(),
        required=True,
        metadata={"description": "Loads that have such leads, oldest first, ten at most.", "example": []},
    )


class Poll(Schema):
    """One look-back layer of one report."""

    report = text("The report.", "lead_history", null=False)
    layer = text("How far it looks back.", "recent", null=False)
    complete_to = time(
        "Every record up to here that the dialer had was asked for and kept, from as far back as it is looked."
    )
    idle = yes_or_no("There was nothing to ask for at the last look; `complete_to` stays where it was.", False)
    last_ok_at = time("When it was last read to its end.")
    due_at = time(
        "When it will be read next; null: not any more, because the connection is not in the settings, or not so that it is "
        "asked for this."
    )
    asked_since = time("Since when a worker has been asking for it; null where none is at this moment.")
    failures = number("How often in a row it failed.", 0)
    error_id = text("What went wrong last, in a word.", None)
    error = text("What went wrong last, in a sentence.", None)
    warning = text("What was asked for and not answered, in a sentence.", None)
    records_seen = number("Records read so far.", 5120)
    records_new = number("Of these, new or changed.", 880)
    words = text("The same in words.", "lead history complete to 10:42 UTC", null=False)


class Freshness(Schema):
    """How far a report is complete, by all of its layers."""

    report = text("The report.", "lead_history", null=False)
    complete_to = time(
        "Every record up to here that the dialer had was asked for and kept, from some days before it was first read: the past "
        "before that is a matter of `histories`. Null: it was never read."
    )
    back_seconds = number(
        "Only so far back as yet: what is older has not been read; null: as far as is asked.", None, null=True
    )
    idle = yes_or_no("There is nothing to ask for; `complete_to` is when something was asked for last.", False)
    gaps = yes_or_no("Something before `complete_to` was not answered: a warning of `polls` says what.", False)
    words = text("The same in words.", "lead history complete to 10:42 UTC", null=False)


class History(Schema):
    """A past that `wrapup poll --since` was told to ask for, and that is not at its end."""

    report = text("The report.", "lead_history", null=False)
    since = time("From when on.", null=False)
    until = time("Up to when.", null=False)
    complete_to = time("How far it has come; null: it has just begun.")
    asked_at = time("When it was asked for last.")
    under_way = yes_or_no("Somebody is asking for it. Else it was interrupted: the same command goes on.", True)
    error_id = text("What went wrong last, in a word.", None)
    error = text("What went wrong last, in a sentence.", None)


class Silence(Schema):
    """Callbacks that stay away although some should have come."""

    since = time("When the last rightful one came.")
    missed = number(
        "How many were to be expected since, by what is usual at these hours; null on a connection's first day.",
        24,
        null=True,
    )
    expect_every = number("Seconds within which the settings expect one; then `missed` is null.", None, null=True)
    words = text("The same in words.", "No callback for 6 min; about 24 were to be expected in that time.", null=False)


class UnreadValue(Schema):
    """A field in which the dialer stated something that nobody can read. It is a value of the filter `unread`."""

    field = text("The dialer's field.", "callEnded", null=False)
    sample = text("What stood there once, cut to 80 characters.", "2026-11-18 10:09:07 XYZ", null=False)
    calls = number("Calls with such a value.", 12)
    sample_outcome_ids = names("Outcomes to look at, the latest first.", ["01938f2e-7c5e-7d9a-8e6b-2f1c0a9d4b37"])


class ReceiptStates(Schema):
    pending = number("Not read yet.", 0)
    normalized = number("Read; their events are in. Null while they are being counted.", 5120, null=True)
    duplicate = number("All they say, another had said. Null while they are being counted.", 14, null=True)
    ignored = number("Of a kind that we know and do not need. Null while they are being counted.", 3, null=True)
    quarantined = number("Put aside, with a reason.", 1)
    dismissed = number("Put aside, and somebody has said that they are garbage.", 0)


class Forgiven(Schema):
    word = text("The slip.", "raw_line_breaks", null=False, choices=tuple(sorted(FORGIVEN)))
    sentence = text("The same in a sentence.", FORGIVEN["raw_line_breaks"], null=False)
    receipts = number("Receipts with it.", 3)
    sample_receipt_id = our_id("The latest of them.")


class Misaddressed(Schema):
    receipts = number("Callbacks in quarantine that came so.", 12)
    last_at = time("When the last of them came.")
    words = text(
        "The same in words.",
        "12 callbacks came with a token of ours that is not in force here, the last at 2026-11-18 10:42 UTC: correct the URL at "
        "the dialer, then replay.",
        null=False,
    )


class Connection(Schema):
    name = text("The connection.", "ryng-main", null=False)
    dialer = text("The dialer; null where the connection is no longer configured.", "ryng")
    configured = yes_or_no("Whether the settings name it.", True)
    offers = names("What it can do as it is set up.", ["callbacks", "leads"])
    callback_kinds = names("The callbacks that its dialer sends.", ["connect", "terminal"])
    reports = names("The reports that its dialer can be asked for.", [])
    last_callback_at = time(
        "When its last rightful callback came; where its receipt was deleted for its age, the hour in which it did."
    )
    last_callback = text("The same in words.", "last callback 14 s ago", null=False)
    silence = fields.Nested(
        Silence,
        required=True,
        allow_none=True,
        metadata={"description": "Null where its callbacks come as usual.", "example": None},
    )
    misaddressed = fields.Nested(
        Misaddressed,
        required=True,
        allow_none=True,
        metadata={
            "description": "What came with an outdated token of ours, with another connection's, or with one of ours to a name "
            "that is not configured; null where nothing did.",
            "example": None,
        },
    )
    receipts = fields.Nested(ReceiptStates, required=True)
    quarantined = number("Receipts put aside.", 1)
    unmapped_words = fields.List(fields.Nested(UnmappedWord), required=True)
    unread_values = fields.List(fields.Nested(UnreadValue), required=True)
    freshness = fields.List(fields.Nested(Freshness), required=True)
    forgiven = fields.List(
        fields.Nested(Forgiven),
        required=True,
        metadata={"description": "Slips that were passed over in what came within the last seven days."},
    )
    polls = fields.List(fields.Nested(Poll), required=True)
    histories = fields.List(fields.Nested(History), required=True)
    sending = fields.Nested(
        Sending,
        required=True,
        allow_none=True,
        metadata={
            "description": "How sending leads goes; null where none are sent to it.",
            "example": {
                "failures": 0,
                "error_id": None,
                "error": None,
                "parked_loads": 0,
                "unknown_leads": 0,
                "oldest_unknown_at": None,
                "unknown_load_ids": [],
            },
        },
    )


class StrangersShare(Schema):
    """What came without a right to for one connection."""

    connection = text("The connection; null: all names that nobody configured, together.", "ryng-main")
    receipts = number("Receipts kept.", 2)
    bytes = number("Bytes kept.", 1024)
    dropped = number("Receipts that did not fit, gave way to others, or came while the database was away.", 0)
    last_dropped_at = time("When the last one came that was not kept.")


class Strangers(Schema):
    """What came without a right to, and how much of it is kept."""

    receipts = number("Receipts kept.", 12)
    bytes = number("Bytes kept.", 6144)
    overflow = number("Receipts that did not fit, gave way to others, or came while the database was away.", 0)
    last_overflow_at = time("When the last one was not kept.")
    most_receipts = number("Receipts that may be kept.", 10000)
    most_bytes = number("Bytes that may be kept.", 268435456)
    shares = fields.List(
        fields.Nested(StrangersShare),
        required=True,
        metadata={"description": "The same for each configured connection and, last, for all other names together."},
    )


class Connections(Schema):
    counted_seconds_ago = number(
        "How long ago the receipts that were read and done with were counted: 0, now, but where there are millions. What is "
        "pending, in quarantine or dismissed is counted now, or, in a backlog that takes long to count, up to twenty times as "
        "long ago. Null: they are being counted for the first time, or again after nobody has asked for long, which takes "
        "minutes where there are millions.",
        null=True,
    )
    spooled_bytes = spooled_bytes("every figure lacks them")
    connections = fields.List(fields.Nested(Connection), required=True)
    strangers = fields.Nested(Strangers, required=True)


class Campaign(Schema):
    connection = text("The connection.", "qvoice-main", null=False)
    campaign_id = text("The dialer's id.", "6541", null=False)
    name = text("The campaign's name.", "Renewals November")
    status = text("Its status, in the dialer's word.", "active")
    total_leads = number("How many leads it has.", 400, null=True)
    leads_by_status = members(
        "Leads per status; a status that the dialer wrote twice is counted twice.", {"Closed": 320}
    )
    repeated_statuses = names("The statuses that it wrote twice.", [])
    seen_at = time("When it was last seen changed.", null=False)
    receipt_id = our_id("The evidence.")


class Campaigns(Schema):
    campaigns = fields.List(fields.Nested(Campaign), required=True)
    next = following()


class Queue(Schema):
    connection = text("The connection.", "qvoice-main", null=False)
    queue_id = text("The dialer's id.", "17", null=False)
    name = text("The queue's name.", "Renewals")
    extension = text("Its extension.", "800")
    strategy = text("How calls are handed out.", "round_robin")
    counters = members("By the dialer's own names.", {"total_agents": 12, "idle_agents": 3})
    agents = fields.List(
        fields.Raw(), required=True, metadata={"description": "As the dialer lists them.", "example": []}
    )
    seen_at = time("When it was last seen changed.", null=False)
    receipt_id = our_id("The evidence.")


class Queues(Schema):
    queues = fields.List(fields.Nested(Queue), required=True)
    next = following()
