"""Words that dialers have said and nobody has mapped: counted from the outcomes themselves, so that mapping them and
reading the past again takes them off the list, and nothing has to be kept beside the table.

- ``status_raw`` and ``hangup_cause``: the words of calls that are over with the outcome ``unknown``. Such a call counts
  under each of its two words: mapping either may be what it needs.
- ``disposition``: dispositions that raise no flag, where the connection has a table of dispositions at all. One that
  stands in the table, with its parent or without any flags, was looked at, and is none of these.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, literal, select, text, union_all
from sqlalchemy.orm import Session

from dialers.base import Connection
from models import CallOutcome
from models.calls import UNFLAGGED, UNKNOWN_AND_OVER

MOST_WORDS = 50
MOST_SAMPLES = 3


def unmapped(session: Session, configured: Mapping[str, Connection]) -> dict[str, list[dict[str, Any]]]:
    """Connection -> ``{"field", "word", "calls", "sample_outcome_ids"}``, most calls first, at most ``MOST_WORDS``; the
    samples are the latest outcomes, at most ``MOST_SAMPLES``."""
    # Those whose words are left out below take places in the ranking.
    most = MOST_WORDS + max((len(one.dispositions) for one in configured.values()), default=0)
    by_word: dict[tuple[str, str, str], dict[str, Any]] = {}
    for name, field, word, calls, sample in session.execute(_ranked(configured, most)):
        if field != "disposition" or not _listed(configured[name], word):
            own = by_word.setdefault(
                (name, field, word), {"field": field, "word": word, "calls": calls, "sample_outcome_ids": []}
            )
            own["sample_outcome_ids"].append(str(sample))
    found: dict[str, list[dict[str, Any]]] = {}
    for (name, _, _), seen in by_word.items():
        found.setdefault(name, []).append(seen)
    return {
        name: sorted(own, key=lambda seen: (-seen["calls"], seen["field"], seen["word"]))[:MOST_WORDS]
        for name, own in found.items()
    }


def _ranked(configured: Mapping[str, Connection], most: int):
    """(connection, field, word, calls, id) for the latest outcomes of each connection's most frequent words."""
    said = [_said(field, UNKNOWN_AND_OVER) for field in ("status_raw", "hangup_cause")]
    tables = sorted(name for name, connection in configured.items() if connection.dispositions)
    if tables:
        said.append(_said("disposition", UNFLAGGED).where(CallOutcome.connection.in_(tables)))
    seen = union_all(*said).subquery()
    word = (seen.c.connection, seen.c.field, seen.c.word)
    numbered = select(
        *seen.c,
        func.count().over(partition_by=word).label("calls"),
        func.row_number().over(partition_by=word, order_by=seen.c.id.desc()).label("place"),
    ).subquery()
    rank = func.dense_rank().over(
        partition_by=numbered.c.connection, order_by=(numbered.c.calls.desc(), numbered.c.field, numbered.c.word)
    )
    ranked = select(numbered, rank.label("rank")).where(numbered.c.place <= MOST_SAMPLES).subquery()
    shown = (ranked.c.connection, ranked.c.field, ranked.c.word, ranked.c.calls, ranked.c.id)
    return select(*shown).where(ranked.c.rank <= most).order_by(ranked.c.connection, ranked.c.rank, ranked.c.place)


def _said(field: str, condition: str):
    word = getattr(CallOutcome, field)
    columns = (CallOutcome.connection, literal(field).label("field"), word.label("word"), CallOutcome.id)
    return select(*columns).where(text(condition), word.is_not(None))


def _listed(connection: Connection, disposition: str) -> bool:
    """Whether the tenant's table has the word; compared as ``Connection.flags`` compares, its twin."""
    wanted = disposition.strip().casefold()
    return any(word.strip().casefold() == wanted for word in connection.dispositions)
