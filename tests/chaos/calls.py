"""The numbered calls: what is sent for a number, and what must be found for it. Both sides compute it from the number."""

import json
from collections.abc import Iterator

CONNECT, TERMINAL = "connect", "terminal"
FIRST_ATTEMPT = 1_000_000_000  # attempts are numbered apart from calls, so that neither can pass for the other

_COMMON = {
    "agentID": 67131,
    "agentUsername": "asha@example.test",
    "agentNum": "+919800000001",
    "customerNum": "+919800012345",
    "callCreated": "2026-11-18T09:00:00.000Z",
    "callDirection": "outbound",
}
# With the call's start, as Ryng's queues have it: without one, a connect callback that comes minutes after the end is taken for
# a redial, and here it is our own clock that jumps.
_CONNECT = {"callbackType": "connect", "event": "agent-connected", "callStarted": "2026-11-18T10:00:00.000Z"}
_TERMINAL = {
    "callbackType": "terminal",
    "event": "call-ended",
    "virtualNum": "+914900000000",
    "callStarted": "2026-11-18T10:00:00.000Z",
    "callEnded": "2026-11-18T10:02:00.000Z",
    "callDisposed": "2026-11-18T10:02:08.000Z",
    "callbackTime": None,
    "callDuration": 120,
    "parentDisposition": None,
    "status": "completed",
    "recordingUrl": "https://recordings.example.test/x.mp3",
}
_DISPOSITIONS = ("Interested", "Not interested", "Call back later", "Wrong number", "Zurückrufen ☎")


def sendings(number: int) -> Iterator[tuple[str, int]]:
    """(kind, copy) of each callback about a call. A second copy is the retry of a dialer that missed our answer."""
    yield TERMINAL, 0
    if number % 5 == 0:
        yield CONNECT, 0
    if number % 10 == 3:
        yield TERMINAL, 1
    if number % 50 == 0:
        yield CONNECT, 1


def body(number: int, kind: str) -> bytes:
    """The same bytes for every copy and every try."""
    if kind == CONNECT:
        return json.dumps({"callID": number} | _COMMON | _CONNECT).encode()
    said = {
        "callLogID": FIRST_ATTEMPT + number,
        "talktime": talk_seconds(number),
        "disposition": disposition(number),
        "notes": f"call {number}",
    }
    return json.dumps({"callID": number} | _COMMON | _TERMINAL | said).encode()


def attempt_id(number: int) -> str:
    return str(FIRST_ATTEMPT + number)


def talk_seconds(number: int) -> int:
    return 1 + number * 7919 % 3600


def disposition(number: int) -> str:
    return _DISPOSITIONS[number % len(_DISPOSITIONS)]
