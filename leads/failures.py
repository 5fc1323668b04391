"""What follows where an order failed: for its leads, for its load and for the desk. Pure; ``leads.sending`` makes it so.

A lead that may have been taken is never sent again without its key, and never said to be rejected.
"""

from dataclasses import dataclass
from enum import Enum

from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, Unavailable
from models.loads import PENDING, REJECTED, SENDING, UNKNOWN

MOST_TRIES = 6  # of one order under one key


class Key(Enum):
    """What the order's key is worth at the dialer."""

    NONE = "the dialer knows no keys"
    NEW = "it was sent under its key for the first time"
    AGAIN = "an earlier request under it may have been taken: only the key keeps it from being taken twice"
    LAST = "the same, and it is not tried any more"


class Load(Enum):
    GOES_ON = "with whatever is next"
    WAITS = "and says what for"
    PARKED = "all of the connection's, until an operator or other credentials let them go on"


class Desk(Enum):
    GOES_ON = "the dialer answered"
    COUNTS = "the next order may leave; the failure is counted, since it may have been an accident"
    RESTS = "the dialer is left in peace for a while"
    LEFT = "nothing more is sent"


@dataclass(frozen=True)
class Consequence:
    """``lead`` is the state that the order's leads have from now on: ``pending`` where they were certainly not taken,
    ``sending`` where they are sent again under their key."""

    lead: str
    load: Load
    desk: Desk


PARKED_BACK = Consequence(PENDING, Load.PARKED, Desk.LEFT)
PARKED_SENT = Consequence(SENDING, Load.PARKED, Desk.LEFT)
REFUSED = Consequence(REJECTED, Load.GOES_ON, Desk.GOES_ON)
IN_DOUBT = Consequence(UNKNOWN, Load.GOES_ON, Desk.GOES_ON)
PUT_BACK = Consequence(PENDING, Load.WAITS, Desk.RESTS)
STAYS_SENT = Consequence(SENDING, Load.WAITS, Desk.RESTS)
SENT_AGAIN = Consequence(SENDING, Load.GOES_ON, Desk.RESTS)
GIVEN_UP = Consequence(UNKNOWN, Load.GOES_ON, Desk.COUNTS)
# Two in a row are no accident: without a rest a dialer that hangs would make the whole load unknown.
GIVEN_UP_IN_A_ROW = Consequence(UNKNOWN, Load.WAITS, Desk.RESTS)

# The first line whose errors it is; of any other error nothing is known, as of an Uncertain one.
FAILURES: dict[type[ExchangeError], dict[Key, Consequence]] = {
    kind: dict(zip(Key, consequences, strict=True))
    for kind, *consequences in (
        # the error            no keys      a new one    again        for the last time
        (CredentialsRefused, PARKED_BACK, PARKED_BACK, PARKED_SENT, PARKED_SENT),
        (Declined, REFUSED, REFUSED, IN_DOUBT, IN_DOUBT),
        (AskedWrongly, REFUSED, REFUSED, IN_DOUBT, IN_DOUBT),
        (Unavailable, PUT_BACK, PUT_BACK, STAYS_SENT, STAYS_SENT),
        (ExchangeError, GIVEN_UP, SENT_AGAIN, SENT_AGAIN, GIVEN_UP),
    )
}


def key_of(knows_keys: bool, tries: int) -> Key:
    """``tries``: how often the order has been sent under its key."""
    if not knows_keys:
        return Key.NONE
    if tries >= MOST_TRIES:
        return Key.LAST
    return Key.AGAIN if tries > 1 else Key.NEW


def follows(said: ExchangeError, knows_keys: bool, tries: int) -> Consequence:
    """What follows from this error."""
    line = next(line for kind, line in FAILURES.items() if isinstance(said, kind))
    return line[key_of(knows_keys, tries)]
