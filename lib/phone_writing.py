"""How telephone numbers are written: what people, spreadsheets, SIP and forms put around the digits, taken off again.

Only what has one meaning is taken off. Where two numbers stand, or digits were lost, nothing is read.
"""

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

from lib import text as texts

FRACTION = "What stood after the decimal point was dropped."
EXPONENT = "It was written with an exponent; all digits were there."
EXTENSION = "The extension {} was dropped."
ZERO_IN_BRACKETS = "The (0) in it was dropped."
TWO_SIGNS = "It begins with more than one sign of an international number."
GROUPED = "It was written as amounts are, with commas."
KIND = "What was said of its kind was dropped: {}."
CODE_TWICE = "The country's code stood twice in front of it; one was dropped."

LONGEST_EXTENSION = 6  # digits; longer ones may be another number
SHORTEST = 7  # digits of a number: fewer are an extension

# Decoration between digits. The dot and the slash have other meanings, too.
_SEPARATORS = " -()./_[]"
_PLAIN = re.compile(r"\+?[0-9 ()-]+")
_LIKE = {
    "+": "＋﹢⁺➕",
    "-": "−～",
    "(": "（［",
    ")": "）］",
    ".": "．․",
    " ": "\t·•‧・",
    "/": "／⁄∕",
    "#": "＃",
    ",": "，",
    "@": "＠",
    ":": "：",
    "'": "‘’ʼ`´＇",
    '"': "“”„«»＂",
    "": "\u20e3☎☏✆📞📱📲",  # make a picture of a digit, or are one of a telephone
}
_LIKE_ASCII = {char: plain for plain, chars in _LIKE.items() for char in chars}
_IN_QUOTES = re.compile(r"""=?(["'])(.*)\1""")
_IN_ANGLES = re.compile(r"[^<>]*<([^<>]+)>")
_SCHEME = re.compile(r"(tel|sips?|callto):(?://)?", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:(?:tel|telephone|phone|ph|mobile|mob|cell|contact|whatsapp|wa|sms|тел|телефон|моб)"
    r"(?:\.?\s*(?:no|nr|num|number|№))?(?:\s*[.:]+\s*|\s+)|[ptmcw]\s*:\s*)(?=[+(0-9])",
    re.IGNORECASE,
)
# What may stand behind a number, of what kind it is. Other words may say that nobody shall call it.
_KIND = re.compile(
    r"(?P<number>.*[0-9)])(?:\s++|\s*+[,;(\[-]\s*+\(?)"
    r"(?P<kind>mobile|mob|cell|home|work|office|main|landline|whatsapp|mobil|моб|мобильный|мобільний|дом|домашний|раб|рабочий)"
    r"\.?\s*[)\]]?",
    re.IGNORECASE,
)
_CONTEXT = re.compile(r"\+[0-9().-]+")
_EXTENSION = re.compile(
    r"(?P<number>.*[0-9)])\s*,?\s*"
    r"(?:;\s*ext\s*=|extension|extn?|x|доб|добавочный|вн|внутр|int|anexo|ramal|kl|linka|wew|\#|,,+|;(?=[0-9]+\#?\Z))"
    rf"\s*[.:#]?\s*(?P<digits>[0-9]{{1,{LONGEST_EXTENSION}}})\#?",
    re.IGNORECASE,
)
_EXPONENT = re.compile(r"([1-9])[.,]([0-9]+)[eE]\+?0?([0-9]{1,2})")  # in three digits on some systems
# 9,812,345,678.00 and 9.812.345.678,00; in India 9,81,23,45,678.
_GROUPED = re.compile(
    r"(\+?[0-9]{1,3}(?:,[0-9]{3}){2,}|\+?[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})(?:\.0+)?|(\+?[0-9]{1,3}(?:\.[0-9]{3}){2,}),0+"
)
_AROUND = re.compile(r"\A[\s,;|]+|(?<=[0-9)])[\s,;|]*+\#?[\s,;|]*+\Z")  # what lists, and people who dial, write there
_FRACTION = re.compile(r"(\+?[0-9][^.,]*)[.,]([0-9]+)")
_SIGNS = re.compile(r"(?:\+ ?)+(?=00)|\+ ?(?:\+ ?)+")
_CODE_TWICE = re.compile(r"\+? ?([1-9][0-9]{0,2})[ -]*(?=\+ ?\1)")  # +91 +91 ...: of a form that puts it in front
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_LONGEST_AREA = {"+": 7, "00": 9, "": 6}  # digits before a slash, by what the number begins with


class Written(NamedTuple):
    """Digits, and whether a plus stood before them. ``other``: the digits without a (0), or the same. ``text``: what they
    were taken from. ``cut``: something was cut off which shows that the rest is a number, if it is a valid one."""

    plus: bool
    digits: str
    other: str
    text: str
    notes: tuple[str, ...] = ()
    cut: bool = False


def read(text: str) -> Written | None:
    """What is written there; None where it is no number, or more than one."""
    if text.isascii():  # most are plain
        bare = text[1:] if text[:1] == "+" else text
        if bare.isdigit() and (bare is text or bare[0] != "0"):
            return Written(bare is not text, bare, bare, text)
        if _PLAIN.fullmatch(text):
            return _written(text)
    return _read(text)


def doubtful_parts(written: Written) -> list[str]:
    """What may be a number by itself: the digits before each separator. A dotted address of the internet is nothing but
    parts."""
    groups = re.findall("[0-9]+", written.text)
    if len(groups) == 4 and _IPV4.fullmatch(written.text.strip()):
        return [written.digits]
    parts = ["".join(groups[:count]) for count in range(1, len(groups))]
    return [part for part in parts if len(part) >= SHORTEST]


def _read(text: str) -> Written | None:
    """``read`` without its short way, with the same answers."""
    address = _addressed(_ascii(text).strip())
    if address is None:
        return None
    text = _AROUND.sub("", address).strip()
    if found := _EXPONENT.fullmatch(text):
        first, rest, power = found[1], found[2], int(found[3])
        lost = len(rest) < power or rest[power:].strip("0")
        return None if lost else _written(first + rest[:power], (EXPONENT,))
    if (found := _FRACTION.fullmatch(text)) and _is_fraction(found[1], found[2]):
        return None if found[2].strip("0") else _written(found[1], (FRACTION,))
    if found := _GROUPED.fullmatch(text):
        return _written((found[1] or found[2]).replace(",", "").replace(".", ""), (GROUPED,))
    if found := _EXTENSION.fullmatch(text):
        return _written(found["number"], (EXTENSION.format(found["digits"]),), cut=True)
    if found := _KIND.fullmatch(text):
        return _written(found["number"], (KIND.format(found["kind"]),), cut=True)
    return _written(text)


def _is_fraction(whole: str, rest: str) -> bool:
    """``9812345678.0`` went through a spreadsheet, and in ``1234567.89`` or ``12345.0`` no dot is decoration either: people
    who write dots write shorter groups, none of them of one digit, and none of them alone."""
    if whole.removeprefix("+").isdigit():
        return len(whole) >= SHORTEST or not rest.strip("0") and len(rest) <= 2
    return len(rest) <= 2 and sum(char.isdigit() for char in whole) >= SHORTEST


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    return "".join(char if char < "\x80" else _plain(char) for char in texts.seen(text))


def _plain(char: str) -> str:
    """The character as ASCII; nothing for one that only tells how text is shown."""
    if (like := _LIKE_ASCII.get(char)) is not None:
        return like
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return {"Cf": "", "Zs": " ", "Pd": "-"}.get(category, char)


def _addressed(text: str) -> str | None:
    """The number within quotation marks, an address of SIP, or a ``tel:`` of the web."""
    if found := _IN_QUOTES.fullmatch(text):
        text = found[2].strip()
    text = text.lstrip("'").strip()  # a spreadsheet's sign that this is text
    if found := _IN_ANGLES.fullmatch(text):
        text = found[1].strip()
    if "%" in text:
        text = unquote(text)
    scheme = _SCHEME.match(text)
    if scheme is None:
        user = text.partition("@")[0]
        return user[found.end() :] if (found := _LABEL.match(user)) else user
    text = text[scheme.end() :]
    user, at, _ = text.partition("@")
    if not at and scheme[1].lower().startswith("sip") and re.search(r"\.[^;]*\.", text):
        return None  # a host alone
    number, *parameters = (user if at else text.partition("?")[0]).split(";")
    if scheme[1].lower().startswith("sip"):
        number = number.partition(":")[0]  # what follows is a password, or a port
    said = dict(one.lower().partition("=")[::2] for one in parameters)
    context = said.get("phone-context", "")
    if _CONTEXT.fullmatch(context) and not number.startswith("+"):
        number = context + number
    return f"{number};ext={said['ext']}" if said.get("ext") else number


def _written(text: str, notes: tuple[str, ...] = (), cut: bool = False) -> Written | None:
    if text[:1] == "+" and (found := _SIGNS.match(text)):
        text = ("" if text[found.end() :].startswith("00") else "+") + text[found.end() :]
        notes = (*notes, TWO_SIGNS)
    if "+" in text[1:] and (found := _CODE_TWICE.match(text)):
        text, notes = text[found.end() :], (*notes, CODE_TWICE)
    digits = _digits(text)
    if digits is None or (len(digits) >= 2 * SHORTEST and _two_numbers(text)):
        return None
    if "/" in text and _two_by_slash(text):
        return None
    plus = digits[0] == "+"
    other = (_digits(text.replace("(0)", "")) or digits) if "(0)" in text else digits
    return Written(plus, digits.removeprefix("+"), other.removeprefix("+"), text, notes, cut)


def _digits(text: str) -> str | None:
    digits = text
    for separator in _SEPARATORS:
        digits = digits.replace(separator, "")
    bare = digits[1:] if digits[:1] == "+" else digits
    return digits if bare.isascii() and bare.isdigit() else None


def _two_numbers(text: str) -> bool:
    """Nobody writes seven digits, a separator, and seven again, and means one number."""
    groups = [len(group) >= SHORTEST for group in re.findall("[0-9]+", text)]
    return any(one and two for one, two in zip(groups, groups[1:], strict=False))


def _two_by_slash(text: str) -> bool:
    """``030/1234567`` is one number, ``0301234567/68`` two: before the slash an area's code can stand, no number."""
    before, _, after = text.partition("/")
    area = _digits(before) or ""
    begins = next(begins for begins in _LONGEST_AREA if area.startswith(begins))
    return "/" in after or after.strip()[:1] in ("0", "+", "") or len(area.removeprefix("+")) > _LONGEST_AREA[begins]
