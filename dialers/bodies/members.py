"""Bodies opened: whatever bytes a dialer posts become members, one object for each event that they tell of.

What is written as it should be is read at once. What is nearly right is read where there is only one way to read it, and what
was passed over is said (``dialers.bodies.forgiven``). Everything else is ``Unreadable``, and the bytes are kept as they came.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import replace

from dialers.base import Event, Evidence, Reading, Unreadable
from dialers.bodies.inflating import BLANKS, LARGEST
from dialers.bodies.opening import MOST_EVENTS, Opened, documents, inside, is_json_type, opened
from lib import charsets, rawjson
from lib.rawjson import Members, NotJson

NAMELESS = ("no_call_id", "no_event")  # reasons: the object names no call, so that one within it may
MOST_TOLD = 5  # of the parts that cannot be understood, in a sentence

One = Callable[[Members], Reading]


def each(
    evidence: Evidence, one: One, ways: Collection[str] = ("json",), form: Callable[[Members], Members] | None = None
) -> Reading:
    """What the body says, by what ``one`` says of each event in it. ``ways`` are those in which the dialer is known to send;
    ``form`` brings what a form says into the shape of the JSON. Raises Unreadable."""
    if evidence.content_encoding is None and evidence.body[:1] == b"{" and is_json_type(evidence.content_type):
        try:
            found = rawjson.loads(evidence.body)
        except NotJson:
            found = None
        if type(found) is Members and len(found) > 1:  # as nearly all are
            try:
                return one(found)
            except Unreadable as error:
                if error.reason not in NAMELESS:
                    raise
    body = opened(evidence, form)
    if body.way == "none":
        return Reading(ignored="empty_body")  # somebody probes the URL
    if body.way not in ways:
        body.forgiven.add("sent_in_query" if body.way == "query" else "sent_as_form")
    try:
        found = _several(body, one) if len(body.parts) > 1 else _alone(body, one)
    except Unreadable:
        if body.way == "query" and "query" not in ways:
            return Reading(ignored="empty_body")
        raise
    return replace(found, forgiven=tuple(sorted(body.forgiven)))


def record(body: bytes, understand: Callable[..., Reading], *about: object) -> Reading:
    """What a polled record says, one JSON object, by what ``understand`` says of it and of ``about``. Raises Unreadable."""
    try:
        found, forgiven = rawjson.loads(body), set[str]()
    except NotJson as error:
        found, forgiven = _nearly(body, error)
    if not isinstance(found, Members):
        raise Unreadable("not_an_object", "The record is JSON, but no object.")
    reading = understand(found, *about)
    return replace(_checked(reading, forgiven), forgiven=tuple(sorted(forgiven))) if forgiven else reading


def glance(body: bytes) -> object:
    """A polled record as JSON, quickly, as it is or nearly; None for what nobody can read, or is larger than a record is
    kept. For a look at its id: an id that holds bytes which are no text is none."""
    if len(body) > LARGEST:
        return None
    try:
        return json.loads(body, parse_float=str, strict=False)
    except (ValueError, RecursionError) as error:
        try:
            found, _ = _nearly(body, NotJson(str(error)))
        except Unreadable:
            return None
    return (
        {name: value for name, value in found.items() if "\ufffd" not in str(value)}
        if isinstance(found, Members)
        else None
    )


def _nearly(body: bytes, error: NotJson) -> tuple[object, set[str]]:
    text, forgiven = charsets.text(body)
    found, slips = documents(text.strip(BLANKS), error, "record")
    return found[0] if len(found) == 1 else found, forgiven | slips


# What is read --------------------------------------------------------------------------------------------------------
def _alone(body: Opened, one: One) -> Reading:
    if not body.parts:
        raise _not_an_object()
    members = _members(body.parts[0])
    try:
        return _checked(one(members), body.forgiven)
    except Unreadable as error:
        found = inside(members) if error.reason in NAMELESS else None
        if found is None:
            raise
        try:
            return _within(replace(body, parts=found[0]), found[1], one)
        except Unreadable:
            raise error from None


def _within(body: Opened, slips: set[str], one: One) -> Reading:
    reading = _several(body, one) if len(body.parts) > 1 else _checked(one(_members(body.parts[0])), body.forgiven)
    body.forgiven.update(slips)
    return reading


def _several(body: Opened, one: One) -> Reading:
    """Each part by itself. One that cannot be understood costs no other one its place: where there are some of either kind,
    the reading says so."""
    if len(body.parts) > MOST_EVENTS:
        raise Unreadable(
            "too_many_events", f"The body tells of {len(body.parts)} events, {MOST_EVENTS} at most are read."
        )
    events: list[Event] = []
    ignored: list[str] = []
    refused: list[tuple[int, Unreadable]] = []
    for number, part in enumerate(body.parts):
        try:
            found = _checked(one(_members(part)), body.forgiven)
        except Unreadable as error:
            refused.append((number, error))
            continue
        # Each part's events have their own place, so that a part that is understood later moves no other one.
        events += [replace(event, part=number) for event in found.events]
        ignored += [found.ignored] if found.ignored else []
    if refused and not events and not ignored:
        first = refused[0][1]
        if all(type(part) is not Members for part in body.parts):
            raise _not_an_object()
        raise Unreadable(first.reason, f"None of its {len(body.parts)} parts could be understood. {first.detail}")
    body.forgiven.add("several_events")
    return Reading(
        events=tuple(events),
        ignored=ignored[0] if ignored and not events else None,
        refused=_told(refused, len(body.parts)) if refused else None,
    )


def _told(refused: list[tuple[int, Unreadable]], parts: int) -> str:
    told = [f"{number + 1}: {error.detail}" for number, error in refused[:MOST_TOLD]]
    more = f" And {len(refused) - MOST_TOLD} more." if len(refused) > MOST_TOLD else ""
    return f"{len(refused)} of its {parts} parts could not be understood, the others are in. Part {' Part '.join(told)}{more}"


def _members(part: object) -> Members:
    if isinstance(part, Unreadable):
        raise part
    if not isinstance(part, Members):
        raise _not_an_object()
    return part


def _not_an_object() -> Unreadable:
    return Unreadable("not_an_object", "The body is JSON, but no object.")


def _checked(reading: Reading, forgiven: set[str]) -> Reading:
    """Where bytes were lost, two calls might have become one."""
    if "replaced_characters" in forgiven:
        for event in reading.events:
            if any("\ufffd" in name for name in (*event.keys, event.attempt or "")):
                raise Unreadable(
                    "bad_identifier", "An id holds bytes that are no text in any character set that was named."
                )
    return reading
