"""What guards our own doors is long and no example, and what leaves this machine does so encrypted: loose settings are refused
with a sentence, or told of."""

import base64
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from dialers.base import Connection
from lib import text as texts
from service.settings.mistakes import BadSettings

SHORTEST = 16  # characters of a secret that guards our own doors
_EXAMPLE = re.compile(r"change[-_ ]?me", re.IGNORECASE)  # as deploy/env.example has them
# Not names below localhost: whether they leave the machine is up to who resolves them.
_HERE = re.compile(r"localhost|127\.[0-9.]+|::1|0\.0\.0\.0", re.IGNORECASE)


def check_connection(connection: Connection, short_allowed: bool) -> None:
    """Raises BadSettings."""
    where = f"[connections.{connection.name}]"
    check_issued(where, connection.settings)
    for sent in connection.callback_authorization:
        check_issued(f"{where} callback_authorization", _secret_of(sent))
    for token in connection.callback_tokens:
        check_own(f"{where} callback_tokens", token, short_allowed)


def _secret_of(authorization: str) -> str:
    """What is secret in a header."""
    scheme, _, rest = authorization.partition(" ")
    if scheme != "Basic":
        return rest
    try:
        return base64.b64decode(rest, validate=True).decode("latin-1").partition(":")[2]
    except ValueError:  # not written as Basic is
        return rest


def check_own(where: str, secret: str, short_allowed: bool) -> None:
    """A secret that guards our own doors. No sentence repeats it. Raises BadSettings."""
    check_issued(where, secret)
    if len(secret) < SHORTEST and not short_allowed:
        few = texts.many(len(secret), "character") + (" is" if len(secret) == 1 else " are")
        raise BadSettings(
            f"{where}: {few} too few, {SHORTEST} or more are needed, for whoever guesses it is let in. "
            "For tests, WRAPUP_ALLOW_SHORT_TOKENS=yes takes shorter ones"
        )


def check_issued(where: str, value: object) -> None:
    """A credential that somebody else has issued may be of any length, but not one of our examples. Tables and lists
    are looked through. Raises BadSettings."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            check_issued(f"{where} {name}", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            check_issued(where, inner)
    elif isinstance(value, str) and _EXAMPLE.match(value):
        raise BadSettings(f"{where} is still what the example says: put the real one there")


def is_here(host: str) -> bool:
    """Whether what is sent to the host never leaves this machine, so that nobody reads it on the way."""
    return _HERE.fullmatch(host) is not None


def unencrypted(where: str, settings: Mapping[str, object]) -> Iterator[str]:
    """A sentence for each address of another machine to which everything goes unencrypted, credentials too."""
    for name, value in settings.items():
        if isinstance(value, str) and value.lower().startswith("http://"):
            host = urlsplit(value).hostname or ""
            if not is_here(host):
                yield f"{where} {name} is http:// to {host}: what is sent there can be read on the way. Use https://."
