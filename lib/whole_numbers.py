"""Whole numbers, as callers and settings write them."""

import re
from typing import Any

from marshmallow import fields


class Whole(fields.Integer):
    """A whole number, also written as text in plain digits. ``true``, 2.5, ``1_0``, blanks and other scripts' digits are none,
    though Python would take them."""

    default_error_messages = {"invalid": "Not a whole number."}
    _PLAIN = re.compile(r"-?[0-9]{1,18}")

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> int:
        if isinstance(value, bool | float) or (isinstance(value, str) and not self._PLAIN.fullmatch(value)):
            raise self.make_error("invalid")
        found = super()._deserialize(value, *args, **more)
        assert found is not None
        return found
