"""A picture in a mail: bars made of the cells of a table, with colours of their own. Many mail programs show no SVG, and most no
image before they are asked to; all of them show a table."""

from markupsafe import Markup

from lib import text as texts
from queries.reports.shown import Bar, Bars

_WIDE, _HIGH, _BEFORE_HIGH = 180, 12, 6  # pixels, of the longest bar
_LONGEST = 36  # characters of a label
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


def drawn(bars: Bars) -> Markup:
    """Its title, what it shows, and the bars. Beside each is its value, below it in a pale colour the other period's."""
    most = max((value for bar in bars.rows for value in (bar.value, bar.before) if value), default=1) or 1
    rows = Markup("").join(
        _ROW.format(_short(texts.visible(bar.label)), bar.text, _bars(bar, most)) for bar in bars.rows
    )
    return _PICTURE.format(bars.title, said(bars), rows)


def said(bars: Bars) -> str:
    """What the picture shows, as a sentence."""
    other = " Pale: the other period." if any(bar.before is not None for bar in bars.rows) else ""
    return bars.finding + other


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"


def _bars(bar: Bar, most: float) -> Markup:
    both = ((bar.value, _HIGH, _COLOUR), (bar.before, _BEFORE_HIGH, _BEFORE_COLOUR))
    return Markup("").join(_BAR.format(max(1, round(_WIDE * value / most)), *looks) for value, *looks in both if value)
