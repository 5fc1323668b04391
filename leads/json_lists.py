"""JSON with a list of leads, taken apart into the bytes of each lead without being read.

Read at once, 64 MiB of ``{}`` are 22 million objects and 2 GB. So only brackets and texts are looked at here, to know where
each value begins and ends; whether it is JSON is found out by whoever reads its bytes.
"""

import re

import orjson

from dialers.giving import BadJson, BadList, Refused
from leads.bounds import LONGEST_ROW, MOST_LEADS

DEEPEST = 1_024  # what the parser takes
MOST_MEMBERS = 100

Span = tuple[int, int]  # where a value begins, and where it ends

_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*"'
_BLANK = re.compile(rb"[ \t\r\n]*+")
_WHOLE_TEXT = re.compile(_TEXT, re.DOTALL)
_PLAIN = re.compile(rb"[^\s,:\[\]{}\"]++")  # a number, true, null
_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:' + _TEXT + rb'[^"\[\]{}]*+)*[\[\]{}]', re.DOTALL)
_OPENING = b"[{"


class Apart:
    """A body, looked at from its beginning to its end. Every method raises BadJson where it is none."""

    def __init__(self, data: bytes, begin: int = 0):
        self._data = data
        self._at = begin

    def members(self, lists: str) -> dict[str, Span | list[Span]]:
        """The members of the object that the body is, and of the list under the name ``lists`` its elements; of a name that
        is written twice the last, as JSON has it. Raises BadList and Refused."""
        found: dict[str, Span | list[Span]] = {}
        self._take(b"{")
        count = 0
        while not self._ends(b"}", count):
            count += 1
            if count > MOST_MEMBERS:
                raise BadList(f"The body has more than {MOST_MEMBERS} members.")
            begin, end = self._span(_WHOLE_TEXT, "name")
            name = _loaded(self._data[begin:end])
            self._take(b":")
            found[name] = self.elements() if name == lists and self.next() == b"[" else self._value(name)
        self._nothing_more()
        return found

    def whole_list(self) -> list[Span]:
        """The elements of the list that the body is."""
        found = self.elements()
        self._nothing_more()
        return found

    def elements(self) -> list[Span]:
        """The elements of the list that begins here."""
        found: list[Span] = []
        self._take(b"[")
        while not self._ends(b"]", len(found)):
            row = len(found) + 1
            if row > MOST_LEADS:
                raise BadList(f"A load holds {MOST_LEADS:,} leads at most; split the list here.", row)
            found.append(self._value(row))
        return found

    def next(self) -> bytes:
        """The next character that is no blank; empty at the end."""
        if blanks := _BLANK.match(self._data, self._at):
            self._at = blanks.end()
        return self._data[self._at : self._at + 1]

    def _value(self, where: int | str) -> Span:
        """Where the value here begins and ends; ``where`` is its row, or its member's name. Raises BadList or Refused where it
        is longer than a lead may be."""
        first = self.next()
        if not first or first not in _OPENING:
            return self._span(_WHOLE_TEXT if first == b'"' else _PLAIN, where)
        begin, depth = self._at, 0
        while True:
            self._span(_BRACKET, where, begin)
            if self._data[self._at - 1] not in _OPENING:
                depth -= 1
                if not depth:
                    return begin, self._at
            elif (depth := depth + 1) > DEEPEST:
                raise self._wrong("is nested too deeply")

    def _span(self, pattern: re.Pattern[bytes], where: int | str, begin: int | None = None) -> Span:
        first = self.next()
        begin = self._at if begin is None else begin
        until = begin + LONGEST_ROW
        found = pattern.match(self._data, self._at, until)
        if found is None:
            if until < len(self._data) and (pattern is _BRACKET or first == b'"'):
                raise _too_long(where)
            raise self._wrong("has no value where one must be" if first else "ends too early")
        self._at = found.end()
        return begin, self._at

    def _ends(self, closing: bytes, count: int) -> bool:
        """Whether the list or object ends here; behind a value, the comma before the next is taken."""
        if self.next() == closing:
            self._at += 1
            return True
        if count:
            self._take(b",")
            if self.next() == closing:
                raise self._wrong("has a comma with nothing behind it")
        return False

    def _take(self, wanted: bytes) -> None:
        if self.next() != wanted:
            early = self._at >= len(self._data)
            raise self._wrong("ends too early" if early else f"has no {wanted.decode()} where one must be")
        self._at += 1

    def _nothing_more(self) -> None:
        if self.next():
            raise self._wrong("has something behind its end")

    def _wrong(self, what: str) -> BadJson:
        return BadJson(f"The body is not JSON: it {what} (at byte {self._at:,}).")


def _too_long(where: int | str) -> ValueError:
    sentence = f"Is longer than {LONGEST_ROW >> 10} KiB."
    return BadList(sentence, where) if isinstance(where, int) else Refused(where[:200], sentence)


def _loaded(text: bytes) -> str:
    try:
        name: str = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadJson(f"The body is not JSON: {error.msg} in a name.") from None
    return name
