"""Addresses that hold a secret, as they may be logged."""

import re

# Of a callback the token, of an export link all of it; a caller may have written the x otherwise.
_SECRET = re.compile(r"(/callbacks/+[^/\s'\"]+/+|/(?:x|%78)/+)[^/\s'\"?]+")


def hidden(text: str) -> str:
    """The text, three dots in place of each secret."""
    return _SECRET.sub(r"\1...", text)
