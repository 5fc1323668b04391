"""Text that every store can hold."""

import re

# PostgreSQL stores neither NUL nor lone surrogates; both can be written in JSON. Evidence keeps them, facts do not.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether every store can hold the text as it is."""
    return _UNSTORABLE.search(text) is None


def clean(value: object) -> object:
    """The same value with U+FFFD where a character cannot be stored; walks dicts and lists."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value
