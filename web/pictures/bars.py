"""Bars, one below the other: a figure of each row, and of the period that it is compared with."""

from collections.abc import Sequence

from markupsafe import Markup

from queries.reports.shown import Bar
from web.pictures.drawing import LINE, element, hatch, percent, picture, striped, words

_BAR, _BEFORE, _GAP = 12, 7, 9  # pixels
_MANY = 20  # that stand close together on paper


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
    return picture(name, max(step * len(rows), 1), *parts, tall=len(rows) > _MANY)
