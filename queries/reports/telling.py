"""Whether the dialers of some calls tell of a connect outcome at all: where none does, that there were none is not known."""

from collections.abc import Mapping
from typing import Any

from dialers.registry import DIALERS
from models import CallOutcome
from queries.reports import facts
from queries.reports.base import Asked, Condition, Figure

UNTOLD = "No dialer of these calls tells of {}, nor was a word given that meaning, so how many there were is not known."


def known_by(outcome: str) -> tuple[Figure, ...]:
    """What ``untold`` looks at."""
    return (
        Figure("all calls", "", calls=lambda _: facts.EVERY, hidden=True),
        Figure("untold", "", calls=_never_tells(outcome), hidden=True),
    )


def _never_tells(outcome: str) -> Condition:
    def calls(asked: Asked) -> Any:
        found = asked.configured.items()
        return CallOutcome.connection.in_(
            sorted(name for name, one in found if not DIALERS[one.dialer].tells_of(one, outcome))
        )

    return calls


def untold(words: str, count: str, *names: str) -> Any:
    """The count, and what rests on it, is null where it is 0 and no dialer of the calls tells of such."""

    def reasons(asked: Asked, known: Mapping[str, Any]) -> Mapping[str, str]:
        if known[count] or not known["all calls"] or known["untold"] != known["all calls"]:
            return {}
        return dict.fromkeys((count, *names), UNTOLD.format(words))

    return reasons
