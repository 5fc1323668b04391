"""Reading a vendor's fields: numbers as strings, empty strings, nulls. What is not there stays out of the facts; what is
there and cannot be read does, too, and ``dialers.unread`` tells of it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from dialers.base import Connection, Unreadable
from lib import clock, phone, rawjson
from lib import text as texts
from lib.rawjson import Members
from lib.zones import NOWHERE

LONGEST_ID = 200
LONGEST_EMAIL = 254
LARGEST_INT = 2**63 - 1
LONGEST_SECONDS = 10**8  # three years: a longer "duration" is none, and sums of such would overflow in reports
LONGEST_NUMBER = 64  # characters; what is longer is no number and no duration

# What programs write where they have nothing, as a text and in any case. No id, time, number, duration or word of a dialer's
# is called so; a person may be, so names and what customers' own fields hold stay as they are written.
NOTHING = frozenset(
    ("null", "none", "undefined", "nan", "nil", "(null)", "<null>", "[null]", "(none)", "-", "--", "\u2013", "\u2014")
    + ("[]", "{}")  # an empty list or object, in a form
    + ("<nil>", "%!s(<nil>)", "%!d(<nil>)", "<na>", "nat", "\\n")  # Go, pandas, and dumps of MySQL and PostgreSQL
    + ("#n/a", "#null!", "#ref!", "#value!", "#name?", "#div/0!", "#num!")  # a spreadsheet's
)
LONGEST_NOTHING = max(map(len, NOTHING))
NO_FIGURE = NOTHING | {"n/a"}  # which an agent may have recorded as a disposition

# What stands in a webhook's template for a value, where nobody has put the value in. As an id it would make all calls one.
_PLACEHOLDER = re.compile(
    r"\{\{.*\}\}|[$%#@]\{[^{}]*\}|\$\([^()]*\)|\$[A-Za-z_][\w.]*|<%.*%>|"
    r"(?:\{N\}|\[N\]|<N>|%N%?|__N__)".replace("N", "[A-Za-z_][A-Za-z_. ]*"),  # no digits: {0a1b...} is a GUID
    re.DOTALL,
)
_OPENS_PLACEHOLDER = frozenset("{$%#@[<_")

_PHP_LIST = "Array"  # which PHP writes for any list
_NIL = re.compile(r"\{?0{8}(?:-?0{4}){3}-?0{12}\}?")

TWICE = "{} is stated more than once, and differently."

_EMPTY: Mapping[str, Any] = MappingProxyType({})
_DECIMAL = re.compile(r"(-?\d+)\.(\d*)", re.ASCII)
_EXPONENT = re.compile(r"\d+(?:\.\d+)?[eE]\+?\d{1,2}", re.ASCII)
_ROUNDED = re.compile(r"\d+(?:\.\d+[eE]|[eE]\+)\+?\d+", re.ASCII)  # 9.81235E+11: a spreadsheet has been at it
_CLOCK = re.compile(  # .NET writes a day as 1.02:03:04, Python as 1 day, 2:03:04
    r"(?:(\d{1,5})(?:\.|\s?days?,?\s))?(\d{1,5}):([0-5]\d):([0-5]\d)(?:[.,]\d+)?", re.ASCII
)
# Of ISO 8601.
_PERIOD = re.compile(
    r"P(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})(?:[.,]\d+)?S)?)?", re.ASCII | re.IGNORECASE
)
_HOURS = r"h|hrs?|hours?|hod(?:iny?)?|ч|час(?:а|ов)?|годин[аи]?"
_MINUTES = r"m|mins?|minutes?|minut[ay]?|мин(?:ут[аы]?)?|хв(?:илин[аи]?)?"
_SECONDS = r"s|secs?|seconds?|sek(?:und[ay]?)?|с|сек(?:унд[аы]?)?"
_UNITS = re.compile(
    rf"(?:([0-9]{{1,5}})\s?(?:d|days?)\b\.?,?\s?)?(?:([0-9]{{1,6}})\s?(?:{_HOURS})\b\.?,?\s?)?"
    rf"(?:([0-9]{{1,7}})\s?(?:{_MINUTES})\b\.?,?\s?)?(?:([0-9]{{1,9}})(?:[.,][0-9]+)?\s?(?:{_SECONDS})\b\.?)?",
    re.IGNORECASE,
)
_GO_UNITS = re.compile(r"()(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})(?:\.\d+)?s)?", re.ASCII)  # 1h2m3.5s
_LENGTHS = (_CLOCK, _PERIOD, _GO_UNITS, _UNITS)
_TWO_PARTS = re.compile(rf"([0-9]{{1,7}}):([0-5][0-9])\s?(?:({_HOURS})|{_MINUTES})\.?", re.IGNORECASE)  # 18:25 min


def text(value: object) -> str | None:
    """The text, stripped; None for nothing, for blanks and for what is no text. Numbers become their digits."""
    if type(value) is str:  # as nearly all are
        return value.strip() or None
    if type(value) is int:
        return str(value)
    if value is None or isinstance(value, bool | dict | list):
        return None
    return str(value).strip() or None


def word(value: object) -> str | None:
    """A text that is one of the dialer's or the tenant's words, and not what programs write where they have nothing."""
    if value is None:
        return None
    found = value.strip() if type(value) is str else text(value)
    return None if not found or (len(found) <= LONGEST_NOTHING and found.casefold() in NOTHING) else found


def link(value: object) -> str | None:
    """A whole address of the web; None for a path, the id of a file, or what is written where there is no recording."""
    found = text(value)
    return found if found is not None and found[:8].casefold().startswith(("https://", "http://")) else None


def shown(value: object) -> str | None:
    """A value of a field that is the customer's own, as text; what is no text and no number as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, bool | dict | list) else text(value)


def ident(value: object, name: str) -> str | None:
    """An id as text; ``102.0`` is the id ``102``. None for a number with a fraction, and for one that a spreadsheet has
    rounded. Raises Unreadable for one that no table can hold: cut ids could make two calls one."""
    if type(value) is int and -LARGEST_INT <= value <= LARGEST_INT:  # as most are
        return str(value)
    found = opaque(value, name)
    if found is None or type(value) is int or found.isalnum() and "e" not in found.casefold():
        return found
    if number := _DECIMAL.fullmatch(found):
        return None if number[2].strip("0") else number[1]
    return found


def opaque(value: object, name: str) -> str | None:
    """An id in which every character counts, such as a ``uniqueid`` of two numbers with a dot between them. None for a UUID of
    zeros, for a template's placeholder, and for a number that has been rounded: under either many calls would be one."""
    found = word(value)
    if found is None:
        return None
    if len(found) > LONGEST_ID:
        raise Unreadable("bad_identifier", f"{name} has {len(found)} characters, {LONGEST_ID} at most are kept.")
    if found[0] in _OPENS_PLACEHOLDER and _PLACEHOLDER.fullmatch(found):
        return None
    if found == _PHP_LIST or (found[0] in "0{" and _NIL.fullmatch(found)):
        return None
    return None if ("e" in found or "E" in found) and _ROUNDED.fullmatch(found) else found


def other_id(value: object, name: str) -> str | None:
    """The id of something that a call may belong to or not: a campaign, a queue, an agent. 0 is how programs write that it
    belongs to none. (Of a call's own id, of which there must be one, 0 is the id ``0``.)"""
    found = ident(value, name)
    return None if found == "0" else found


def said_once(members: Members, *ids: str) -> None:
    """Raises Unreadable where an id is stated twice and differently: the record could be of either call."""
    if len(members.pairs) == len(members):  # as in nearly all
        return
    for name in ids:
        if len({said for value in members.all(name) if (said := word(value))}) > 1:
            raise Unreadable("bad_identifier", TWICE.format(name))


_EMAIL = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"(),;:.]+(?:\.[^\s@<>\"(),;:.]+)+")


def email(value: object) -> str | None:
    """The text where it is an e-mail address; user names often are, and often are not."""
    found = text(value)
    return _email(found) if found is not None and "@" in found and len(found) <= LONGEST_EMAIL else None


@lru_cache(maxsize=2_000)  # a tenant has some hundred agents
def _email(found: str) -> str | None:
    return found if _EMAIL.fullmatch(found) else None


def whole(value: object) -> int | None:
    """A whole number, also written as text or with a fraction, which is dropped; None for everything else."""
    if type(value) is int:
        return value if abs(value) <= LARGEST_INT else None
    found = text(value)
    if found is None:
        return None
    if len(found) <= LONGEST_NUMBER and _EXPONENT.fullmatch(found):
        found = format(Decimal(found), "f")
    sign, digits = (-1, found[1:]) if found.startswith("-") else (1, found)
    digits, _, fraction = digits.partition(".")
    if not digits.isascii() or not digits.isdigit() or (fraction and not fraction.isdigit()) or len(digits) > 19:
        return None
    number = sign * int(digits)
    return number if abs(number) <= LARGEST_INT else None


def seconds(value: object) -> int | None:
    """A duration in whole seconds, a fraction dropped: ``181``, ``00:03:01``, ``PT3M1S``, ``181 s``, ``3m1s``. None for
    nothing, for less than nothing and for years; also for ``3:01``, which may be minutes or hours."""
    if value is None:
        return None
    number = whole(value)
    if number is None and type(value) is str:
        written = texts.seen(value).strip()
        number = whole(written) if written != value else None
        number = _length(written) if number is None else number
    return number if number is not None and 0 <= number <= LONGEST_SECONDS else None


def _length(written: str) -> int | None:
    if len(written) > LONGEST_NUMBER:
        return None
    if written in ("00:00", "0:00"):
        return 0
    found = next((found for form in _LENGTHS if (found := form.fullmatch(written))), None)
    if found is None and (found := _TWO_PARTS.fullmatch(written)):
        return (int(found[1]) * 60 + int(found[2])) * (60 if found[3] else 1)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + rest


def number(value: object) -> str | None:
    """A telephone number as the dialer wrote it."""
    if value is None:
        return None
    found = value.strip() if type(value) is str else phone.raw(value)
    return None if not found or (len(found) <= LONGEST_NOTHING and found.casefold() in NO_FIGURE) else found


def moment(value: object, connection: Connection | None = None) -> datetime | None:
    """A time in any of the forms that ``clock.parse`` knows; without a zone, one of the connection's place."""
    if value is None:
        return None
    return clock.parse(value, NOWHERE if connection is None else connection.locale)


def stated(**facts: Any) -> dict[str, Any]:
    """The facts that are stated: without None, times as ``clock.iso`` writes them."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if value is None:
            continue
        kind = type(value)
        if kind is str or kind is int:  # as nearly all are
            found[name] = value
        elif kind is datetime:
            found[name] = clock.iso(value)
        elif value != {}:
            found[name] = value
    return found


def mapping(value: object) -> Mapping[str, Any]:
    """The object; the only one of a list (a documented oddity); an empty one for everything else."""
    if value is None:
        return _EMPTY
    if type(value) is str:
        value = unfolded(value)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else _EMPTY


def unfolded(value: object) -> object:
    """The object or list that stands in a text of JSON; everything else as it is."""
    if type(value) is not str or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return rawjson.loads(value)
    except rawjson.NotJson:
        return value


def spelled(members: Members, names: frozenset[str], *ids: str) -> Members:
    """The object with its keys spelled as in ``names``: ``callid`` is ``callID`` where nothing else can be meant by it. Raises
    Unreadable where one of the ``ids`` is stated in two spellings and differently: the record could be of either call."""
    if names.issuperset(members):
        return members
    known = _folded(names)
    meant: dict[str, list[str]] = {}
    for name in members:
        if name in names or not (own := known.get(name.casefold())):
            continue
        if own not in members:
            meant.setdefault(own, []).append(name)
        elif own in ids and word(members[name]) not in (None, word(members[own])):
            raise Unreadable("bad_identifier", TWICE.format(own))
    renamed = {given[0]: own for own, given in meant.items() if len(given) == 1}
    return Members([(renamed.get(name, name), value) for name, value in members.pairs]) if renamed else members


@lru_cache(maxsize=100)  # of dialers, and of connections that rename fields
def _folded(names: frozenset[str]) -> dict[str, str]:
    return {name.casefold(): name for name in names}
