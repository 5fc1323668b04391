"""Numbers that must not be called, as they are put on the list, listed and taken off."""

from marshmallow import RAISE, Schema, fields, validate

from leads.numbers import LONGEST_REASON
from models.suppressions import SOURCES
from models.take_outs import BY_HAND, DONE, LEFT, PENDING
from outcomes.suppressions import CHANGES
from queries.suppressions import STATES
from web.schemas.described import following, members, number, our_id, text, time, yes_or_no
from web.schemas.leads import Doubt

SHOWN_STATES = (PENDING, DONE, BY_HAND, LEFT)
MOST_NUMBERS = 50_000  # of a JSON body, which has a MiB; a file in CSV may have more


class NewSuppressions(Schema):
    """Numbers that share a reason and an end."""

    class Meta:
        unknown = RAISE

    numbers = fields.List(
        fields.Str(validate=validate.Length(1, 200)),
        required=True,
        validate=validate.Length(1, MOST_NUMBERS),
        metadata={"description": "International, or as the connection dials them.", "example": ["+919812345678"]},
    )
    reason = fields.Str(
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=LONGEST_REASON),
        metadata={"description": "Why; leads are rejected with it.", "example": "Asked for it in writing"},
    )
    until = fields.Str(
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=64),
        metadata={
            "description": "They may be called from then on; null: never. A time of the future, as filters take it.",
            "example": "2027-06-30T00:00:00Z",
        },
    )


class Put(Schema):
    """What became of one number of the list."""

    id = text("Its row's; null in a dry run where that is to be made.", "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11")
    number = text("E.164, as leads are compared with it.", "+919812345678", null=False)
    number_raw = text("As it was given.", "098123 45678", null=False)
    change = text(
        "`added`; `replaced`, where you had said another reason or end; or `unchanged`.",
        "added",
        null=False,
        choices=CHANGES,
    )


class PutMany(Schema):
    added = number("Numbers that were not there.", 1)
    replaced = number("Numbers of which another reason or end had been said; that row is kept as taken off.", 0)
    unchanged = number("Numbers of which the same had been said.", 0)
    repeated = members("Numbers that stand in the list several times, with their rows; the last counts.", {})
    doubtful = number("How many are read with a doubt.", 0)
    doubts = fields.List(fields.Nested(Doubt), required=True, metadata={"description": "The first 1,000 of them."})
    numbers = fields.List(fields.Nested(Put), required=True, metadata={"description": "The first 1,000 of all."})


class Suppression(Schema):
    """A number that must not be called, said by one."""

    id = our_id("Ours; they sort by it in the order of their making.")
    number = text("E.164.", "+919812345678", null=False)
    number_raw = text("As it was written.", "098123 45678", null=False)
    state = text("`standing`: it is not called; `expired`; `taken_off`.", "standing", null=False, choices=STATES)
    reason = text("Why.", "Asked for it in writing")
    until = time("Until when; null: for ever.", None)
    source = text("Who says it: a `person`, a call's `outcome`, a `crm`.", "person", null=False, choices=SOURCES)
    outcome_id = text("The call whose disposition has the flag `dnc`.", None)
    record_id = text("The CRM's record that says so; `added_by` is the destination.", None)
    added_at = time("Since when.", null=False)
    added_by = text("The key that put it there; of an outcome its connection.", "back office", null=False)
    taken_off_at = time("When it was taken off.", None)
    taken_off_by = text(
        "Who took it off: a key, of an outcome its connection, or `destination` and the name of one.", None
    )


class Suppressions(Schema):
    suppressions = fields.List(fields.Nested(Suppression), required=True)
    next = following()


class TakenOff(Schema):
    suppressions = fields.List(
        fields.Nested(Suppression), required=True, metadata={"description": "What was taken off, or was already."}
    )
    may_be_called = yes_or_no("Whether nobody says any more that the number must not be called.", True)


class TakeOut(Schema):
    """A lead that a dialer has, or may have, and whose number must not be called."""

    id = our_id("Ours; they sort by it in the order of their making.")
    connection = text("The connection.", "qvoice-main", null=False)
    number = text("E.164.", "+919812345678", null=False)
    loaded_lead = text("The lead that was loaded here; null of one that the dialer lists.", None)
    dialer_id = text("What the dialer is asked about.", "0a1727f7ea5f24b6de6fec4b843b2a7d")
    state = text(
        "`pending`: the dialer is to be asked; `done`; `by_hand`: a person has to; `left`: nothing was to be done.",
        "done",
        null=False,
        choices=SHOWN_STATES,
    )
    reason = text("Why, or what the dialer said.", None)
    suppression_id = our_id("Of the row on the list that it is for.")
    made_at = time("When it was found.", null=False)
    sent_at = time("When the dialer was asked last.")
    settled_at = time("When its state became what it is.")
    settled_by = text("Who said that it is taken out, of a person.", None)


class TakeOuts(Schema):
    leads = fields.List(fields.Nested(TakeOut), required=True)
    next = following()


class OneTakeOut(Schema):
    lead = fields.Nested(TakeOut, required=True)
