"""Bars, one below the other: a figure of each row, and of the period that it is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from web.pictures.drawing import LINE, element, hatch, percent, picture, striped, words

_BAR, _BEFORE, _GAP = 12, 7, 9  # pixels


@dataclass(frozen=True)
class Bar:
    """``text``: the value as people read it. A value that is None is not known, and has no bar."""

    label: str
    value: float | None
    text: str
    before: float | None = None


def drawn(name: str, rows: Sequence[Bar], key: str = "before") -> Markup:
    """The picture; ``key`` is the id of its pattern."""
    most = max((one for row in rows for one in (row.value, row.before) if one), default=1) or 1
    compared = any(row.before is not None for row in rows)
    step = LINE + _BAR + _GAP + (_BEFORE if compared else 0)
    parts = [hatch(key)] if compared else []
    for at, row in enumerate(rows):
        top = at * step
        parts.append(words(row.label, "0", top + 13))
        parts.append(words(row.text, "100%", top + 13, "value", "end"))
        parts.append(element("rect", y=top + LINE, width="100%", height=_BAR, rx=3, class_="track"))
        if row.value:
            width = percent(row.value / most)
            parts.append(element("rect", y=top + LINE, width=width, height=_BAR, rx=3, class_="mark"))
        if row.before:
            width = percent(row.before / most)
            parts.append(element("rect", y=top + LINE + _BAR, width=width, height=_BEFORE, fill=striped(key)))
    return picture(name, max(step * len(rows), 1), *parts)


def finding(rows: Sequence[Bar]) -> str:
    """Which row has most and which least; of how many it is not known."""
    known = [row for row in rows if row.value is not None]
    unknown = len(rows) - len(known)
    left = f" Not known: {unknown} of {len(rows)}." if unknown else ""
    if not known:
        return f"Nothing is known of any of {len(rows)}."
    most, least = max(known, key=_value), min(known, key=_value)
    if most.value == least.value:
        return f"{most.label}: {most.text}.{left}" if len(known) == 1 else f"All {len(known)} have {most.text}.{left}"
    return f"Most: {most.label}, {most.text}. Least: {least.label}, {least.text}.{left}"


def _value(row: Bar) -> float:
    return row.value or 0.0
