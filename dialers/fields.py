"""Reading a vendor's fields: numbers as strings, empty strings, nulls. What is not there stays out of the facts."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dialers.base import Unreadable
from lib import clock, rawjson
from lib.rawjson import Members

LONGEST_ID = 200
LARGEST_INT = 2**63 - 1
LONGEST_SECONDS = 10**8  # three years: a longer "duration" is none, and sums of such would overflow in reports


def record(body: bytes) -> Members:
    """A polled record: one JSON object. Raises Unreadable."""
    try:
        found = rawjson.loads(body)
    except rawjson.NotJson as error:
        raise Unreadable("unparseable", f"The record is not JSON: {error}.") from None
    if not isinstance(found, Members):
        raise Unreadable("not_an_object", "The record is JSON, but no object.")
    return found


def text(value: object) -> str | None:
    """The text, stripped; None for nothing, for blanks and for what is no text. Numbers become their digits."""
    if type(value) is str:  # as nearly all are
        return value.strip() or None
    if type(value) is int:
        return str(value)
    if value is None or isinstance(value, bool | dict | list):
        return None
    return str(value).strip() or None


def ident(value: object, name: str) -> str | None:
    """An id as text. Raises Unreadable for one that no table can hold: cut ids could make two calls one."""
    found = text(value)
    if found is not None and len(found) > LONGEST_ID:
        raise Unreadable("bad_identifier", f"{name} has {len(found)} characters, {LONGEST_ID} at most are kept.")
    return found


_EMAIL = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"(),;:.]+(?:\.[^\s@<>\"(),;:.]+)+")


def email(value: object) -> str | None:
    """The text where it is an e-mail address; user names often are, and often are not."""
    found = text(value)
    return found if found is not None and "@" in found and len(found) <= 254 and _EMAIL.fullmatch(found) else None


def whole(value: object) -> int | None:
    """A whole number, also written as text or with a fraction, which is dropped; None for everything else."""
    if type(value) is int:
        return value if abs(value) <= LARGEST_INT else None
    found = text(value)
    if found is None:
        return None
    sign, digits = (-1, found[1:]) if found.startswith("-") else (1, found)
    digits, _, fraction = digits.partition(".")
    if not digits.isascii() or not digits.isdigit() or (fraction and not fraction.isdigit()) or len(digits) > 19:
        return None
    number = sign * int(digits)
    return number if abs(number) <= LARGEST_INT else None


def seconds(value: object) -> int | None:
    """A duration in whole seconds; None for nothing, for less than nothing and for years."""
    number = whole(value)
    return number if number is not None and 0 <= number <= LONGEST_SECONDS else None


def moment(value: object) -> datetime | None:
    """A time in any of the forms that ``clock.parse`` knows."""
    return clock.parse(value)


def stated(**facts: Any) -> dict[str, Any]:
    """The facts that are stated: without None, times as ``clock.iso`` writes them."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if type(value) is str or type(value) is int:  # as nearly all are
            found[name] = value
        elif isinstance(value, datetime):
            found[name] = clock.iso(value)
        elif value is not None and value != {}:
            found[name] = value
    return found


def mapping(value: object) -> Mapping[str, Any]:
    """The object; the only one of a list (a documented oddity); an empty one for everything else."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else {}
