"""How much a list of leads may be, so that no list decides how much memory or time is spent on it.

A list is read row by row, and a row that is larger than any lead ends it: what stands behind is not looked at.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dialers.giving import BadList

MOST_LEADS = 100_000
LONGEST_ROW = 256 * 1024  # bytes; a lead with everything that a dialer takes has some ten thousand
MOST_COLUMNS = 500
MOST_OF_LEAD = 2_000  # values of one lead, those within its fields, agents and options counted
MOST_VALUES = 2_000_000  # of the whole list: each needs some 150 bytes while it is checked
MOST_CELLS = 5_000_000  # blank ones among them
LINE = 5  # cells, as which a line counts, also a blank one
TOO_LONG = f"it is longer than {LONGEST_ROW >> 10} KiB"

Row = tuple[int, Mapping[str, Any]]  # its number, and names with what was written


def bounded(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, as they are asked for. Raises BadList at the one that is too much."""
    values = 0
    for count, (at, row) in enumerate(rows, 1):
        if count > MOST_LEADS:
            raise BadList(f"A load holds {MOST_LEADS:,} leads at most; split the list here.", at)
        own = values_in(row)
        if own > MOST_OF_LEAD:
            raise BadList(f"A lead has {MOST_OF_LEAD:,} values at most, and this one has {own:,}.", at)
        values += own
        if values > MOST_VALUES:
            raise BadList(f"A load holds {MOST_VALUES:,} values at most; split the list here.", at)
        yield at, row


def values_in(value: Any) -> int:
    """How many values there are within a list or an object, those within these counted."""
    count, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        count += len(one)
        inner = one.values() if isinstance(one, Mapping) else one
        waiting += [item for item in inner if isinstance(item, dict | list)]
    return count


def looked_at(lines: int, cells: int, at: int) -> None:
    """So many lines and cells were read up to this row. Raises BadList where that is enough."""
    if lines * LINE + cells > MOST_CELLS:
        raise BadList(
            "A list has a million lines, or five million cells, at most, blank ones counted; split it here.", at
        )
