"""The search for a number as ``lib.phone_spellings`` makes it, without what spares it a look: each text is looked into from its
first letter to its last, in every way, by itself. What this finds has to be found."""

import base64
import binascii

from lib import compressed, packed, quoted
from lib.packed import (
    _ANY_ESCAPE,
    _BLANK,
    _DIGITS,
    _ESCAPED_RUN,
    _GAPPED,
    _LONG,
    _OF_TEXT,
    _PACKED,
    _PART,
    SHORTEST,
    _run,
    _signs,
    _wide,
    _without_zeros,
)
from lib.phone_spellings import Spellings, strings

_RUN = packed.re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_WAYS = (lambda text: text, _wide, _without_zeros, quoted.read)


def within_value(spellings: Spellings, value) -> bool:
    text = '"'.join(strings(value))
    return any(map(spellings.within, _Unpacking().texts(text) if len(text) >= SHORTEST else (text,)))


def within_bytes(spellings: Spellings, body: bytes) -> bool:
    unpacking = _Unpacking()
    return any(
        map(spellings.within, unpacking.texts(unpacking.as_text(compressed.inflated(body, unpacking.left), body)))
    )


class _Unpacking:
    def __init__(self):
        self.left, self.known = compressed.MOST_BYTES, {}

    def as_text(self, found, body):
        if found is not body:
            self.left -= len(found)
        return found.decode("utf-8", "surrogateescape")

    def texts(self, text, deep=packed.DEEPEST):
        for way in _WAYS:
            if (read := way(text)) is None:
                continue
            yield read
            if not deep:
                continue
            runs = _ESCAPED_RUN if _ANY_ESCAPE.search(read) else _RUN
            for found in runs.finditer(read):
                if found.end() - found.start() >= SHORTEST:
                    signs = _signs(_run(found))
                    parts = _PART.findall(signs) if "/" in signs or "\n" in signs else ()
                    for run in (signs.replace("\n", ""), *parts):
                        yield from self.within(run, deep)
            for run in _gapped(read):
                yield from self.within(run, deep)

    def within(self, run, deep):
        if run not in self.known:
            self.known[run] = self.decoded(run)
        if self.known[run]:
            yield from self.texts(self.known[run], deep - 1)

    def decoded(self, run):
        if len(run) < SHORTEST or (len(run) < _LONG and not (_may_hold(run) or _OF_TEXT.match(run))):
            return None
        bare = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            return None
        return self.as_text(compressed.inflated_as_said(decoded, self.left), decoded)


def _may_hold(run):
    return run.startswith(_PACKED) or _DIGITS.search(run) is not None


def _gapped(text):
    if not _BLANK.search(text) or not any(_may_hold(found[0]) for found in _RUN.finditer(text)):
        return
    for found in _GAPPED.finditer(text):
        long = _RUN.search(found[0])
        for start in {0, long.start()} if long is not None else ():
            run = _signs(_BLANK.sub("+", found[0][start:]))
            if _BLANK.search(found[0], start) and _may_hold(run):
                yield run
