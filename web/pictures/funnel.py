"""A funnel: of what came in, how much came as far as each step."""

from collections.abc import Sequence

from markupsafe import Markup

from queries.reports.shown import Step, of_first
from web.pictures.drawing import LINE, element, percent, picture, words

_BAR, _GAP = 22, 10


def drawn(name: str, steps: Sequence[Step]) -> Markup:
    """The picture."""
    first = steps[0][1] or 1
    height = LINE + _BAR + _GAP
    parts = []
    for at, (label, count) in enumerate(steps):
        top, share = at * height, (count or 0) / first
        parts.append(words(label, "0", top + 13))
        parts.append(words(of_first(count, first), "100%", top + 13, "value", "end"))
        parts.append(element("rect", y=top + LINE, width="100%", height=_BAR, rx=3, class_="track"))
        if share:
            x, width = percent((1 - share) / 2), percent(share)
            parts.append(element("rect", x=x, y=top + LINE, width=width, height=_BAR, rx=3, class_="mark"))
    return picture(name, height * len(steps), *parts)
