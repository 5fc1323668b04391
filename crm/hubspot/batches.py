"""Batches: what HubSpot says of each of their inputs. A 200 or 207 that does not tell of an input proves nothing about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.base import Result, Unknown
from crm.halving import unfinished, written
from crm.hubspot import answers
from crm.hubspot.api import Client, errors
from lib.http.errors import ExchangeError

MOST = 100  # inputs of one request
NOT_TOLD = "HubSpot's answer does not tell of it."


@dataclass(frozen=True)
class Input:
    """One of a batch. ``names``: what an answer may call it: its trace, its id, its unique value."""

    body: Mapping[str, Any]
    names: frozenset[str]


Told = list[tuple[set[str], Mapping[str, Any]]]


def given(
    client: Client,
    path: str,
    inputs: Sequence[Input],
    told: Callable[[Any], Told],
    done: Callable[[Input, Mapping[str, Any]], Result],
    blamed: Callable[[Mapping[str, Any]], set[str]] = answers.named,
) -> list[Result]:
    """Give HubSpot a batch, which it may be given twice; the result of each input. ``told``: what the answer tells of, and how it
    calls that; ``done``: what that proves; ``blamed``: the names of what an error is about. Raises as ``Client.tell`` does."""
    said = client.tell(path, {"inputs": [one.body for one in inputs]})
    right = told(said)
    wrong = [(blamed(error), error) for error in errors(said)]
    done_by, wrong_by = _by_name(right), _by_name(wrong)
    found: dict[int, Result] = {}
    for at, one in enumerate(inputs):
        error, record = (_first(one.names, some) for some in (wrong_by, done_by))
        if error is not None:
            found[at] = answers.of_input(error, client.secrets)
        elif record is not None:
            found[at] = done(one, record)
    left = [at for at in range(len(inputs)) if at not in found]
    if len(inputs) == len(left) == len(right) == 1 and not wrong and not right[0][0]:
        return [done(inputs[0], right[0][1])]  # the only record of an answer that names none
    known = {name for one in inputs for name in one.names}
    nameless = [error for names, error in wrong if not names & known]
    if nameless and len(left) == 1:
        found[left[0]] = answers.of_input(nameless[0], client.secrets)
    elif nameless and left:  # some of these are wrong, and nobody says which: each half tells more
        middle = len(left) // 2
        for part in (left[:middle], left[middle:]):
            again = _again(client, path, [inputs[at] for at in part], told, done, blamed)
            found.update(zip(part, again, strict=True))
    return [found.get(at) or Unknown(NOT_TOLD) for at in range(len(inputs))]


def _again(client: Client, path: str, part: Sequence[Input], *how: Any) -> list[Result]:
    """The same for a part. What fails now fails for it alone: of the others it is known what came of them."""
    try:
        return written(part, MOST, lambda some: given(client, path, some, *how))
    except ExchangeError as error:
        return [unfinished(error, True) for _ in part]


def _by_name(some: Told) -> dict[str, Mapping[str, Any]]:
    return {name: one for names, one in some for name in names}


def _first(names: frozenset[str], some: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((some[name] for name in names if name in some), None)
