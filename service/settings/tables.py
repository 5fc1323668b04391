"""A table of the settings file, read by its schema."""

from collections.abc import Collection
from typing import Any

from marshmallow import Schema, ValidationError

from service.settings import guards
from service.settings.mistakes import BadSettings, sentence


def read(where: str, schema: Schema, table: Any, but: Collection[str] = ()) -> dict[str, Any]:
    """What it says, with its defaults. ``where``: how sentences name it; ``but``: keys that hold tables of their own, in which
    examples of secrets are looked for elsewhere. Raises BadSettings."""
    if not isinstance(table, dict):
        raise BadSettings(f"{where} must be a table.")
    try:
        found: dict[str, Any] = schema.load(table)
    except ValidationError as error:
        keys = [field.data_key or name for name, field in schema.fields.items()]
        raise BadSettings(f"{where} {sentence(error.messages, keys)}") from None
    guards.check_issued(where, {name: value for name, value in table.items() if name not in but})
    return found
