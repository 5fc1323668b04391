"""Erasures, as the API takes and shows them."""

from marshmallow import RAISE, Schema, fields, validate

from models.erasures import ERASURE_STATES
from web.schemas.decisions import Truth
from web.schemas.described import following, members, names, number, our_id, text, time, yes_or_no


class Person(Schema):
    """A person, known by a number."""

    class Meta:
        unknown = RAISE

    number = fields.Str(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "International, or as the connection dials it.", "example": "+380935550901"},
    )


class KeptRow(Schema):
    """A row of a table, whole."""

    table = text("Of which table.", "call_outcomes", null=False)
    row = members(
        "Its columns; a receipt's body is `body`, or `body_base64` where it is no UTF-8.", {"notes": "after six"}
    )


class NewErasure(Person):
    """A person who is to be erased."""

    keep_uncalled = Truth(
        load_default=True,
        metadata={
            "description": "Whether the number goes on the list of those that must not be called, as a keyed hash.",
            "example": True,
        },
    )


class Told(Schema):
    """A dialer or a destination, and what it was told."""

    to = text("The connection or the destination.", "sales", null=False)
    state = text("`by_hand`: you have to tell it; else what became of it.", "by_hand", null=False)
    records = names("Its ids of the person's records, or leads.", ["501"])
    made = names("Its ids of what was made there for calls.", ["7000001"])
    said = text("What it said, or why it cannot be told.")


class Erasure(Schema):
    """An erasure, without whom it was of."""

    id = our_id("Ours; they sort by it in the order of their making.")
    state = text("Whether it is under way.", "done", null=False, choices=ERASURE_STATES)
    step = text("Which step is at work, or was last.", "scrub")
    progress = number("How far all tables were looked through, in percent.", 100)
    waits_for = text("What it waits for; a sentence.")
    erased_at = time("What was known by then is erased.", null=False)
    ended_at = time("When it was done.")
    by = text("The key that asked for it.", "back office", null=False)
    keeps_uncalled = yes_or_no("Whether the number is kept from being called.", True)
    stand_in = text("What stands for the number in calls and leads.", "+380~9f86d081884c7d65", null=False)
    touched = number("Rows and files that were changed.", 23)
    counts = members("The same by table, or kind of file.", {"call_outcomes": 2, "receipts": 5})
    told = fields.List(fields.Nested(Told), required=True, metadata={"description": "Who was told, or is to be told."})
    left = names("What somebody has to look at; sentences.", [])


class OneErasure(Schema):
    erasure = fields.Nested(Erasure, required=True)


class Erasures(Schema):
    erasures = fields.List(fields.Nested(Erasure), required=True)
    next = following()


class Records(Schema):
    """What a destination has of the person's calls."""

    to = text("The destination.", "sales", null=False)
    records = names("Its ids of the records that calls belong to.", ["501"])
    made = names("Its ids of what was made there for calls.", ["7000001"])


class FoundErasure(Schema):
    """What an erasure would touch, as far as indexes tell it."""

    number = text("E.164.", "+380935550901", null=False)
    counts = members("Rows by table.", {"call_outcomes": 2, "receipts": 5})
    records = fields.List(fields.Nested(Records), required=True, metadata={"description": "In destinations."})
