"""How a page of a list is found: the first rows of each of several ways to the filter's calls, put together and cut again.

A filter of several columns or words, or one that names no connection, is no walk on one index: the database would walk down the
times of all calls, and where hardly any match, to their end. So the one filter that is asked for is said as alternatives, each
of which an index gives in the order of time (``models.searching``); of each the first rows are taken, whatever they are.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, literal_column, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from lib import phone
from lib import text as texts
from models import CallOutcome
from models.calls import CONNECT_OUTCOMES, SETTLED
from models.searching import AGENT_FIELDS, FLAGS, WORD_FIELDS, has_flag, is_word, unsettled, word_key
from queries.expressions import has_member

MOST = 250  # alternatives; SQLite takes 500 in one statement
# Of these few calls have the same; their indexes need no time, and no other way. What a figure counts (``selection.OPENED``) may
# take long to be seen, and is to be looked at once.
RARE = ("crm_reference", "unmapped", "unread", "opened")
# The first of these that is asked for is looked for by its index; what else is asked is seen at its rows.
LOOKED_FOR = (
    "number",
    "lead_id",
    "agent",
    "campaign_id",
    "campaign_name",
    "flag",
    "disposition",
    "is_final",
    "settling",
    "connect_outcome",
    "connection",
)
_NAMES = text(
    "WITH RECURSIVE names(name) AS (SELECT min(connection) FROM call_outcomes UNION ALL SELECT (SELECT min(connection) "
    "FROM call_outcomes WHERE connection > names.name) FROM names WHERE names.name IS NOT NULL) "
    "SELECT name FROM names WHERE name IS NOT NULL"
)
Condition = ColumnElement[bool]


def alternatives(session: Session, filters: Mapping[str, Any]) -> tuple[set[str], list[Condition]] | None:
    """(filters, the alternatives that they come to): each of their calls fulfils at least one, and nobody else's does. None where
    one walk does: nothing is asked for, or what most calls have."""
    given = {name: value for name, value in filters.items() if value is not None and value != []}
    if not given.keys().isdisjoint(RARE):
        return None
    for name in LOOKED_FOR:
        if name not in given:
            continue
        found = _of_filter(name, given[name])
        if found is None:
            continue
        said = {name}
        if name != "number":
            said.add("connection")
            names = [texts.clean(one) for one in given.get("connection") or connections_with_calls(session)]
            found = [and_(CallOutcome.connection == one, other) for one in names for other in found]
        return (said, found or [false()]) if len(found) <= MOST else None
    return None


def connections_with_calls(session: Session) -> list[str]:
    """The connections that have calls: a step on an index for each."""
    return list(session.scalars(_NAMES))


def spellings(written: str) -> tuple[list[str], list[str]]:
    """A number however it is written: (as E.164, as the dialer may have written it). In a URL that was put together by hand the
    plus sign arrives as a blank. National numbers were read by ``web.parameters``, which knows the countries."""
    stripped = written.strip()
    read = phone.e164(stripped, signless=True)
    normal = {"+" + stripped.removeprefix("+")} | ({read} if read else set())
    raw = {written, stripped, "+" + stripped} if written[:1].isspace() else {written, stripped}
    return sorted(normal), sorted(raw)


def flagged(flag: str) -> Condition:
    """Whether a call has the flag; one of ours to the letter as its index says it."""
    if flag not in FLAGS:
        return has_member(CallOutcome.flags, flag)
    return has_flag(CallOutcome.flags, literal_column(f"'{flag}'"))


def _of_filter(name: str, asked: Any) -> list[Condition] | None:
    """What a filter comes to within one connection; None where no index helps."""
    if name == "is_final":
        return None if asked else [CallOutcome.is_final.is_(False)]
    words = [texts.clean(word) for word in asked]
    if name == "number":
        return [way for word in words for way in _by_number(word)]
    if name == "agent":
        return [_by_word(field, word) for field in AGENT_FIELDS for word in words]
    if name in WORD_FIELDS:
        return [_by_word(name, word) for word in words]
    if name == "flag":
        return [flagged(word) for word in words if word in FLAGS]
    if name == "settling":
        return None if SETTLED in words else [and_(CallOutcome.settling == word, unsettled()) for word in words]
    if name == "connection":
        return [CallOutcome.connect_outcome == outcome for outcome in CONNECT_OUTCOMES]
    column: InstrumentedAttribute[Any] = getattr(CallOutcome, name)
    return [column == word for word in words]


def _by_word(field: str, word: str) -> Condition:
    column: InstrumentedAttribute[Any] = getattr(CallOutcome, field)
    return and_(word_key(column) == word_key(literal(word)), is_word(column, literal(word)))


def _by_number(word: str) -> list[Condition]:
    normal, raw = spellings(word)
    written = CallOutcome.customer_number_raw
    # What is the same in both columns is found by the first.
    differs = written.is_distinct_from(CallOutcome.customer_number)
    return [
        *(CallOutcome.customer_number == one for one in normal),
        *(and_(_by_word("customer_number_raw", one), differs) for one in raw),
    ]
