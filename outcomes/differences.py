"""What a renewed reading changes, counted: how many outcomes, and per field from what to what."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

# Fields with few different values that say something to whoever has changed a mapping. Of the others it is only told
# whether there is a value: names, numbers and notes are customers', and times are all different.
TELLING = (
    "connect_outcome",
    "answered_by",
    "disposition",
    "disposition_parent",
    "flags",
    "settling",
    "is_final",
    "direction",
    "status_raw",
    "hangup_cause",
    "lead_status",
    "sources",
    "talk_source",
    "duration_source",
)
MOST_PAIRS = 2_000  # that are told apart in one field; dialers let people type dispositions freely
LONGEST = 80
MOST_EXAMPLES = 5
NOTHING, SOMETHING = "none", "a value"


@dataclass
class Differences:
    """Of some calls, or of all. ``receipts`` were read again; ``unreadable`` ones of them cannot be understood any more,
    and ``failed`` ones cannot be folded: what those said before stands. ``outlived`` outcomes are left as they are, because
    receipts that they were made of have been deleted."""

    receipts: int = 0
    changed: int = 0
    made: int = 0
    unreadable: int = 0
    failed: int = 0
    outlived: int = 0
    fields: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)  # of outcomes that change, a few

    def note(self, before: Mapping[str, Any], after: Mapping[str, Any], names: Collection[str]) -> None:
        """An outcome that changes in these fields."""
        self.changed += 1
        for name in names:
            self._count(name, _pair(name, before[name], after[name]), 1)
        if "id" in before and len(self.examples) < MOST_EXAMPLES:
            changes = [_change(name, *_pair(name, before[name], after[name])) for name in sorted(names)]
            self.examples.append({"outcome_id": str(before["id"]), "changes": changes})

    def add(self, other: "Differences") -> None:
        """Count the other's as well."""
        for name in ("receipts", "changed", "made", "unreadable", "failed", "outlived"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name, pairs in other.fields.items():
            for pair, count in pairs.items():
                self._count(name, pair, count)
        self.examples += other.examples[: MOST_EXAMPLES - len(self.examples)]

    def _count(self, name: str, pair: tuple[str, str], count: int) -> None:
        pairs = self.fields.setdefault(name, Counter())
        if pair not in pairs and len(pairs) >= MOST_PAIRS:
            pair = (SOMETHING, SOMETHING)
        pairs[pair] += count

    def lines(self) -> list[str]:
        """``connect_outcome: unknown -> canceled  37``: the fields by name, the most frequent change of each first."""
        return [f"{one['field']}: {one['before']} -> {one['after']}  {one['outcomes']}" for one in self.counted()]

    def counted(self) -> list[dict[str, Any]]:
        """The same for programs."""
        return [
            _change(name, *pair) | {"outcomes": count}
            for name in sorted(self.fields)
            for pair, count in sorted(self.fields[name].items(), key=lambda item: (-item[1], item[0]))
        ]


def _change(name: str, before: str, after: str) -> dict[str, Any]:
    return {"field": name, "before": before, "after": after}


def _pair(name: str, before: Any, after: Any) -> tuple[str, str]:
    return _told(name, before), _told(name, after)


def _told(name: str, value: Any) -> str:
    if value is None or value == [] or value == {}:
        return NOTHING
    if name not in TELLING:
        return SOMETHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    shown = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    # Dialers choose these words, and a terminal obeys some characters.
    return shown[:LONGEST] if shown.isprintable() else ascii(shown)[:LONGEST]
