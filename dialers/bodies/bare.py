"""Members without quotation marks, as VoIPEX's manual prints a webhook, a member per line, which no JSON parser reads:
``{ EventName: Ringing, From: 777888999, ... }``. Nobody has seen what is really posted, so both are read."""

import re

from lib import text as texts
from lib.rawjson import Members

MOST_MEMBERS = 200

_KEY = r"[A-Za-z_$][\w.$-]*"
# Nothing in it gives back what it has taken: a megabyte of blanks is looked at once.
_MEMBER = re.compile(
    rf"\s*+(?:\"(?P<key>[^\"\\\r\n]++)\"|'(?P<key2>[^'\\\r\n]++)'|(?P<key3>{_KEY}+))\s*+:[^\S\r\n]*+"
    r"(?:(?:\"(?P<said>[^\"\\\r\n]*+)\"|'(?P<said2>[^'\\\r\n]*+)')[^\S\r\n]*+|(?P<bare>[^\"',{}\[\]\r\n]*+))"
    r"(?:,|\r?\n|\Z)"
)
# A comma that was left out, or a text with a colon in it; a number of another base, or a word: nobody can tell which.
_TWO_IN_ONE = re.compile(rf"\A{_KEY}\s*:\s|\s{_KEY}\s*:|\A[+-]?0[xX]")
_NOTHING = ("null", "undefined", "")


def members(text: str) -> Members | None:
    """The members; None wherever there is more than one way to read them."""
    if not text.startswith("{") or not text.endswith("}"):
        return None
    text, at = text[1:-1].strip(), 0
    in_marks = text[:1] in ('"', "'")
    found: dict[str, str | None] = {}
    while at < len(text):
        member = _MEMBER.match(text, at)
        if member is None or len(found) == MOST_MEMBERS:
            return None
        key = member["key"] or member["key2"] or member["key3"]
        quoted = member["said"] if member["said"] is not None else member["said2"]
        bare = (member["bare"] or "").strip()
        if key in found or _TWO_IN_ONE.search(bare):
            return None
        if in_marks and member["key3"]:  # ``"Reason": busy, Queue: red``: a member, or the rest of the value before it
            return None
        found[key] = quoted if quoted is not None else None if bare in _NOTHING else bare
        at = member.end()
    return Members([(texts.clean(key), texts.clean(value)) for key, value in found.items()]) if found else None
