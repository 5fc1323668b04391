"""Lines of ``wrapup crm check``: what all kinds say alike."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from crm.base import Line, NotSetUp
from crm.destination import Destination
from lib.http.errors import CredentialsRefused, ExchangeError

Part = Callable[[], Iterable[Line]]  # of a check

SHOWN = 12  # names of a list in one sentence
SOMEBODY = "+12025550100"  # is searched for: whom it finds is all the same


def line(what: str, fine: bool, todo: str) -> Line:
    """What is to be done is said only where it is to be done."""
    return Line(what, fine, None if fine else todo)


def some(names: Sequence[Any]) -> str:
    """As many of them as a sentence holds."""
    more = len(names) - SHOWN
    return (", ".join(map(str, names[:SHOWN])) or "none") + (f" and {more} more" if more > 0 else "")


def used(destination: Destination) -> dict[str, list[str]]:
    """The fields that its statuses name, each with the values that it must be able to have."""
    found: dict[str, dict[str, None]] = {}
    for rule in destination.status:
        for name, value in rule.sets.items():
            found.setdefault(name, {}).update(dict.fromkeys([value, *(rule.only_from or ())]))
    for name, order in destination.never_back.items():
        found.setdefault(name, {}).update(dict.fromkeys(order))
    return {name: list(values) for name, values in found.items()}


def owners(word: str, known: Mapping[str, str], destination: Destination) -> Iterator[Line]:
    """Whether those whom it names are there: ``known`` has e-mails by their ids, ``word`` is what the CRM calls them."""
    yield Line(f"{word.title()}s can be read: {len(known)} seen", True)
    has = some([f"{id_} ({email})" for id_, email in known.items()])
    for agent, owner in destination.owners.items():
        yield line(f"There is the {word} {owner} (of {agent})", owner in known, f"The account has {has}.")


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
