"""Errors as people see them: a page with a sentence and the request id, never a half-empty dashboard."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from web import auth
from web.errors import (
    DAMAGED,
    LOCKED,
    OF_THE_DATABASE,
    READ_ONLY,
    TOO_SLOW,
    UNPREPARED,
    ApiError,
    count,
    database_error,
    request_id,
)
from web.pages import policy

_TITLES = {
    401: "Sign in again",
    403: "Not allowed",
    404: "Nothing here",
    405: "Nothing here",
    422: "Not understood",
    429: "Too much at once",
    500: "Our fault",
    503: "The database cannot be used",
}
_TITLES_OF = {
    LOCKED: "The database is locked",
    DAMAGED: "The database is damaged",
    UNPREPARED: "The database is not ready",
    READ_ONLY: "The database takes no writes",
}
_SENTENCES = {
    401: "Your session has ended.",
    404: "There is no page at this address, or what it showed is no longer kept.",
    405: "This address is for forms; go to the overview instead.",
    413: "The form is larger than this page takes.",
    422: "A value cannot be used.",
    500: "Something went wrong inside. The log has the cause under the request id below.",
    503: "No figures can be shown now. Callbacks are still received and kept. Load the page again in a moment.",
}


def register(blueprint: Blueprint, app: Flask) -> None:
    """Errors of pages as pages; those of the API stay as they are."""
    blueprint.register_error_handler(HTTPException, _http_error)
    for error in OF_THE_DATABASE:
        blueprint.register_error_handler(error, _database_error)
    # What no route takes belongs to no blueprint, so these two are asked of the whole application.
    everybody_elses = app.error_handler_spec[None][None][HTTPException]
    for kind in (NotFound, MethodNotAllowed):
        app.register_error_handler(kind, partial(_no_route, everybody_elses))


def page(status: int, sentence: str | None = None, title: str | None = None) -> Response:
    """An error page."""
    title = title or _TITLES.get(status, "That did not work")
    text = sentence or _SENTENCES.get(status, "The request could not be served.")
    html = render_template("pages/error.html", title=title, sentence=text, status=status, request_id=request_id())
    return make_response(html, status)


def _http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error  # a redirect
    count(error)
    if not isinstance(error, ApiError):
        return page(error.code)
    told = [sentence for sentences in error.details.values() for sentence in sentences]
    response = page(error.code, " ".join(told) or str(error.description))
    response.headers.extend(error.extra_headers)
    return response


def _database_error(error: DBAPIError | PoolTimeout) -> Response:
    error_id, sentence = database_error(error)
    if error_id == TOO_SLOW[0]:
        return page(503, sentence, "This took too long")
    if sentence in _TITLES_OF:
        return page(503, f"{sentence} Callbacks are still received and kept.", _TITLES_OF[sentence])
    return page(503)


def _no_route(everybody_elses: Callable[..., Any], error: HTTPException) -> Response:
    """A page for a browser, the API's shape for everybody else."""
    if "pages" in request.blueprints:
        return page(error.code or 404)
    wanted = request.accept_mimetypes.best_match(("application/json", "text/html"))
    if wanted != "text/html" or request.path.startswith(auth.API):
        return everybody_elses(error)
    return policy.headers(page(error.code or 404))
