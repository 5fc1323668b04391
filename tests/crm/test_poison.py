"""What is wrong with one delivery, or was wrong with the clock, stops no other. On both databases."""

import threading
import time
from dataclasses import replace

import pytest
from marshmallow import Schema

from crm.base import Crm, Done, Limit
from crm.destination import Destination
from crm.registry import CRMS
from service import worker
from tests.crm.engine import told

NUMBER = "+919810012345"
MONTH = 30 * 86_400


class Touchy:
    """A kind that is at fault wherever notes say so: it raises, or answers what no database keeps."""

    def __init__(self):
        self.seen = []

    def post(self, client, events):
        notes = [event.outcome["notes"] for event in events]
        if "raises" in notes:
            raise ZeroDivisionError
        self.seen += notes
        return [
            Done("\ud800" if said == "answers nonsense" else event.id)
            for event, said in zip(events, notes, strict=True)
        ]


@pytest.fixture
def touchy(engine, monkeypatch):
    events = Touchy()
    kind = Crm(
        "touchy", Schema, lambda *_: None, lambda _: "touchy", lambda _: {"requests": Limit(10, 1.0)}, 8, events=events
    )
    monkeypatch.setitem(CRMS, "touchy", kind)
    found = Destination("touchy", "touchy")
    engine.started(found)
    return found, events


@pytest.mark.parametrize("poison", ["raises", "answers nonsense"])
def test_a_record_at_which_we_fail_holds_up_no_other(engine, touchy, poison):
    destination, events = touchy
    for at in range(20):
        engine.made(notes=poison if at == 3 else f"call {at}")
    for _ in range(14):
        rows = engine.run(destination)
        engine.later(130)
    assert [row.state for row in rows] == ["unknown" if at == 3 else "done" for at in range(20)]
    assert set(events.seen) >= {f"call {at}" for at in range(20) if at != 3}
    assert "fault of Wrapup" in rows[3].answer
    engine.later(3 * 3600)
    engine.made(notes="one more")
    engine.run(destination)
    engine.later(130)
    assert [row.state for row in engine.run(destination)].count("done") == 20
    engine.later(130)
    asked = len(events.seen)
    engine.run(destination)
    assert len(events.seen) == asked  # what we fail at is tried less and less often


@pytest.mark.parametrize("path", ["/account-info/2026-09/details", "/calling/v1/dispositions"])
def test_an_agent_that_is_called_like_something_of_hubspots(engine, hubspot, sales, path):
    engine.made(customer_number=NUMBER, agent_email=path)
    engine.made(customer_number=NUMBER)
    assert told(engine.run(sales)) == [("log_call", "done", None)] * 2


def test_what_a_clock_that_was_ahead_has_put_off_is_not_waited_for(engine, hubspot, sales):
    engine.later(MONTH)
    engine.made(customer_number=NUMBER)
    engine.follow(sales)
    engine.later(-MONTH)
    again = replace(sales, owners={"x": "1"})  # as a worker that is started anew
    assert told(engine.run(again)) == [("log_call", "done", None)]


def test_a_day_that_was_spent_by_a_clock_that_was_ahead_is_over(engine, hubspot, sales):
    hubspot.faults.set({"token_revoked": {}})
    engine.made(customer_number=NUMBER)
    engine.later(MONTH)
    assert told(engine.run(sales)) == [("log_call", "parked", "credentials_refused")]
    hubspot.faults.set({})
    engine.later(-MONTH)
    assert told(engine.run(replace(sales, owners={"x": "1"}))) == [("log_call", "done", None)]


def test_several_that_hang_at_the_end_are_waited_for_together():
    hanging = threading.Event()
    threads = [threading.Thread(target=hanging.wait, daemon=True) for _ in range(30)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    worker.wait_for(threads, 0.2)
    assert time.monotonic() - began < 2
    hanging.set()
    worker.wait_for(threads, 10)
    assert not any(thread.is_alive() for thread in threads)
