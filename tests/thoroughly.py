"""What ``make thorough`` tries in whole and ``make test`` in part: examples of one thing, many of which take long."""

import os
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

THOROUGH = bool(os.environ.get("WRAPUP_TEST_THOROUGH"))


def part(examples: Iterable[T], number: int, parts: int = 2) -> list[T]:
    """Those of one part, so that all parts together are the whole: of one database every other one, of the other the rest."""
    return list(examples) if THOROUGH else list(examples)[number::parts]
