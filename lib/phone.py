"""Telephone numbers: E.164 for reading, the raw string kept beside it. A number is never a key and never a float."""

import re
import unicodedata

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
    if text is None:
        return None
    text = text.split("@", 1)[0].removeprefix("tel:").removeprefix("sip:")
    text = _SEPARATORS.sub("", text)
    text = "".join(str(unicodedata.digit(char, char)) for char in text)
    international = text.startswith(("+", "00", "011"))
    digits = text.removeprefix("+") if text.startswith("+") else text
    if not digits.isascii() or not digits.isdigit() or len(digits) <= 6:
        return None
    if international:
        if not text.startswith("+"):
            digits = digits[2:] if digits.startswith("00") else digits[3:]
        return _possible("+" + digits, None)
    national = _possible(digits, default_country) if default_country else None
    return national or (_possible("+" + digits, None) if len(digits) >= 11 else None)


def _possible(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
