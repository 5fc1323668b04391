"""What a VoIPEX webhook posts, opened: JSON, the unquoted text of the vendor's own sample, or a form.

IPEX Confluence, "Webhooks": the page promises JSON, and shows ``{ EventName: Ringing, From: 777888999, ... }``, a member per
line, which no JSON parser reads. Nobody has seen which of the two is posted, so both are read.
"""

import re
from urllib.parse import parse_qsl

from dialers.base import Unreadable
from lib import rawjson
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
# A comma that was left out, or a text with a colon in it: nobody can tell which.
_TWO_IN_ONE = re.compile(rf"\A{_KEY}\s*:\s|\s{_KEY}\s*:")
_NOTHING = ("null", "undefined", "")


def opened(body: bytes) -> Members:
    """The members of the body. Raises Unreadable."""
    try:
        found = rawjson.loads(body)
    except rawjson.NotJson as error:
        found = _otherwise(body)
        if found is None:
            raise Unreadable("unparseable", f"The body is not JSON, nor written as in the manual: {error}.") from None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, Members):
        raise Unreadable("not_an_object", "The body is JSON, but no object.")
    return found


def _otherwise(body: bytes) -> Members | None:
    try:
        text = rawjson.decode(body).strip()
        if text.startswith("{"):
            pairs = _unquoted(text)
        else:
            pairs = parse_qsl(text, max_num_fields=MOST_MEMBERS)
    except ValueError:
        return None
    return Members([(texts.clean(key), texts.clean(value)) for key, value in pairs]) if pairs else None


def _unquoted(text: str) -> list[tuple[str, str | None]] | None:
    """The members of the sample's kind of text; None wherever there is more than one way to read it."""
    if not text.endswith("}"):
        return None
    text, at = text[1:-1].strip(), 0
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
        found[key] = quoted if quoted is not None else None if bare in _NOTHING else bare
        at = member.end()
    return list(found.items())
