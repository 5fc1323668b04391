"""Words that dialers have said and nobody has decided: counted from the outcomes and events themselves, so that deciding them
takes them off the list, and nothing has to be kept beside the table. What counts stands in ``outcomes.undecided``.

- A dialer's word is one, however often and wherever it is written: ``NO-FORWARD`` in ``status_raw`` and ``no forward`` in
  ``hangup_cause`` are compared as ``Connection.says`` compares, and counted once per call. A call that has two different
  words counts under each: mapping either may be what it needs.
- A ``disposition`` is undecided as long as neither it nor its parent stands in the connection's table, also where there is
  no table at all. One that stands there without any flags was looked at, and is none of these.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    cast,
    distinct,
    func,
    literal,
    null,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from dialers.connection import Connection, plain, plain_disposition
from dialers.vocabulary import DISMISSED, UNKNOWN
from models import CallEvent, CallOutcome
from models.calls import UNFLAGGED, UNKNOWN_AND_OVER
from models.database import AnyColumn, AnySelect
from outcomes.undecided import CONDITIONS, DISPOSITION, EVENT, FIELDS, WITHOUT_FLAG, event_word, value
from queries import selection
from queries.asks import Asks

MOST_WORDS = 50
MOST_SPELLINGS = 500  # that are told apart in each kind of word; a dialer may write an id where a word belongs
MOST_SAMPLES = 3
LOOKED_THROUGH = 2_000  # of the latest outcomes with each kind of word, for samples

Said = tuple[str, str]  # the field, and the word as it is written there
Key = tuple[str, str]  # a word as ``decisions.key`` says it


@dataclass
class Seen:
    """One word of one connection, in all the ways in which it was written."""

    calls: int = 0
    said: Counter[Said] = field(default_factory=Counter)
    ends: list[str] = field(default_factory=list)  # the latest and the first outcome of each way
    mixed: bool = False  # some of its calls may have been counted twice

    def add(self, said: Sequence[Said], calls: int, *ends: str) -> None:
        self.mixed = self.mixed or (bool(self.said) and any(kind == EVENT for kind, _ in (*said, *self.said)))
        self.calls += calls
        for one in said:
            self.said[one] += calls
        self.ends += ends

    def values(self) -> list[str]:
        """The values of the filter ``unmapped`` that together mean its calls."""
        return [value(*one) for one in self.ways()]

    def ways(self) -> list[Said]:
        """The most frequent first; of equals the one that stands first in ``FIELDS``."""
        return sorted(self.said, key=lambda one: (-self.said[one], FIELDS.index(one[0]), one[1]))

    def shown(self) -> dict[str, Any]:
        """As the API shows it, without samples."""
        (kind, word), *_ = self.ways()
        said_as = [{"field": way[0], "word": way[1], "calls": self.said[way]} for way in self.ways()]
        return {"field": kind, "word": word, "calls": self.calls, "said_as": said_as, "sample_outcome_ids": []}


def unmapped(
    session: Session, configured: Mapping[str, Connection], most: int = MOST_WORDS
) -> dict[str, list[dict[str, Any]]]:
    """Connection -> ``{"field", "word", "calls", "said_as", "sample_outcome_ids"}``, most calls first, at most ``most``. The
    samples, at most ``MOST_SAMPLES``, are the latest outcomes; of a word that has become rare, the latest and the first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, words in _merged(session, configured, most).items():
        shown = [(seen, seen.shown()) for seen in words]
        found[name] = [one for _, one in shown]
        _add_samples(session, name, shown)
    return found


def _merged(session: Session, configured: Mapping[str, Connection], most: int) -> dict[str, list[Seen]]:
    """Connection -> its words, most calls first."""
    found: dict[str, dict[Key, Seen]] = {}
    elsewhere: set[tuple[str, Key]] = set()  # dispositions that another parent of theirs decides
    for name, kind, one, other, calls, latest, first in session.execute(_counted(configured)):
        own, connection = found.setdefault(name, {}), configured.get(name) or Connection(name, "")
        for key, said in _said_by_row(connection, kind, one, other).items():
            own.setdefault(key, Seen()).add(said, calls, latest, first)
        if kind == DISPOSITION and other is not None and connection.decides(one, other):
            elsewhere.add((name, (DISPOSITION, plain_disposition(one))))
    sorted_ = {}
    for name, words in found.items():
        for key, seen in words.items():
            # Rare enough to be asked for one by one, with the filter that leads to its calls: they have to be as many.
            if seen.mixed or (name, key) in elsewhere:
                wanted = selection.conditions({"connection": [name], "unmapped": seen.values()})
                seen.calls = session.scalar(select(func.count()).select_from(CallOutcome).where(*wanted)) or 0
        order = sorted(words.values(), key=lambda seen: (-seen.calls, *seen.ways()[0]))
        if order:
            sorted_[name] = order[:most]
    return sorted_


def unapplied(session: Session, connection: Connection) -> dict[Key, int]:
    """Word, as ``decisions.key`` says it -> calls that do not show yet what was decided of it, because they were read before, or
    because what the dialer proves outweighs the word."""
    found: Counter[Key] = Counter()
    for name, kind, one, other, calls, *_ in session.execute(_counted({connection.name: connection})):
        if name != connection.name:
            continue
        if kind == DISPOSITION:
            for word in (one, other):
                if word and connection.flags(word):
                    found[DISPOSITION, plain_disposition(word)] += calls
        else:
            for word in {plain(word): word for word in (one, other) if word}.values():
                if connection.says(word) not in (None, DISMISSED, UNKNOWN):
                    found["word", plain(word)] += calls
    return dict(found)


def _said_by_row(connection: Connection, kind: str, one: str | None, other: str | None) -> dict[Key, list[Said]]:
    """The undecided words of one counted row, each with where it stands."""
    if kind == DISPOSITION:
        if one is None or connection.decides(one, other):
            return {}
        return {(DISPOSITION, plain_disposition(one)): [(DISPOSITION, one)]}
    found: dict[Key, list[Said]] = {}
    for name, word in ((EVENT, one),) if kind == EVENT else (("status_raw", one), ("hangup_cause", other)):
        if word is not None and connection.says(word) is None:
            found.setdefault(("word", plain(word) or word), []).append((name, word))
    return found


def _counted(configured: Mapping[str, Connection]) -> AnySelect:
    """(connection, kind, two texts, calls, latest id, first id): the most frequent of each connection and kind. The texts are
    status and hangup cause, or disposition and its parent, or an event's word and nothing."""
    status, cause = CallOutcome.status_raw, CallOutcome.hangup_cause
    words = union_all(
        _figures("word", status, cause, func.count())
        .where(text(UNKNOWN_AND_OVER), (status.is_not(None) | cause.is_not(None)))
        .group_by(CallOutcome.connection, status, cause),
        _dispositions(),
        _said_by_events(),
    ).subquery()
    # Those whose words are left out later take places in the ranking.
    listed = max((len(one.dispositions) + len(one.words) for one in configured.values()), default=0)
    order = (words.c.calls.desc(), words.c.one, words.c.other)
    rank = func.row_number().over(partition_by=(words.c.connection, words.c.kind), order_by=order)
    ranked = select(words, rank.label("rank")).subquery()
    return select(*list(ranked.c)[:-1]).where(ranked.c.rank <= MOST_SPELLINGS + listed)


def _dispositions() -> AnySelect:
    said = (CallOutcome.connection, CallOutcome.disposition, CallOutcome.disposition_parent)
    # In the order of the index on the few unflagged ones: left to itself, SQLite reads all by an index that has dispositions
    # in the order of the groups.
    own = select(*said, CallOutcome.id).where(text(UNFLAGGED)).order_by(CallOutcome.connection, CallOutcome.id)
    few = own.subquery("unflagged")
    kind, row_id = literal(DISPOSITION).label("kind"), cast(few.c.id, Text)
    figures = (func.count().label("calls"), func.max(row_id).label("latest"), func.min(row_id).label("first"))
    texts = (kind, few.c.disposition.label("one"), few.c.disposition_parent.label("other"))
    return select(few.c.connection, *texts, *figures).group_by(
        few.c.connection, few.c.disposition, few.c.disposition_parent
    )


def _said_by_events() -> AnySelect:
    word = event_word()
    # A call may have been told the same twice.
    counted = _figures(EVENT, word, cast(null(), Text), func.count(distinct(CallOutcome.id)))
    counted = counted.join(CallEvent, CallEvent.outcome_id == CallOutcome.id)
    return counted.where(word.is_not(None), selection.NOT_MERGED).group_by(CallOutcome.connection, word)


def _figures(kind: str, one: AnyColumn, other: AnyColumn, calls: ColumnElement[int]) -> AnySelect:
    shown = cast(CallOutcome.id, Text)
    figures = (calls.label("calls"), func.max(shown).label("latest"), func.min(shown).label("first"))
    texts = (literal(kind).label("kind"), one.label("one"), other.label("other"))
    return select(CallOutcome.connection, *texts, *figures)


def _add_samples(session: Session, name: str, words: Sequence[tuple[Seen, dict[str, Any]]]) -> None:
    """Only the latest outcomes are looked through: numbering all of them by word takes five times as long as counting."""
    own: dict[Said, set[str]] = {said: set() for seen, _ in words for said in seen.said}
    for kind in {kind for kind, _ in own}:
        for said, outcome in session.execute(_latest(name, kind)):
            samples = own.get((kind, said))
            if samples is not None and len(samples) < MOST_SAMPLES:
                samples.add(str(outcome))
    for seen, shown in words:
        latest = sorted({one for said in seen.said for one in own[said]}, reverse=True)[:MOST_SAMPLES]
        ends = [max(seen.ends), min(seen.ends)]
        shown["sample_outcome_ids"] = list(dict.fromkeys(latest + ends))[:MOST_SAMPLES]


def _latest(name: str, kind: str) -> AnySelect:
    """(word, outcome id) of a connection, the latest outcomes first."""
    if kind != EVENT:
        latest = select(getattr(CallOutcome, kind), CallOutcome.id).where(text(CONDITIONS[kind]))
        return latest.where(CallOutcome.connection == name).order_by(CallOutcome.id.desc()).limit(LOOKED_THROUGH)
    # Of all connections, because events do not name theirs; said crosswise, because SQLite would take the index that begins
    # with the connection, and read every call of it.
    word = event_word()
    latest = select(word.label("word"), CallEvent.outcome_id).where(word.is_not(None))
    told = latest.order_by(CallEvent.outcome_id.desc()).limit(LOOKED_THROUGH).subquery()
    own = select(told.c.word, CallOutcome.id).join_from(told, CallOutcome, told.c.outcome_id == CallOutcome.id)
    return own.where(CallOutcome.connection.concat("") == name).order_by(CallOutcome.id.desc())


def decided(
    session: Asks, filters: Mapping[str, Any], configured: Mapping[str, Connection]
) -> list[tuple[str, str, str]]:
    """(connection, disposition, parent or ""): of the calls that match, the dispositions that raise no flag because the
    connection's table says so. Others without a flag are undecided, or were decided since their calls were read."""
    tabled = sorted(name for name, connection in configured.items() if connection.dispositions)
    if not tabled:
        return []
    said = (CallOutcome.connection, CallOutcome.disposition, CallOutcome.disposition_parent)
    statement = select(*said).where(*selection.conditions(filters), text(UNFLAGGED), CallOutcome.connection.in_(tabled))
    rows = session.execute(statement.distinct())
    return [
        (name, word, parent or "")
        for name, word, parent in rows
        if word is not None and _says_none(configured[name], word, parent)
    ]


def _says_none(connection: Connection, word: str, parent: str | None) -> bool:
    return connection.decides(word, parent) and not connection.flags(word) and not connection.flags(parent)


def undecided_calls(
    session: Session, filters: Mapping[str, Any], configured: Mapping[str, Connection]
) -> dict[str, int]:
    """Connection -> how many of the calls that match have a disposition of which it is not known what it means."""
    statement = select(CallOutcome.connection, func.count()).where(
        *selection.conditions(filters), text(UNFLAGGED), undecided(session, filters, configured)
    )
    return {name: calls for name, calls in session.execute(statement.group_by(CallOutcome.connection))}


def undecided(session: Asks, filters: Mapping[str, Any], configured: Mapping[str, Connection]) -> ColumnElement[bool]:
    """Whether it is not known what the disposition of a call that matches the filters means: nobody has decided it, or somebody
    has and the call has not been read again since."""
    known = decided(session, filters, configured)
    if not known:
        return WITHOUT_FLAG
    parent = func.coalesce(CallOutcome.disposition_parent, "")
    return WITHOUT_FLAG & tuple_(CallOutcome.connection, CallOutcome.disposition, parent).not_in(known)
