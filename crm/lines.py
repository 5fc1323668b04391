"""Lines of ``wrapup crm check``: what all kinds say alike."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from crm.base import Line, NotSetUp
from lib.http.errors import CredentialsRefused, ExchangeError

Part = Callable[[], Iterable[Line]]  # of a check

SHOWN = 12  # names of a list in one sentence


def line(what: str, fine: bool, todo: str) -> Line:
    """What is to be done is said only where it is to be done."""
    return Line(what, fine, None if fine else todo)


def some(names: Sequence[Any]) -> str:
    """As many of them as a sentence holds."""
    more = len(names) - SHOWN
    return (", ".join(map(str, names[:SHOWN])) or "none") + (f" and {more} more" if more > 0 else "")


def checked(crm: str, valid: str, whose: Callable[[], str], parts: Iterable[Part]) -> Iterator[Line]:
    """Whether the credentials are ``valid``, with the sentence that says ``whose`` they are; and where they are, the parts."""
    try:
        yield Line(whose(), True)
    except NotSetUp as error:
        yield Line(f"{crm} answers", False, str(error))
    except CredentialsRefused as error:
        yield Line(valid, False, str(error))
    except ExchangeError as error:
        yield Line(f"{crm} answers", False, str(error))
    else:
        for part in parts:
            yield from guarded(crm, part)


def there_is(what: str, ask: Callable[[], object]) -> Iterator[Line]:
    """Whether it is set up, by a question that raises NotSetUp where it is not."""
    try:
        ask()
    except NotSetUp as error:
        yield Line(what, False, str(error))
    else:
        yield Line(what, True)


def guarded(crm: str, part: Part) -> Iterator[Line]:
    """A part's lines; what keeps the CRM from being asked is the last one."""
    try:
        yield from part()
    except ExchangeError as error:
        yield Line(f"{crm} answers what is asked next", False, str(error))
