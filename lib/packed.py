"""Text that others have packed into a text: what is compressed, in UTF-16 or UTF-32, quoted-printable, and what stands in it as
base64.

Base64 is read as it stands in JSON, in URLs and forms (their escapes of its signs are none of its letters, and who reads a form
makes blanks of its plus signs), and in mail (lines).
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from lib import charsets, compressed, quoted

DEEPEST = 3  # times that something is base64
WIDE = "\0"

_LETTER = "[A-Za-z0-9+/_-]"
_LINE = r"(?<=[A-Za-z0-9+/]{60})(?:(?:\\r)?\\n|\r?\n)(?=[A-Za-z0-9+/])"  # of a mail, or of what is armoured
_ESCAPED = rf"\\{{1,3}}/|\\{{1,3}}u002[bBfF]|%(?:25)?2[bBfF]|{_LINE}"
_PAD = r"(?:=|%(?:25)?3[Dd]|\\{1,3}u003[dD])"
# Whether a text holds such an escape: asked of every text, so it begins with what is rare.
_ANY_ESCAPE = re.compile(r"[\\%\r\n](?:/|u00[23][bBdDfF]|[23][bBdDfF]|25[23]|(?<=[A-Za-z0-9+/]{60}[\\\r\n]))")
_RUN = re.compile(rf"{_LETTER}{{12,}}={{0,2}}")
_RUN_WITH_PAD = re.compile(rf"{_LETTER}{{10,}}={{0,2}}")  # ``SHORTEST`` with it
_BEGIN = r"[A-Za-z0-9+/_\\%-](?=[A-Za-z0-9+/_\\%=-]{11})"  # so that it is not begun in vain with each word
_FIRST = rf"(?:(?<={_LETTER})|(?<=\\)\\{{0,2}}(?:/|u002[bBfF])|(?<=%)(?:25)?2[bBfF])"
_ESCAPED_RUN = re.compile(rf"{_BEGIN}{_FIRST}(?:{_LETTER}++|{_ESCAPED})*+{_PAD}{{0,2}}")
_SEGMENT = re.compile(rf"[A-Za-z0-9+_-]{{12,}}{_PAD}{{0,2}}")  # of a path, or a line of its own
_PART = re.compile(r"[A-Za-z0-9+_-]{12,}={0,2}")
_BLANK = re.compile(" |%(?:25)?20")
# With blanks for plus signs: it begins where no letter is before, so that no text is begun with each of its letters.
_PIECE = rf"(?:{_LETTER}++|%(?:25)?2[bBfF])++"
_GAPPED = re.compile(rf"(?<![A-Za-z0-9+/_%-]){_PIECE}(?:(?: |%(?:25)?20){_PIECE})++{_PAD}{{0,2}}")
# An escape's own letters and digits, before a run, are none of the run's.
_BEHIND = {"\\": re.compile("[nrt]|u[0-9A-Fa-f]{4}"), "%": re.compile("(?:25)?[0-9A-Fa-f]{2}")}
_SIGNS = (
    (re.compile(r"(?:\\{1,3}u00|%(?:25)?)2[bB]"), "+"),
    (re.compile(r"\\{1,3}/|(?:\\{1,3}u00|%(?:25)?)2[fF]"), "/"),
    (re.compile(r"(?:\\{1,3}u00|%(?:25)?)3[dD]"), "="),
    (re.compile(r"(?:\\r)?\\n|\r?\n"), "\n"),
)
SHORTEST = 12  # characters
_APART = '"'  # stands in no run
# Of a run that is always looked into; a shorter one where it may hold digits in a row, or begins as text does.
_LONG = 64
_DIGITS = re.compile(  # with what stands between them, nine characters; three; those of UTF-16
    r"[I-P].{3}[I-P].{3}[I-P]|[MNO][DTjz][AEIMQUYcgk][w-z0-5]|[MNO][AQgw]A[w-z0-5]AD[AEIMQUYcgk]A"
)
_OF_A_TEXT = ("[A-Za-f]", "[A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589]")  # the first letters of each four
_OF_TEXT = re.compile(rf"(?:{''.join(_OF_A_TEXT)}.){{5}}")
_PACKED = ("H4sI", "eA", "eF", "eJ", "eN")  # how base64 of what is compressed begins
# What a run that is looked into has, asked of many texts at once, so that each pattern begins with what is rare: ``_DIGITS``;
# ``_PACKED`` and ``_OF_TEXT``, where a run or a part of it begins; and a long one, or a line of one.
_START = r"(?<![A-Za-z0-9+_-].)"
_IN_A_ROW = (
    r"[I-P](?:(?:{}{{3}}[I-P]){{2}}|(?<=[MNO])[DTjz][AEIMQUYcgk][w-z0-5]|(?<=[MNO])[AQgw]A[w-z0-5]AD[AEIMQUYcgk]A)"
)
_MAY_HAVE_DIGITS = re.compile(_IN_A_ROW.format("[A-Za-z0-9+/_ -]"))
_MAY_BE_PACKED = re.compile(rf"[eH]{_START}(?:(?<=e)[AFJN]|(?<=H)4sI)", re.DOTALL)
_MAY_BE_TEXT = re.compile(rf"{_OF_A_TEXT[0]}{_START}{_OF_A_TEXT[1]}.(?:{''.join(_OF_A_TEXT)}.){{4}}", re.DOTALL)
_MAY_BE_LONG = re.compile(rf"(?<!{_LETTER}){_LETTER}{{60}}")
# The same of texts with escapes: they may stand for signs, or end before a run.
_SIGN = rf"(?:{_LETTER}|\\{{1,3}}(?:/|u002[bBfF])|%(?:25)?2[bBfF])"
_ESCAPED_MAY_HAVE_DIGITS = re.compile(_IN_A_ROW.format(rf"(?:{_SIGN}| |%(?:25)?20)"))
_ESCAPED_MAY_BE_PACKED = re.compile(r"[AFJN4](?:(?<=e[AFJN])|(?<=H4)sI)")
_ESCAPED_MAY_BE_TEXT = re.compile(
    rf"{_OF_A_TEXT[0]}(?=[A-Za-z0-9+/_\\%=-]{{19}}){_OF_A_TEXT[1]}{_SIGN}"
    rf"(?:{''.join(_OF_A_TEXT)}{_SIGN}){{3}}{''.join(_OF_A_TEXT)}(?:{_SIGN}|{_PAD})"
)
_ESCAPED_MAY_BE_LONG = re.compile(rf"(?<!{_LETTER})(?=[A-Za-z0-9+/_\\%-]{{60}}){_SIGN}{{60}}")
_PLAIN = (_MAY_HAVE_DIGITS, _MAY_BE_PACKED, _MAY_BE_TEXT, _MAY_BE_LONG)
_ESCAPED_ONES = (_ESCAPED_MAY_HAVE_DIGITS, _ESCAPED_MAY_BE_PACKED, _ESCAPED_MAY_BE_TEXT, _ESCAPED_MAY_BE_LONG)


class Unpacking:
    """Of one body. What was unpacked once is remembered."""

    def __init__(self) -> None:
        self._left = compressed.MOST_BYTES
        self._inner: dict[str, str | None] = {}

    def opened(self, body: bytes) -> str:
        """The body as text, whatever its bytes; what is compressed, as it was before."""
        return self._as_text(compressed.inflated(body, self._left), body)

    def _as_text(self, found: bytes, packed: bytes) -> str:
        if found is not packed:
            self._left -= len(found)
        return found.decode("utf-8", "surrogateescape")

    @property
    def has_inflated(self) -> bool:
        """Whether anything was compressed."""
        return self._left < compressed.MOST_BYTES

    def texts(self, text: str, deep: int = DEEPEST, known: set[tuple[str, int]] | None = None) -> Iterator[str]:
        """The text in each way in which it may be read, and what stands in it as base64. ``known``: runs of that, and how deep
        they were looked into."""
        for way in WAYS:
            if (read := way(text)) is not None:
                yield from self.texts_as_read(read, deep, known)

    def texts_as_read(self, text: str, deep: int, known: set[tuple[str, int]] | None = None) -> Iterator[str]:
        """The same of a text in the way in which it stands."""
        yield text
        known = set() if known is None else known
        parts = _looked_into(text) if deep else []
        for found in (found for part in parts for found in _runs(part).finditer(part)):
            if found.end() - found.start() < SHORTEST:
                continue
            signs = _signs(_run(found))
            pieces = _PART.findall(signs) if "/" in signs or "\n" in signs else ()
            for run in (signs.replace("\n", ""), *pieces):
                yield from self._texts_within(run, deep, known)
        for _, run in (gapped for part in parts for gapped in _gapped(part)) if any(map(_is_near, parts)) else ():
            yield from self._texts_within(run, deep, known)

    def _texts_within(self, run: str, deep: int, known: set[tuple[str, int]]) -> Iterator[str]:
        if (run, deep) not in known and (inner := self._within(run)):
            known.add((run, deep))
            yield from self.texts(inner, deep - 1, known)

    def replaced(self, text: str, by: Callable[[str], str]) -> str:
        """The text with what stands in it as base64 as ``by`` makes it."""
        made: dict[str, str] = {}

        def again(found: re.Match[str]) -> str:
            run = _run(found)
            inner = self._within(_signs(run).replace("\n", ""))
            if not inner:
                return found[0]
            if run not in made:
                other = by(inner)
                made[run] = run if other == inner else _as_it_stood(other, run)
            return found[0].removesuffix(run) + made[run]

        behind = len(text)  # what stands there is made anew
        for (start, end), run in reversed(list(_gapped(text))) if _is_near(text) else ():
            inner = self._within(run) if end <= behind else None
            if inner and (other := by(inner)) != inner:
                stood = text[start:end]
                gap = _BLANK.findall(stood)[0]
                text = text[:start] + re.sub(r"\+|%2B", gap, _as_it_stood(other, stood)) + text[end:]
                behind = start
        return _SEGMENT.sub(again, _runs(text).sub(again, text))

    def _within(self, run: str) -> str | None:
        """What stands in a run of base64; None where it is none."""
        if run not in self._inner:
            self._inner[run] = self._decoded(run)
        return self._inner[run]

    def _decoded(self, run: str) -> str | None:
        if len(run) < SHORTEST:
            return None
        if len(run) < _LONG and not (_may_hold(run) or _OF_TEXT.match(run)):
            return None
        bare = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            return None
        return self._as_text(compressed.inflated_as_said(decoded, self._left), decoded)


def plain(body: bytes) -> str | None:
    """What ``Unpacking.opened`` makes of a body that is UTF-8 and not compressed; None of another."""
    if compressed.begins(body):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def to_bytes(text: str) -> bytes:
    """What ``Unpacking.opened`` has read as this text."""
    return text.encode("utf-8", "surrogateescape")


def _wide(text: str) -> str | None:
    return charsets.wide(to_bytes(text)) if WIDE in text else None


def _without_zeros(text: str) -> str | None:
    """Those that stand between ASCII's characters in UTF-16 and UTF-32, also in a part of one."""
    return text.replace(WIDE, "") if WIDE in text else None


# None: it is not to be read so.
WAYS: tuple[Callable[[str], str | None], ...] = (lambda text: text, _wide, _without_zeros, quoted.read)


def _runs(text: str) -> re.Pattern[str]:
    return _ESCAPED_RUN if _ANY_ESCAPE.search(text) else _RUN_WITH_PAD


def _looked_into(text: str) -> list[str]:
    """The parts of a text, each once, in which a run may stand that is looked into; nearly always none."""
    parts = list(dict.fromkeys([part for part in text.split(_APART) if len(part) >= SHORTEST]))
    if "\\" not in text and "%" not in text:
        return _with_any(_PLAIN, parts)
    escaped = [part for part in parts if "\\" in part or "%" in part]
    known = set(_with_any(_ESCAPED_ONES, escaped)) | set(
        _with_any(_PLAIN, [part for part in parts if "\\" not in part and "%" not in part])
    )
    return [part for part in parts if part in known]


def _with_any(wanted: Sequence[re.Pattern[str]], parts: list[str]) -> list[str]:
    """Those in which one of these is found; asked of all of them at first."""
    together = _APART.join(parts)
    found = [one for one in wanted if one.search(together)]
    return [part for part in parts if any(one.search(part) for one in found)] if found else []


def _is_near(text: str) -> bool:
    """Whether what may hold digits stands in it, so that a run with blanks is worth a look."""
    return any(_may_hold(found[0]) for found in _RUN.finditer(text))


def _gapped(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """What may be base64 that has blanks for its plus signs: from where to where, and how it was. Words may stand before it."""
    for found in _GAPPED.finditer(text) if _BLANK.search(text) else ():
        long = _RUN.search(found[0])
        for start in dict.fromkeys((0, long.start())) if long is not None else ():
            run = _signs(_BLANK.sub("+", found[0][start:]))
            if _BLANK.search(found[0], start) and _may_hold(run):
                yield (found.start() + start, found.end()), run


def _may_hold(run: str) -> bool:
    """Whether base64 may hold digits in a row, or something that is compressed."""
    return run.startswith(_PACKED) or _DIGITS.search(run) is not None


def _run(found: re.Match[str]) -> str:
    """The run without what is of an escape before it."""
    before = found.string[found.start() - 1] if found.start() else ""
    behind = _BEHIND[before].match(found[0]) if before in _BEHIND else None
    return found[0][behind.end() :] if behind else found[0]


def _signs(run: str) -> str:
    """Its letters without escapes; ends of lines stay."""
    if "\\" in run or "%" in run or "\n" in run:
        for escaped, sign in _SIGNS:
            run = escaped.sub(sign, run)
    return run


def _as_it_stood(text: str, run: str) -> str:
    """The text as base64, in the alphabet of what stood there before, and escaped as that was."""
    signs = _signs(run)
    if ("-" in signs or "_" in signs) and "+" not in signs and "/" not in signs:
        made = base64.urlsafe_b64encode(to_bytes(text)).decode()
        return made if signs.endswith("=") else made.rstrip("=")
    made = base64.b64encode(to_bytes(text)).decode()
    return quote(made, safe="") if "%" in run else made
