"""The search: groups of filters, any of which may fit; late by so many seconds, and ended at 10,000."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sandbox.hubspot.numbers import digits
from sandbox.hubspot.records import SEARCHABLE, Record, Records
from sandbox.hubspot.shapes import MOST_FOUND

_TOKENS = re.compile(r"\w+")
_NUMBERS = {*SEARCHABLE, *SEARCHABLE.values()}


def search(
    records: Records, asked: Mapping[str, Any], late: float, no_lists: bool = False
) -> tuple[int, list[Record], str | None]:
    """(how many there are in all, those of this page, where the next begins). Raises KeyError for an unknown property."""
    groups = [group["filters"] for group in asked["filterGroups"]]
    if no_lists:
        groups = [filters for filters in groups if not any(_is_list(one) for one in filters)]
        if not groups:
            return 0, [], None
    for name in {one["propertyName"] for filters in groups for one in filters}:
        if name not in records.properties:
            raise KeyError(name)
    moment = time.monotonic() - late
    found = []
    for id_ in _candidates(records, groups):
        record = records.found[id_]
        properties = record.as_of(moment)
        if properties is None or not _said(asked.get("query", ""), properties):
            continue
        if not groups or any(all(_fits(one, properties) for one in filters) for filters in groups):
            found.append(record)
    found = _sorted(found, asked["sorts"])
    total = min(len(found), MOST_FOUND)
    begin = int(asked["after"] or "0")
    end = begin + (asked["limit"] or 10)
    return total, found[begin:end], str(end) if end < total else None


def _is_list(asked: Mapping[str, Any]) -> bool:
    return asked["operator"] == "IN" and asked["propertyName"] in SEARCHABLE.values()


def _candidates(records: Records, groups: Sequence[Sequence[Mapping[str, Any]]]) -> Iterable[str]:
    """Ids among which all are that fit: few where a filter asks for a number or a unique value."""
    found: set[str] = set()
    for filters in groups or [[]]:
        near = next((ids for ids in (_near(records, one) for one in filters) if ids is not None), None)
        if near is None:
            return list(records.found)
        found.update(near)
    return found


def _near(records: Records, asked: Mapping[str, Any]) -> Iterable[str] | None:
    name, operator = asked["propertyName"], asked["operator"]
    values = asked.get("values", []) if operator == "IN" else [asked.get("value", "")]
    if name in _NUMBERS and operator in ("EQ", "IN", "CONTAINS_TOKEN") and not asked.get("value", "").endswith("*"):
        near = [records.with_tail(value) for value in values]
        return None if any(ids is None for ids in near) else [id_ for ids in near if ids is not None for id_ in ids]
    if name in records.properties.unique() and name != "email" and operator in ("EQ", "IN"):
        return [id_ for value in values for id_ in records.with_unique(name, value)]
    return None


def _said(query: str, properties: Mapping[str, str]) -> bool:
    return not query or any(query.lower() in value.lower() for value in properties.values())


def _fits(asked: Mapping[str, Any], properties: Mapping[str, str]) -> bool:
    held = properties.get(asked["propertyName"]) or ""
    return _OPERATORS[asked["operator"]](held, asked)


def _tokens(held: str, asked: Mapping[str, Any]) -> bool:
    """Whole words, or with ``*`` at either end a part of one. A number is one word, whatever stands between its digits."""
    wanted = asked["value"].lower()
    inner = wanted.strip("*")
    words = [word.lower() for word in _TOKENS.findall(held)] + ([digits(held)] if digits(held) else [])
    if wanted.startswith("*") and wanted.endswith("*"):
        return any(inner in word for word in words)
    if wanted.startswith("*"):
        return any(word.endswith(inner) for word in words)
    if wanted.endswith("*"):
        return any(word.startswith(inner) for word in words)
    return bool(inner) and set(_TOKENS.findall(inner)) <= set(words)


def _order(compare: Callable[[Any, Any], bool]) -> Callable[[str, Mapping[str, Any]], bool]:
    def check(held: str, asked: Mapping[str, Any]) -> bool:
        return bool(held) and compare(_comparable(held), _comparable(asked["value"]))

    return check


def _comparable(value: str) -> tuple[int, float, str]:
    try:
        return 0, float(value), ""
    except ValueError:
        return 1, 0.0, value.lower()


_OPERATORS: Mapping[str, Callable[[str, Mapping[str, Any]], bool]] = {
    "EQ": lambda held, asked: bool(held) and held.lower() == asked["value"].lower(),
    "NEQ": lambda held, asked: bool(held) and held.lower() != asked["value"].lower(),
    "IN": lambda held, asked: held.lower() in {one.lower() for one in asked["values"]},
    "NOT_IN": lambda held, asked: bool(held) and held.lower() not in {one.lower() for one in asked["values"]},
    "HAS_PROPERTY": lambda held, asked: bool(held),
    "NOT_HAS_PROPERTY": lambda held, asked: not held,
    "CONTAINS_TOKEN": _tokens,
    "NOT_CONTAINS_TOKEN": lambda held, asked: bool(held) and not _tokens(held, asked),
    "LT": _order(lambda held, limit: held < limit),
    "LTE": _order(lambda held, limit: held <= limit),
    "GT": _order(lambda held, limit: held > limit),
    "GTE": _order(lambda held, limit: held >= limit),
    "BETWEEN": lambda held, asked: (
        bool(held) and _comparable(asked["value"]) <= _comparable(held) <= _comparable(asked.get("highValue", ""))
    ),
}


def _sorted(found: list[Record], sorts: Sequence[str]) -> list[Record]:
    """By a property, downwards where a minus stands before it; else by id."""
    found.sort(key=lambda record: int(record.id) if record.id.isdigit() else 0)
    for one in reversed(sorts):
        found.sort(
            key=lambda record: _comparable(record.properties.get(one.lstrip("-"), "")), reverse=one.startswith("-")
        )
    return found
