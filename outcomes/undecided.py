"""Which calls carry a word that nobody has decided: one definition for the lists of words, the filter and the reports.

A word stands in a field, and a value of the filter names both, such as ``status_raw:NO-FORWARD``:

- ``status_raw``, ``hangup_cause``: of a call that is over with the outcome ``unknown``.
- ``disposition``: of a call whose disposition raises no flag.
- ``event``: of a call with an event in a word that we have no kind for, whatever became of the call.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, and_, false, literal_column, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from models import CallEvent, CallOutcome
from models.calls import POSTGRESQL_EVENT_WORD, SQLITE_EVENT_WORD, UNFLAGGED, UNKNOWN_AND_OVER

EVENT = "event"
DISPOSITION = "disposition"
CONDITIONS = {"status_raw": UNKNOWN_AND_OVER, "hangup_cause": UNKNOWN_AND_OVER, DISPOSITION: UNFLAGGED}
FIELDS = (*CONDITIONS, EVENT)

# Of ``UNFLAGGED`` that part which is not about merged rows: those are left out of every list and report anyway.
WITHOUT_FLAG = and_(CallOutcome.disposition.is_not(None), literal_column("call_outcomes.flags = '[]'", Boolean))


class event_word(FunctionElement[str]):
    """The word of an event that we have none for. To the letter as the index on it says it."""

    type = Text()
    inherit_cache = True


@compiles(event_word, "postgresql")
def _event_word_postgresql(element: event_word, compiler: SQLCompiler, **options: Any) -> str:
    return f"({POSTGRESQL_EVENT_WORD})"


@compiles(event_word, "sqlite")
def _event_word_sqlite(element: event_word, compiler: SQLCompiler, **options: Any) -> str:
    return SQLITE_EVENT_WORD


def value(field: str, word: str) -> str:
    """The filter's value for a word in one way of writing it."""
    return f"{field}:{word}"


def condition(given: str) -> ColumnElement[bool]:
    """The calls that a value of the filter means; none for what is no value."""
    field, _, word = given.partition(":")
    if field == EVENT:
        told = select(CallEvent.outcome_id).where(event_word().is_not(None), event_word() == word)
        return CallOutcome.id.in_(told)
    if field not in CONDITIONS:
        return false()
    return and_(text(f"({CONDITIONS[field]})"), getattr(CallOutcome, field) == word)
