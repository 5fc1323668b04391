"""What stops a start, and how it is said."""

from collections.abc import Iterable
from difflib import get_close_matches

from lib.complaints import first

# marshmallow's sentences say what is wrong; whoever writes the file wants to know what to write.
_IN_THE_FILE = {
    "Not a valid list.": "Not a list; one stands in brackets, with commas: [...].",
    "Not a valid string.": 'Not a text; one stands in quotes: "...".',
    "Not a valid integer.": "Not a whole number; one stands without quotes.",
    "Not a valid boolean.": "Neither true nor false, which stand without quotes.",
    "Not a valid mapping type.": 'Not a table; one stands in braces: { "..." = "..." }.',
    "Not a valid URL.": "Not an address; one begins with https:// (or http://) and a host.",
    "Missing data for required field.": "Must be given.",
}
_UNKNOWN = "Unknown field."


class BadSettings(Exception):
    """The settings cannot be used. The message is one sentence that names the setting, on one line."""

    def __init__(self, message: str):
        super().__init__(" ".join(message.split()).removesuffix(".") + ".")


def sentence(messages: object, keys: Iterable[str] = ()) -> str:
    """The first of marshmallow's messages as one sentence: ``page_size: Not a whole number; one stands without quotes.`` ``keys``
    are those that there are, one of which may be meant."""
    name, said = first(messages)
    said = _IN_THE_FILE.get(said, said)
    if said == _UNKNOWN:
        close = get_close_matches(name, list(keys), 1)
        said = "There is no such key" + (f"; perhaps {close[0]} is meant." if close else ".")
    return ": ".join(filter(None, (name, said)))
