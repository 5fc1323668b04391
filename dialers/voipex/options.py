"""A VoIPEX campaign's own fields, by VoIPEX's names. IpexCloud/voipex-docs, "Dialer", step 3."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

PHONE, QUEUE = "phone", "queue"

_time = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", error="must be a time of day such as 09:00")


def _needed(what: str) -> dict[str, Any]:
    return {"required": f"is missing: {what}.".replace("{", "{{").replace("}", "}}")}  # marshmallow formats it


class ActivePeriod(Schema):
    """When the campaign calls; in which time zone, no page says."""

    startTime = fields.Str(
        required=True,
        validate=_time,
        error_messages=_needed("the time of day at which calling begins, such as 09:00"),
        metadata={"example": "09:00"},
    )
    endTime = fields.Str(
        required=True,
        validate=_time,
        error_messages=_needed("the time of day at which calling ends, such as 17:00"),
        metadata={"example": "17:00"},
    )
    weekDays = fields.List(
        fields.Int(strict=True, validate=validate.Range(1, 7, error="must be 1 (Monday) to 7 (Sunday)")),
        required=True,
        validate=validate.Length(1, 7),
        error_messages=_needed("the days of calling, 1 (Monday) to 7 (Sunday), such as [1, 2, 3, 4, 5]"),
        metadata={"description": "1 Monday to 7 Sunday.", "example": [1, 2, 3, 4, 5]},
    )

    @validates_schema
    def begins_before_it_ends(self, data: dict[str, Any], **_: Any) -> None:
        if data["endTime"] <= data["startTime"]:
            raise ValidationError(
                "must be later than startTime: VoIPEX documents no period across midnight.", "endTime"
            )
        if len(set(data["weekDays"])) < len(data["weekDays"]):
            raise ValidationError("names a day twice.", "weekDays")


class RescheduleRule(Schema):
    """What is tried again. The whole list of statuses is not public, so any word may stand here."""

    status = fields.Str(
        required=True,
        validate=validate.Length(1, 200),
        error_messages=_needed("after which status the number is called again, such as RS_BUSY"),
        metadata={"example": "RS_ERROR"},
    )
    retryAfter = fields.Int(
        required=True,
        strict=True,
        validate=validate.Range(min=0),
        error_messages=_needed("after how many seconds, such as 900"),
        metadata={"description": "Seconds.", "example": 900},
    )
    maxAttempts = fields.Int(
        required=True,
        strict=True,
        validate=validate.Range(min=1),
        error_messages=_needed("how often at most, such as 3"),
        metadata={"example": 3},
    )


class Endpoint(Schema):
    """What takes the calls that were answered."""

    type = fields.Str(validate=validate.OneOf((PHONE, QUEUE)))
    boostFactor = fields.Float(
        validate=validate.Range(min=0, min_inclusive=False),
        metadata={"description": "Multiplies the number of agents that are free."},
    )
    maxWaitingCalls = fields.Int(strict=True, validate=validate.Range(min=0))
    queue = fields.Str(validate=validate.Length(1, 200), metadata={"description": "The queue that is watched."})

    @validates_schema
    def names_its_queue(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("type") == QUEUE and "queue" not in data:
            raise ValidationError("is needed where the type is queue.", "queue")


class Options(Schema):
    """``options`` of a new campaign; what is left out is VoIPEX's default."""

    callerId = fields.Str(
        required=True,
        validate=validate.Length(1, 64),
        error_messages=_needed("the number that customers see, such as 222333444"),
        metadata={"description": "The number that customers see.", "example": "222333444"},
    )
    activePeriod = fields.Nested(
        ActivePeriod,
        required=True,
        error_messages=_needed(
            'when it calls, such as {"startTime": "09:00", "endTime": "17:00", "weekDays": [1, 2, 3, 4, 5]}'
        ),
    )
    # Needed, says the text below the table that calls it optional: an empty list for none.
    rescheduleRules = fields.List(fields.Nested(RescheduleRule), load_default=list)
    ivr = fields.Str(
        required=True,
        validate=validate.Length(1, 200),
        error_messages=_needed("an IVR application's id; GET /api/v1/ivrs/<connection> lists them"),
        metadata={"description": "An IVR application's id.", "example": "TUxw53xCBf"},
    )
    endpoint = fields.Nested(Endpoint)
