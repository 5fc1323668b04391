"""The table ``[reports]`` of the settings file: what counts as too often, too few, too early."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from queries.reports.base import Limits
from service.settings.mistakes import BadSettings, sentence


class LimitsSchema(Schema):
    class Meta:
        unknown = RAISE

    abandon_limit = fields.Float(validate=validate.Range(0, 1))
    too_often = fields.Int(strict=True, validate=validate.Range(1, 1000))
    min_calls = fields.Int(strict=True, validate=validate.Range(0, 1_000_000))
    min_attempts = fields.Int(strict=True, validate=validate.Range(1, 1000))
    day_start = fields.Int(strict=True, validate=validate.Range(0, 23))
    day_end = fields.Int(strict=True, validate=validate.Range(1, 24))


def limits_of(file: dict[str, Any]) -> Limits:
    """Raises BadSettings."""
    schema, table = LimitsSchema(), file.get("reports", {})
    if not isinstance(table, dict):
        raise BadSettings("[reports] must be a table.")
    try:
        limits = Limits(**schema.load(table))
    except ValidationError as error:
        raise BadSettings(f"[reports] {sentence(error.messages, schema.fields)}") from None
    if limits.day_start >= limits.day_end:
        raise BadSettings("[reports] day_start must be an hour before day_end.")
    return limits
