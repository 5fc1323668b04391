"""Quoted-printable, as mails have it: ``=2B`` for a sign, and lines that end with ``=`` and go on in the next. Also where the
mail stands in JSON or in a form, with their escapes.

Only what numbers and base64 are made of is read: digits, what separates them, letters of other scripts, ends of lines. What a
text around the mail is held together by, such as quotes, stays escaped, so that JSON stays JSON.
"""

import re

_EQUALS = r"(?:=|%3[dD]|\\{1,3}u003[dD])"
_END = r"[ \t]{0,76}+(?:\r?\n|(?:\\{1,3}r)?\\{1,3}n|(?:%0[dD])?%0[aA])"
_BROKEN = f"{_EQUALS}{_END}"
_SIGN = rf"{_EQUALS}(?:09|2[089bBdDeEfF]|3[0-9dD]|5[fF])"
_BYTES = rf"(?:{_EQUALS}[89a-fA-F][0-9a-fA-F])+"
_READ = re.compile(rf"({_BROKEN})|({_SIGN})|{_BYTES}")
# ``n=20501234567`` is no such text, but a parameter: it has to say so, or to have what parameters have not.
_FIRST = r"[=%\\](?:(?<==)|(?<=%)3[dD]|(?<=\\)\\{0,2}u003[dD])"  # ``_EQUALS`` as it is looked for three times as fast
_SAYS_SO = re.compile(rf"{_FIRST}(?:{_END}|[0-9a-fA-F]{{2}}{_EQUALS}[0-9a-fA-F]{{2}}|2[bB][0-9(])")
_NAME = "quoted-printable"
_TAB = "\t"


def read(text: str) -> str | None:
    """The text as it is meant; None where it is none of this."""
    if "=" not in text and "%3" not in text and "u003" not in text:
        return None
    return _READ.sub(_meant, text) if _SAYS_SO.search(text) or _NAME in text.lower() else None


def _meant(found: re.Match[str]) -> str:
    if found[1]:
        return ""
    if found[2]:
        sign = chr(int(found[2][-2:], 16))
        return " " if sign == _TAB else sign  # JSON has no tabs
    escaped = re.sub(_EQUALS, "", found[0])
    return bytes.fromhex(escaped).decode("utf-8", "surrogateescape")
