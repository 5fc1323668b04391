"""Summaries and the reconciliation."""

from marshmallow import Schema, fields

from dialers.vocabulary import CONNECT_OUTCOMES
from web.schemas.catalogue import DELETED
from web.schemas.described import names, number, rate, text
from web.schemas.words import UnmappedDispositions


def count(description: str, example: int) -> fields.Int:
    """Null in totals alone, where `note` says that all of the time asked about is before what is kept."""
    return number(description, example, null=True)


class TalkBySource(Schema):
    """How much of `talk_seconds` rests on what; the three add up to it."""

    stated = count("Stated by the dialer.", 4000)
    computed = count("Computed from two times of the dialer.", 200)
    observed = count("Observed by the arrival of callbacks.", 121)


class Figures(Schema):
    """Each is null where `note` says that all of the time asked about is before what is kept."""

    calls = count("All calls, merged rows left out.", 120)
    final_calls = count("Calls that are over: `is_final`.", 118)
    connect_outcomes = fields.Nested(
        Schema.from_dict(
            {name: count(f"Calls with the connect outcome {name}.", 1) for name in CONNECT_OUTCOMES},
            name="OutcomeCounts",
        ),
        required=True,
    )
    connected = count("Calls with the connect outcome `connected`.", 48)
    connect_rate = rate("connected / final_calls; null where none is over.", 0.4068)
    contacts = number(
        "Calls whose disposition has the flag `contact`; null where nobody has decided what any of the dispositions means, and "
        "where these connections state none.",
        40,
        null=True,
    )
    contact_rate = rate("contacts / final_calls; null where none is over, and where contacts is null.", 0.339)
    sales = number("Calls whose disposition has the flag `sale`; null as contacts is.", 6, null=True)
    unmapped_dispositions = fields.Nested(UnmappedDispositions, required=True)
    talk_seconds = count("Sum of `talk_seconds` of all calls.", 4321)
    talk_seconds_by_source = fields.Nested(TalkBySource, required=True)
    avg_talk_seconds = rate("Mean `talk_seconds` of the connected calls of which it is known.", 90.0)
    awaiting_disposition = count("Calls that are over and wait for their disposition.", 3)
    provisional = count("Calls that are not over.", 2)


def _label(description: str, example: str) -> fields.Str:
    found = text(description, example)
    found.required = False
    return found


class SummaryRow(Figures):
    day = _label("The calendar day in `tz`.", "2026-11-18")
    connection = _label("The connection.", "ryng-main")
    dialer = _label("The dialer.", "ryng")
    campaign_id = _label("The campaign.", "6541")
    campaign_name = _label("The campaign's name; where it had several, one of them.", "Renewals November")
    queue_id = _label("The queue.", "17")
    queue_name = _label("The queue's name.", "Renewals")
    agent = _label(
        "The agent: the first of id, user name, name, number, extension, e-mail address that is known.", "4711"
    )
    agent_name = _label("The agent's name, or where none is told the user name.", "Priya N.")
    connect_outcome = _label("The connect outcome.", "connected")
    answered_by = _label("Who or what answered.", "human")
    disposition = _label("The disposition.", "Interested")
    settling = _label("The settling.", "settled")
    direction = _label("The direction.", "outbound")


class Answered(Schema):
    source = text(
        "Who was asked: `mirror` or `tables`. The figures are the same.",
        "tables",
        null=False,
        choices=("mirror", "tables"),
    )
    source_note = text("Why it was not the mirror, where there should be one.", None)
    note = text(DELETED, None)


class Summary(Answered):
    group_by = names("What makes a row.", ["day", "campaign"])
    tz = text("Whose calendar days.", "Asia/Kolkata", null=False)
    rows = fields.List(fields.Nested(SummaryRow), required=True)
    totals = fields.Nested(Figures, required=True)


class ReconciliationCounts(Schema):
    calls = count("All calls.", 120)
    callbacks_only = count("Calls that only callbacks told of.", 100)
    reports_only = count(
        "Calls that only reports told of: their callbacks were lost or never set up, or the dialer posts none.", 2
    )
    both = count("Calls that both told of.", 18)
    neither = count("Calls that neither told of: imported ones.", 0)
    leads_without_call = number(
        "Leads that the dialer accepted, by the day on which their request left, without any call so far; null with a "
        "filter other than connection, campaign_id, since, until.",
        4,
        null=True,
    )
    callbacks_missed = number(
        "Calls that are over and known from reports only, of a dialer that offers callbacks as well; null for the others.",
        2,
        null=True,
    )


class ReconciliationRow(ReconciliationCounts):
    connection = text("The connection.", "ryng-main", null=False)
    day = text("The calendar day in `tz`.", "2026-11-18", null=False)


class Reconciliation(Answered):
    tz = text("Whose calendar days.", "Asia/Kolkata", null=False)
    rows = fields.List(fields.Nested(ReconciliationRow), required=True)
    totals = fields.Nested(ReconciliationCounts, required=True)
