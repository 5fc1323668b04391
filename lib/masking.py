"""Secrets in what others say: found in whatever way they are written, and also where their end was cut off."""

import base64
import html
import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 3  # a text of fewer characters would be found in every sentence
SHORT = 8  # one of fewer characters is masked where it stands as a word, and nowhere within one
HEAD = 8  # characters of a longer one by which it is known, wherever it is cut off
LONG = 16


def masked(value: Any, secrets: Collection[str]) -> Any:
    """The value, a text or what JSON holds, without any of the secrets."""
    known = frozenset(secret for secret in secrets if len(secret) >= SHORTEST)
    return _without_any(value, *_ways_of(known)) if known else value


@lru_cache(maxsize=64)
def _ways_of(secrets: frozenset[str]) -> tuple[frozenset[str], re.Pattern[str]]:
    """(as they may be written, what stands in every text that has one of these): most texts have none, and are looked at once."""
    written = frozenset(_ways(set(secrets)))
    return written, re.compile("|".join(re.escape(_head(one)) for one in sorted(written)), re.IGNORECASE)


def _head(secret: str) -> str:
    return secret if len(secret) < LONG else secret[:HEAD]


def _ways(secrets: set[str]) -> set[str]:
    """In every way in which they may stand in an answer."""
    ways = (quote, quote_plus, lambda one: quote(one, safe=""), html.escape, lambda one: json.dumps(one)[1:-1], _base64)
    return secrets | {way(secret) for secret in secrets for way in ways}


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")


def _without_any(value: Any, secrets: frozenset[str], any_head: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return _without(value, secrets) if any_head.search(value) else value
    if isinstance(value, Mapping):
        return {
            _without_any(name, secrets, any_head): _without_any(item, secrets, any_head) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_any(item, secrets, any_head) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return MASK if str(value) in secrets else value
    return value


def _without(text: str, secrets: frozenset[str]) -> str:
    spans = sorted({span for secret in secrets for span in _places(text, secret)})
    parts, at = [], 0
    for begin, end in spans:
        if begin >= at:
            parts += [text[at:begin], MASK]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def _places(text: str, secret: str) -> Iterator[tuple[int, int]]:
    """Where the secret stands in the text, or as much of its beginning as does."""
    head = re.escape(_head(secret))
    if len(secret) < SHORT:
        head = rf"(?<![^\W_]){head}(?![^\W_])"
    for found in re.finditer(head, text, re.IGNORECASE):
        begin, end = found.span()
        # Of the text no more than is compared: one that is full of beginnings would be copied once for each.
        more = zip(text[end : begin + len(secret)], secret[end - begin :], strict=False)
        for said, ours in more:
            if said.lower() != ours.lower():
                break
            end += 1
        yield begin, end
