"""Searches: by a telephone number, and by criteria. Other criteria than those that are asked for here are not played."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.zoho.refusals import wrong

MOST_CRITERIA = 10
_ONE = re.compile(r"\((?P<name>\$?\w+):(?P<how>equals|starts_with):(?P<value>(?:\\.|[^()\\,])*)\)")
Row = Mapping[str, Any]


def by_number(row: Row, phones: list[str], term: str) -> bool:
    """Digits are compared, wherever they stand in a number."""
    wanted = _digits(term)
    return bool(wanted) and any(wanted in _digits(str(row.get(name) or "")) for name in phones)


def criteria(text: str) -> Callable[[Row], bool]:
    """``(A:equals:b)``, or several with ``or`` between them in brackets of their own. ``equals`` finds what contains it. Raises
    Refusal."""
    found = list(_ONE.finditer(text))
    rest = _ONE.sub("", text)
    if not found or rest not in ("", f"({'or' * (len(found) - 1)})"):
        raise wrong("criteria: invalid query formed")
    if len(found) > MOST_CRITERIA:
        raise wrong(f"criteria: {MOST_CRITERIA} at most")
    wanted = [(one["name"], one["how"], re.sub(r"\\(.)", r"\1", one["value"]).casefold()) for one in found]
    return lambda row: any(_fits(_text(row.get(name)).casefold(), how, value) for name, how, value in wanted)


def _fits(there: str, how: str, value: str) -> bool:
    return there.startswith(value) if how == "starts_with" else value in there and bool(there)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return "" if value is None else str(value)


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())
