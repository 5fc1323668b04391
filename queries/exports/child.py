"""How the children of ``making`` begin and end. They import little: a child is there for one file, and must be there soon."""

import errno
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TEXT, TIME, TRUTH, NUMBER, ID, JSON = "text", "time", "truth", "number", "id", "json"  # what a column holds
_KINDS = {TIME: "TIMESTAMPTZ", TRUTH: "BOOLEAN", NUMBER: "BIGINT"}
NICE = 10
NO_ROOM = 28  # how a child ends whose disk is full


@dataclass(frozen=True)
class Order:
    """What is to be made: the columns and what each of them holds, and whose clocks count. ``files``: of a lake, each with its
    month."""

    columns: Mapping[str, str]
    zone: str = "UTC"
    files: Mapping[str, str] = field(default_factory=dict)

    def types(self) -> dict[str, str]:
        """DuckDB's type of each column: ids, texts and JSON are text, times are of UTC."""
        return {name: _KINDS.get(kind, "VARCHAR") for name, kind in self.columns.items()}


Make = Callable[[str, Order, Path], None]  # the file's path, the order, and a folder that is gone afterwards


def run(make: Make, is_full: Callable[[Exception], bool]) -> None:
    """Make the file that the command line names. ``is_full``: whether a library says so of its own error."""
    os.nice(NICE)
    path, told = sys.argv[1:3]
    try:
        with tempfile.TemporaryDirectory(prefix="wrapup-export-") as folder:
            make(path, Order(**json.loads(told)), Path(folder))
    except Exception as error:
        if is_full(error) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
            sys.exit(NO_ROOM)
        raise
