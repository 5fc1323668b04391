"""Lists and writes towards the dialers: how large they may be, and what is answered where they are refused."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from dialers.base import Connection
from dialers.giving import BadJson, BadLeads, BadList, CannotDo, Refused
from leads import files
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, Unavailable
from web import errors, turns
from web.context import context
from web.errors import not_found

Given = TypeVar("Given")


def configured(connection: str) -> Connection:
    """Raises KeyError, which ``answering_errors`` answers."""
    return context().settings.connections[connection]


def urls(connection: str) -> Mapping[str, str]:
    """Our own, by kind."""
    return context().settings.callbacks_of().get(connection, {})


def body() -> bytes:
    """The body, a list's."""
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        most = errors.size(request.max_content_length or 0)
        sentence = f"A list has {most} at most. Split it; each part becomes a load of its own."
        raise errors.ApiError(413, "too_large", sentence) from None


def document(known: set[str]) -> dict[str, Any]:
    """The body, an object with these members; under ``leads`` the rows of its list."""
    data = body()
    found = answering_errors(lambda: files.document(data))
    if unknown := set(found) - known:
        errors.invalid(min(unknown)[:200], "Unknown field.")
    if "leads" not in found:
        errors.invalid("leads", "Missing: the list of leads.")
    return found


@contextmanager
def allow_large_body(most: int) -> Iterator[None]:
    """The body may have so many bytes. Whatever is larger than other bodies waits for its turn: lists decide how much memory
    is needed."""
    others, told = request.max_content_length, request.content_length
    request.max_content_length = most
    if told is not None and others is not None and told <= others:
        yield
        return
    with turns.LISTS.turn():
        yield


def answering_errors(do: Callable[[], Given]) -> Given:
    """What ``do`` gives; what it raises as the answer that says so."""
    try:
        return do()
    except KeyError:
        if (request.view_args or {}).get("connection") in context().connections:
            raise
        not_found("connection")
    except CannotDo as error:
        raise errors.ApiError(409, "not_offered", str(error)) from None
    except Refused as error:
        errors.invalid(error.field, str(error))
    except BadJson as error:
        details = {f"leads.{error.row}": [str(error)]} if error.row else {}
        raise errors.ApiError(400, "bad_request", str(error), details) from None
    except BadList as error:
        at = f"leads.{error.row}" if error.row else "leads"
        errors.invalid(f"{at}.{error.field}" if error.field and error.field != "leads" else at, str(error))
    except BadLeads as error:
        details = {f"leads.{fault['row']}.{fault['field']}": [fault["message"]] for fault in error.faults}
        raise errors.ApiError(422, "invalid", str(error), details) from None
    except ExchangeError as error:
        _said(error)


def _said(error: ExchangeError) -> NoReturn:
    """The dialer's own verdict: its refusal is a 4xx with its reason, its silence, or what cannot be read, a 502 or 503."""
    later = {"Retry-After": str(round(error.retry_after))} if error.retry_after else {}
    refused = isinstance(error, Declined | AskedWrongly | CredentialsRefused)
    status = 409 if refused else 503 if isinstance(error, Unavailable) else 502
    error_id = "parked" if isinstance(error, CredentialsRefused) else error.error_id
    raise errors.ApiError(status, error_id, str(error), headers=later)
