"""What persons do over HTTP is noted: every route that writes says as which act, and its note stands there with who it was."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from lib import clock, ids
from lib.phone_spellings import Spellings
from models import Audit, audit
from models.access import SCOPES
from models.audit import ACTS, Actor
from tests import evidence
from web.auth import API

URL = f"{API}/audit"
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
NOT_NOTED = {
    ("POST", f"{API}/connections/<name>/check"): "it asks a dialer, and changes nothing",
}


def notes(database):
    with database.read() as session:
        return list(session.scalars(select(Audit).where(Audit.act.not_like("key.%")).order_by(Audit.id)))


def test_every_route_that_writes_says_as_which_act_it_is_noted(asked):
    app, _ = asked
    views = {
        (method, rule.rule): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(API)
        for method in rule.methods & WRITES
    }
    assert len(views) > 30 and all(view.scope in SCOPES for view in views.values())
    found = {one: view.act for one, view in views.items()}
    assert {one for one, act in found.items() if act is None} == set(NOT_NOTED)
    assert {act for act in found.values() if act} <= set(ACTS)


def a_call(database):
    evidence.keep(database, evidence.receipt(evidence.terminal(1, 11)))
    evidence.normalize(database)


def test_what_is_done_is_noted_with_who_and_from_where(admin, database):
    a_call(database)
    view = {"name": "All calls", "kind": "outcomes", "query": {}}
    view_id = admin.post(f"{API}/views", json=view).json["view"]["id"]
    admin.put(f"{API}/views/{view_id}", json={"name": "Every call"})
    link_id = admin.post(f"{API}/export-links", json={"view_id": view_id, "name": "Excel"}).json["link"]["id"]
    admin.delete(f"{API}/export-links/{link_id}")
    admin.delete(f"{API}/views/{view_id}")
    admin.post(f"{API}/receipts/replay", json={"state": "normalized"})
    word = {"field": "disposition", "word": "Interested", "flags": ["sale"]}
    admin.put(f"{API}/connections/ryng-main/words", json=word)
    put = admin.post(f"{API}/suppressions", json={"numbers": ["+919812345678"], "reason": "Asked for it"})
    assert put.status_code == 201
    admin.delete(f"{API}/suppressions/+919812345678")
    load = {"leads": [{"number": "+919812345670"}]}
    load_id = admin.post(f"{API}/campaigns/qvoice-main/7/leads", json=load).json["load_id"]
    admin.post(f"{API}/loads/{load_id}/unknown", json={"decision": "accepted"})
    found = notes(database)
    assert [note.act for note in found] == [
        "view.create",
        "view.change",
        "export_link.make",
        "export_link.revoke",
        "view.remove",
        "receipts.replay",
        "mapping.decide",
        "suppression.put",
        "suppression.take_off",
        "load.create",
        "leads.decide_unknown",
    ]
    assert {(note.who, note.source) for note in found} == {("admin", "127.0.0.1")}
    assert all(note.key_id and note.request_id for note in found)
    by_act = {note.act: note for note in found}
    assert (by_act["receipts.replay"].count, by_act["receipts.replay"].details) == (1, {"state": "normalized"})
    assert by_act["load.create"].subject == by_act["leads.decide_unknown"].subject == load_id
    assert by_act["mapping.decide"].details == {"field": "disposition", "word": "Interested", "meaning": ["sale"]}
    told = json.dumps([[note.subject, note.details] for note in found])
    assert "9812345" not in told and by_act["suppression.put"].subject == "+9198******78"


def test_what_is_refused_or_only_looked_at_leaves_no_note(admin, reader, database):
    a_call(database)
    assert reader.post(f"{API}/receipts/replay", json={"state": "normalized"}).status_code == 403
    assert admin.post(f"{API}/receipts/replay", json={}).status_code == 422
    assert admin.post(f"{API}/receipts/{ids.new()}/replay").status_code == 404
    assert admin.post(f"{API}/loads/{ids.new()}/resume").status_code == 404
    assert admin.post(f"{API}/suppressions?dry_run=true", json={"numbers": ["+919812345678"]}).status_code == 200
    assert notes(database) == []


def test_commands_to_dialers_are_noted_before_they_leave(admin, database):
    """Nobody listens there, so the dialer's answer never comes: who asked is known all the same."""
    sent = admin.put(f"{API}/leads/qvoice-main/7/status", json={"status": "INTERESTED"})
    assert sent.status_code == 503
    [note] = notes(database)
    assert (note.act, note.connection, note.subject, note.details) == (
        "lead.set_status",
        "qvoice-main",
        "7",
        {"status": "INTERESTED"},
    )


def test_no_number_of_who_is_called_stands_in_a_note_for_ever(admin, database):
    """Notes are never changed, also not where a person is erased; and some dialers name calls and leads by numbers."""
    admin.put(f"{API}/leads/qvoice-main/919800012345/status", json={"status": "Call back at +91 98000-12345"})
    word = {"field": "disposition", "word": "Call +91 98000-12345", "flags": ["sale"]}
    assert admin.put(f"{API}/connections/ryng-main/words", json=word).status_code == 202
    found = [(note.subject, note.details) for note in notes(database)]
    assert found[0] == ("91980*****45", {"status": "Call back at +91 9********45"})
    assert found[1][1]["word"] == "Call +91 9********45"
    assert not Spellings("+919800012345").within(json.dumps([details for _, details in found]))


@pytest.fixture
def five(database):
    """Acts of two, an hour apart."""
    now = clock.now()
    with database.write() as session:
        for hours, who in enumerate(["Alice", "Bob", "Alice", "=Carol", "Alice"]):
            act = "poll.now" if hours % 2 else "receipts.replay"
            happened = now - timedelta(hours=5 - hours)
            session.add(Audit(id=ids.new(), happened_at=happened, who=who, source="cli", act=act, details={"a": hours}))
    return now


def test_listed_page_by_page_and_filtered(admin, reader, five):
    assert reader.get(URL).status_code == 403
    first = admin.get(f"{URL}?who=Alice&limit=2").json
    assert [note["details"]["a"] for note in first["notes"]] == [4, 2]
    second = admin.get(f"{URL}?who=Alice&limit=2&cursor={first['next']}").json
    assert ([note["details"]["a"] for note in second["notes"]], second["next"]) == ([0], None)
    assert len(admin.get(f"{URL}?act=poll.now&who=Bob&who=%3DCarol").json["notes"]) == 2
    since, until = (clock.iso(five - timedelta(hours=hours)) for hours in (4.5, 2.5))
    assert [n["details"]["a"] for n in admin.get(f"{URL}?since={since}&until={until}").json["notes"]] == [2, 1]
    assert admin.get(f"{URL}?act=coffee.make").status_code == 422
    assert admin.get(f"{URL}?cursor=abc").status_code == 422


def test_exported_in_whole(admin, five, monkeypatch):
    monkeypatch.setattr("queries.audit._PIECE", 2)
    http = {"environ_overrides": {"SERVER_PROTOCOL": "HTTP/1.1"}}
    lines = admin.get(f"{URL}/export?format=ndjson&who=Alice", **http).text.splitlines()
    assert [json.loads(line)["details"]["a"] for line in lines] == [4, 2, 0]
    answer = admin.get(f"{URL}/export", **http)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["who"] for row in rows if row["act"] in ("poll.now", "receipts.replay")] == [
        "Alice",
        "'=Carol",
        "Alice",
        "Bob",
        "Alice",
    ]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_whoever_acts_is_forgotten_with_the_request(admin, database):
    audit.acts_as(Actor("somebody before", "192.0.2.1"))
    admin.get(URL)
    admin.post(f"{API}/views", json={"name": "All calls", "kind": "outcomes", "query": {}})
    assert [note.who for note in notes(database)] == ["admin"]
    audit.acts_as(None)
