"""Which number is meant by what is written.

It can often be read in several ways: as an international number whose plus was left out, as one of the default
country's with or without the zero before it, or with that zero before the country's own code. A reading that is *valid*
in its numbering plan is preferred; among several valid ones, and among those that merely have a full number's length, the
default country's. What has only the length of a number within a town is none.
"""

import string
from functools import lru_cache
from typing import NamedTuple

import phonenumbers

from lib import phone_plans as plans
from lib import phone_writing as writing

ZERO_BEFORE_CODE = "A zero before the country's code was dropped."
RETIRED = "What was dialled before numbers of {} in former times was dropped."
SURE_WITHOUT_SIGN = 11  # digits from which a number without a sign may be an international one
MOST_DIGITS = 15  # of an international number
LONGEST_REMEMBERED = 200  # characters of a text whose reading is remembered
MEXICO, MEXICAN_PREFIXES = "52", ("1", "01", "044", "045")  # until 2019, before ten digits


class Read(NamedTuple):
    """An E.164 number and its parts, what was written, without a (0) in it, and notes about what was dropped."""

    number: str
    code: str
    national: str
    written: str
    notes: tuple[str, ...]


class Candidate(NamedTuple):
    code: str
    national: str
    notes: tuple[str, ...] = ()

    def valid(self) -> bool:
        return plans.valid(self.code, self.national)

    def full(self) -> bool:
        return plans.full(self.code, self.national)


def read(text: str, country: str | None, signless: bool) -> Read | None:
    """The number that is meant; None where none can be read for certain. ``signless``: as of ``lib.phone.e164``."""
    # What is longer is hardly a number, and would be kept as long as it is.
    return (_read if len(text) <= LONGEST_REMEMBERED else _read.__wrapped__)(text, country, signless)


@lru_cache(maxsize=500)  # agents' numbers, our own, and the customer of a call that is told of several times
def _read(text: str, country: str | None, signless: bool) -> Read | None:
    written = writing.read(text)
    if written is None:
        return None
    home = plans.home(country) if country else None
    if written.plus:
        found = _marked(written.digits, written.other)
    elif written.digits.startswith("00"):
        found = _after_zeros(written, home, country)
    else:
        found = _unmarked(written, home, country, signless)
    if found is not None and (written.plus or written.digits.startswith("00")) and _is_more(written, found):
        return None
    if found is None or (written.cut and not found.valid()):
        return None
    number = f"+{found.code}{found.national}"
    return Read(number, found.code, found.national, written.other, written.notes + found.notes)


def _marked(digits: str, other: str) -> Candidate | None:
    """A number that says that it is international; ``other``: without a (0) in it."""
    if len(digits) < writing.SHORTEST:
        return None
    found = _international(digits)
    if other != digits:
        without = _international(other)
        if without is not None and without.valid():
            return without if without == found else without._replace(notes=(writing.ZERO_IN_BRACKETS,))
    if found is not None and not found.full() and not found.valid():
        return _with_code_twice(found)
    return found


def _with_code_twice(found: Candidate) -> Candidate | None:
    """What a form has put the country's code in front of, which stood there already: +91 91 98123 45678."""
    own = found.national[len(found.code) :] if found.national.startswith(found.code) else ""
    return Candidate(found.code, own, (writing.CODE_TWICE,)) if own and plans.valid(found.code, own) else None


def _is_more(written: writing.Written, found: Candidate) -> bool:
    """Whether an international number stands there and something more, and both together are none."""
    if len(written.text) - written.plus == len(written.digits) or found.valid():
        return False
    begin = 0 if written.plus else 2
    parts = (_international(part[begin:]) for part in writing.doubtful_parts(written))
    return any(part is not None and part.valid() for part in parts)


def _after_zeros(written: writing.Written, home: plans.Home | None, country: str | None) -> Candidate | None:
    """What begins with 00 is international everywhere, also where people dial 0011 or 001 themselves: then with that."""
    found = _marked(written.digits[2:], written.other[2:])
    if found is not None and home is not None and found.code != home.code and not _is_surely(written, found):
        with_one_zero = _parsed(written.digits[1:], country)
        if with_one_zero is not None and with_one_zero.valid():
            return None  # one zero too many before a valid number at home, rather than one that no country gives out
    if home is None or home.abroad.fullmatch("00") or (found is not None and found.code == home.code):
        return found
    own = _parsed(written.digits, country)
    own = own if own is not None and own.valid() else None
    if found is None or own is None or own == found:
        return own or found
    if not found.valid() or written.digits.startswith("0011"):  # no number of North America begins with another 1
        return own
    return None


def _is_surely(written: writing.Written, found: Candidate) -> bool:
    """Whether the country's code stands there for sure: the number is valid, and nobody has parted the code's own digits."""
    begin = len(written.text) - len(written.text.lstrip(string.digits))
    return found.valid() and not 2 < begin < 2 + len(found.code)


def _unmarked(
    written: writing.Written, home: plans.Home | None, country: str | None, signless: bool
) -> Candidate | None:
    digits = written.digits
    if len(digits) < writing.SHORTEST:
        return _of_a_short_plan(digits, home)
    at_home = _at_home(digits, home, country)
    if at_home is not None and not signless and at_home.valid():
        return at_home
    behind_zero, abroad = _behind_zero(digits, home), _abroad(digits, home, signless)
    if written.text != digits:
        parts = writing.doubtful_parts(written)
        if digits in parts or any(_is_valid_at_home(part, home, country) for part in parts):
            # A number and something more, as in 9812345678-79; what both are together is valid at home, or nothing.
            return at_home if at_home is not None and at_home.valid() else None
    for found in (abroad, at_home, behind_zero) if signless else (behind_zero, abroad):
        if found is not None and found.valid():
            return found
    # With a default country, digits that no plan knows are a slip rather than some other country's.
    if at_home is not None and digits == at_home.national and digits.startswith(at_home.code):
        at_home = None  # 420 777 888 has lost the end of an international number, or is none of this country
    for found in (abroad, at_home, behind_zero) if signless or home is None else (at_home, behind_zero):
        if found is not None and found.full():
            return found
    if home is not None and digits.startswith(2 * home.code):
        return _with_code_twice(Candidate(home.code, digits[len(home.code) :]))
    return None


def _of_a_short_plan(digits: str, home: plans.Home | None) -> Candidate | None:
    """Six digits or fewer are an extension, except where no number has more."""
    found = Candidate(home.code, digits) if home is not None and home.short else None
    return found if found is not None and found.valid() else None


def _at_home(digits: str, home: plans.Home | None, country: str | None) -> Candidate | None:
    """As somebody in the default country means it."""
    if home is None:
        return None
    if len(digits) >= SURE_WITHOUT_SIGN and digits.startswith(home.code):
        # In Germany this can be a number without its zero, too. That the sign is left out is what happens every day.
        own = home.prefix.dropped(digits[len(home.code) :])
        if own is not None and plans.valid(home.code, own):
            return Candidate(home.code, own)
    national = home.national(digits)
    return _parsed(digits, country) if national is None else _current(home.code, national)


def _behind_zero(digits: str, home: plans.Home | None) -> Candidate | None:
    """The default country's own code with the zero before it that belongs before national numbers: 0919812345678."""
    if home is None or digits[0] != "0" or not digits.startswith(home.code, 1) or not home.prefix.pattern.match("0"):
        return None
    found = _international(digits[1:])
    return None if found is None else found._replace(notes=(ZERO_BEFORE_CODE,))


def _abroad(digits: str, home: plans.Home | None, signless: bool) -> Candidate | None:
    """An international number whose plus was left out: long enough, or with no other reading in the default country."""
    short = len(digits) < SURE_WITHOUT_SIGN and not signless
    if digits[0] == "0" or (short and (home is None or len(digits) in plans.known(home.code).full)):
        return None
    found = _international(digits)
    if found is None or found.notes or digits == found.code + found.national or digits[len(found.code)] == "0":
        return found
    return None  # nobody leaves the sign out and dials 8 behind 7, or another 1 behind 1


def _is_valid_at_home(digits: str, home: plans.Home | None, country: str | None) -> bool:
    found = _at_home(digits, home, country)
    return found is not None and found.valid()


def _international(digits: str) -> Candidate | None:
    """Read a number that begins with its country's code."""
    found = plans.split(digits) if len(digits) <= MOST_DIGITS + 3 else None
    if found is None:
        return None
    code, rest = found
    national = plans.known(code).prefix.dropped(rest)
    return _parsed("+" + digits, None) if national is None else _current(code, national)


def _current(code: str, national: str) -> Candidate:
    """As it is dialled today: numbers are kept for longer than what has to be dialled before them."""
    if code == MEXICO and len(national) > 10 and national[:-10] in MEXICAN_PREFIXES:
        return Candidate(code, national[-10:], (RETIRED.format("Mexico"),))
    return Candidate(code, national)


def _parsed(text: str, country: str | None) -> Candidate | None:
    """As phonenumbers reads it, which takes ten times as long."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return Candidate(str(number.country_code), phonenumbers.national_significant_number(number))
