"""Columns, side by side: something along time, or the distribution of leads over attempts. Striped parts stand on plain ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lib.text import many
from web.pictures.drawing import LINE, element, hatch, percent, picture, striped, words

_HIGH = 160  # pixels of the highest column
_FEW = 12  # columns that have room for their values
_FEWEST = 4  # that the width is for: one alone is no wall
_LABELS = 6


@dataclass(frozen=True)
class Column:
    """``striped``: what is put on top in another pattern. None is not known, and has no column."""

    label: str
    value: float | None
    text: str
    striped: float = 0


def drawn(name: str, rows: Sequence[Column], key: str = "other") -> Markup:
    """The picture; ``key`` is the id of its pattern."""
    most = max(((row.value or 0) + row.striped for row in rows), default=1) or 1
    room = 1 / max(len(rows), _FEWEST)
    last, highest = len(rows) - 1, max(range(len(rows)), key=lambda at: rows[at].value or 0, default=0)
    every = 1 if len(rows) <= _FEW else -(-len(rows) // _LABELS)
    parts = [hatch(key)] if any(row.striped for row in rows) else []
    for at, row in enumerate(rows):
        plain, other = (_HIGH * one / most for one in (row.value or 0, row.striped))
        place = {"x": percent((at + 0.1) * room), "width": percent(0.8 * room)}
        middle, floor = percent((at + 0.5) * room), LINE + _HIGH
        if plain:
            parts.append(element("rect", y=floor - plain, height=plain, class_="mark", **place))
        if other:
            parts.append(element("rect", y=floor - plain - other, height=other, fill=striped(key), **place))
        # Where many stand side by side, texts at the edges are wider than their columns.
        edge = len(rows) > _FEW and {0: ("0", "start"), last: ("100%", "end")}.get(at)
        where, anchor = edge or (middle, "middle")
        if len(rows) <= _FEW or (at == highest and plain):
            parts.append(words(row.text, where, int(floor - plain - other - 4), "value", anchor))
        if at % every == 0:
            parts.append(words(row.label, where, floor + 15, "tick", anchor))
    parts.append(element("line", x1=0, x2="100%", y1=LINE + _HIGH, y2=LINE + _HIGH, class_="axis"))
    return picture(name, _HIGH + 2 * LINE + 4, *parts)


def attempts_found(rows: Sequence[Column]) -> str:
    """What a distribution of attempts says: plain are leads that were reached on that attempt, striped those that never were."""
    reached, never = (int(sum(values)) for values in ([row.value or 0 for row in rows], [row.striped for row in rows]))
    if not reached:
        return f"None was reached of {many(never, 'lead')}."
    most = max(rows, key=lambda row: row.value or 0)
    share = 100 * (most.value or 0) / reached
    return (
        f"Of {many(reached, 'lead')} that were reached most were so on attempt {most.label}: {share:.0f} %. Never reached, "
        f"striped: {never:,}, by the attempts made."
    )
