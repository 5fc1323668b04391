"""The numbers that a JAICP account was given, in a file, so that it goes on with them when it is started again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Book:
    """One line for each request that added numbers; without a path nothing is kept."""

    def __init__(self, path: Path | None = None):
        self._path = path

    def lines(self) -> Iterator[dict[str, Any]]:
        """What was written, the oldest first. A line that was cut off ends it."""
        if self._path is None or not self._path.exists():
            return
        for line in self._path.read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return

    def write(self, **line: Any) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
