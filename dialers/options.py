"""Fields for schemas of options: what dialers take by their own names, from JSON as from a CSV's cells."""

import re
from typing import Any

from marshmallow import fields


class Whole(fields.Int):
    """A whole number, also written as text in plain digits, as ``web.parameters.Whole`` reads it. ``true``, 2.5, ``1_0`` and
    other scripts' digits are none, though Python would take them."""

    _PLAIN = re.compile(r"-?[0-9]{1,18}")

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> int:
        if isinstance(value, bool | float) or (isinstance(value, str) and not self._PLAIN.fullmatch(value)):
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **more)
