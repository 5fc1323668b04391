"""What is asked for in a file: which columns, in which order, and on whose clocks."""

from dataclasses import dataclass

from models import CallOutcome
from models.base import Guid, UtcDateTime
from models.shown import AFTER_AGENT, AGENT_AT, COLUMNS, FIELDS
from queries.exports.child import ID, JSON, NUMBER, TEXT, TIME, TRUTH, Order
from queries.shape import JSON_COLUMNS

AGENT = "agent"  # all of the agent's columns; in JSON an object
AGENT_COLUMNS = COLUMNS[AGENT_AT:AFTER_AGENT]
NAMES = (*COLUMNS, AGENT)
_TABLE = CallOutcome.__table__


@dataclass(frozen=True)
class Choice:
    """``names``: of ``NAMES``; none for all, as they are shown. ``spreadsheet``: for people who open it there, with the clocks
    of ``zone``."""

    names: tuple[str, ...] = ()
    spreadsheet: bool = False
    zone: str = "UTC"

    @property
    def columns(self) -> tuple[str, ...]:
        """Of a table: the agent's are flat."""
        flat = (AGENT_COLUMNS if name == AGENT else (name,) for name in self.names or COLUMNS)
        return tuple(dict.fromkeys(name for some in flat for name in some))

    @property
    def fields(self) -> tuple[str, ...]:
        """Of an object."""
        return self.names or FIELDS

    def order(self) -> Order:
        """For a child that makes a file."""
        return Order({name: kind(name) for name in self.columns}, self.zone)


def kind(name: str) -> str:
    """What the column holds."""
    found = _TABLE.c[name].type
    if isinstance(found, UtcDateTime):
        return TIME
    if isinstance(found, Guid):
        return ID
    if name in JSON_COLUMNS:
        return JSON
    return {bool: TRUTH, int: NUMBER}.get(found.python_type, TEXT)
