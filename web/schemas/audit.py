"""The audit log."""

from marshmallow import Schema, fields

from models.audit import ACTS
from web.schemas.described import following, members, number, our_id, text, time


class Note(Schema):
    """One act of a person."""

    id = our_id("Ours; notes sort by it in the order of their making.")
    happened_at = time("When.", null=False)
    who = text(
        "Who: the key's name, `command line` with the system's user, or whom the provider of the sign-in named.",
        "Priya, back office",
        null=False,
    )
    key_id = text("The key, where it was one.", "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11")
    source = text("From where: the address, or `cli`.", "192.0.2.7", null=False)
    act = text("What was done.", "receipts.replay", null=False, choices=ACTS)
    connection = text("Of which connection.", "ryng-main")
    subject = text("What was acted upon: an id or a name; of a telephone number only its ends.", None)
    count = number("To how many it was done.", 12, null=True)
    details = members("More, by the act.", {"state": "quarantined"})
    request_id = text("The request's id, as the answer and the log have it.", "f3a1c0de")


class Notes(Schema):
    notes = fields.List(fields.Nested(Note), required=True)
    next = following()
