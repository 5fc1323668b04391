"""Commands of a batch: each is a method with its parameters in one line, as in an address.

apidocs.bitrix24.com, "How to run a batch of requests": fifty at most, one after the other; ``$result[key][field]`` stands for
what an earlier one has answered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

MOST = 50
EARLIER = "$result["


class Earlier(str):
    """What an earlier command has answered, as a value."""


def earlier(key: str, *path: str) -> Earlier:
    return Earlier(f"{EARLIER}{key}]" + "".join(f"[{name}]" for name in path))


@dataclass(frozen=True)
class Command:
    """``key``: under which the answer tells of it."""

    key: str
    method: str
    params: Mapping[str, Any]

    def line(self) -> str:
        told = "&".join(f"{name}={value}" for name, value in _flat("", self.params))
        return f"{self.method}?{told}" if told else self.method


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Lists and objects as PHP takes them: ``fields[stageId]=NEW``, ``values[0]=...``."""
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str)):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, one in items:
            part = quote(str(key), safe="")
            yield from _flat(f"{name}[{part}]" if name else part, one)
    elif isinstance(value, Earlier):
        yield name, str(value)
    else:
        yield (
            name,
            quote(str(value).replace(EARLIER, f"{EARLIER[:-1]} ["), safe=""),
        )  # of notes, it would be taken for one
