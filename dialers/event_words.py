"""What a tenant says of a dialer's words for events: the same for every dialer, after its own words were read. Pure."""

from dataclasses import replace

from dialers import vocabulary as ours
from dialers.base import Connection, Event, Reading


def with_meanings(reading: Reading, connection: Connection) -> Reading:
    """The reading, its events in words that we have none for understood as the tenant's table says."""
    if not connection.words or not any("_word" in event.facts for event in reading.events):
        return reading
    return replace(reading, events=tuple(_with_meaning(event, connection) for event in reading.events))


def _with_meaning(event: Event, connection: Connection) -> Event:
    word = event.facts.get("_word")
    meaning = connection.says(word)
    if meaning is None or meaning == ours.DISMISSED:
        return event
    facts = {name: value for name, value in event.facts.items() if name != "_word"} | {"_said": word}
    if meaning in ours.OPEN_OUTCOMES:
        return replace(event, facts=facts | {"connect_outcome": meaning})
    if meaning in ours.CONNECT_OUTCOMES:  # how the call ended, so it has
        return replace(event, kind=ours.CALL_ENDED, facts=facts | {"connect_outcome": meaning})
    outcome = ours.UNKNOWN if meaning == ours.CALL_ENDED else ours.IN_PROGRESS
    return replace(event, kind=meaning, facts={"connect_outcome": outcome} | facts)
