"""What people read of a call in a CRM, whichever it is: its title, and its body as HTML or as plain text; and the
words by which tables of the settings name it. Pure."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dialers.vocabulary import UNKNOWN

LONGEST_TITLE = 200
LONGEST_NOTES = 60_000  # characters as they are written, in UTF-16; HubSpot takes 65,536 of a body


def title(outcome: Mapping[str, Any]) -> str:
    """``Outbound call: Interested``."""
    kind = {"inbound": "Inbound call", "outbound": "Outbound call"}.get(str(outcome["direction"]), "Call")
    return f"{kind}: {outcome['disposition'] or in_words(outcome['connect_outcome'])}"[:LONGEST_TITLE]


def words(outcome: Mapping[str, Any]) -> list[str]:
    """What the agent has chosen, the narrower first."""
    return [word for word in (outcome["disposition"], outcome["disposition_parent"]) if word]


def keys(outcome: Mapping[str, Any]) -> list[str]:
    """Under which a table of the settings may have it, the first that is there counting: ``disposition:Interested``,
    ``flag:sale``, ``connected``."""
    flags = (f"flag:{flag}" for flag in outcome["flags"])
    return [*(f"disposition:{word}" for word in words(outcome)), *flags, outcome["connect_outcome"] or UNKNOWN]


def body(outcome: Mapping[str, Any]) -> str:
    """What the dialer and the agent say of it, a line for each, as HTML."""
    notes = outcome["notes"]
    lines = said(outcome, _cut(notes) if notes else None)
    return "<br>".join(line(name, value) for name, value in lines)


def text(outcome: Mapping[str, Any], more: Sequence[tuple[str, str | None]] = (), longest: int = LONGEST_NOTES) -> str:
    """The same as plain text, with ``more`` lines behind it, in so many characters: notes are cut where there is no room."""
    rest = said(outcome, None)
    room = longest - sum(len(name) + len(value) + 3 for name, value in [*rest, *_filled(more)]) - len("Notes: \n")
    notes = (outcome["notes"] or "")[: max(room, 0)]
    return "\n".join(f"{name}: {value}" for name, value in [*said(outcome, notes), *_filled(more)])[:longest]


def said(outcome: Mapping[str, Any], notes: str | None) -> list[tuple[str, str]]:
    """(what a line is about, what it says), of those that say something."""
    disposition, parent = outcome["disposition"], outcome["disposition_parent"]
    agent = outcome["agent"]
    answered = outcome["answered_by"]
    by = f", answered by a {answered}" if answered in ("machine", "fax") else ""
    lines = (
        ("Disposition", f"{parent} / {disposition}" if parent and disposition else disposition or parent),
        ("Result", in_words(outcome["connect_outcome"]) + by),
        ("Notes", notes),
        ("Campaign", outcome["campaign_name"] or outcome["campaign_id"]),
        ("Queue", outcome["queue_name"]),
        ("Agent", agent["name"] or agent["username"] or agent["email"] or agent["id"]),
        ("Dialer", f"{outcome['dialer']} ({outcome['connection']})"),
    )
    return _filled(lines)


def _filled(lines: Iterable[tuple[str, str | None]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in lines if value]


def line(name: str, value: str) -> str:
    """One of a body."""
    return f"<strong>{name}:</strong> {_shown(value)}"


def in_words(word: str | None) -> str:
    return (word or "unknown").replace("_", " ")


def _shown(value: str) -> str:
    return "<br>".join(html.escape(value, quote=False).splitlines())


def _cut(notes: str) -> str:
    """As much of them as there is room for."""
    while len(_shown(notes).encode("utf-16-le", "replace")) // 2 > LONGEST_NOTES:
        notes = notes[: len(notes) * 3 // 4]
    return notes
