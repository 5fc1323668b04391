"""Text that every store can hold."""

import re
from typing import Any, overload

# PostgreSQL stores neither NUL nor lone surrogates; both can be written in JSON. Evidence keeps them, facts do not.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether every store can hold the text as it is."""
    return _UNSTORABLE.search(text) is None


def visible(text: str) -> str:
    """The text as it may be written to a terminal, in one line: what is not printed stands there as it is written in Python,
    ``\\x1b``. Line breaks, escape codes and marks that turn a line around are somebody else's to choose."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


@overload
def clean(value: str) -> str: ...
@overload
def clean(value: str | None) -> str | None: ...
@overload
def clean(value: dict[str, Any]) -> dict[str, Any]: ...
@overload
def clean(value: object) -> object: ...
def clean(value: object) -> object:
    """The same value with U+FFFD where a character cannot be stored; walks dicts and lists."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value
