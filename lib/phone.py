"""Telephone numbers: E.164 for reading, the raw string kept beside it. A number is never a key and never a float.

Which number is meant by what is written says ``lib.phone_reading``. The vendors' own samples have a number's length and are not
valid, so outcomes show such numbers; whoever is to be called should know, see ``Number.doubts``.
"""

import re
from typing import NamedTuple

import phonenumbers

from lib import phone_plans as plans
from lib import phone_reading as reading
from lib import phone_writing as writing

DROPPED = "What stands before it was dropped: {}."
ONLY_FULL = "It has a number's length, but its country gives out no such numbers."
ELSEWHERE = "It is a number of {}, and the default country is {}."


class Number(NamedTuple):
    """An E.164 number, and what is doubtful about it, in sentences."""

    number: str
    doubts: tuple[str, ...]


def raw(value: object) -> str | None:
    """The number as the dialer wrote it, as a string; None for nothing."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    return str(value).strip() or None


def e164(value: object, default_country: str | None = None, *, signless: bool = False) -> str | None:
    """``+`` and digits, or None where no number can be read for certain.

    ``signless``: who wrote it leaves the plus of international numbers out, so that such a reading comes first. Extensions
    (six digits or fewer), SIP logins, words like ``anonymous`` and two numbers in one text are None.
    """
    text = raw(value)
    found = None if text is None else reading.read(text, default_country, signless)
    return None if found is None else found.number


def read(value: object, default_country: str | None = None) -> Number | None:
    """``e164`` with what is doubtful about the reading."""
    text = raw(value)
    found = None if text is None else reading.read(text, default_country, False)
    if found is None:
        return None
    doubts = found.notes or _dropped(found, default_country)
    if not plans.valid(found.code, found.national):
        doubts = (*doubts, ONLY_FULL)
    if default_country and plans.home(default_country) and not is_of(found.number, default_country):
        doubts = (*doubts, ELSEWHERE.format(f"+{found.code}", default_country))
    return Number(found.number, doubts)


def _dropped(read: reading.Read, country: str | None) -> tuple[str, ...]:
    """What was read past before the number, where it is none of what people dial before their own or others' numbers."""
    home = plans.home(country) if country else None
    abroad = home.abroad.pattern if home is not None else "00"
    before, found, _ = read.written.rpartition(read.national)
    usual = rf"(?:00|{abroad})?(?:{read.code})?(?:{plans.known(read.code).trunk or 0}|0)?"
    return (DROPPED.format(before),) if found and not re.fullmatch(usual, before) else ()


def is_short(value: object, default_country: str | None = None) -> bool:
    """Whether digits are missing: what stands there is a number's beginning or end, and nothing else."""
    text = raw(value)
    written = None if text is None else writing.read(text)
    if written is None:
        return False
    international = plans.split(written.digits) if written.plus else None
    home = plans.home(default_country) if default_country else None
    if international is not None:
        code, rest = international
    elif home is not None:
        code, rest = home.code, written.digits
    else:
        return len(written.digits) < writing.SHORTEST
    plan = plans.known(code)
    return len(rest.removeprefix(plan.trunk)) < min(plan.full, default=writing.SHORTEST)


def is_of(number: str, country: str) -> bool:
    """Whether an E.164 number has the country's code."""
    home = plans.home(country)
    return home is not None and number.startswith(home.code, 1)  # no code is another one's beginning


def national(number: str) -> str:
    """An E.164 number without its country's code, and without the zero that is dialled before it in many countries."""
    return phonenumbers.national_significant_number(phonenumbers.parse(number))


def masked(number: str) -> str:
    """A number as notes of what persons did may hold it: its beginning and its last two digits, ``+3805*****67``."""
    return number[:5] + "*" * max(0, len(number) - 7) + number[-2:] if len(number) > 9 else "*" * len(number)
