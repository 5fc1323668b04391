"""The API's own description: /openapi.json made from the schemas, and /docs, the same for reading."""

import json
import re
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import flask_smorest
from flask import Blueprint as PlainBlueprint
from flask import Flask, Response, current_app, render_template, send_from_directory
from markupsafe import Markup, escape
from marshmallow import Schema

from callbacks import routes
from web.answers import dumps
from web.auth import API, View
from web.context import context
from web.parameters import Parser
from web.schemas.decisions import ONE_MEANING
from web.schemas.errors import Error

DESCRIPTION = """\
What became of every call, from every dialer. The guide is `/docs/api.md`: paging, the change feed, what each figure means.

Every address below `/api/v1` needs a key, `Authorization: Bearer wk_...`, with the scope that stands beside it; `admin`
opens all. An unknown parameter, or one with a value that cannot be used, is a 422 that names it."""

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = {  # in the order in which /docs names them
    "api.md": "The guide",
    "following.md": "Following the feed",
    "integrations.md": "Integrations",
    "reading.md": "How fields are read",
    "glossary.md": "The words",
    "dashboard.md": "The dashboard",
    "schedules.md": "Schedules",
    "settings.md": "Settings",
    "operations.md": "Operations",
    "keys.md": "Keys, sessions, who did what",
}

_ERRORS = {
    "401": "No key, or one that is unknown or revoked.",
    "403": "The key lacks the scope.",
    "422": "A parameter is unknown or cannot be used; `details` names it.",
}


_BUSY = "Too much of this is under way; `Retry-After` says when to come back."


class _NoQuery(Schema):
    pass


class Blueprint(flask_smorest.Blueprint):
    """Routes of the API, with strict parameters."""

    ARGUMENTS_PARSER = Parser()

    def no_query(self, view: View) -> View:
        """A view without parameters; those that are sent all the same are unknown ones, and a 422."""
        return self.arguments(_NoQuery, location="query", as_kwargs=True)(view)

    def order(self, schema: type[Schema]) -> Callable[[View], View]:
        """A view that is told what to do by a JSON body, and has no other parameters; a body that is no JSON is a 400."""

        def ordered(view: View) -> View:
            documented = self.alt_response(400, schema=Error, description="The body is not JSON.")(view)
            return self.no_query(self.arguments(schema)(documented))

        return ordered


class Api(flask_smorest.Api):
    """flask-smorest for the description; errors, pages and their description are ours."""

    ERROR_SCHEMA = Error

    def _register_error_handlers(self) -> None:
        pass

    def _register_etag_headers(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        pass


plain = PlainBlueprint("openapi", __name__)
_making = threading.RLock()  # the page is made of the description


@plain.app_template_filter("code")
def code(text: str) -> Markup:
    """The text with what stands between backticks as code; all else is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


@plain.get("/openapi.json")
def openapi_json() -> Response:
    """The description of the API, for programs."""
    return Response(_made("description", lambda: dumps(_described())), content_type="application/json")


@plain.get("/docs")
def docs() -> Response:
    """The description of the API, for people."""
    page = _made("docs", lambda: render_template("docs.html", spec=described(), guides=GUIDES).encode())
    return Response(page, content_type="text/html; charset=utf-8")


@plain.get("/docs/<path:name>")
def guide(name: str) -> Response:
    """A page of docs/, as it is written."""
    page = send_from_directory(DOCS, name, mimetype="text/plain" if name.endswith(".md") else None)
    page.headers["Cache-Control"] = "no-cache"
    return page


def _made(name: str, make: Callable[[], bytes]) -> bytes:
    """What is the same for everybody, made when it is asked for first, and once: anybody may ask, any number of times."""
    made = context().described
    if name not in made:
        with _making:
            if name not in made:
                made[name] = make()
    return made[name]


def register(app: Flask, blueprints: list[Blueprint]) -> None:
    """Add the API's routes. Their description is made when it is asked for first: few processes ever are."""
    for blueprint in blueprints:
        app.register_blueprint(blueprint, url_prefix=API)
    context(app).blueprints = blueprints
    app.register_blueprint(plain)


def described() -> dict[str, Any]:
    """The description of the API's routes: what flask-smorest has gathered, and the errors that all of them share."""
    return json.loads(_made("description", lambda: dumps(_described())))


def _described() -> dict[str, Any]:
    found = _with_errors(_gathered(context().blueprints, current_app.config.get("PUBLIC_URL", "/")))
    found["paths"] |= routes.DESCRIPTION
    found["tags"].append(routes.TAG)
    return found


def _gathered(blueprints: Sequence[flask_smorest.Blueprint], url: str) -> dict[str, Any]:
    """On an application of its own: flask-smorest describes while it registers."""
    options = {
        "title": "Wrapup",
        "version": version("wrapup"),
        "openapi_version": "3.1.0",
        "info": {"description": DESCRIPTION},
        "servers": [{"url": url}],
    }
    api = Api(Flask(__name__, static_folder=None), spec_kwargs=options)
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer", "description": "An API key."})
    for blueprint in blueprints:
        api.register_blueprint(blueprint, url_prefix=API)
    return api.spec.to_dict()


def _with_errors(spec: dict[str, Any]) -> dict[str, Any]:
    # Said here, because a marshmallow schema has no way to say it.
    for order in ("ReplayOrder", "PurgeOrder", "RetryOrder", "ViewChange"):
        spec["components"]["schemas"][order]["minProperties"] = 1
    spec["components"]["schemas"]["WordDecision"]["oneOf"] = ONE_MEANING
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            (wanted,) = operation["security"][0]["key"]
            operation["description"] = f"{operation.get('description', '')}\n\nNeeds the scope `{wanted}`.".strip()
            statuses = [*_ERRORS, "404"] if "{" in path else _ERRORS
            for status in statuses:
                operation["responses"][status] = _error(_ERRORS.get(status, "There is no such thing."))
            operation["responses"].setdefault("429", _error(_BUSY))
    return spec


def _error(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
