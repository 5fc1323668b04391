"""What is said of a destination is so: in the states in which it could easily be otherwise. On both databases."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
import structlog
from structlog.testing import LogCapture

from crm import sharing, steering
from crm.desk import OtherKind
from crm.destination import Rule
from crm.history import send
from crm.registry import CRMS
from crm.undoing import Undoing
from models import Delivery
from queries import delivery_counts, destinations
from sandbox.webhook.receiver import SECRET
from tests.crm.engine import hubspot_of, told, webhook_of
from tests.factories import NOON

NUMBER, NOBODYS = "+919810012345", "+919810099999"


def shown(engine, destination):
    with engine.database.read() as session:
        counts = delivery_counts.counted(session)
        kinds = {destination.name: destination.kind}
        (found,) = destinations.destinations(session, kinds, counts, 0.0, engine.now())
    return found


def test_what_is_paused_while_much_is_sent_stops_after_the_batch(engine, hook, receiver):
    for _ in range(110):
        engine.made()
    take = receiver.take

    def pausing(*request):
        steering.pause(engine.database, hook.name, "asha", engine.now())
        return take(*request)

    receiver.take = pausing
    engine.run(hook)
    batch = sharing.most(engine.database, 100)
    assert len(receiver.events) == batch
    assert shown(engine, hook)["lag"].startswith(f"All but {110 - batch} of 110 calls are in. Paused since")


def test_nothing_was_taken_where_nothing_was_sent(engine, hubspot, sales):
    engine.made(customer_number=NOBODYS)
    assert told(engine.run(sales)) == [("log_call", "held", "nobody_found")]
    assert shown(engine, sales)["sent_at"] is None
    hubspot.required.append({"object": "calls", "when": {}, "need": ["department"]})
    engine.made(customer_number=NUMBER)
    assert engine.run(sales)[-1].state == "refused"
    assert shown(engine, sales)["sent_at"] is None
    hubspot.required.clear()
    engine.made(customer_number=NUMBER)
    assert engine.run(sales)[-1].state == "done"
    assert shown(engine, sales)["sent_at"] is not None


def test_a_call_that_was_merged_is_no_call_that_is_in(engine, hubspot, sales):
    one, other = (engine.made(customer_number=NUMBER) for _ in range(2))
    engine.run(sales)
    engine.changed(one, merged_into=other)
    engine.follow(sales)
    assert shown(engine, sales)["lag"] == "All but 1 of 2 calls are in."
    engine.run(sales)
    assert len(hubspot.calls()) == 1
    found = shown(engine, sales)
    assert (found["lag"], found["calls"], found["calls_in"]) == ("The only call is in.", 1, 1)


def test_since_is_that_of_the_first_start(engine, hubspot):
    sales = hubspot_of(hubspot)
    engine.started(sales)
    later = replace(sales, since=engine.now() + timedelta(days=1))
    engine.made(customer_number=NUMBER, started_at=NOON)
    assert told(engine.run(later)) == [("log_call", "done", None)]
    assert shown(engine, later)["since"] is None


def test_what_history_has_sent_is_followed_whatever_since_says(engine, hubspot):
    status = (
        Rule("flag", "sale", {"hs_lead_status": "CONNECTED"}),
        Rule("flag", "dnc", {"hs_lead_status": "BAD_TIMING"}),
    )
    sales = hubspot_of(hubspot, since=NOON, status=status)
    engine.started(sales)
    before = NOON - timedelta(days=1)
    call = engine.made(customer_number=NUMBER, started_at=before, flags=["sale"])
    assert engine.run(sales) == []
    assert list(send(engine.database, sales, before, NOON, engine.now))
    engine.run(sales)
    engine.changed(call, flags=["dnc"])
    engine.run(sales)
    assert hubspot.statuses("101")[-2:] == ["CONNECTED", "BAD_TIMING"]


def test_another_kind_under_the_same_name_is_sent_nothing_and_says_so(engine, hubspot, receiver, sales):
    engine.made(customer_number=NUMBER)
    engine.run(sales)
    engine.made(customer_number=NOBODYS)
    other = webhook_of(receiver, sales.name)
    assert told(engine.run(other)) == [("log_call", "done", None)]
    assert receiver.events == []
    found = shown(engine, other)
    assert (found["state"], found["behind"], found["error"]) == ("other_kind", None, None)
    assert found["lag"] == (
        "The only call is in. It was started as a hubspot, and the settings say webhook: nothing is sent. Give the new one a "
        "name of its own."
    )
    for act in (
        lambda: list(send(engine.database, other, NOON, NOON)),
        lambda: list(Undoing(engine.database, other, True).run([])),
    ):
        with pytest.raises(OtherKind, match="was started as a hubspot"):
            act()
    assert told(engine.run(sales))[-1] == ("log_call", "held", "nobody_found")


def test_resuming_says_that_a_spent_quota_is_there_again(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"daily_spent": {"times": 1}})
    assert told(engine.run(sales)) == [("log_call", "parked", "quota_spent")]
    steering.resume(engine.database, sales.name, engine.now(), CRMS["hubspot"].portal(sales))
    assert told(engine.run(sales)) == [("log_call", "done", None)]


def test_no_secret_is_kept_whatever_a_receiver_repeats(engine, receiver, hook):
    bare = SECRET.removeprefix("whsec_")
    echoes = [
        bare,
        quote(SECRET, safe=""),
        json.dumps({"said": SECRET}),
        base64.b64encode(SECRET.encode()).decode(),
        bare[:20],
    ]
    echoes.append(SECRET.upper())
    for said in echoes:
        receiver.take = lambda *_, said=said: (400, f"You signed with {said}")
        engine.made()
        (row,) = [one for one in engine.run(hook) if one.state == "refused" and one.answer and not one.before]
        assert "You signed with" in row.answer and bare[:10].lower() not in row.answer.lower(), said
        assert "whsec_" not in row.answer and quote(bare[:20]) not in row.answer
        engine.set(Delivery, Delivery.id == row.id, state="undone")


def test_no_secret_and_nobodys_number_stands_in_a_log(engine, hubspot, sales, monkeypatch):
    capture = LogCapture()
    with_causes = [structlog.processors.format_exc_info, capture]
    for module in ("crm.shifts", "crm.failing"):
        log = structlog.wrap_logger(None, with_causes, structlog.stdlib.BoundLogger)
        monkeypatch.setattr(f"{module}.log", log)
    token = next(iter(hubspot.tokens))
    for fault in ("token_revoked", "scope_missing", "daily_spent", "html", "drop_after", "server_error", "whole_batch"):
        engine.made(customer_number=NUMBER, notes="A word of theirs.")
        hubspot.faults.set({fault: {}})
        engine.run(sales)
        hubspot.faults.set({})
        steering.resume(engine.database, sales.name, engine.now(), CRMS["hubspot"].portal(sales))
    lines = str(capture.entries)
    assert "delivering_failed" in lines
    for word in (token, NUMBER, NUMBER[3:], "A word of theirs."):
        assert word not in lines
    rows = engine.rows(sales)
    assert not any(token in (row.answer or "") for row in rows) and token not in (engine.desk(sales).error or "")


def test_it_is_told_once_that_nothing_is_waited_for(engine, receiver, hook):
    call = engine.made(settling="never_disposed")
    engine.run(hook)
    engine.changed(call, settling="settled", disposition="Interested")  # which came late
    engine.run(hook)
    engine.changed(call, notes="Again.")
    engine.run(hook)
    assert [one.type for one in receiver.events] == [
        "call.outcome.settled",
        "call.outcome.changed",
        "call.outcome.changed",
    ]
