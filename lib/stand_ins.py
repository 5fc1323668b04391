"""Stand-ins: what stands for a person's number, and for a dialer's names of them, where these were erased.

The same stands for the same for as long as the key is the same, so that counts of people and of leads stay, and what is told of
an erased call later is known again; without the key nobody can try numbers on it. A number keeps its country's code, by which its
hour is reckoned: ``+380~9f86d081884c7d65``; everything else is ``~9f86d081884c7d65``.
"""

import hashlib
import hmac
import re

import phonenumbers

MARK = "~"
LONGEST_CODE = 4  # the sign, and a country's code
_DIGITS = 16  # of the hash, in hex
LENGTH = len(MARK) + _DIGITS  # of one that stands for a name
_WITHIN = re.compile(rf"{MARK}[0-9a-f]{{{_DIGITS}}}(?![0-9a-f])")


class StandIns:
    """Of one installation, by its key."""

    def __init__(self, key: str = ""):
        self._key = hmac.digest(key.encode(), b"wrapup erasures", "sha256")
        self.key_id = self._hash("key", "")

    def number(self, number: str) -> str:
        """Of a number in E.164; of one that stands for another already, itself."""
        if is_stand_in(number):
            return number
        return self.number_of(_code(number), number)

    def number_of(self, code: str, number: str) -> str:
        """The same, where the country's code is known."""
        return f"+{code}{MARK}{self._hash('number', number)}"

    def name(self, connection: str, what: str, value: str) -> str:
        """Of a name that a connection has for something: ``what`` says of what."""
        return value if is_stand_in(value) else MARK + self._hash(what, f"{connection}\n{value}")

    def _hash(self, what: str, value: str) -> str:
        return hmac.new(self._key, f"{what}\n{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[
            :_DIGITS
        ]


def is_stand_in(text: object) -> bool:
    """Whether it stands for what was erased."""
    if type(text) is not str or (at := text.find(MARK, 0, LONGEST_CODE + 1)) < 0:
        return False
    rest = text[at + 1 :]
    return len(rest) == _DIGITS and (at == 0 or text[0] == "+") and not rest.strip("0123456789abcdef")


def holds_stand_in(text: object) -> bool:
    """Whether one stands in it: in a name of which only a part was erased."""
    return type(text) is str and MARK in text and _WITHIN.search(text) is not None


def code_of(stand_in: str) -> str:
    """The country's code of a number's stand-in."""
    return stand_in[1 : stand_in.index(MARK)]


def _code(number: str) -> str:
    try:
        return str(phonenumbers.parse(number).country_code)
    except phonenumbers.NumberParseException:
        return ""
