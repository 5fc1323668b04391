"""Agent dispositions in all the shapes that QVoice writes them: a text, a list, objects nested in objects.

Seen in public client code: ``{name, subdisposition: {name, subdisposition: ...}}``, the newer
``{name, subdisposition: {key, value}}``, an array, a plain text. docs.qvoice.net shows none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialers.connection import Connection
from dialers.fields import unfolded, word

# The texts of one level, the best first: in ``{key, value}`` the value is what the agent saw.
NAMES = ("name", "value", "disposition", "label", "key")
DEEPER = ("subdisposition", "sub_disposition", "subdispositions")
MOST_LEVELS = 20


@dataclass(frozen=True)
class Disposition:
    """``words`` is what the outcome shows, ``parent`` the level above it, ``levels`` every text from the top."""

    words: str | None
    parent: str | None
    levels: tuple[str, ...]


def disposition(row: Mapping[str, object]) -> Disposition:
    """The row's agent disposition. Kazoo's column ``disposition`` says who hung up, and is none."""
    top = levels(row.get("agent_disposition"))
    sub = levels(row.get("agent_subdisposition"))
    if top and sub[: len(top)] == top:  # some installations begin the nested form with the top level itself
        sub = sub[len(top) :]
    everything = (*top, *sub)[:MOST_LEVELS]
    if len(everything) < 2 or not top:
        return Disposition(" / ".join(everything) or None, None, everything)
    return Disposition(" / ".join(everything[1:]), everything[0], everything)


def levels(value: object) -> tuple[str, ...]:
    """The texts of a value from the top level down; empty for nothing."""
    found: list[str] = []
    waiting = [value]  # the next one last: taking from the front of a list of 100,000 blanks would last minutes
    while waiting and len(found) < MOST_LEVELS:
        item = unfolded(waiting.pop())
        if isinstance(item, list):
            waiting += reversed(item)
        elif isinstance(item, dict):
            named = [item[name] for name in NAMES if item.get(name) not in (None, "")]
            waiting += reversed([*named[:1], *(item[name] for name in DEEPER if name in item)])
        elif said := word(item):
            found.append(said)
    return tuple(found)


def a_disposition(value: object, connection: Connection) -> Any:
    """For what is counted as unread: an object that says something, and nothing of it in a member that is known here."""
    return levels(value) or not _says_anything(value) or None


def _says_anything(value: object) -> bool:
    value = unfolded(value)
    if isinstance(value, dict):
        value = list(value.values())
    return any(map(_says_anything, value)) if isinstance(value, list) else word(value) is not None
