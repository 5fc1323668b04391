"""Lines of ``wrapup crm check``: what all kinds say alike."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from crm.base import Line
from lib.http.errors import ExchangeError

SHOWN = 12  # names of a list in one sentence


def line(what: str, fine: bool, todo: str) -> Line:
    """What is to be done is said only where it is to be done."""
    return Line(what, fine, None if fine else todo)


def some(names: Sequence[Any]) -> str:
    """As many of them as a sentence holds."""
    more = len(names) - SHOWN
    return (", ".join(map(str, names[:SHOWN])) or "none") + (f" and {more} more" if more > 0 else "")


def guarded(crm: str, part: Callable[[], Iterable[Line]]) -> Iterator[Line]:
    """A part's lines; what keeps the CRM from being asked is the last one."""
    try:
        yield from part()
    except ExchangeError as error:
        yield Line(f"{crm} answers what is asked next", False, str(error))
