"""SVG as text. Attributes and texts are escaped: a campaign's name stays a name."""

from markupsafe import Markup, escape

LINE = 17  # pixels that a line of text takes
_LONGEST = 36  # characters of a label, which has a value beside it on a phone


def element(name: str, *inside: str | Markup, **attributes: object) -> Markup:
    """An element. ``class_`` is the attribute ``class``, ``text_anchor`` is ``text-anchor``; None leaves one out."""
    told = [(key.strip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None]
    begun = Markup("").join(Markup(' {}="{}"').format(key, _written(value)) for key, value in told)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), begun, Markup("").join(map(escape, inside)))


def _written(value: object) -> object:
    return _short(value) if isinstance(value, float) else value


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def picture(name: str, height: int, *inside: Markup, tall: bool = False) -> Markup:
    """The picture as a whole; ``name`` says to those who do not see it what it is of."""
    looks = {"class_": "picture tall" if tall else "picture", "width": "100%", "height": height}
    return element("svg", *inside, **looks, role="img", aria_label=name)


def percent(share: float) -> str:
    """A length, of the picture's width."""
    return f"{_short(100 * share)}%"


def words(text: str, x: str, y: int, class_: str | None = None, anchor: str | None = None) -> Markup:
    """A line of text; long ones are cut, because nothing wraps here."""
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return element("text", shown, x=x, y=y, class_=class_, text_anchor=anchor)


def hatch(key: str) -> Markup:
    """A pattern of stripes, for what must differ by more than its colour: ``fill=striped(key)``."""
    stripe = element("path", d="M0 6L6 0", class_="stripe")
    tile = {"width": 6, "height": 6, "patternUnits": "userSpaceOnUse"}
    return element(
        "defs", element("pattern", element("rect", width=6, height=6, class_="ground"), stripe, id=key, **tile)
    )


def striped(key: str) -> str:
    return f"url(#{key})"
