"""A heat map of the hours of the week: weekdays across, hours down, because a phone is narrow."""

from collections.abc import Mapping

from markupsafe import Markup

from queries.reports.shown import Cell
from queries.reports.written import DAYS
from web.pictures.drawing import element, hatch, percent, picture, striped, words

_CELL, _HEAD, _SIDE = 24, 20, 0.1


def drawn(name: str, cells: Mapping[tuple[int, int], Cell], key: str = "few") -> Markup:
    """The picture of cells by (weekday from 1, hour); ``key`` is the id of the pattern of those without a value."""
    hours = [hour for _, hour in cells]
    shown = range(min(hours), max(hours) + 1) if hours else range(0)
    most = max((cell.value or 0 for cell in cells.values()), default=1) or 1
    wide = (1 - _SIDE) / len(DAYS)
    parts = [hatch(key)]
    parts += [words(day, percent(_SIDE + (at + 0.5) * wide), 13, "tick", "middle") for at, day in enumerate(DAYS)]
    for down, hour in enumerate(shown):
        top = _HEAD + down * _CELL
        parts.append(words(f"{hour} h", "0", top + 16, "tick"))
        for at in range(len(DAYS)):
            cell = cells.get((at + 1, hour))
            if cell is None:
                continue
            step = cell.step(most)
            place = {"x": percent(_SIDE + at * wide), "width": percent(0.97 * wide), "y": top, "height": _CELL - 2}
            looks = {"fill": striped(key)} if step is None else {"class_": f"heat{step}"}
            parts.append(element("rect", rx=2, **place, **looks))
            if step is not None:
                middle = percent(_SIDE + (at + 0.485) * wide)
                parts.append(words(cell.text, middle, top + 15, f"on-heat{step}", "middle"))
    return picture(name, _HEAD + _CELL * len(shown), *parts)
