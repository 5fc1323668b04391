"""What a dialer says may repeat what it was sent: our credentials, or our callback URLs with their tokens.

Its words are stored, logged and shown to whoever may load leads, so nothing of them goes further than the one who asked
without passing here.
"""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from dialers.base import Connection
from dialers.registry import DIALERS
from lib import masking
from lib.http.errors import ExchangeError


def masked(value: Any, connection: Connection, client: Any = None) -> Any:
    """The value, a text or what JSON holds, without secrets of the connection's settings and of its client's."""
    return masking.masked(value, secrets_of(connection, client))


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


def secrets_of(connection: Connection, client: Any = None) -> set[str]:
    """What nobody is shown of the connection's settings, and of its client's."""
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
    return {str(secret) for secret in found if secret}
