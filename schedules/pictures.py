"""A picture in a mail: bars, or hours of the week, made of cells of a table that have colours. Many mail programs show no SVG,
and most no image before they are asked to; all of them show a table."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from lib import text as texts
from queries.reports.shown import Bar, Bars, Cell, Hours
from queries.reports.written import DAYS

_WIDE, _HIGH, _BEFORE_HIGH = 180, 12, 6  # pixels, of the longest bar
_LONGEST = 36  # characters of a label
# Of an hour of the week, and of the text on it.
_HEAT = ("#eef3fb", "#d3e2f7", "#aecbf0", "#2f6ec0", "#1f5aa8", "#143f7a")
_ON_HEAT = ("#111",) * 3 + ("#fff",) * 3
_COLOUR, _BEFORE_COLOUR = "#2c6fbb", "#a9bccf"
_PICTURE = Markup('<p><b>{}</b><br>{}</p>\n<table role="presentation" style="border-collapse:collapse">\n{}</table>\n')
_ROW = Markup(
    '<tr><td style="padding:2px 8px 2px 0"><bdi>{}</bdi></td>'
    '<td style="padding:2px 8px;text-align:right;white-space:nowrap">{}</td><td>{}</td></tr>\n'
)
# The size stands there twice: some programs read attributes alone, others styles.
_BAR = Markup(
    '<table role="presentation" cellpadding="0" cellspacing="0"><tr><td width="{0}" height="{1}" bgcolor="{2}" '
    'style="width:{0}px;height:{1}px;background:{2};font-size:1px;line-height:1px">&nbsp;</td></tr></table>'
)
_LOOK = "padding:2px 4px;text-align:center;font-size:12px"
_PLAIN = Markup(f'<td style="{_LOOK}">{{}}</td>')
_WARM = Markup(f'<td bgcolor="{{1}}" style="{_LOOK};background:{{1}};color:{{2}}">{{0}}</td>')


def drawn(picture: Bars | Hours) -> Markup:
    """Its title, what it shows, and the picture itself."""
    rows = _hours(picture.cells) if isinstance(picture, Hours) else _rows(picture.rows)
    return _PICTURE.format(picture.title, said(picture), rows)


def said(picture: Bars | Hours) -> str:
    """What the picture shows, as a sentence."""
    other = isinstance(picture, Bars) and any(bar.before is not None for bar in picture.rows)
    return picture.finding + (" Pale: the other period." if other else "")


def _rows(bars: Sequence[Bar]) -> Markup:
    """Beside each bar is its value, below it in a pale colour the other period's."""
    most = max((value for bar in bars for value in (bar.value, bar.before) if value), default=1) or 1
    told = ((_short(texts.visible(bar.label)), bar.text, _bars(bar, most)) for bar in bars)
    return Markup("").join(_ROW.format(*one) for one in told)


def _hours(cells: Mapping[tuple[int, int], Cell]) -> Markup:
    """Weekdays across, hours down, as on the page."""
    most = max((cell.value or 0 for cell in cells.values()), default=1) or 1
    shown = range(min(hour for _, hour in cells), max(hour for _, hour in cells) + 1)
    rows = [[_PLAIN.format(day) for day in ("", *DAYS)]]
    for hour in shown:
        own = (cells.get((day, hour)) for day in range(1, len(DAYS) + 1))
        rows.append([_PLAIN.format(f"{hour} h"), *(_hour(cell, most) for cell in own)])
    return Markup("").join(Markup("<tr>{}</tr>\n").format(Markup("").join(row)) for row in rows)


def _hour(cell: Cell | None, most: float) -> Markup:
    step = cell.step(most) if cell else None
    if cell is None or step is None:
        return _PLAIN.format(cell.text if cell else "")
    return _WARM.format(cell.text, _HEAT[step], _ON_HEAT[step])


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"


def _bars(bar: Bar, most: float) -> Markup:
    both = ((bar.value, _HIGH, _COLOUR), (bar.before, _BEFORE_HIGH, _BEFORE_COLOUR))
    return Markup("").join(_BAR.format(max(1, round(_WIDE * value / most)), *looks) for value, *looks in both if value)
