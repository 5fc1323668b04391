"""Errors as the API tells them: ``{"error_id", "message", "details", "request_id"}``, the same shape for every one.

``error_id`` is stable and for programs, ``message`` is a sentence for people, ``details`` names the fields at fault as
``{"field": ["sentence"]}``; of a parameter that may be given several times by the place of each value, ``{"field": {"0":
["sentence"]}}``. What went wrong inside is in the log under the same request id, never in the answer.
"""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, NoReturn

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from lib import addresses, ids
from models import audit
from models.errors import is_damaged, is_locked, lacks_rights, lacks_table, refuses, said, took_too_long
from models.writing import refuses_writes
from web.answers import answer
from web.context import context

log = structlog.get_logger()

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")

_MOST_NAMED, _LONGEST_NAME = 50, 200  # fields at fault, and characters of a name; more help nobody

_WORDS = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not take that method; the Allow header names those it takes."),
    413: ("too_large", "The body is larger than this address takes."),
    422: ("invalid", "A parameter is unknown or has a value that cannot be used; the details name it."),
    500: ("internal_error", "This is our fault. The log has the cause under this request id."),
    503: ("database_unavailable", "The database cannot be used now. Asking again later will help."),
}

# Among them are errors that ``database_error`` has a sentence for.
OF_THE_DATABASE = (DatabaseError, PoolTimeout)

# What is wrong with the database, where it says so: the same ``error_id``, a sentence of its own.
LOCKED = "Another process holds the database, so nothing can be written to it now. Asking again later will help."
READ_ONLY = (
    "The database can be read and takes no writes now, so nothing can be changed, and nobody can sign in to the pages."
)
NO_RIGHTS = (
    "The database refuses this to the role that Wrapup comes as, which lacks a right; the log says which. Asking again helps "
    "when it has it."
)
DAMAGED = (
    "The database's files are damaged, and asking again does not help: put back a backup, and keep the damaged files for what "
    "has come since."
)
UNPREPARED = "The database is not prepared for this release yet; the log of wrapup serve says what that waits for."


TOO_SLOW = (
    "too_slow",
    "The database had no answer within the longest time that anybody waits. Ask for a shorter period, or with a filter.",
)


class ApiError(HTTPException):
    """An answer with a status, an ``error_id`` of its own, and a sentence."""

    def __init__(
        self,
        code: int,
        error_id: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.code = code
        self.error_id = error_id
        self.details = details or {}
        self.extra_headers = headers or {}


def invalid(field: str, sentence: str) -> NoReturn:
    """Answer 422 and name the field."""
    raise ApiError(422, "invalid", _WORDS[422][1], {field: [sentence]})


def not_found(what: str) -> NoReturn:
    raise ApiError(404, "not_found", f"There is no such {what}.")


def register(app: Flask) -> None:
    """Give every request an id and every error the one shape."""
    app.before_request(_begin)
    app.register_error_handler(HTTPException, _http_error)
    for kind in OF_THE_DATABASE:
        app.register_error_handler(kind, _database_error)


def request_id() -> str:
    """The id of this request: the caller's, where it sent a usable one, else ours."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.match(given) else ids.new().hex
    return g.request_id


def count(error: HTTPException) -> None:
    """What asks for too much. Wrong keys are counted where they are logged (``web.origin``)."""
    if error.code in (413, 429):
        context().refused.add(getattr(error, "error_id", "too_large"))


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    audit.acts_as(None)
    structlog.contextvars.bind_contextvars(request_id=request_id())


def body(error_id: str, message: str, details: Mapping[str, Any], status: int) -> Response:
    return answer(
        {"error_id": error_id, "message": message, "details": details, "request_id": request_id()}, status=status
    )


def broken_off(error: Exception) -> Response:
    """The server could not tell the body's chunks apart. Receivers answer so before we are asked
    (``service.passage.uploads``); this is for whoever serves everything in one process."""
    return body("cut_off", "The body's chunks cannot be told apart.", {}, 400)


def _http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error  # a redirect
    count(error)
    if isinstance(error, ApiError):
        response = body(error.error_id, str(error.description), error.details, error.code)
        response.headers.extend(error.extra_headers)
        return response
    error_id, message = _WORDS.get(error.code, (error.name.lower().replace(" ", "_"), error.name + "."))
    if error.code == 413 and request.max_content_length is not None:
        message = f"The body is larger than {size(request.max_content_length)}, which is what this address takes."
    response = body(error_id, message, _details(error), error.code)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value  # such as Allow
    return response


def size(count: int) -> str:
    """A limit in bytes, as sentences say it."""
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"


def _details(error: HTTPException) -> Mapping[str, Any]:
    """What webargs found: ``{location: {field: [sentence]}}``, of which the caller needs the fields."""
    messages = getattr(error, "data", {}).get("messages", {})
    found: dict[str, Any] = {}
    for location, fields in messages.items():
        found |= fields if isinstance(fields, dict) else {location: fields}
    return {str(name)[:_LONGEST_NAME]: told for name, told in islice(found.items(), _MOST_NAMED)}


def _database_error(error: DBAPIError | PoolTimeout) -> Response:
    error_id, sentence = database_error(error)
    return body(error_id, sentence, {}, 503)


def database_error(error: DBAPIError | PoolTimeout) -> tuple[str, str]:
    """Log it; its ``error_id`` and its sentence. Raises the error where the question was wrong, which is our fault."""
    known = isinstance(error, OperationalError | PoolTimeout)
    if not known and not (lacks_table(error) or refuses(error) or is_damaged(error)):
        raise error
    told = _WORDS[503]
    if isinstance(error, DBAPIError) and took_too_long(error):
        told = TOO_SLOW
    elif is_locked(error):
        told = (told[0], LOCKED)
    elif lacks_rights(error):
        told = (told[0], NO_RIGHTS)
    elif is_damaged(error):
        told = (told[0], DAMAGED)
    elif lacks_table(error):
        told = (told[0], UNPREPARED)
    elif refuses_writes(error):
        told = (told[0], READ_ONLY)
    log.error(told[0], path=addresses.hidden(request.path), error=type(error).__name__, said=said(error))
    return told
