"""The one table: rows as they are measured, in Markdown on standard output; what goes on, on standard error."""

import re
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("database", "figure", "ours", "against", "ratio", "goal", "reached")


class Void(Exception):
    """A measurement that does not count, and why: what was answered is not stored, or the sender fell behind."""


@dataclass(frozen=True)
class Row:
    """One line. ``reached`` is None where nothing was to be reached."""

    figure: str
    ours: str
    against: str = ""
    ratio: str = ""
    goal: str = ""
    reached: bool | None = None


def begin() -> None:
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD), flush=True)


def show(database: str, rows: Sequence[Row]) -> None:
    """What was measured on one database, in the order of the figures."""
    for row in sorted(rows, key=_place):
        print(line(database, row), flush=True)


def _place(row: Row) -> tuple[int, str]:
    digits = re.match(r"\d*", row.figure)[0]
    return int(digits or 0), row.figure


def line(database: str, row: Row) -> str:
    reached = {None: "", True: "yes", False: "**no**"}[row.reached]
    return f"| {database} | {row.figure} | {row.ours} | {row.against} | {row.ratio} | {row.goal} | {reached} |"


def note(sentence: str) -> None:
    """Progress, beside the table."""
    print(f"{time.strftime('%H:%M:%S')} {sentence}", file=sys.stderr, flush=True)


def spread(values: Sequence[float], form: str = ",.0f", unit: str = "") -> str:
    """Median, and in brackets the least and the most: ``5,760 (5,500-5,900)``."""
    middle = f"{statistics.median(values):{form}}{unit}"
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}}-{max(values):{form}})"


def compared(
    figure: str,
    ours: Sequence[float],
    against: Sequence[float],
    at_least: float | None = None,
    at_most: float | None = None,
    form: str = ",.0f",
    unit: str = "",
) -> Row:
    """Ours over theirs, round by round: what slows the whole machine for a while slows both of a round."""
    ratios = [one / other for one, other in zip(ours, against, strict=True)]
    goal, reached = "", None
    if at_least is not None:
        goal, reached = f"at least {at_least:g}", statistics.median(ratios) >= at_least
    elif at_most is not None:
        goal, reached = f"at most {at_most:g}", statistics.median(ratios) <= at_most
    return Row(figure, spread(ours, form, unit), spread(against, form, unit), spread(ratios, ".2f"), goal, reached)
