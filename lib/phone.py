"""Telephone numbers: E.164 for reading, the raw string kept beside it. A number is never a key and never a float."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

_SEPARATORS = re.compile(r"[\s\-‐-―−().\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")


def raw(value: object) -> str | None:
    """The number as the dialer wrote it, as a string; None for nothing."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    return str(value).strip() or None


def e164(value: object, default_country: str | None = None) -> str | None:
    """``+`` and digits, or None where no possible number can be read.

    "Possible" means its length fits a numbering plan; the vendors' own samples are possible but not valid, so validity
    is not asked. Extensions (six digits or fewer), SIP logins and words like ``anonymous`` are None.
    """
    text = raw(value)
    return None if text is None else _e164(text, default_country)


def national(number: str) -> str:
    """An E.164 number without its country's code, and without the zero that is dialled before it in many countries."""
    return phonenumbers.national_significant_number(phonenumbers.parse(number))


@lru_cache(maxsize=2_000)  # agents' numbers, our own, and the customer of a call that is told of several times
def _e164(text: str, default_country: str | None) -> str | None:
    text = text.split("@", 1)[0].removeprefix("tel:").removeprefix("sip:")
    text = _SEPARATORS.sub("", text)
    if not text.isascii():
        text = "".join(str(unicodedata.digit(char, char)) for char in text)
    prefix = next((one for one in _prefixes(default_country) if text.startswith(one)), "")
    digits = text.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or len(digits) <= 6:
        return None
    if prefix:
        return _international(text.removeprefix(prefix))
    national = _possible(digits, default_country) if default_country else None
    return national or (_international(digits) if len(digits) >= 11 else None)


def _prefixes(country: str | None) -> tuple[str, ...]:
    """What stands before a country's code. 011 does so in North America alone: in Delhi, São Paulo and Johannesburg it is
    how a number of the town itself begins."""
    north_american = country is not None and phonenumbers.country_code_for_region(country) == 1
    return ("+", "00", "011") if north_american else ("+", "00")


def _international(digits: str) -> str | None:
    """Read a number that begins with its country's code. Of most of these nothing but the length is to be looked at,
    and phonenumbers takes ten times as long to find that out."""
    for size in (1, 2, 3):
        plan = _plan(digits[:size])
        if plan is not None:
            lengths, national_prefix = plan
            national = digits[size:]
            if national[:1] != "0" and 2 <= len(national) and not national_prefix.match(national):
                return "+" + digits if len(national) in lengths else None
            break
    return _possible("+" + digits, None)


@lru_cache(maxsize=1_500)
def _plan(code: str) -> tuple[frozenset[int], re.Pattern[str]] | None:
    """The country's possible lengths and what may stand before a national number there; None for no country's code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code or 0)) if code[:1] != "0" else None
    if not regions:
        return None
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0])
    general = metadata.general_desc
    lengths = frozenset(general.possible_length + general.possible_length_local_only)
    return lengths, re.compile(metadata.national_prefix_for_parsing or "(?!)")


def _possible(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
