"""Whom a question is put to."""

from collections.abc import Iterable
from typing import Any, Protocol


class Asks(Protocol):
    """Whoever answers a statement: a session, from the tables; or the mirror. Every answer is of one moment."""

    def execute(self, statement: Any, /) -> Iterable[Any]: ...
