"""What a request holds: JSON of the documented shape, or a refusal; and how it is answered."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import Response, g, request

from sandbox.shapes import Check, Wrong
from sandbox.zoho import shapes
from sandbox.zoho.refusals import wrong


def body(check: Check) -> Any:
    if request.mimetype != "application/json":
        raise wrong("the body must be application/json")
    try:
        found = orjson.loads(request.get_data())
        check(found, "body")
    except (orjson.JSONDecodeError, Wrong) as error:
        raise wrong(str(error)) from None
    return found


def parameters(what: str) -> dict[str, str]:
    """Of the address, each once. Raises Refusal."""
    found = request.args.to_dict()
    try:
        shapes.parameters(what, found)
    except Wrong as error:
        raise wrong(str(error)) from None
    return found


def answered(said: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(said), status, mimetype="application/json")


def results(rows: Sequence[Mapping[str, Any]], status: int) -> Response:
    """What became of each record; ``status`` where all were taken."""
    told = list(rows)
    good = sum(one["code"] == "SUCCESS" for one in told)
    if "results_missing" in g.faults:
        told = told[::2] if len(told) > 1 else []
    if "shuffled" in g.faults:
        told.reverse()
    return answered({"data": told}, status if good == len(rows) else 207 if good or len(rows) > 1 else 400)


def page(rows: Sequence[Mapping[str, Any]], given: Mapping[str, str], name: str = "data") -> Response:
    """204 where there is nothing."""
    number, size = int(given.get("page") or 1), int(given.get("per_page") or shapes.MOST_OF_A_PAGE)
    begin = (number - 1) * size
    some = list(rows[begin : begin + size])
    if not some:
        return Response(status=204)
    info = {"per_page": size, "count": len(some), "page": number, "more_records": len(rows) > begin + size}
    return answered({name: some, "info": info})
