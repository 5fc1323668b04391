"""What is left of a person who was erased: of an event's facts, of an outcome's row, of a lead, of a receipt's body. Pure.

Times, results, dispositions, agents and campaigns stay, so that every total stays. The number, and the dialer's names of the call
and of the lead, become stand-ins (``lib.stand_ins``): equal ones stay equal, so that calls fold, and leads and numbers count, as
before. Everything else that was known of the person goes.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dialers.base import Event, KeptEvent, LeadSeen, Reading
from dialers.vocabulary import TEXT_FACTS, TIME_FACTS
from lib import clock
from lib.ids import parse
from lib.phone_spellings import Spellings
from lib.stand_ins import LENGTH, StandIns, is_stand_in

# Facts by what becomes of them; those that are named nowhere stay.
NUMBERS = ("customer_number",)
NAMES = {"call_id": "call", "attempt_id": "attempt", "lead_id": "lead"}  # of what each is the dialer's name
GONE = (
    *("customer_number_raw", "customer_name", "notes", "custom_fields", "crm_reference", "recording_url"),
    *("_conflicts", "_unread"),
)
OTHER_TEXTS = tuple(name for name in TEXT_FACTS if name not in (*NUMBERS, *NAMES, *GONE))
# By which calls are told apart, or counted together: what differs there differs still, and what is equal stays so.
WORDS = (*OTHER_TEXTS, "crm_reference")
LONGEST = 200  # characters of such a word, as most columns have them
LEFT = "_erased"  # a fact: a hash of what is gone, so that two events that differed still do
ENDED = "ended "  # begins the name of an attempt that has none but its end: ``dialers.ryng``
SAID = "A person was erased who stood here. This is what is left of what it told; nothing of it names anybody."
IGNORED = "erased"  # the reason of a receipt that told of no call
OURS = 7  # the version of the ids by which loads name their leads: such a name is ours, and says nothing of anybody


@dataclass(frozen=True)
class Reducer:
    """Takes a person out of what one connection has told. ``spellings``: of the number, where it is known; it is taken out of
    every other text, too."""

    stand_ins: StandIns
    connection: str
    spellings: Spellings | None = None

    def key(self, key: str) -> str:
        """Of a name of a call, among ``call_keys``."""
        return self.stand_ins.name(self.connection, "key", key)

    def attempt(self, attempt: str | None) -> str | None:
        """Of an attempt's name. One that says when it ended is no name of a dialer's."""
        if attempt is None or attempt.startswith(ENDED):
            return attempt
        return self.stand_ins.name(self.connection, "attempt", attempt)

    def record_key(self, key: str | None) -> str | None:
        return key and self.stand_ins.name(self.connection, "record", key)

    def content_hash(self, digest: str, query: str | None = None) -> str:
        """Of what came: by it an unchanged record is known, and a callback's retry, which says the same in its query."""
        if is_stand_in(digest[:LENGTH]):
            return digest[:LENGTH]
        return self.stand_ins.name(self.connection, "content", f"{digest}?{query}" if query else digest)

    def lead(self, lead_id: str | None) -> str | None:
        return None if lead_id is None else self._named("lead_id", lead_id)

    def _named(self, fact: str, value: str) -> str:
        told = parse(value) if fact == "lead_id" else None
        return (
            value
            if told is not None and told.version == OURS
            else self.stand_ins.name(self.connection, NAMES[fact], value)
        )

    def facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        if LEFT in facts:
            return dict(facts)
        found: dict[str, Any] = {}
        for name, value in facts.items():
            if name in NUMBERS:
                found[name] = self.stand_ins.number(value)
            elif name in NAMES:
                found[name] = self._named(name, value)
            elif name not in GONE:
                found[name] = self._without_number(name, value)
        gone = json.dumps({name: facts[name] for name in GONE if name in facts}, sort_keys=True)
        return found | {LEFT: self.stand_ins.name(self.connection, "gone", gone)}

    def fact(self, name: str, value: Any) -> Any:
        """A fact that is a dialer's name of something, as a stand-in; others as they are."""
        return self._named(name, value) if name in NAMES else value

    def others(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Facts of a call of somebody else, without the number; also of a row."""
        return {name: self._without_number(name, value) for name, value in facts.items()}

    def within(self, facts: Mapping[str, Any], names: Iterable[str]) -> bool:
        """Whether the number stands in one of these."""
        return any(self.holds(facts.get(name)) for name in names)

    def holds(self, value: Any) -> bool:
        """Whether the number stands in it."""
        return self.spellings is not None and self.spellings.within_value(value)

    def _without_number(self, name: str, value: Any) -> Any:
        if self.spellings is None or name in TIME_FACTS or name in NUMBERS or not self.spellings.within_value(value):
            return value
        if name in NAMES:
            return self._named(name, value)
        return self.word(value) if name in WORDS and isinstance(value, str) else self.spellings.blotted_value(value)

    def word(self, value: str) -> str:
        """A word without the number, in whose place stands what no other word has there, the same at all connections."""
        if self.spellings is None or not self.spellings.within_value(value):
            return value
        stand_in = self.stand_ins.name("", "word", value)
        made = self.spellings.blotted(value, stand_in)
        return stand_in if len(made) > LONGEST or self.spellings.within_value(made) else made

    def event(self, event: Event) -> Event:
        return replace(
            event,
            keys=tuple(map(self.key, event.keys)),
            aliases=tuple(map(self.key, event.aliases)),
            attempt=self.attempt(event.attempt),
            facts=self.facts(event.facts),
        )

    def other_event(self, event: Event) -> Event:
        """The same of an event of a call of somebody else, which loses the number alone."""
        keys, aliases = (
            tuple(self.key(one) if self.holds(one) else one for one in names) for names in (event.keys, event.aliases)
        )
        facts = self.others(event.facts)
        return replace(event, keys=keys, aliases=aliases, attempt=self.other_attempt(event.attempt), facts=facts)

    def other_attempt(self, attempt: str | None) -> str | None:
        return self.attempt(attempt) if self.holds(attempt) else attempt

    def kept(self, event: KeptEvent) -> KeptEvent:
        return replace(event, attempt=self.attempt(event.attempt), facts=self.facts(event.facts))

    def outcome(self, row: Mapping[str, Any], attempts: Collection[str]) -> dict[str, Any]:
        """A row of ``call_outcomes``; ``attempts``: the dialer's names of its group's."""
        own = {name: row[name] for name in (*NUMBERS, *NAMES) if row[name] is not None}
        left = self.facts(own)
        left.pop(LEFT)
        gone = dict.fromkeys(name for name in GONE if name in row)
        texts = {name: self._without_number(name, row[name]) for name in OTHER_TEXTS}
        return {**row, **gone, "custom_fields": {}, **texts, **left, "attempt_key": self.attempt_key(row, attempts)}

    def attempt_key(self, row: Mapping[str, Any], attempts: Collection[str | None]) -> str:
        """Of a row, of whose group these attempts are named otherwise."""
        key: str = row["attempt_key"]
        for attempt in sorted(filter(None, attempts), key=len, reverse=True):
            if key == attempt or key.endswith(f":{attempt}"):
                return key.removesuffix(attempt) + str(self.attempt(attempt))
        return key

    def lead_seen(self, lead: LeadSeen) -> LeadSeen:
        number = None if lead.number is None else self.stand_ins.number(lead.number)
        gone = dict.fromkeys(("number_raw", "first_name", "last_name"))
        return replace(lead, lead_id=str(self.lead(lead.lead_id)), number=number, **gone)


def is_erased(row: Mapping[str, Any]) -> bool:
    """Whether an outcome's row is what is left of an erased person's: of other people's a name alone may be a stand-in, in which
    the number stood."""
    number = row["customer_number"]
    return is_stand_in(number) if number is not None else any(is_stand_in(row[name]) for name in NAMES)


# What stands in a blanked receipt ---------------------------------------------------------------------------------------
def body(events: Sequence[Event], erased_at: datetime) -> bytes:
    """What a blanked receipt holds: each of its events with what is left of it."""
    told = [
        {
            "kind": event.kind,
            "keys": list(event.keys),
            "aliases": list(event.aliases),
            "attempt": event.attempt,
            "happened_at": clock.iso(event.happened_at),
            "part": event.part,
            "facts": dict(event.facts),
        }
        for event in events
    ]
    return json.dumps({"erased": SAID, "at": clock.iso(erased_at), "events": told}, ensure_ascii=False).encode()


def reading(body: bytes) -> Reading:
    """What a blanked receipt says."""
    told = json.loads(body)["events"]
    if not told:
        return Reading(ignored=IGNORED)
    return Reading(events=tuple(_event(one) for one in told))


def _event(told: Mapping[str, Any]) -> Event:
    return Event(
        kind=told["kind"],
        keys=tuple(told["keys"]),
        aliases=tuple(told["aliases"]),
        attempt=told["attempt"],
        happened_at=clock.parse(told["happened_at"]),
        part=told["part"],
        facts=told["facts"],
    )


def hash_of_what_is_left(known: str, body: bytes) -> str:
    """Of a callback that keeps its bytes but for a number: ``known`` by what it was (``Reducer.content_hash``), and behind that
    as much as there is room for of the SHA-256 of what it is."""
    return (known + hashlib.sha256(body).hexdigest())[:64]


def is_hash_of(digest: str, body: bytes) -> bool:
    """Whether it is the ``content_hash`` of a callback with this body; of what was blanked nobody can say, so it is."""
    if not is_stand_in(digest[:LENGTH]):
        return digest == hashlib.sha256(body).hexdigest()
    return len(digest) == LENGTH or digest == hash_of_what_is_left(digest[:LENGTH], body)


def names_of(events: Iterable[Event]) -> set[str]:
    """Under which names these events know their calls."""
    return {key for event in events for key in (*event.keys, *event.aliases)}
