"""Words that may hold a telephone number, as notes hold them that are never changed."""

import re

from lib import phone

_MAY_BE = re.compile(
    r"(?<![0-9A-Za-z])(?:\+[0-9](?:[ ().\-]{0,2}[0-9]){7,14}|0[0-9](?:[ \-]?[0-9]){7,13}|[0-9]{9,15})(?![0-9A-Za-z])",
    re.ASCII,
)


def discreet(text: str, default_country: str | None = None) -> str:
    """A dialer's id, or words of somebody's, as such notes may hold them: what can be read as a number is masked, also where it
    is an id that only looks like one."""

    def hidden(found: re.Match[str]) -> str:
        return phone.masked(found[0]) if phone.e164(found[0], default_country, signless=True) else found[0]

    return _MAY_BE.sub(hidden, text)
