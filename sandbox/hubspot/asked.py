"""What a request holds: JSON of the documented shape, or a refusal; and how it is answered."""

from typing import Any

import orjson
from flask import Response, request

from sandbox.hubspot.refusals import Refusal, wrong
from sandbox.shapes import Check, Wrong


def body(check: Check, most: int | None = None) -> Any:
    """``most``: so many characters at most."""
    if request.mimetype != "application/json":
        raise Refusal(415, "VALIDATION_ERROR", "The body must be application/json", wrong=True)
    if most is not None and len(request.get_data(as_text=True)) > most:
        raise wrong(f"the body has more than {most} characters")
    try:
        found = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise wrong(str(error)) from None
    try:
        check(found, "body")
    except Wrong as error:
        raise wrong(str(error)) from None
    return found


def form(*names: str) -> dict[str, str]:
    """A form of exactly these, and nothing in the address, where logs would keep it."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Refusal(415, "VALIDATION_ERROR", "The body must be a form", wrong=True)
    if set(request.form) != set(names) or request.args:
        raise wrong(f"the form must hold {', '.join(names)}, and nothing else")
    return dict(request.form)


def only(*names: str) -> None:
    """No query but these."""
    for name in request.args:
        if name not in names:
            raise wrong(f"there is no parameter {name}")


def names(name: str) -> list[str]:
    """A parameter that is repeated, or has commas."""
    return [one for value in request.args.getlist(name) for one in value.split(",") if one]


def truth(name: str) -> bool:
    value = request.args.get(name, "false")
    if value not in ("true", "false"):
        raise wrong(f"{name} must be true or false")
    return value == "true"


def answered(found: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(found), status, mimetype="application/json")
