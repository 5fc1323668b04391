"""When and how often a number is called: ``CallJobParameters``, "Adding phone numbers to the campaign".

The values that come out are those that are sent; what was not given stays the campaign's own.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from dialers.giving import Refused
from lib import clock
from lib.whole_numbers import Whole

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


class _Moment(fields.Str):
    """A time with its zone, as UTC in the form of JAICP's examples: 2020-03-23T00:00:00Z."""

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> str:
        given = str(super()._deserialize(value, *args, **more))
        try:
            at = datetime.fromisoformat(given)
        except ValueError:
            raise ValidationError("Not an ISO 8601 time, such as 2026-11-18T09:00:00Z.") from None
        if at.tzinfo is None:
            raise ValidationError("Has no zone: end it with Z for UTC, or with an offset such as +02:00.")
        return clock.iso(at.replace(microsecond=0))


class _Hours(Schema):
    """From when to when, by the customer's clock."""

    localTimeFrom = fields.Str(validate=validate.Regexp(_HOUR, error="Must be HH:MM."))
    localTimeTo = fields.Str(validate=validate.Regexp(_HOUR, error="Must be HH:MM."))

    @validates_schema
    def _some(self, given: dict[str, Any], **_: Any) -> None:
        if not given:
            raise ValidationError("Needs localTimeFrom or localTimeTo.")
        if len(given) == 2 and given["localTimeTo"] <= given["localTimeFrom"]:
            raise ValidationError(
                "Must be later than localTimeFrom: JAICP documents no hours across midnight. Give those before it and those "
                "after it to their days.",
                "localTimeTo",
            )


class Options(Schema):
    """Options of a load, and of single leads, which go before those of the load."""

    startDateTime = _Moment()
    finishDateTime = _Moment()
    allowedDays = fields.List(fields.Str(validate=validate.OneOf(DAYS)), validate=validate.Length(1, len(DAYS)))
    allowedTime = fields.Dict(
        keys=fields.Str(validate=validate.OneOf((*DAYS, "default"))),
        values=fields.List(fields.Nested(_Hours(unknown=RAISE)), validate=validate.Length(1, 20)),
        validate=validate.Length(min=1),
    )
    retryIntervalInMinutes = Whole(validate=validate.Range(1, 1_000_000))
    maxAttempts = Whole(validate=validate.Range(1, 50))
    dialerPriority = Whole(validate=validate.Range(1, 5))

    @validates_schema
    def _in_order(self, given: dict[str, Any], **_: Any) -> None:
        start, finish = (clock.parse(given.get(name)) for name in ("startDateTime", "finishDateTime"))
        if start and finish and finish <= start:
            raise ValidationError("Must be after startDateTime.", "finishDateTime")


_OPTIONS = Options(unknown=RAISE)


def policy(load: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for one lead. ``load`` was checked; ``own`` may be anything. Raises Refused."""
    if not own:
        return dict(load)
    try:
        return dict(_OPTIONS.load({**load, **own}))
    except ValidationError as error:
        path, messages = [], error.messages
        while isinstance(messages, dict):
            name, messages = next(iter(messages.items()))
            path += [str(name)] if name not in ("_schema", "key", "value") else []
        raise Refused(".".join(["options", *path]), str(messages[0])) from None
