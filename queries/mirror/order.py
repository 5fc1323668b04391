"""What ``streaming`` asks of ``streamer``, in a module that imports neither DuckDB nor the database."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Order:
    """``manifest`` as it is stored; ``over``: a file of CSV with what has changed since; ``lines``: of JSON, else CSV;
    ``slice``: so many rows at a time, or more, since a row group is read whole."""

    manifest: dict[str, Any]
    over: str | None
    statement: str
    parameters: list[Any]
    lines: bool
    slice: int
