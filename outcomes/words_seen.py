"""Words that dialers have said and nobody has mapped: counted from the outcomes and events themselves, so that mapping them and
reading the past again takes them off the list, and nothing has to be kept beside the table.

- ``status_raw`` and ``hangup_cause``: the words of calls that are over with the outcome ``unknown``. Such a call counts
  under each of its two words: mapping either may be what it needs.
- ``disposition``: dispositions that raise no flag, where the connection has a table of dispositions at all. One that
  stands in the table, with its parent or without any flags, was looked at, and is none of these.
- ``event``: the words of events that the dialer told and we have no kind for, whatever became of the call.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text, cast, distinct, func, literal, literal_column, select, text, union_all
from sqlalchemy.orm import Session

from dialers.base import Connection
from models import CallEvent, CallOutcome
from models.calls import POSTGRESQL_EVENT_WORD, SQLITE_EVENT_WORD, UNFLAGGED, UNKNOWN_AND_OVER

MOST_WORDS = 50
MOST_SAMPLES = 3
LOOKED_THROUGH = 2_000  # of the latest outcomes with each kind of word, for samples

CONDITIONS = {"status_raw": UNKNOWN_AND_OVER, "hangup_cause": UNKNOWN_AND_OVER, "disposition": UNFLAGGED}
EVENT = "event"


def unmapped(session: Session, configured: Mapping[str, Connection]) -> dict[str, list[dict[str, Any]]]:
    """Connection -> ``{"field", "word", "calls", "sample_outcome_ids"}``, most calls first, at most ``MOST_WORDS``. The
    samples, at most ``MOST_SAMPLES``, are the latest outcomes; of a word that has become rare, the latest and the first."""
    found: dict[str, list[dict[str, Any]]] = {}
    ends: dict[tuple[str, str, str], tuple[str, str]] = {}
    for name, field, word, calls, latest, first in session.execute(_counted(session, configured)):
        if field != "disposition" or not _listed(configured[name], word):
            seen = {"field": field, "word": word, "calls": calls, "sample_outcome_ids": []}
            found.setdefault(name, []).append(seen)
            ends[name, field, word] = (latest, first)
    for name, words in found.items():
        found[name] = sorted(words, key=lambda seen: (-seen["calls"], seen["field"], seen["word"]))[:MOST_WORDS]
        _add_samples(session, name, found[name])
        for seen in found[name]:
            own = seen["sample_outcome_ids"]
            own += [one for one in dict.fromkeys(ends[name, seen["field"], seen["word"]]) if one not in own]
            del own[MOST_SAMPLES:]
    return found


def _counted(session: Session, configured: Mapping[str, Connection]):
    """(connection, field, word, calls, latest id, first id) of each connection's most frequent words."""
    said = {field: _said(field).group_by(CallOutcome.connection, getattr(CallOutcome, field)) for field in CONDITIONS}
    tables = sorted(name for name, connection in configured.items() if connection.dispositions)
    flagless = said.pop("disposition").where(CallOutcome.connection.in_(tables))
    words = union_all(*said.values(), _said_by_events(session), *([flagless] if tables else [])).subquery()
    # Those whose words are left out later take places in the ranking.
    most = MOST_WORDS + max((len(one.dispositions) for one in configured.values()), default=0)
    order = (words.c.calls.desc(), words.c.field, words.c.word)
    rank = func.row_number().over(partition_by=words.c.connection, order_by=order)
    ranked = select(words, rank.label("rank")).subquery()
    return select(*list(ranked.c)[:-1]).where(ranked.c.rank <= most)


def _said(field: str):
    word = getattr(CallOutcome, field)
    return _figures(field, word, func.count()).where(text(CONDITIONS[field]), word.is_not(None))


def _said_by_events(session: Session):
    word = _event_word(session)
    counted = _figures(EVENT, word, func.count(distinct(CallOutcome.id)))  # a call may have been told the same twice
    counted = counted.join(CallEvent, CallEvent.outcome_id == CallOutcome.id).where(word.is_not(None))
    return counted.group_by(CallOutcome.connection, word)


def _figures(field: str, word, calls):
    shown = cast(CallOutcome.id, Text)
    figures = (calls.label("calls"), func.max(shown).label("latest"), func.min(shown).label("first"))
    return select(CallOutcome.connection, literal(field).label("field"), word.label("word"), *figures)


def _event_word(session: Session):
    # To the letter as the index on it says it.
    sqlite = session.get_bind().dialect.name == "sqlite"
    return literal_column(SQLITE_EVENT_WORD if sqlite else POSTGRESQL_EVENT_WORD, Text)


def _add_samples(session: Session, name: str, words: list[dict[str, Any]]) -> None:
    """Only the latest outcomes are looked through: numbering all of them by word takes five times as long as counting."""
    own = {(seen["field"], seen["word"]): seen["sample_outcome_ids"] for seen in words}
    for field in {field for field, _ in own}:
        for said, outcome in session.execute(_latest(session, name, field)):
            samples = own.get((field, said))
            if samples is not None and len(samples) < MOST_SAMPLES and str(outcome) not in samples:
                samples.append(str(outcome))


def _latest(session: Session, name: str, field: str):
    """(word, outcome id) of a connection, the latest outcomes first."""
    if field != EVENT:
        latest = select(getattr(CallOutcome, field), CallOutcome.id).where(text(CONDITIONS[field]))
        return latest.where(CallOutcome.connection == name).order_by(CallOutcome.id.desc()).limit(LOOKED_THROUGH)
    # Of all connections, because events do not name theirs; said crosswise, because SQLite would take the index that begins
    # with the connection, and read every call of it.
    word = _event_word(session)
    told = select(word.label("word"), CallEvent.outcome_id).where(word.is_not(None))
    told = told.order_by(CallEvent.outcome_id.desc()).limit(LOOKED_THROUGH).subquery()
    own = select(told.c.word, CallOutcome.id).join_from(told, CallOutcome, told.c.outcome_id == CallOutcome.id)
    return own.where(CallOutcome.connection.concat("") == name).order_by(CallOutcome.id.desc())


def _listed(connection: Connection, disposition: str) -> bool:
    """Whether the tenant's table has the word; compared as ``Connection.flags`` compares, its twin."""
    wanted = disposition.strip().casefold()
    return any(word.strip().casefold() == wanted for word in connection.dispositions)
