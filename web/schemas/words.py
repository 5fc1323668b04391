"""What is answered about words."""

from marshmallow import Schema, fields, validate

from dialers.vocabulary import FLAGS, WORD_MEANINGS
from models.decisions import DECISION_STATES
from outcomes.undecided import FIELDS as WORD_FIELDS
from web.schemas.described import names, number, our_id, rate, text, time, yes_or_no

SOURCES = ("file", "decision")


class SaidAs(Schema):
    """One way in which a word was written. `field:word` is a value of the filter `unmapped`."""

    field = text(
        "Where it stands in the outcome; `event`: in one of its events.", "status_raw", null=False, choices=WORD_FIELDS
    )
    word = text("The dialer's word.", "NO-FORWARD", null=False)
    calls = number("How many calls have it.", 37)


class UnmappedWord(SaidAs):
    """A word that calls of the connection were told in, and that nobody has decided; its most frequent way first."""

    said_as = fields.List(
        fields.Nested(SaidAs),
        required=True,
        metadata={
            "description": "Every way in which it was written; a call with several is counted once in the word's `calls`.",
        },
    )
    sample_outcome_ids = names("The latest of them, three at most.", ["019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"])


class WordMeaning(Schema):
    """What was decided of a word."""

    field = text(
        "Where the word stands; a word for a status holds wherever it stands.",
        "status_raw",
        null=False,
        choices=WORD_FIELDS,
    )
    word = text("The word.", "NO-FORWARD", null=False)
    outcome = text(
        "The connect outcome, or the kind of event; null for dispositions.", "canceled", choices=WORD_MEANINGS
    )
    flags = fields.List(
        fields.Str(validate=validate.OneOf(FLAGS)),
        required=True,
        allow_none=True,
        metadata={"description": "Of a disposition: its flags; null for other words.", "example": None},
    )
    dismissed = yes_or_no("Whether it needs no meaning; of a disposition: raises no flag.", False)
    withdrawn = yes_or_no("Whether this takes back the decision before it.", False)
    source = text("`file`: the settings file, which wins; `decision`: here.", "decision", null=False, choices=SOURCES)
    id = text(
        "The decision's id; null for the settings file, as all that follows.", "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"
    )
    decided_by = text("The name of the API key.", "priya")
    decided_at = time("When.")
    state = text("What became of applying it to the past.", "done", choices=DECISION_STATES)
    ended_at = time("When that ended.")
    calls = number("How many calls were read again.", 40, null=True)
    changed = number("How many outcomes changed.", 37, null=True)
    reason = text("Why it failed, or what was left, in a sentence.", None)


class Words(Schema):
    connection = text("The connection.", "ryng-main", null=False)
    unmapped_words = fields.List(fields.Nested(UnmappedWord), required=True)
    decided = fields.List(fields.Nested(WordMeaning), required=True)
    history = fields.List(fields.Nested(WordMeaning), required=True)


class WordDecided(Schema):
    decision = fields.Nested(WordMeaning, required=True)


class FieldChange(Schema):
    field = text("The outcome's field.", "connect_outcome", null=False)
    before = text("What it says now.", "unknown", null=False)
    after = text("What it would say.", "canceled", null=False)


class CountedChange(FieldChange):
    outcomes = number("How many outcomes would change so.", 37)


class ChangedExample(Schema):
    outcome_id = our_id("The outcome.")
    changes = fields.List(fields.Nested(FieldChange), required=True)


class DecisionPreview(Schema):
    """What a decision would change. Nothing was changed."""

    calls = number("Calls in which the word was said.", 40)
    looked_at = number("Of these, the latest that were looked at.", 40)
    changed = number("Outcomes of these that would change.", 37)
    changes = fields.List(fields.Nested(CountedChange), required=True)
    examples = fields.List(fields.Nested(ChangedExample), required=True)


class UnmappedDispositions(Schema):
    """How much of the calls rests on dispositions of which nobody has decided what they mean."""

    calls = number(
        "Calls with such a disposition: it raises no flag, and no table says that it should raise none; null where all of the "
        "time asked about is before what is kept.",
        3,
        null=True,
    )
    share = rate("calls / all calls with a disposition; null where none has one.", 0.0625)
    reason = text("Why `contacts`, `contact_rate` and `sales` are null: a sentence; null where they are known.", None)
