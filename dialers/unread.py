"""What a record states and nobody can read: a time, a duration, a number, an id, a link, an object, a word for a direction. The
outcome goes without it, but it is not lost: the event carries the field and a sample, and ``queries.unread_values`` counts them.

A dialer lists its fields with the facts that they become. Where all facts are there, everything was read, and that is all
that is looked at.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from dialers.base import Connection, Event, Unreadable
from dialers.fields import (
    LONGEST_NOTHING,
    NO_FIGURE,
    ident,
    link,
    mapping,
    moment,
    number,
    seconds,
    text,
    unfolded,
    word,
)
from dialers.vocabulary import CALL_ENDED
from lib import clock, phone
from lib import text as texts

UNREAD = "_unread"  # the fact: the dialer's field -> a sample
LONGEST_SAMPLE = 80
MOST_FIELDS = 20  # of one record

# How a number that is not shown is called, by carriers and switches.
WITHHELD = frozenset(
    "anonymous private restricted withheld hidden unknown unavailable blocked anonym suppressed".split()
) | {"no caller id", "caller id blocked", "private number", "unknown number", "hidden number"}

_FACTS = attrgetter("facts")
_MAY_BE_EMPTY = (list, dict, bool, type(None))
Reader = Callable[[object, Connection], Any]  # None: what is stated cannot be read


def a_time(value: object, connection: Connection) -> Any:
    return moment(value, connection) or clock.means_never(value) or None


def a_duration(value: object, connection: Connection) -> Any:
    return seconds(value)


def an_id(value: object, connection: Connection) -> Any:
    return ident(value, "id")


def a_number(value: object, connection: Connection) -> Any:
    written = number(value)
    if written and _is_withheld(written.casefold()):
        return written
    return phone.e164(written, connection.default_country)


def a_link(value: object, connection: Connection) -> Any:
    return link(value) or text(value) == "0" or None  # none


def a_word(value: object, connection: Connection) -> Any:
    """Whatever it means: a list, an object or ``true`` is none."""
    return word(value)


def one_of(table: Mapping[str, str]) -> Reader:
    """A word of a closed list, whose keys are written in small letters."""
    return lambda value, connection: table.get((word(value) or "").casefold())


def _is_withheld(written: str) -> bool:
    """Also as SIP writes it: ``"Anonymous" <sip:anonymous@anonymous.invalid>`` (RFC 3323)."""
    address = written.rpartition("<")[2].removeprefix("sip:").removeprefix("sips:").partition("@")[0]
    return any(one.strip("<>\"' ") in WITHHELD for one in (written, address))


def an_object(value: object, connection: Connection) -> Any:
    value = unfolded(value)
    alone = value[0] if isinstance(value, list) and len(value) == 1 else value
    return alone if isinstance(alone, dict) else None


def a_list(value: object, connection: Connection) -> Any:
    """Or an object of entries."""
    value = unfolded(value)
    return value if isinstance(value, list | dict) else None


class Field:
    """A field by the dialer's name (``outer.inner`` in an object), how it is read, and the fact that shows that it was; None
    where another field may have set the fact."""

    def __init__(self, name: str, read: Reader, fact: str | None = None):
        self.name, self.read, self.fact = name, read, fact
        self.outer, _, self.inner = name.partition(".")


class Fields:
    """The fields of a dialer's records."""

    def __init__(self, *fields: Field):
        self.names = frozenset(field.outer for field in fields)
        self._by_fact: dict[str, list[tuple[str, Field]]] = {}
        for field in fields:
            if field.fact is not None:
                self._by_fact.setdefault(field.fact, []).append((field.outer, field))
        self._facts = frozenset(self._by_fact)
        self._always = [field for field in fields if field.fact is None]

    def noted(
        self,
        events: Sequence[Event],
        record: Mapping[str, Any],
        connection: Connection,
        more: Mapping[str, str] | None = None,
    ) -> tuple[Event, ...]:
        """The events, with what of their record could not be read: on that of the call's end, where there is one. ``more``
        is what the dialer has found besides."""
        found = more
        known = record.get
        for fact in self._facts.difference(*map(_FACTS, events)):
            for outer, field in self._by_fact[fact]:
                if known(outer) is not None:
                    found = _with(found, field, record, connection)
        for field in self._always:
            if known(field.outer) is not None:
                found = _with(found, field, record, connection)
        if not found or not events:
            return tuple(events)
        told = dict(sorted(found.items())[:MOST_FIELDS])
        at = next((at for at, event in enumerate(events) if event.kind == CALL_ENDED), 0)
        noted = replace(events[at], facts={**events[at].facts, UNREAD: told})
        return (*events[:at], noted, *events[at + 1 :])


def _with(
    found: Mapping[str, str] | None, field: Field, record: Mapping[str, Any], connection: Connection
) -> Mapping[str, str] | None:
    """Field -> sample, with this field where it states something that cannot be read."""
    value = record[field.outer]
    if field.inner:
        value = mapping(value).get(field.inner)
    if not states(value) or field.read(value, connection) is not None:
        return found
    return {**(found or {}), field.name: sample(value)}


def states(value: object) -> bool:
    """Whether the field says anything at all."""
    if type(value) is str:
        said = value.strip()
        return bool(said) and (len(said) > LONGEST_NOTHING or said.casefold() not in NO_FIGURE)
    return bool(value) if isinstance(value, _MAY_BE_EMPTY) else True


def sample(value: object) -> str:
    """The value as an operator is shown it."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return str(texts.clean(" ".join(written.split())[:LONGEST_SAMPLE]))


def unnamed(reason: str, nothing: str, record: Mapping[str, Any], *names: str) -> Unreadable:
    """To be raised where none of these fields holds an id. ``nothing`` is the sentence where none is stated: whoever states one
    that cannot be read, such as ``9.8E+11``, must not be told that it is not there."""
    told = [name for name in names if states(record.get(name))]
    if not told:
        return Unreadable(reason, nothing)
    verb = "is" if len(told) == 1 else "are"
    why = "it may be an object, or a number that a spreadsheet has rounded"
    return Unreadable(reason, f"{' and '.join(told)} {verb} stated, and cannot be read as an id: {why}.")
