"""How telephone numbers are written in CRMs that search them as people have typed them in."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import phonenumbers

from lib import phone

LAST = 9  # digits
ENOUGH = 7  # digits at a number's end, by which somebody is looked at more closely


def _format(number: str, how: int) -> str:
    return phonenumbers.format_number(phonenumbers.parse(number), how)


_NATIONAL, _INTERNATIONAL = phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL
# How a number may be written, and whether that is all that stands there.
WAYS: Mapping[str, tuple[Callable[[str], str], bool]] = {
    "e164": (lambda number: number, True),
    "international": (lambda number: _format(number, _INTERNATIONAL), True),
    "national": (lambda number: _format(number, _NATIONAL), True),
    "last_digits": (lambda number: digits(number)[-LAST:], False),
}


def terms(number: str, ways: Sequence[str]) -> list[tuple[str, bool]]:
    """What is looked for, each once, and whether that is all that stands there; of a number in E.164, in these of ``WAYS``."""
    found: dict[tuple[str, bool], None] = {}
    for way in ways:
        write, exact = WAYS[way]
        try:
            found[write(number), exact] = None
        except phonenumbers.NumberParseException:
            continue
    return list(found)


def alike(written: Iterable[str], number: str) -> bool:
    """Whether one of them looks like the number in E.164; the engine looks at it more closely."""
    end = digits(national(number))[-ENOUGH:]
    return any(digits(one).endswith(end) for one in written)


def digits(text: str) -> str:
    return "".join(one for one in text if one.isascii() and one.isdigit())


def national(number: str) -> str:
    """Without the country's code, and without what is dialled before it; as it is where it cannot be read."""
    try:
        return phone.national(number)
    except phonenumbers.NumberParseException:
        return number
