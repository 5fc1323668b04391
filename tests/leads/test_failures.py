"""What follows from an order that failed: one row of the table each, and what holds of all of them."""

import pytest

from leads.failures import FAILURES, MOST_TRIES, Consequence, Desk, Key, Load, follows, key_of
from lib.http.errors import (
    AskedWrongly,
    Broken,
    CredentialsRefused,
    Declined,
    ExchangeError,
    Garbled,
    NotTrusted,
    Unavailable,
    Uncertain,
    WalkStuck,
)
from models.loads import PENDING, REJECTED, SENDING, UNKNOWN

KEYLESS, FIRST, AGAIN, LAST = (False, 1), (True, 1), (True, 2), (True, MOST_TRIES)
MAY_BE_TAKEN = (Uncertain, Broken, Garbled, WalkStuck, ExchangeError)

ROWS = [
    # error, sent, its leads, its load, the desk
    (CredentialsRefused, KEYLESS, PENDING, Load.PARKED, Desk.LEFT),
    (CredentialsRefused, FIRST, PENDING, Load.PARKED, Desk.LEFT),
    (CredentialsRefused, AGAIN, SENDING, Load.PARKED, Desk.LEFT),
    (CredentialsRefused, LAST, SENDING, Load.PARKED, Desk.LEFT),
    (Declined, KEYLESS, REJECTED, Load.GOES_ON, Desk.GOES_ON),
    (Declined, FIRST, REJECTED, Load.GOES_ON, Desk.GOES_ON),
    (Declined, AGAIN, UNKNOWN, Load.GOES_ON, Desk.GOES_ON),
    (Declined, LAST, UNKNOWN, Load.GOES_ON, Desk.GOES_ON),
    (AskedWrongly, KEYLESS, REJECTED, Load.GOES_ON, Desk.GOES_ON),
    (AskedWrongly, FIRST, REJECTED, Load.GOES_ON, Desk.GOES_ON),
    (AskedWrongly, AGAIN, UNKNOWN, Load.GOES_ON, Desk.GOES_ON),
    (AskedWrongly, LAST, UNKNOWN, Load.GOES_ON, Desk.GOES_ON),
    (Unavailable, KEYLESS, PENDING, Load.WAITS, Desk.RESTS),
    (Unavailable, FIRST, PENDING, Load.WAITS, Desk.RESTS),
    (Unavailable, AGAIN, SENDING, Load.WAITS, Desk.RESTS),
    (Unavailable, LAST, SENDING, Load.WAITS, Desk.RESTS),
    (NotTrusted, KEYLESS, PENDING, Load.WAITS, Desk.RESTS),
    (NotTrusted, AGAIN, SENDING, Load.WAITS, Desk.RESTS),
    *((kind, KEYLESS, UNKNOWN, Load.GOES_ON, Desk.COUNTS) for kind in MAY_BE_TAKEN),
    *((kind, FIRST, SENDING, Load.GOES_ON, Desk.RESTS) for kind in MAY_BE_TAKEN),
    *((kind, AGAIN, SENDING, Load.GOES_ON, Desk.RESTS) for kind in MAY_BE_TAKEN),
    *((kind, LAST, UNKNOWN, Load.GOES_ON, Desk.COUNTS) for kind in MAY_BE_TAKEN),
]


@pytest.mark.parametrize(
    ("error", "sent", "lead", "load", "desk"), ROWS, ids=[f"{row[0].__name__}-{key_of(*row[1]).name}" for row in ROWS]
)
def test_what_follows(error, sent, lead, load, desk):
    assert follows(error("It said so."), *sent) == Consequence(lead, load, desk)


def test_every_cell_of_the_table_has_a_row_here():
    assert {(kind, key) for kind in FAILURES for key in Key} <= {(row[0], key_of(*row[1])) for row in ROWS}


@pytest.mark.parametrize(
    ("knows_keys", "tries", "key"),
    [
        (False, 1, Key.NONE),
        (False, MOST_TRIES, Key.NONE),  # an operator had it sent again
        (True, 1, Key.NEW),
        (True, 2, Key.AGAIN),
        (True, MOST_TRIES - 1, Key.AGAIN),
        (True, MOST_TRIES, Key.LAST),
        (True, MOST_TRIES + 1, Key.LAST),
    ],
)
def test_what_a_key_is_worth(knows_keys, tries, key):
    assert key_of(knows_keys, tries) is key


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("key", [Key.AGAIN, Key.LAST])
def test_what_may_have_been_taken_is_neither_given_a_new_key_nor_rejected(kind, key):
    assert FAILURES[kind][key].lead in (SENDING, UNKNOWN)


@pytest.mark.parametrize("kind", FAILURES)
def test_without_keys_nothing_stays_to_be_sent_again(kind):
    assert FAILURES[kind][Key.NONE].lead != SENDING
