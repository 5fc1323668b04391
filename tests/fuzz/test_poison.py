"""A receipt on which our own code fails is quarantined after its first failure, and those behind it go on."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dialers.base import Event
from dialers.registry import DIALERS
from models import Receipt
from outcomes.normalize import normalize_pending
from tests.evidence import CONNECTIONS, START, keep, normalize, outcomes, receipt, terminal

POISON = b'{"callID":"poison","callLogID":1,"status":"busy"}'
RYNG = DIALERS["ryng"]


def raises(error):
    def read(evidence, connection):
        if evidence.body == POISON:
            raise error
        return RYNG.read(evidence, connection)

    return replace(RYNG, read=read)


def says(**changes):
    """Words that say of the poison what no event may say."""

    def read(evidence, connection):
        reading = RYNG.read(evidence, connection)
        if evidence.body != POISON:
            return reading
        return replace(reading, events=tuple(Event(**(vars(event) | changes)) for event in reading.events))

    return replace(RYNG, read=read)


def splits_badly(events):
    if any(event.facts.get("call_id") == "poison" for event in events):
        raise KeyError("a fault of ours")
    return RYNG.attempts(events)


@pytest.mark.parametrize(
    "dialer, reason",
    [
        (raises(RuntimeError("a fault of ours")), "reading_failed"),
        (raises(RecursionError()), "reading_failed"),
        (raises(MemoryError()), "reading_failed"),
        (says(facts={"talk_seconds": {"an": "object"}}), "refused_by_database"),
        (says(facts={"connect_outcome": "nonsense"}), "refused_by_database"),
        (says(happened_at="yesterday"), "refused_by_database"),
        (replace(RYNG, attempts=splits_badly), "folding_failed"),
    ],
    ids=["an error", "a recursion", "no memory", "an object", "an unknown word", "a text for a time", "attempts"],
)
def test_poison_is_quarantined_at_once_and_the_others_go_on(database, monkeypatch, dialer, reason):

    monkeypatch.setitem(DIALERS, "ryng", dialer)
    before = [receipt(terminal(call_id=f"before{n}")) for n in range(3)]
    behind = [receipt(terminal(call_id=f"behind{n}")) for n in range(3)]
    keep(database, *before, receipt(POISON), *behind)

    normalize(database)
    with database.read() as session:
        (row,) = session.scalars(select(Receipt).where(Receipt.body == POISON))
    assert (row.state, row.readings) == ("quarantined", 1)
    assert row.reason == reason
    assert len(outcomes(database)) == 6
    assert normalize_pending(database, CONNECTIONS, now=START) == 0
