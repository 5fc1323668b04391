"""JSON that is nearly right, read where there is only one way to read it.

Templates leave values out and line breaks in, word processors bend quotation marks, senders put two documents into one body.
Each slip that is passed over has a name (``dialers.bodies.forgiven`` has a sentence for each). Wherever a mark could end a text
or stand in it, nothing is guessed: a quotation mark that was not escaped, a word with blanks that nobody quoted, an end that
never came. Linear in the length of the text.
"""

import re

from lib.rawjson import DEEPEST, Members, NotJson, integer

MOST_DOCUMENTS = 10_000

_BLANKS = re.compile(r"[ \t\r\n]*+")
# No part of any value, and of no meaning between them. U+001E parts records (RFC 7464).
_ODD_BLANKS = frozenset("\x00\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u2060\u3000\ufeff") | {
    chr(code) for code in range(0x2000, 0x2010)
}
_COMMENT = re.compile(r"//[^\r\n]*+|/\*.*?\*/", re.DOTALL)

# What may open a text -> all of the text. Typographic marks hold no plain one: it would be anybody's guess whose end it is.
_DOUBLE = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_SINGLE = re.compile(r"'([^'\\]*+(?:\\.[^'\\]*+)*+)'", re.DOTALL)
_BENT = re.compile(r'[“”„‟]([^“”„‟"\\]*+(?:\\.[^“”„‟"\\]*+)*+)[“”„‟]', re.DOTALL)
_BENT_SINGLE = re.compile(r"[‘’‚‛]([^‘’‚‛'\\]*+(?:\\.[^‘’‚‛'\\]*+)*+)[‘’‚‛]", re.DOTALL)
_POINTED = re.compile(r'«([^«»"\\]*+(?:\\.[^«»"\\]*+)*+)»', re.DOTALL)
_TEXTS = (
    {'"': (_DOUBLE, None), "'": (_SINGLE, "single_quotes"), "«": (_POINTED, "smart_quotes")}
    | dict.fromkeys("“”„‟", (_BENT, "smart_quotes"))
    | dict.fromkeys("‘’‚‛", (_BENT_SINGLE, "smart_quotes"))
)
_CONTROL = re.compile("[\x00-\x1f]")
_LINE_BREAK = re.compile("[\r\n]")
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL
)
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

_NAME = re.compile(r"[^\W\d][\w$.-]*+")
_END = r"(?=\s*+(?:[,}\]\"'“”„/]|\Z))"
_NUMBER = re.compile(r"(-?+(?:0|[1-9][0-9]*+))((?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+)" + _END)
_ODD_NUMBER = re.compile(r"[+-]?+[0-9]++(?:\.[0-9]*+)*+" + _END)  # a telephone number: +91..., 0091...
_WORD = re.compile(r"[^\W\d]\w*+" + _END)
_WORDS = {"true": True, "false": False, "null": None}
_ODD_WORDS = {"none": None, "nil": None, "undefined": None, "nan": None, "infinity": None} | _WORDS
_UNQUOTED = re.compile(r"[^\s,\[\]{}\"'“”„‘’«»:/][^,\[\]{}\"“”„«»\r\n]*+(?=[\r\n\s]*+[,\]}])")
_TWO_IN_ONE = re.compile(r"\A[^\W\d][\w.$-]*+\s*+:\s|\s[^\W\d][\w.$-]*+\s*+:|(?<!:)//|/\*|\A[+-]?0[xX]")


def mended(text: str) -> tuple[list[object], set[str]]:
    """(the documents that stand in the text, at least one, and what was passed over). Raises NotJson."""
    reader = _Reader(text)
    try:
        return reader.documents(), reader.forgiven
    except RecursionError:
        raise NotJson("nested too deeply") from None


class _Reader:
    def __init__(self, text: str):
        self.text, self.at = text, 0
        self.forgiven: set[str] = set()
        self.quoted = False  # whether the value read last was a text in quotation marks

    def documents(self) -> list[object]:
        found: list[object] = []
        while mark := self._skip():
            if found and mark == ",":
                self.at += 1
            elif found and mark in "}]" and not self.text[self.at :].strip("}] \t\r\n\x00"):
                self.forgiven.add("extra_brackets")
                break
            elif mark not in "{[" and (found or mark not in _TEXTS):
                raise NotJson(f"something else stands at character {self.at}")
            elif len(found) == MOST_DOCUMENTS:
                raise NotJson(f"more than {MOST_DOCUMENTS} documents")
            else:
                found.append(self._value(0, True))
        if not found:
            raise NotJson("nothing stands in it")
        if len(found) > 1:
            self.forgiven.add("several_documents")
        return found

    def _skip(self) -> str:
        """Go on to the next mark; the empty text at the end."""
        while True:
            if blanks := _BLANKS.match(self.text, self.at):
                self.at = blanks.end()
            mark = self.text[self.at : self.at + 1]
            if mark in _ODD_BLANKS:
                self.forgiven.add("odd_blanks" if mark != "\x00" else "nul_characters")
                self.at += 1
            elif mark == "/" and (comment := _COMMENT.match(self.text, self.at)):
                self.forgiven.add("comments")
                self.at = comment.end()
            else:
                return mark

    def _value(self, depth: int, unquoted: bool) -> object:
        """``unquoted``: whether a text without quotation marks may stand here."""
        if depth > DEEPEST:
            raise NotJson("nested too deeply")
        mark, self.quoted = self._skip(), False
        if mark == "{":
            return self._object(depth)
        if mark == "[":
            return self._array(depth)
        if mark in _TEXTS:
            found = self._text(mark)
            self.quoted = True
            return found
        return self._bare(unquoted)

    def _object(self, depth: int) -> Members:
        self.at += 1
        pairs: list[tuple[str, object]] = []
        due = last_comma = False  # whether a comma is due; whether one came last
        while (mark := self._skip()) != "}":
            if mark == ",":
                if not due:
                    self.forgiven.add("extra_commas")
                due, last_comma = False, True
                self.at += 1
                continue
            if due:
                self._missing(mark in _TEXTS)
            key, in_marks = self._key(mark)
            self._take(":")
            mark = self._skip()
            if mark and mark in ",}":
                self.forgiven.add("missing_values")
                pairs.append((key, None))
            else:
                pairs.append((key, self._value(depth + 1, in_marks)))
            due, last_comma = True, False
        if last_comma and pairs:
            self.forgiven.add("extra_commas")
        self.at += 1
        self.quoted = False
        return Members(pairs)

    def _array(self, depth: int) -> object:
        """The list; an object where all that stands in it are members, as one page of Ryng's prints it."""
        self.at += 1
        items: list[object] = []
        pairs: list[tuple[str, object]] = []
        due = last_comma = False
        while (mark := self._skip()) != "]":
            if mark == ",":
                if not due:
                    raise NotJson(f"an element is missing at character {self.at}")
                due, last_comma = False, True
                self.at += 1
                continue
            if due:
                self._missing(mark in _TEXTS if pairs else mark in "{[" and isinstance(items[-1], dict | list))
            item = self._value(depth + 1, True)
            if self.quoted and isinstance(item, str) and self._skip() == ":":
                self.at += 1
                pairs.append((item, self._value(depth + 1, True)))
            else:
                items.append(item)
            if pairs and items:
                raise NotJson(f"members and elements in one list at character {self.at}")
            due, last_comma = True, False
        if last_comma:
            self.forgiven.add("extra_commas")
        self.at += 1
        self.quoted = False
        if pairs:
            self.forgiven.add("members_in_a_list")
            return Members(pairs)
        return items

    def _missing(self, certain: bool) -> None:
        if not certain:
            raise NotJson(f"expected a comma at character {self.at}")
        self.forgiven.add("missing_commas")

    def _key(self, mark: str) -> tuple[str, bool]:
        if mark in _TEXTS:
            return self._text(mark), True
        name = _NAME.match(self.text, self.at)
        if name is None:
            raise NotJson(f"expected a name at character {self.at}" if mark else "it breaks off")
        self.forgiven.add("unquoted_names")
        self.at = name.end()
        return name[0], False

    def _take(self, wanted: str) -> None:
        if self._skip() != wanted:
            raise NotJson(f"expected {wanted} at character {self.at}")
        self.at += 1

    def _text(self, mark: str) -> str:
        form, slip = _TEXTS[mark]
        found = form.match(self.text, self.at)
        if found is None:
            raise NotJson(f"a text that begins at character {self.at} does not end")
        if slip:
            self.forgiven.add(slip)
        self.at, written = found.end(), found[1]
        if control := _CONTROL.search(written):
            broken = _LINE_BREAK.search(written, control.start())
            if broken:
                self.forgiven.add("raw_line_breaks")
            if len(_LINE_BREAK.sub("", written)) != len(_CONTROL.sub("", written)):
                self.forgiven.add("raw_control_characters")
        return _ESCAPE.sub(self._unescaped, written) if "\\" in written else written

    def _unescaped(self, found: re.Match[str]) -> str:
        high, low, code, letter = found.groups()
        if high:
            return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10 | int(low, 16) & 0x3FF))
        if code:
            return chr(int(code, 16))  # half of a character that is alone is replaced later
        if letter in _ESCAPED:
            return _ESCAPED[letter]
        self.forgiven.add("odd_escapes")  # kept as written, but for what needs none
        return letter if letter in "'“”„‟‘’‚‛«»" else found[0]

    def _bare(self, unquoted: bool) -> object:
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return number[0] if number[2] else integer(number[0])
        if word := _WORD.match(self.text, self.at):
            for words, slip in ((_WORDS, None), (_ODD_WORDS, "odd_words")):
                name = word[0] if slip is None else word[0].casefold()
                if name in words:
                    if slip:
                        self.forgiven.add(slip)
                    self.at = word.end()
                    return words[name]
        if number := _ODD_NUMBER.match(self.text, self.at):
            self.forgiven.add("odd_numbers")
            self.at = number.end()
            return number[0]
        found = _UNQUOTED.match(self.text, self.at) if unquoted else None
        if found is None or _TWO_IN_ONE.search(found[0]):
            raise NotJson(f"expected a value at character {self.at}" if self.text[self.at :] else "it breaks off")
        self.forgiven.add("unquoted_values")
        self.at = found.end()
        return found[0].strip()
