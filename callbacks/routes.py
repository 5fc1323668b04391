"""The receiver's addresses as Flask endpoints: they stand among the routes, and are described with the API.

Usually none of them is asked: the receiver stands in front of Flask and answers by the same function (``Receiver.answer``), so
that no routing table, hook or error page can answer anything else. Receiving processes load no Flask, and so not this module.
"""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.routing import BaseConverter, Map, Rule

from callbacks.receiver import PREFIX, Receiver

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
RULES = {
    "callback": (f"/{PREFIX}", f"/{PREFIX}/", f"/{PREFIX}/<connection>/<token>/<kind>", f"/{PREFIX}/<anything:rest>"),
    "healthz": ("/healthz", "/healthz/<slashes:rest>"),
    "readyz": ("/readyz", "/readyz/<slashes:rest>"),
}

_RECEIVED = {
    "type": "object",
    "required": ["received"],
    "properties": {"received": {"type": "boolean", "enum": [True], "description": "Always.", "example": True}},
}
_STATUS = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "description": "How it is.", "example": "ok"},
        "message": {"type": "string", "description": "In a sentence, where it is not well.", "example": "..."},
    },
}


class Anything(BaseConverter):
    """The rest of an address, whatever it is, line breaks included: a base URL that ends in "/" gives "//"."""

    regex = "(?s:.*)"
    part_isolating = False


class Slashes(BaseConverter):
    """What the receiver does not count at the end of a probe's address."""

    regex = "/*"
    part_isolating = False


def _parameter(name: str, description: str, example: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": schema,
        "description": description,
        "example": example,
    }


def _answers(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


DESCRIPTION = {
    f"/{PREFIX}/{{connection}}/{{token}}/{{kind}}": {
        "post": {
            "operationId": "receive_callback",
            "tags": ["receiving"],
            "summary": "A dialer tells what became of a call",
            "description": (
                "Always 200, whatever comes, in any method and at any address below: what cannot be understood, or came "
                "without a right to, is kept in quarantine. `wrapup connections` prints the URLs.\n\n"
                "The token is the key: no other is needed."
            ),
            "parameters": [
                _parameter("connection", "The connection's name.", "ryng-main"),
                _parameter("token", "One of its `callback_tokens`.", "..."),
                _parameter("kind", "What is told; each dialer has its own.", "terminal"),
            ],
            "requestBody": {"content": {"*/*": {"schema": {}}}},
            "responses": {"200": _answers(_RECEIVED, "It is kept.")},
            "security": [],
        }
    },
    "/healthz": {
        "get": {
            "operationId": "healthz",
            "tags": ["receiving"],
            "summary": "Whether the process lives",
            "description": "Says nothing of the database, because a restart would not mend that.",
            "responses": {"200": _answers(_STATUS, "It lives.")},
            "security": [],
        }
    },
    "/readyz": {
        "get": {
            "operationId": "readyz",
            "tags": ["receiving"],
            "summary": "Whether callbacks can be kept",
            "description": "`ok`, `spooling` or `newer_schema`: a load balancer should send callbacks wherever this is 200.",
            "responses": {
                "200": _answers(_STATUS, "They can."),
                "503": _answers(_STATUS, "They are kept in memory and in the log alone."),
            },
            "security": [],
        }
    },
}
TAG = {"name": "receiving", "description": "What dialers post, and whether it can be kept"}


def blueprint(receiver: Receiver) -> Blueprint:
    """The routes, answered by this receiver."""
    made = Blueprint("receiving", __name__)

    def answered(**_parts: str) -> Response:
        """As the receiver answers, which stands in front of Flask."""
        answer = receiver.answer(request.environ)
        assert answer is not None, "these addresses are all the receiver's"
        status, headers, body = answer
        return Response(body, status, headers)

    def whatever_method(routes: Map) -> None:
        """Flask lists methods; the receiver answers to any, such as a proxy's PROPFIND."""
        for name, rules in RULES.items():
            for rule in rules:
                routes.add(Rule(rule, endpoint=f"{made.name}.{name}", merge_slashes=False))

    made.record(lambda state: state.app.url_map.converters.update(anything=Anything, slashes=Slashes))
    for name, rules in RULES.items():
        for rule in rules:
            made.add_url_rule(
                rule, name, answered, methods=METHODS, provide_automatic_options=False, merge_slashes=False
            )
    made.record(lambda state: whatever_method(state.app.url_map))
    return made
