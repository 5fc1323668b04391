"""Percentiles on SQLite, which has none: the twin of ``percentile_disc`` elsewhere, see ``queries.expressions.nth``."""

from math import ceil
from typing import Any


class Percentile:
    """An aggregate: of the values of a group, the smallest that at least this share of them does not exceed. Nulls count for
    nothing; null of nothing."""

    def __init__(self) -> None:
        self._values: list[int] = []
        self._share = 0.0

    def step(self, value: Any, share: Any) -> None:
        if value is not None:
            self._values.append(value)
            self._share = share

    def finalize(self) -> int | None:
        if not self._values:
            return None
        self._values.sort()
        return self._values[max(0, ceil(self._share * len(self._values)) - 1)]
