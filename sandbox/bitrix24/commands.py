"""Commands of a batch, read as PHP reads them: ``method?a=1&b[c]=2&d[0]=3``, with ``$result[key][field]`` of earlier ones."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

_EARLIER = re.compile(r"\$result((?:\[[^\]]*\])+)")
_PART = re.compile(r"\[([^\]]*)\]")


def read(line: str, results: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(the method, its parameters)."""
    method, _, query = line.partition("?")
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        first = name.partition("[")[0]
        _put(
            found, [first, *_PART.findall(name[len(first) :])], _EARLIER.sub(lambda told: _of(results, told[1]), value)
        )
    return method, {name: _lists(value) for name, value in found.items()}


def lacks(line: str, results: Mapping[str, Any]) -> bool:
    """Whether it builds on what an earlier one has not answered, and could not be right."""
    return any(not _of(results, told[1]) for told in _EARLIER.finditer(line))


def _put(found: dict[str, Any], path: list[str], value: str) -> None:
    for key in path[:-1]:
        found = found.setdefault(key, {})
    found[path[-1] or str(len(found))] = value


def _of(results: Any, path: str) -> str:
    for key in _PART.findall(path):
        results = results.get(key) if isinstance(results, Mapping) else None
    return "" if results is None else str(results)


def _lists(value: Any) -> Any:
    """What has the keys 0, 1, 2 ... is a list."""
    if not isinstance(value, dict):
        return value
    inside = {key: _lists(one) for key, one in value.items()}
    return list(inside.values()) if list(inside) == [str(at) for at in range(len(inside))] else inside
