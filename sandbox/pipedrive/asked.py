"""What a request holds: JSON of the documented shape, or a refusal; and how it is answered."""

from typing import Any

import orjson
from flask import Response, g, request

from sandbox.pipedrive import shapes
from sandbox.pipedrive.refusals import wrong
from sandbox.shapes import Check, Wrong


def body(check: Check) -> Any:
    if request.mimetype != "application/json":
        raise wrong("the body must be application/json")
    try:
        found = orjson.loads(request.get_data())
        check(found, "body")
    except (orjson.JSONDecodeError, Wrong) as error:
        raise wrong(str(error)) from None
    return found


def parameters() -> dict[str, str]:
    """Of the address, each once. Raises Refusal."""
    found = request.args.to_dict()
    try:
        shapes.parameters(request.path, found)
    except Wrong as error:
        raise wrong(str(error)) from None
    return found


def answered(data: Any, more: Any = None, status: int = 200) -> Response:
    said = {"success": True, "data": data} | ({"additional_data": more} if more is not None else {})
    return Response(orjson.dumps(said), status, mimetype="application/json")


def page(rows: list[Any], given: dict[str, str], default: int = 100) -> Response:
    """Of version 2."""
    begin, limit = int(given.get("cursor") or 0), int(given.get("limit") or default)
    more = {"next_cursor": str(begin + limit) if begin + limit < len(rows) else None}
    if "same_cursor" in g.faults:
        more = {"next_cursor": given.get("cursor") or str(limit)}
    return answered(rows[begin : begin + limit], more)
