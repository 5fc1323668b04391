"""Fields for schemas of options: what dialers take by their own names, from JSON as from a CSV's cells."""

from typing import Any

from marshmallow import fields


class Whole(fields.Int):
    """A whole number, also written as text. ``true`` and 2.5 are none, though Python would take them."""

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> int:
        if isinstance(value, bool | float):
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **more)
