"""What is told when somebody decides what a word means."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from dialers.vocabulary import CONNECT_OUTCOMES, DISMISSED, FLAGS, WORD_MEANINGS
from outcomes import decisions
from outcomes.undecided import DISPOSITION, EVENT, FIELDS

MEANINGS = ("outcome", "flags", "dismissed", "withdrawn")


def _only(name: str, **properties: dict[str, Any]) -> dict[str, Any]:
    absent = {other: False for other in MEANINGS if other != name}
    return {"required": [name], "properties": absent | properties}


# What ``WordDecision`` checks besides its fields, for the API's description: marshmallow has no way to say it.
ONE_MEANING = [
    _only("flags", field={"enum": [DISPOSITION]}),
    _only("outcome", field={"enum": [EVENT]}),
    _only(
        "outcome",
        field={"enum": [name for name in FIELDS if name not in (DISPOSITION, EVENT)]},
        outcome={"enum": [*CONNECT_OUTCOMES, DISMISSED]},
    ),
    _only("dismissed"),
    _only("withdrawn"),
]


class Truth(fields.Bool):
    """``true`` or ``false`` and nothing else; to Python, 1 and 0 are the same."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class WordDecision(Schema):
    """What a word means: exactly one of `outcome`, `flags`, `dismissed` and `withdrawn`."""

    class Meta:
        unknown = "raise"

    field = fields.Str(
        required=True,
        validate=validate.OneOf(FIELDS),
        metadata={"description": "Where the word stands, as `unmapped_words` says it.", "example": "status_raw"},
    )
    word = fields.Str(
        required=True,
        validate=[
            validate.Length(1, decisions.LONGEST_WORD),
            validate.Regexp(r"[\s\S]*[^\s+_-]", error="A word must have a letter or a digit."),
        ],
        metadata={"description": "The word, in any of its ways.", "example": "NO-FORWARD"},
    )
    outcome = fields.Str(
        validate=validate.OneOf(WORD_MEANINGS),
        metadata={
            "description": "The outcome; of an event also its kind: `dialed agent_answered customer_answered call_ended`.",
            "example": "canceled",
        },
    )
    flags = fields.List(
        fields.Str(validate=validate.OneOf(FLAGS)),
        metadata={"description": "Of a disposition: its flags; empty for none.", "example": ["contact", "sale"]},
    )
    dismissed = Truth(
        validate=validate.OneOf([True]),
        metadata={"description": "It was looked at and needs no meaning; of a disposition: no flags.", "example": True},
    )
    withdrawn = Truth(
        validate=validate.OneOf([True]),
        metadata={"description": "Nobody has decided it any more.", "example": True},
    )
    dry_run = Truth(
        load_default=False,
        metadata={"description": "Only show what would change.", "example": True},
    )

    @validates_schema
    def _one_meaning(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in MEANINGS if name in data]
        if len(given) != 1:
            raise ValidationError(f"Say exactly one of {', '.join(MEANINGS)}.", "outcome")
        if given[0] in ("flags", "outcome") and ("flags" in given) != (data["field"] == DISPOSITION):
            raise ValidationError("A disposition means flags; every other word an outcome.", given[0])


def meaning_of(order: dict[str, Any]) -> decisions.Meaning:
    """What the order says the word means; None: withdrawn."""
    if order.get("withdrawn"):
        return None
    if order.get("dismissed"):
        return DISMISSED
    return order["flags"] if "flags" in order else order["outcome"]
