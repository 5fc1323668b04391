"""How a sentence writes a value: for Prometheus as a template of Go's, and the same by ourselves. A test compares the two."""

from collections.abc import Callable
from dataclasses import dataclass

_FAR = 1e15  # seconds; what is above was never: a figure of +Inf
_SIZES = ("", "ki", "Mi", "Gi", "Ti", "Pi")


@dataclass(frozen=True)
class Form:
    """``template`` is Prometheus's, ``text`` ours."""

    template: str
    text: Callable[[float], str]


def _number(value: float) -> str:
    return f"{value:.0f}"


def _span(value: float) -> str:
    """As Prometheus's humanizeDuration writes seconds, of one second and more."""
    seconds = int(value)
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    parts = [f"{days}d"] if days else []
    parts += [f"{hours}h"] if days or hours else []
    parts += [f"{minutes}m"] if days or hours or minutes else []
    return " ".join([*parts, f"{seconds % 60}s"])


def _bytes(value: float) -> str:
    """As its humanize1024 does, of one byte and more."""
    for size in _SIZES:
        if abs(value) < 1024 or size == _SIZES[-1]:
            return f"{value:.4g}{size}B"
        value /= 1024
    raise AssertionError


NUMBER = Form('{{ printf "%.0f" $value }}', _number)
SPAN = Form("{{ humanizeDuration $value }}", _span)
BYTES = Form("{{ humanize1024 $value }}B", _bytes)


def ago(never: str, last: str) -> Form:
    """Of a time since something was done. ``last`` has ``{}`` for how long ago."""
    before, after = last.split("{}")
    template = f"{{{{ if gt $value {_FAR:g} }}}}{never}{{{{ else }}}}{before}{SPAN.template}{after}{{{{ end }}}}"
    return Form(template, lambda value: never if value > _FAR else last.format(_span(value)))
