"""A start for the tables of a settings file: the words that nobody has decided, with what they plainly seem to mean.

For a person to correct and paste. What is not clear is left to that person: a line that proposes the wrong thing is worse than
one that proposes nothing. The vocabulary is ``queries.hints``.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from dialers.base import Connection
from dialers.vocabulary import FLAGS
from lib import text as texts
from outcomes.undecided import DISPOSITION, EVENT
from queries import hints

MOST_TOKENS = 8  # a longer one is a note, and notes mean what they like
REACH = 3  # how many words may stand between a negation and what it turns round
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
# Of Latin, Cyrillic and Greek letters; the signs of other scripts are letters of theirs.
_ACCENTS = ("\u0300", "\u036f")

# Of these a disposition has one at the most; where both are found, it says something else.
_CONTRADICTIONS = tuple({one, other} for one in ("not_interested", "dnc") for other in ("sale", "callback"))

Tokens = tuple[str, ...]


def tokens(word: str) -> Tokens:
    """The word's words, without case, accents and punctuation: ``Nezájem!`` is ``nezajem``."""
    spread = unicodedata.normalize("NFKD", word).casefold().translate(_LETTERS).replace("'", "").replace("’", "")
    plain = "".join(
        letter if unicodedata.category(letter)[0] in "LMN" else " "
        for letter in spread
        if not _ACCENTS[0] <= letter <= _ACCENTS[1]
    )
    return tuple(plain.split())


def flags(word: str) -> list[str] | None:
    """The flags that a disposition raises by its plain meaning, in the vocabulary's order; None where that is not clear."""
    said = list(tokens(word))
    if not said or len(said) > MOST_TOKENS or "?" in word:
        return None
    found: set[str] = set()
    nobody = False  # it was said that there was nobody to speak to
    for meaning, own, phrases in _dispositions():
        for at, length in _places(said, phrases):
            if meaning == hints.INTERESTED and (denied := _denied(said, at, length)):
                own = hints.DISPOSITIONS[hints.NOT_INTERESTED][0]
                for place in denied:
                    said[place] = ""
            nobody = nobody or not own
            found |= set(own)
            said[at : at + length] = [""] * length  # what comes after it must not read these again
    if any(one in hints.NEGATIONS for one in said) or _places(said, _phrases(hints.DOUBTS)):
        return None  # somebody says more than was understood
    if any(len(found & pair) > 1 for pair in _CONTRADICTIONS):
        return None
    if "wrong_number" in found and len(found) > 1 or nobody and found:
        return None
    return [flag for flag in FLAGS if flag in found] if found or nobody else None


def result(word: str) -> str | None:
    """The connect outcome that a dialer's word for how a call ended plainly means; None where that is not clear."""
    said = list(tokens(word))
    found = {
        outcome
        for outcome, phrases in hints.RESULTS.items()
        for at, length in _places(said, _phrases(phrases))
        if at == 0 and length == len(said)  # all of it: half a word of a protocol means nothing
    }
    return found.pop() if len(found) == 1 else None


def _denied(said: Sequence[str], at: int, length: int) -> list[int]:
    """Where the negations stand that turn round what begins there."""
    before = [place for place in range(max(0, at - REACH), at) if said[place] in hints.NEGATIONS]
    return before or [place for place in range(at + length, len(said))[:1] if said[place] in hints.AFTERWARDS]


def _places(said: Sequence[str], phrases: Iterable[Tokens]) -> list[tuple[int, int]]:
    """(where, how many words) of the phrases that the words contain, the longest first, none over another."""
    found: list[tuple[int, int]] = []
    taken: set[int] = set()
    for phrase in phrases:
        for at in range(len(said) - len(phrase) + 1):
            own = range(at, at + len(phrase))
            if taken.isdisjoint(own) and all(map(_is, said[at : at + len(phrase)], phrase)):
                found.append((at, len(phrase)))
                taken.update(own)
    return found


def _is(word: str, hint: str) -> bool:
    return word.startswith(hint[:-1]) if hint.endswith("*") else word == hint


@cache
def _phrases(written: str) -> tuple[Tokens, ...]:
    """Phrases as they are compared, the longest first."""
    found = {tuple(_hint(part) for part in phrase.split()) for phrase in written.split(",")}
    return tuple(sorted(found, key=lambda phrase: (-len(phrase), phrase)))


def _hint(part: str) -> str:
    (plain,) = tokens(part.removesuffix("*"))
    return plain + "*" * part.endswith("*")


@cache
def _dispositions() -> tuple[tuple[str, tuple[str, ...], tuple[Tokens, ...]], ...]:
    return tuple(
        (meaning, own, _phrases(", ".join(by_language.values())))
        for meaning, (own, by_language) in hints.DISPOSITIONS.items()
    )


# The tables -----------------------------------------------------------------------------------------------------------
def tables(connection: Connection, words: Sequence[Mapping[str, Any]]) -> str:
    """The tables as TOML, what stands in them already first, then the words of ``words_seen.unmapped``, each with its calls."""
    dispositions = [word for word in words if word["field"] == DISPOSITION]
    others = [word for word in words if word["field"] != DISPOSITION]
    lines = [
        f"# Words of {connection.name} that nobody has decided, and what they plainly seem to mean. Correct this and paste it."
        if words
        else f"# No word that was seen on {connection.name} so far waits to be decided."
    ]
    if dispositions or connection.dispositions:
        lines += _head("dispositions", connection.name, bool(connection.dispositions))
        lines += [f"{_text(word)} = {_list(own)}" for word, own in connection.dispositions.items()]
        lines += [
            _line(word, None if (own := flags(word["word"])) is None else _list(own), _list(()))
            for word in dispositions
        ]
    if others or connection.words:
        lines += _head("words", connection.name, bool(connection.words))
        lines += [f"{_text(word)} = {_text(meaning)}" for word, meaning in connection.words.items()]
        lines += [_line(word, _proposed(word), _text("dismissed")) for word in others]
    return "\n".join(lines)


def _flags(word: Mapping[str, Any]) -> str | None:
    own = flags(word["word"])
    return None if own is None else _list(own)


def _proposed(word: Mapping[str, Any]) -> str | None:
    # Of an event an outcome would mean that the call ended so, which no word for it says by itself.
    meaning = None if word["field"] == EVENT else result(word["word"])
    return None if meaning is None else _text(meaning)


def _head(kind: str, name: str, there: bool) -> list[str]:
    replaces = (
        ["# What is decided already stands first: this replaces the table, where the file has one."] if there else []
    )
    return ["", *replaces, f"[{kind}.{name}]"]


def _line(word: Mapping[str, Any], proposed: str | None, otherwise: str) -> str:
    count = texts.many(word["calls"], "call")
    if proposed is None:
        return f"# {_text(word['word'])} = {otherwise}  # {count}; not clear: yours to say"
    return f"{_text(word['word'])} = {proposed}  # {count}"


def _list(own: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, own))}]"


def _text(value: str) -> str:
    # JSON's escapes are TOML's too; TOML also wants the one control character escaped that JSON lets pass.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
