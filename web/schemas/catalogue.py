"""Answers of the catalogue of reports. Rows have the groups' values and the report's own figures: see the definitions."""

from marshmallow import Schema, fields

from web.schemas.described import following, members, names, number, rate, text, time, yes_or_no

DELETED = (
    "That some of the time asked about is before what is kept, so that nothing is known of it; null: none of it is."
)


class MayStillMove(Schema):
    provisional = number("Calls that are not over.", 2)
    awaiting = number("Calls that are over and wait for their disposition.", 3)
    share = rate("Of all calls of the report; null where there are none.", 0.04)


class Period(Schema):
    since = text("Its first moment.", "2026-11-17T00:00:00Z", null=False)
    until = text("The moment behind its last.", "2026-11-17T11:30:00Z", null=False)
    days = number("How many days its days stand before those that they are compared with.", 1)
    note = text(
        "That the first call came later than the period began, or that some of it is deleted, where it is so.", None
    )


class CataloguedReport(Schema):
    report = text("Its name.", "connect_rate", null=False)
    group_by = names("What makes a row.", ["day"])
    tz = text("Whose clocks.", "Asia/Kolkata", null=False)
    as_of = number("The place in the change feed at which the answer is true.", 4711)
    source = text("Who was asked: `mirror` or `tables`. The figures are the same.", "mirror", null=False)
    source_note = text("Why it was not the mirror, where there should be one.", None)
    note = text(DELETED, None)
    may_still_move = fields.Nested(
        MayStillMove,
        required=True,
        metadata={
            "description": "What may still change; of reports about loaded leads, of their calls.",
            "example": {"provisional": 2, "awaiting": 3, "share": 0.04},
        },
    )
    compared_with = fields.Nested(
        Period,
        metadata={
            "description": "The other period; only with `compare`.",
            "example": {"since": "2026-11-17T00:00:00Z", "until": "2026-11-17T11:30:00Z", "days": 1, "note": None},
        },
    )
    rows = fields.List(
        members(
            "The groups' values and the figures.",
            {"day": "2026-11-18", "final": 118, "connect_rate": 0.4068},
        ),
        required=True,
    )
    totals = members("The figures of all calls.", {"final": 118, "connected": 48, "connect_rate": 0.4068})
    next = fields.Str(
        allow_none=True,
        metadata={
            "description": "The cursor of the next page, of reports in pages.",
            "example": "WyItc3RhcnRlZF9hdCIsIjIwMjYi",
        },
    )


class DefinedFigure(Schema):
    name = text("Its name.", "connect_rate", null=False)
    numerator = text("What is counted.", "Calls with the connect outcome `connected`.", null=False)
    denominator = text("What it is divided by; null for counts.", "Calls that are over (`is_final`).")
    excludes = text("What is left out.", "Merged rows.", null=False)
    elsewhere = text("What it is called at other systems.", "Answer-seizure ratio.", null=False)
    unit = text("What it is counted in.", "share", null=False)
    opens = text(
        "Who lists what it counts, asked with `figure`: `outcomes`, `leads`; null: nothing to list.", "outcomes"
    )
    inside = text(
        "The object of a row that it stands in, under the rest of its name: `first_shown_contacts` is `contacts` of "
        "`first_shown`; null: it stands in the row itself.",
        None,
    )


class DefinedReport(Schema):
    name = text("Its name.", "connect_rate", null=False)
    question = text("What it answers.", "Which share of calls reaches somebody?", null=False)
    figures = fields.List(fields.Nested(DefinedFigure), required=True)


class Definitions(Schema):
    reports = fields.List(fields.Nested(DefinedReport), required=True)


class CountedLead(Schema):
    attempts = number("All its calls.", 3)
    connection = text("The connection.", "ryng-main", null=False)
    lead_id = text("The dialer's id of it.", "88213")
    number = text("The customer's, of its last call; of a loaded lead, as it was loaded.", "+919812345678")
    first_at = time("When the first of them was.")
    last_at = time("When the last of them was.")
    contacted = yes_or_no(
        "Whether one of them was a contact; null where nobody has decided what any of their dispositions means, and where their "
        "connections state none.",
        True,
        null=True,
    )
    loaded_lead = text("Of reports about loads: our id of the loaded lead.", None)
    load_id = text("The load that it came in.", None)
    reference = text("Your own name for it, given with the load.", None)
    sent_at = time("When it left for the dialer.", None)


class CountedLeads(Schema):
    leads = fields.List(fields.Nested(CountedLead), required=True)
    next = following()
