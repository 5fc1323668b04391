"""Addresses that hold a secret or a person's number, as they may be logged."""

import re

# Of a callback the token, of an export link all of it; a caller may have written the x otherwise.
_SECRET = re.compile(r"(/callbacks/+[^/\s'\"]+/+|/(?:x|%78)/+)[^/\s'\"?]+")
# A telephone number as a step of a path (/suppressions/+919800012345) or as the value of a query. Ids of dialers may look so.
_NUMBER = re.compile(r"(?<=[/=])(?:\+|%2[Bb])?[0-9]{7,15}(?![\w-])")


def hidden(text: str) -> str:
    """The text, three dots in place of each secret and number."""
    return _NUMBER.sub("...", _SECRET.sub(r"\1...", text))
