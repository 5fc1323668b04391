"""What is sent: terminal callbacks, numbered, each of another call, so that what is stored can be held against what was sent."""

import itertools

# Call, attempt, the customer's number and the talk time follow from the number: a body that was mixed up, cut or stored
# under another's name does not pass.
TEMPLATE = (
    '{"callID":%d,"callLogID":%d,"callbackType":"terminal","event":"call-ended","agentID":67131,'
    '"agentUsername":"asha@example.test","agentNum":"+919800000001","customerNum":"+9198%08d",'
    '"virtualNum":"+914900000000","callCreated":"2026-11-18T09:00:00.000Z","callStarted":"2026-11-18T10:00:00.000Z",'
    '"callEnded":"2026-11-18T10:02:00.000Z","callDisposed":"2026-11-18T10:02:08.000Z","callbackTime":null,'
    '"callDirection":"outbound","talktime":%d,"callDuration":120,"parentDisposition":null,"disposition":"Interested",'
    '"notes":"","status":"completed","recordingUrl":"https://recordings.example.test/x.mp3"}'
)
_BEFORE = '{"callID":'
BLOCK = 4_000_000  # numbers that one run may use

_blocks = itertools.count(1)


def block() -> int:
    """The first of BLOCK numbers that no other run of this process uses."""
    return next(_blocks) * BLOCK


def skip(count: int) -> None:
    """Leave out so many blocks, which another run may have used on the same database."""
    global _blocks
    _blocks = itertools.count(count)


def talk_seconds(number: int) -> int:
    return 1 + number % 119


def body(number: int) -> bytes:
    """The callback with this number."""
    return (TEMPLATE % (number, number, number % 100_000_000, talk_seconds(number))).encode()


def number(sent: bytes) -> int:
    """The number of a callback's body. Raises ValueError for what is none of ours."""
    return int(sent[len(_BEFORE) : sent.index(b",")])
