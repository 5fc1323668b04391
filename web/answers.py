"""JSON out: one way to write it, whatever a dialer has put into the facts."""

import json
from typing import Any

import orjson
from flask import Response


def dumps(value: Any) -> bytes:
    """The value as JSON. orjson where it can; it refuses integers beyond 64 bits, and dialers send those too."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value).encode("ascii")


def answer(value: Any, status: int = 200) -> Response:
    """A JSON response."""
    return Response(dumps(value), status=status, content_type="application/json")
