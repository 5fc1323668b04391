"""The columns of the list of calls: the usual ones, or those that ``columns`` names, by the names that exports take."""

from collections.abc import Sequence
from typing import Any

from models.database import AnyRow
from models.shown import COLUMNS
from queries import shape
from queries.exports.choice import Choice
from web.outcomes import Columns
from web.parameters import OutcomeQuery

NAME = "columns"
Pairs = list[tuple[str, str]]


class CallsQuery(OutcomeQuery):
    """A page of the list, which a figure may open, and which columns it shows."""

    columns = Columns(load_default=())


def tidied(pairs: Pairs) -> Pairs:
    """The query with the columns as exports take them, ``columns=id,notes``: a form sends each by itself."""
    chosen = [value for name, value in pairs if name == NAME]
    if len(chosen) < 2:
        return pairs
    return [pair for pair in pairs if pair[0] != NAME] + [(NAME, ",".join(chosen))]


def cells(row: AnyRow) -> dict[str, Any]:
    """Every column of an outcome, from a row that begins with ``COLUMNS``."""
    return dict(zip(COLUMNS, shape.flat(row), strict=True))


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The columns to show; none for the usual ones. All of an agent's stand for ``agent``."""
    return Choice(tuple(names)).columns if names else ()
