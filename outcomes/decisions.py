"""Deciding what a word means without the settings file: on the dashboard or by the API, kept in a table with who and when.

What holds for a connection is ``merged``, the only definition: the settings file first, then the latest decision of each word.
Nothing is ever changed in the table but what became of applying a decision to the past, which ``outcomes.applying`` does.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from dialers.connection import Connection, plain, plain_disposition
from dialers.vocabulary import CONNECT_OUTCOMES, DISMISSED, FLAGS, WORD_MEANINGS
from lib import clock, ids
from lib import text as texts
from lib.clock import iso
from lib.discreet import discreet
from models import Decision, audit
from models.database import Database
from models.decisions import FAILED, WAITING
from outcomes.undecided import DISPOSITION, EVENT, FIELDS

LOOK_SECONDS = 1.0  # so long a process may go on with what was decided before
LONGEST_WORD = 2_000
# Tables of words that some dialers have among their own settings; those come before everything else.
OWN_TABLES = ("status_codes", "hangup_causes")

Meaning = list[str] | str | None  # flags, one of WORD_MEANINGS, or nothing: withdrawn
Key = tuple[str, str]


class BadDecision(ValueError):
    """The field at fault, and a sentence."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field = field


class DecidedInFile(Exception):
    """The settings file says what this word means, and the file wins: change it there, or take the word out of it."""


class NothingToWithdraw(Exception):
    """Nobody has decided this word here, so there is nothing to withdraw."""


def key(field: str, word: str) -> Key:
    """Which word it is: two that are equal in this are one. Dispositions are words of their own."""
    return (DISPOSITION, plain_disposition(word)) if field == DISPOSITION else ("word", plain(word))


def in_file(connection: Connection, field: str, word: str) -> bool:
    """Whether the settings decide the word; ``connection`` is as they made it."""
    if field == DISPOSITION:
        return connection.decides(word)
    own = (name for table in OWN_TABLES for name in connection.settings.get(table) or {})
    return connection.says(word) is not None or any(name.strip().casefold() == word.strip().casefold() for name in own)


def merged(connection: Connection, decisions: Iterable[Decision]) -> Connection:
    """The connection with what was decided here; what the settings say of a word wins."""
    dispositions, words = dict(connection.dispositions), dict(connection.words)
    for decision in decisions:
        if decision.meaning is None or in_file(connection, decision.field, decision.word):
            continue
        if decision.field == DISPOSITION:
            dispositions[decision.word] = tuple(decision.meaning)
        elif isinstance(decision.meaning, str):
            words[decision.word] = decision.meaning
    return replace(connection, dispositions=dispositions, words=words)


def latest(session: Session) -> dict[str, dict[Key, Decision]]:
    """Connection -> word -> its latest decision, also where that withdraws the one before."""
    found: dict[str, dict[Key, Decision]] = {}
    for decision in session.scalars(select(Decision).order_by(Decision.id)):
        found.setdefault(decision.connection, {})[key(decision.field, decision.word)] = decision
    return found


def history(session: Session, name: str, most: int = 200) -> list[Decision]:
    """The connection's decisions, the newest first."""
    own = select(Decision).where(Decision.connection == name)
    return list(session.scalars(own.order_by(Decision.id.desc()).limit(most)))


def checked(field: str, word: str, meaning: Meaning) -> tuple[str, Meaning]:
    """The word and its meaning as they are kept. Raises BadDecision."""
    if field not in FIELDS:
        raise BadDecision("field", f"Must be one of: {', '.join(FIELDS)}.")
    word = texts.clean(word)
    if not key(field, word)[1] or len(word) > LONGEST_WORD:
        raise BadDecision("word", f"A word must have a letter or a digit, and {LONGEST_WORD} characters at most.")
    if meaning is None:
        return word, None
    if field == DISPOSITION:
        flags = [] if meaning == DISMISSED else meaning
        if not isinstance(flags, list) or not set(flags) <= set(FLAGS):
            raise BadDecision("flags", f"A disposition means flags: {', '.join(FLAGS)}, or none of them.")
        return word, [flag for flag in FLAGS if flag in flags]
    possible = WORD_MEANINGS if field == EVENT else (*CONNECT_OUTCOMES, DISMISSED)
    if meaning not in possible:
        raise BadDecision("outcome", f"Must be one of: {', '.join(possible)}.")
    return word, meaning


def possible(session: Session, connection: Connection, field: str, word: str, meaning: Meaning) -> tuple[str, Meaning]:
    """The word and its meaning as they would be kept. Raises BadDecision, DecidedInFile, NothingToWithdraw."""
    word, meaning = checked(field, word, meaning)
    if in_file(connection, field, word):
        raise DecidedInFile(
            f"The settings file decides {word!r} on {connection.name}, and the file wins: change it there."
        )
    there = latest(session).get(connection.name, {}).get(key(field, word))
    if meaning is None and (there is None or there.meaning is None):
        raise NothingToWithdraw(
            f"Nobody has decided {word!r} on {connection.name} here, so there is nothing to withdraw."
        )
    return word, meaning


def decide(session: Session, connection: Connection, field: str, word: str, meaning: Meaning, by: str) -> Decision:
    """Decide a word, or withdraw its decision; ``connection`` is as the settings made it. A worker applies it to the past.
    The decision that is there already, where it says the same. Raises as ``possible``."""
    word, meaning = possible(session, connection, field, word, meaning)
    there = latest(session).get(connection.name, {}).get(key(field, word))
    if there is not None and there.meaning == meaning and there.state != FAILED:
        return there
    made = Decision(
        id=ids.new(),
        connection=connection.name,
        field=field,
        word=word,
        meaning=meaning,
        decided_by=by,
        decided_at=clock.now(),
        state=WAITING,
    )
    session.add(made)
    session.flush()
    act = "mapping.withdraw" if meaning is None else "mapping.decide"
    told = {"field": field, "word": discreet(word, connection.default_country)[:200], "meaning": meaning}
    audit.note(session, act, connection=connection.name, subject=made.id, details=told)
    return made


def shown(decision: Decision) -> dict[str, Any]:
    """As the API shows it."""
    return _meaning(decision.field, decision.word, decision.meaning) | {
        "id": str(decision.id),
        "source": "decision",
        "withdrawn": decision.meaning is None,
        "decided_by": decision.decided_by,
        "decided_at": iso(decision.decided_at),
        "state": decision.state,
        "ended_at": iso(decision.ended_at),
        "calls": decision.calls,
        "changed": decision.changed,
        "reason": decision.reason,
    }


def from_file(connection: Connection) -> list[dict[str, Any]]:
    """The same of what the settings file says; ``connection`` is as the settings made it."""
    said: list[tuple[str, str, Meaning]] = [
        (DISPOSITION, word, list(flags)) for word, flags in connection.dispositions.items()
    ]
    said += [("status_raw", word, meaning) for word, meaning in connection.words.items()]
    names = ("id", "decided_by", "decided_at", "state", "ended_at", "calls", "changed", "reason")
    rest = {"source": "file", "withdrawn": False} | dict.fromkeys(names)
    return [_meaning(*one) | rest for one in said]


def _meaning(field: str, word: str, meaning: Meaning) -> dict[str, Any]:
    return {
        "field": field,
        "word": word,
        "outcome": meaning if isinstance(meaning, str) and meaning != DISMISSED else None,
        "flags": meaning if isinstance(meaning, list) else None,
        "dismissed": meaning in (DISMISSED, []),
    }


def effective(session: Session, connection: Connection) -> list[dict[str, Any]]:
    """What is decided on the connection, by the file first; ``connection`` is as the settings made it."""
    own = latest(session).get(connection.name, {}).values()
    here = [one for one in own if one.meaning is not None and not in_file(connection, one.field, one.word)]
    return from_file(connection) + [shown(one) for one in sorted(here, key=lambda one: one.id, reverse=True)]


class Decided(Mapping[str, Connection]):
    """The configured connections, each with what was decided here, never older than ``LOOK_SECONDS``: so every process picks a
    decision up without a restart. The names are those of the settings; asking for them asks no database."""

    def __init__(self, database: Database, configured: Mapping[str, Connection]):
        self._database = database
        self.configured = configured
        self._found, self._looked = configured, False
        self._seen: int | None = None  # decisions; none ever goes
        self._look_at = 0.0
        self._lock = threading.Lock()

    def current(self) -> Mapping[str, Connection]:
        """All of them as they are now, and as they stay for whoever holds the answer: for a batch that must not change its
        mind half-way."""
        # While one thread looks, the others go on with what is known; only at the very beginning they have to wait.
        if time.monotonic() >= self._look_at and self._lock.acquire(blocking=not self._looked):
            try:
                if time.monotonic() >= self._look_at:
                    self._look()
            finally:
                self._lock.release()
        return self._found

    def _look(self) -> None:
        try:
            self._read()
        except (OperationalError, ProgrammingError):
            # Before the first migration, and while a newer release is being migrated to, nothing is decided here.
            if inspect(self._database.engine).has_table(Decision.__tablename__):
                raise
            self._found, self._seen = self.configured, None
        self._looked = True
        self._look_at = time.monotonic() + LOOK_SECONDS

    def _read(self) -> None:
        with self._database.read() as session:
            count = session.scalar(select(func.count()).select_from(Decision))
            if count != self._seen:
                own = latest(session)
                self._found = {
                    name: merged(one, own[name].values()) if name in own else one
                    for name, one in self.configured.items()
                }
                self._seen = count

    def hold(self, session: Session, found: Mapping[str, Connection]) -> bool:
        """Whether ``found``, an answer of ``current``, still is what holds. Where it is not, the next answer is a new one."""
        seen = self._seen
        if found is self._found and (
            seen is None or session.scalar(select(func.count()).select_from(Decision)) == seen
        ):
            return True
        self.forget()
        return False

    def forget(self) -> None:
        """Look again at the next question: this process has just decided something."""
        self._look_at = 0.0

    def __getitem__(self, name: str) -> Connection:
        if name not in self.configured:
            raise KeyError(name)
        return self.current()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.configured)

    def __len__(self) -> int:
        return len(self.configured)

    def __contains__(self, name: object) -> bool:
        return name in self.configured
