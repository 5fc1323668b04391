"""The numbering plans of phonenumbers, as tables that are asked in microseconds.

Two questions of a number, which is given as its country's code and the national rest: is it *valid* (its plan gives such
numbers out), and is it at least *full* (as long as the plan's ordinary fixed and mobile numbers: what can only be dialled
within a town is shorter). ``phonenumbers`` answers the first too, and takes ten times as long, most of it to read text that
has been read already. A test compares the answers.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

TYPES = (  # the frequent ones first
    "mobile",
    "fixed_line",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


class Numbers(NamedTuple):
    """Numbers of one kind. No lengths: any."""

    lengths: frozenset[int]
    pattern: re.Pattern[str]

    def hold(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and self.pattern.fullmatch(national) is not None


class Region(NamedTuple):
    """A country's part of a plan. ``leading``: what tells its numbers from those of others with the same code."""

    leading: re.Pattern[str] | None
    general: Numbers
    kinds: tuple[Numbers, ...]

    def holds(self, national: str) -> bool:
        return self.general.hold(national) and any(kind.hold(national) for kind in self.kinds)


class Prefix(NamedTuple):
    """What may be dialled before a country's national numbers and is no part of them. ``rewrites``: it is not always just
    dropped."""

    pattern: re.Pattern[str]
    rewrites: bool
    general: Numbers

    def dropped(self, national: str) -> str | None:
        """The number without it, as phonenumbers decides; None where only phonenumbers can tell."""
        found = self.pattern.match(national)
        if found is None:
            return national
        rest = national[found.end() :]
        if self.rewrites or len(rest) < 2:
            return None
        if self.general.hold(rest):
            return rest
        pattern = self.general.pattern
        return national if pattern.fullmatch(national) and not pattern.fullmatch(rest) else None


class Plan(NamedTuple):
    """All countries with one code. ``full``: the lengths of ordinary fixed and mobile numbers. ``trunk``: the digits that
    its people dial before national numbers; empty for none."""

    regions: tuple[Region, ...]
    full: frozenset[int]
    prefix: Prefix
    trunk: str


class Home(NamedTuple):
    """A country, as its own people dial. ``abroad`` stands before other countries' codes; ``short``: its fixed numbers are
    no longer than extensions are elsewhere."""

    code: str
    abroad: re.Pattern[str]
    prefix: Prefix
    short: bool

    def national(self, digits: str) -> str | None:
        """The national number that these digits are here, as phonenumbers decides; None where only phonenumbers can tell."""
        if not 2 <= len(digits) <= 15 or self.abroad.match(digits):
            return None
        general = self.prefix.general
        if not digits.startswith(self.code) or general.hold(digits):
            return self.prefix.dropped(digits)
        rest = self.prefix.dropped(digits[len(self.code) :])
        if rest is None or not general.hold(rest) or general.pattern.fullmatch(digits):
            return None
        return self.prefix.dropped(rest)


@lru_cache(maxsize=1_500)
def plan(code: str) -> Plan | None:
    """The plan of a country's code; None where there is no such code."""
    if not code.isdigit() or code[0] == "0":
        return None
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    all_found = (PhoneMetadata.metadata_for_region_or_calling_code(int(code), name) for name in names)
    found = [one for one in all_found if one is not None]
    if not found:
        return None
    regions = tuple(_region(one) for one in found)
    return Plan(regions, _full(found[0]), _prefix(found[0]), found[0].national_prefix or "")


def known(code: str) -> Plan:
    """The plan of a code that ``split`` or a ``Home`` gave: there is one."""
    found = plan(code)
    if found is None:
        raise LookupError(f"{code} is no country's code")
    return found


@lru_cache(maxsize=300)
def home(country: str) -> Home | None:
    """How numbers are dialled in a country; None for one that phonenumbers does not know."""
    found = PhoneMetadata.metadata_for_region(country, None)
    if found is None:
        return None
    fixed = found.fixed_line.possible_length if found.fixed_line else ()
    short = bool(fixed) and max(fixed) <= 6
    abroad = re.compile(found.international_prefix or "(?!)")
    return Home(str(found.country_code), abroad, _prefix(found), short)


def valid(code: str, national: str) -> bool:
    """Whether the plan gives such numbers out: ``phonenumbers.is_valid_number``."""
    found = plan(code)
    if found is None:
        return False
    if len(found.regions) == 1:
        return found.regions[0].holds(national)
    for region in found.regions:
        if region.leading is not None:
            if region.leading.match(national):
                return region.holds(national)
        elif region.holds(national):
            return True
    return False


def full(code: str, national: str) -> bool:
    """Whether it has the length of an ordinary fixed or mobile number. In 093 555 000 the zero is none of nine digits, but
    what is dialled before a number that has lost one."""
    found = plan(code)
    if found is None or len(national) not in found.full:
        return False
    trunk = found.trunk
    return not trunk or not national.startswith(trunk) or valid(code, national)


def split(digits: str) -> tuple[str, str] | None:
    """(country's code, national rest) of an international number without its sign; no code is another one's beginning."""
    for size in (1, 2, 3):
        if plan(digits[:size]) is not None:
            return digits[:size], digits[size:]
    return None


def countries(digits: str) -> tuple[str, ...]:
    """The countries (ISO 3166) with the code that an international number begins with, without its sign; none for a code that no
    country has."""
    found = split(digits)
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(found[0])] if found is not None else ()
    return tuple(name for name in names if name.isalpha())


def _region(metadata: PhoneMetadata) -> Region:
    kinds = (getattr(metadata, name) for name in TYPES)
    leading = metadata.leading_digits
    return Region(
        re.compile(leading) if leading else None,
        _numbers(metadata.general_desc),
        tuple(_numbers(kind) for kind in kinds if kind is not None and kind.national_number_pattern),
    )


def _prefix(metadata: PhoneMetadata) -> Prefix:
    pattern = re.compile(metadata.national_prefix_for_parsing or "(?!)")
    return Prefix(pattern, bool(metadata.national_prefix_transform_rule), _numbers(metadata.general_desc))


def _numbers(kind: PhoneNumberDesc | None) -> Numbers:
    if kind is None:
        return Numbers(frozenset(), re.compile("(?!)"))
    return Numbers(frozenset(kind.possible_length), re.compile(kind.national_number_pattern or "(?!)"))


def _full(metadata: PhoneMetadata) -> frozenset[int]:
    """From the shorter to the longer of the plan's own examples. That a plan knows shorter and longer numbers too, such as
    India's toll-free ones of eight to thirteen digits, makes no full number of any eight digits."""
    fixed_and_mobile = [kind for kind in (metadata.fixed_line, metadata.mobile) if kind is not None]
    kinds = [(kind, len(kind.example_number)) for kind in fixed_and_mobile if kind.example_number]
    examples = [length for _, length in kinds]
    general = metadata.general_desc.possible_length if metadata.general_desc else ()
    possible = {length for kind, _ in kinds for length in kind.possible_length or general}
    return frozenset(length for length in possible if min(examples) <= length <= max(examples))
