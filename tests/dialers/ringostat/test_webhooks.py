"""Ringostat's webhooks: every form, every name, and what they are sent at."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from dialers.base import Evidence, Unreadable
from dialers.ringostat import DIALER, NAMES
from tests.dialers.ringostat.stage import INCOMING, account

PAYLOADS = Path(__file__).parents[2] / "payloads" / "ringostat"
CALL = {"uniqueid": "1795000000.71", "calldate": "2026-11-18 12:00:00"}


def told(body=b"", query=None, content_type="application/json", connection=None, method="POST"):
    """The events of a webhook."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DIALER.read(Evidence("callback", "call", raw, content_type, query, method), connection or account()).events


def test_every_form_of_a_webhook_says_the_same():
    given = {"uniqueid": "7", "call_type": "out", "caller": '"olena" <olena>', "dst": "380671234567"}
    given |= {"disposition": "NO ANSWER", "billsec": "0", "calldate": "2026-11-18 12:00:00"}
    form = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in given.items())
    inner = {name: value for name, value in given.items() if name not in ("uniqueid", "calldate")}
    nested = {name: given[name] for name in ("uniqueid", "calldate")} | {"additional_call_data": inner}
    in_form = form.replace("dst=", "additional_call_data[dst]=")
    said = told(given)
    assert said[0].facts["agent_username"] == "olena"
    assert told(query=form, content_type=None, method="GET") == said
    assert told(form.encode(), content_type="application/x-www-form-urlencoded") == said
    assert told(in_form.encode(), content_type="application/x-www-form-urlencoded") == said
    assert told({"jsonrpc": "2.0", "id": 1, "method": "call", "params": given}) == said
    assert told({"jsonrpc": "2.0", "id": 1, "method": "call", "params": [given]}) == said
    assert told(nested) == said
    parts = [
        f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in given.items()
    ]
    multipart = ("".join(parts) + "--cut--\r\n").encode()
    assert told(multipart, content_type="multipart/form-data; boundary=cut") == said
    assert told([given], content_type=None) == said


def test_the_names_of_webhooks_2_0():
    (ended,) = told((PAYLOADS / "webhook_nested.json").read_bytes())
    facts = ended.facts
    assert (facts["connect_outcome"], facts["talk_seconds"]) == ("connected", 95)
    assert facts["customer_number"] == "+380671234567"
    assert facts["recording_url"] == "https://recordings.example.test/71.mp3"


def test_parameters_that_the_admin_renamed():
    names = {"id": "call", "customer": "klient", "disposition": "stav", "billsec": "hovor", "calldate": "kdy"}
    body = {"call": 7, "klient": "380671234567", "stav": "BUSY", "hovor": 0, "kdy": "18.11.2026 12:00:00"}
    (ended,) = told(body | {"disposition": "of another kind"}, connection=account(webhook_fields=names))
    assert ended.keys == ("uniqueid:7",)
    assert ended.facts["started_at"] == "2026-11-18T12:00:00Z"
    assert (ended.facts["customer_number"], ended.facts["connect_outcome"]) == ("+380671234567", "busy")


IN = {"call_type": "in", "caller": "380671234567", "dst": "380440000000", "connected_with": "olena"}
OUT = {"call_type": "out", "caller": '"olena" <olena>', "dst": "380671234567"}


@pytest.mark.parametrize("customer", [None, "caller", "dst", "connected_with", "who"])
@pytest.mark.parametrize(
    ("row", "agent"),
    [
        (IN, {"agent_username": "olena"}),
        (IN | {"connected_with": "380501112233"}, {"agent_number": "380501112233"}),
        (OUT, {"agent_username": "olena"}),
        (OUT | {"caller": "olena"}, {"agent_username": "olena"}),
        (OUT | {"caller": "380501112233"}, {"agent_number": "380501112233"}),
        (OUT | {"caller": "101", "call_type": "transitout"}, {"agent_number": "101"}),
    ],
)
def test_whichever_parameter_is_the_customer_our_own_end_is_none(customer, row, agent):
    """``caller``, as the settings' example has it, is the customer of incoming calls only."""
    names = {"webhook_fields": {"customer": customer}} if customer else {}
    body = CALL | row | {"disposition": "ANSWERED"} | ({"who": "380671234567"} if customer == "who" else {})
    form = "&".join(f"{name}={quote(value)}" for name, value in body.items())
    for sent, kind in ((body, "application/json"), (form.encode(), "application/x-www-form-urlencoded")):
        (found,) = told(sent, content_type=kind, connection=account(**names))
        assert (found.facts["customer_number"], found.facts["customer_number_raw"]) == ("+380671234567", "380671234567")
        assert {name: fact for name, fact in found.facts.items() if name in ("agent_username", "agent_number")} == agent


def test_a_customer_who_is_no_number_is_kept_for_what_it_is():
    (found,) = told(CALL | OUT | {"userfield": "regular customer"})
    assert (found.facts["customer_number"], found.facts["custom_fields"]["customer"]) == (
        "+380671234567",
        "regular customer",
    )
    (hidden,) = told(CALL | {"call_type": "in", "userfield": "anonymous"})
    assert hidden.facts["customer_number_raw"] == "anonymous" and "customer" not in hidden.facts["custom_fields"]
    undirected = {name: value for name, value in OUT.items() if name != "call_type"}
    (found,) = told(CALL | undirected, connection=account(webhook_fields={"customer": "caller"}))
    assert "customer_number_raw" not in found.facts


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("before_call", "dialed"),
        ("forwarding", "dialed"),
        ("After-Call", "call_ended"),
        ("pick_up", "agent_answered"),
        ("after_call", "call_ended"),
        ("after_rating", "call_ended"),
    ],
)
def test_the_url_says_what_the_webhook_is_sent_at(event, kind):
    (found,) = told({**CALL, "disposition": "ANSWERED"}, query=f"event={event}")
    assert found.kind == kind
    assert found.facts["connect_outcome"] == ("connected" if kind == "call_ended" else "in_progress")


@pytest.mark.parametrize("query", ["event=afterCall", "action=hangup"])
def test_an_event_that_nobody_knows_waits_for_a_person(query):
    """The static parameter is the tenant's own to write; which ``action`` Webhooks 2.0 has, no page says."""
    said = query.partition("=")[2]
    (event,) = told(CALL, query=query)
    assert (event.kind, event.facts["_word"]) == ("dialed", said)
    (ended,) = told({**CALL, "disposition": "ANSWERED"}, query=query)
    assert (ended.kind, ended.facts["_word"]) == ("call_ended", said)


def test_without_an_event_a_status_is_the_end_of_a_call():
    assert told(CALL)[0].kind == "dialed"
    assert told({**CALL, "disposition": "IN PROGRESS"})[0].kind == "dialed"
    assert told({**CALL, "disposition": "BUSY"})[0].kind == "call_ended"


def test_an_end_that_says_nothing_of_the_call_is_unknown():
    assert told({**CALL, "billsec": 5}, query="event=after_call")[0].facts["connect_outcome"] == "unknown"


def test_a_probe_of_the_url_is_ignored():
    assert DIALER.read(Evidence("callback", "call", b"", method="GET"), account()).ignored == "empty_body"


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{", "unparseable"), (b"[1,2]", "not_an_object"), (b"a=1&" * 2000, "too_many_parameters")],
)
def test_what_cannot_be_read(body, reason):
    with pytest.raises(Unreadable) as refused:
        told(body, content_type=None)
    assert refused.value.reason == reason


def test_what_was_written_twice_is_kept_as_a_conflict():
    (found,) = told(b'{"uniqueid":"7","uniqueid":"7","disposition":"BUSY","disposition":"FAILED"}')
    assert found.facts["_conflicts"] == {"disposition": ["BUSY", "FAILED"]}


@pytest.mark.parametrize("body", [{}, {"calldate": "2026-11-18 12:00:00"}, {"uniqueid": ""}, {"uniqueid": None}])
def test_a_call_without_an_id_is_not_understood(body):
    with pytest.raises(Unreadable) as refused:
        told(body)
    assert refused.value.reason == "no_call_id"


def test_every_column_of_a_usual_call_may_be_renamed():
    assert set(INCOMING) - set(NAMES) == {"department", "has_recording"}  # nobody reads these but people
