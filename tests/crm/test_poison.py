"""What is wrong with one delivery, or was wrong with the clock, stops no other. On both databases."""

import json
import threading
import time
from dataclasses import replace

import pytest
from flask import Flask, request
from marshmallow import Schema

from crm.base import Crm, Done, Limit
from crm.destination import Destination
from crm.registry import CRMS
from lib.http.errors import Unavailable, Uncertain
from sandbox.server import running
from sandbox.webhook.receiver import SECRET
from service import worker
from tests.crm.engine import told

NUMBER = "+919810012345"
MONTH = 30 * 86_400


class Touchy:
    """A kind whose batches fail as a whole wherever notes say so: it raises, or answers what no database keeps."""

    def __init__(self):
        self.seen = []

    def post(self, client, events):
        notes = [event.outcome["notes"] for event in events]
        if "raises" in notes:
            raise ZeroDivisionError
        if "answered by a 500" in notes:
            raise Uncertain("It failed to answer (500).")
        if "asked about in vain" in notes:
            raise Unavailable("It failed to answer (500).")
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


@pytest.mark.parametrize("poison", ["raises", "answers nonsense", "answered by a 500", "asked about in vain"])
def test_a_record_at_which_a_batch_fails_holds_up_no_other(engine, touchy, poison):
    destination, events = touchy
    for at in range(12):
        engine.made(notes=poison if at == 3 else f"call {at}")
    for _ in range(12):
        rows = engine.run(destination)
        if [row.state for row in rows].count("done") == 11:
            break
        engine.later(130)
    assert rows[3].state == ("pending" if poison == "asked about in vain" else "unknown")
    assert {row.state for row in rows if row is not rows[3]} == {"done"}
    assert ("500" if "500" in poison or "vain" in poison else "fault of Wrapup") in rows[3].answer


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
    hubspot.faults.set({"unavailable": {}})
    engine.later(MONTH)
    engine.made(customer_number=NUMBER)
    assert engine.run(again)[1].state == "pending"
    engine.later(-MONTH)
    hubspot.faults.set({})
    assert told(engine.run(again)) == [("log_call", "done", None)] * 2


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


def test_events_that_are_never_answered_in_time_stop_no_others(engine):
    app, took = Flask("receiver"), []

    @app.post("/")
    def take():
        notes = json.loads(request.data)["data"]["outcome"]["notes"]
        if notes == "slow":
            hanging.wait(10)
        took.append(notes)
        return "", 204

    hanging = threading.Event()
    with running(app, keeping=True) as url:
        own = {"url": url + "/", "secrets": [SECRET], "allow_private_addresses": True, "requests_per_second": 10_000}
        settings = CRMS["webhook"].settings().load(own) | {"timeout_seconds": 0.4, "at_once": 2}
        hook = Destination("hook", "webhook", settings)
        engine.started(hook)
        for at in range(24):
            engine.made(notes="slow" if at < 4 else f"call {at}")
        for _ in range(8):
            rows = engine.run(hook)
            engine.later(8)
        hanging.set()
    assert [row.state for row in rows] == ["pending"] * 4 + ["done"] * 20
    assert {row.attempts for row in rows[4:]} == {1}  # who was not posted has not been tried
    assert sorted(set(took) - {"slow"}) == sorted(f"call {at}" for at in range(4, 24))
