"""What ``streaming`` asks of ``streamer``, in a module that imports neither DuckDB nor the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Order:
    """``manifest`` as it is stored; ``over``: a file of CSV with what has changed since; ``unsorted``: the statement for rows
    that are in order; ``lines``: of JSON, else CSV; ``slice``: about how many rows are sorted at a time;
    ``types``: of the columns of a file, DuckDB's."""

    manifest: dict[str, Any]
    over: str | None
    statement: str
    unsorted: str
    parameters: list[Any]
    lines: bool
    slice: int
    types: Mapping[str, str] = field(default_factory=dict)
