"""Batches that a CRM refuses as a whole because of one record in them: halved until that record stands alone.

The words of such a refusal name the first bad record at best, and none of the good ones. Each is asked for again in a smaller
batch, so what is sent must be something that may be sent twice.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from crm.base import Again, Refused, Result, Unknown
from lib.http.errors import Declined, ExchangeError, Uncertain

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

NOT_SENT = "It was not sent, since what was sent before it failed."


class WholeRefused(Declined):
    """A batch was refused and nothing of it was done. ``refused`` is what becomes of its record, where there is only one."""

    def __init__(self, refused: Refused):
        super().__init__(refused.answer)
        self.refused = refused


def halved(
    items: Sequence[Item],
    most: int,
    send: Callable[[Sequence[Item]], Sequence[Outcome]],
    alone: Callable[[Item, Refused], Outcome],
    failed: Callable[[ExchangeError, bool], Outcome] | None = None,
) -> list[Outcome]:
    """What came of each item, in their order. ``send`` takes ``most`` at once, and raises WholeRefused; ``alone`` says what
    becomes of an item that is refused by itself. Where something was taken before another request fails, ``failed(error,
    sent)`` says what becomes of what that request held, and of what was not sent any more; without it, and where nothing was
    taken, raises what ``send`` raised."""
    found: dict[int, Outcome] = {}
    places = range(len(items))
    waiting = [places[at : at + most] for at in reversed(range(0, len(items), most))]
    taken = False
    while waiting:
        part = waiting.pop()
        try:
            found.update(zip(part, send([items[at] for at in part]), strict=True))
            taken = True
        except WholeRefused as error:
            if len(part) > 1:
                waiting += [part[len(part) // 2 :], part[: len(part) // 2]]
            else:
                found[part[0]] = alone(items[part[0]], error.refused)
        except ExchangeError as error:
            if failed is None or not taken:
                raise
            found.update((at, failed(error, True)) for at in part)
            found.update((at, failed(error, False)) for rest in waiting for at in rest)
            break
    return [found[at] for at in places]


def written(items: Sequence[Item], most: int, send: Callable[[Sequence[Item]], Sequence[Result]]) -> list[Result]:
    """``halved`` of what is given to the CRM: whoever is refused alone is refused for good."""
    return halved(items, most, send, lambda item, refused: refused, unfinished)


def unfinished(error: ExchangeError, sent: bool) -> Result:
    """What becomes of a record whose request failed after others were taken."""
    if not sent:
        return Again(NOT_SENT, error.retry_after, tried=False)
    return Unknown(str(error)) if isinstance(error, Uncertain) else Again(str(error), error.retry_after)


def waves(items: Sequence[Item], key: Callable[[Item], str]) -> list[list[int]]:
    """The places of the items, parted so that none of two with one key are in one part: a batch is not to name a record
    twice. Of one key the earlier stands in an earlier part."""
    found: list[list[int]] = []
    seen: dict[str, int] = {}
    for at, item in enumerate(items):
        wave = seen[key(item)] = seen.get(key(item), -1) + 1
        if wave == len(found):
            found.append([])
        found[wave].append(at)
    return found
