"""What a dialer says may repeat what it was sent: our credentials, or our callback URLs with their tokens.

Its words are stored, logged and shown to whoever may load leads, so nothing of them goes further than the one who asked
without passing here. A secret is found in whatever way it is written, and also where its end was cut off.
"""

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from dialers.base import Connection
from dialers.registry import DIALERS
from lib.http.errors import ExchangeError

MASK = "***"
SHORTEST = 3  # a text of fewer characters would be found in every sentence
SHORT = 8  # one of fewer characters is masked where it stands as a word, and nowhere within one
HEAD = 8  # characters of a longer one by which it is known, wherever it is cut off
LONG = 16


def masked(value: Any, connection: Connection, client: Any = None) -> Any:
    """The value, a text or what JSON holds, without secrets of the connection's settings and of its client's."""
    secrets = _written(_secrets(connection, client))
    return _masked(value, secrets) if secrets else value


def hide(error: ExchangeError, connection: Connection, client: Any = None) -> None:
    """The error says the same without secrets from now on."""
    error.args = (masked(str(error), connection, client),)


@contextmanager
def discreet(connection: Connection, client: Any = None) -> Iterator[None]:
    """Whatever a dialer's words end in within, a ExchangeError, holds no secrets."""
    try:
        yield
    except ExchangeError as error:
        hide(error, connection, client)
        raise


def _secrets(connection: Connection, client: Any) -> set[str]:
    dialer, settings = DIALERS[connection.dialer], connection.settings
    found: set[Any] = {*connection.callback_tokens}
    for sent in connection.callback_authorization:
        found |= {sent, sent.partition(" ")[2]}
    for name in dialer.secrets:
        value = settings.get(name)
        found |= set(value.values()) if isinstance(value, Mapping) else {value}
    for value in settings.values():
        if isinstance(value, str) and "@" in value and "://" in value:
            found.add(unquote(urlsplit(value).password or ""))
    if settings.get("username") and settings.get("password"):
        found.add(base64.b64encode(f"{settings['username']}:{settings['password']}".encode()).decode())
    if hasattr(client, "secrets"):
        found |= set(client.secrets())
    return {str(secret) for secret in found if secret and len(str(secret)) >= SHORTEST}


def _written(secrets: set[str]) -> set[str]:
    """In every way in which they may stand in an answer."""
    ways = (quote, quote_plus, lambda one: quote(one, safe=""), html.escape, lambda one: json.dumps(one)[1:-1], _base64)
    return secrets | {way(secret) for secret in secrets for way in ways}


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")


def _masked(value: Any, secrets: set[str]) -> Any:
    if isinstance(value, str):
        return _without(value, secrets)
    if isinstance(value, Mapping):
        return {_masked(name, secrets): _masked(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, secrets) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return MASK if str(value) in secrets else value
    return value


def _without(text: str, secrets: set[str]) -> str:
    spans = sorted({span for secret in secrets for span in _places(text, secret)})
    parts, at = [], 0
    for begin, end in spans:
        if begin >= at:
            parts += [text[at:begin], MASK]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def _places(text: str, secret: str) -> Iterator[tuple[int, int]]:
    """Where the secret stands in the text, or as much of its beginning as does."""
    head = re.escape(secret if len(secret) < LONG else secret[:HEAD])
    if len(secret) < SHORT:
        head = rf"(?<![^\W_]){head}(?![^\W_])"
    for found in re.finditer(head, text, re.IGNORECASE):
        begin, end = found.span()
        # Of the text no more than is compared: one that is full of beginnings would be copied once for each.
        more = zip(text[end : begin + len(secret)], secret[end - begin :], strict=False)
        for said, ours in more:
            if said.lower() != ours.lower():
                break
            end += 1
        yield begin, end
