"""Freshness and soundness, and what dialers last reported of campaigns and queues."""

import pytest
from marshmallow import Schema

from dialers.base import Connection, Dialer, Reading
from dialers.registry import DIALERS
from leads import loads
from lib import ids
from models import LeadLoad, LoadedLead, Receipt, SendingDesk
from models.polls import HISTORY
from models.strangers import STRANGERS
from outcomes.receipts import replay_one
from queries import health, keyset, leads_in_doubt, receipt_counts, statuses
from tests.factories import NOON, campaign, minutes, poll, queue, receipt
from tests.web.conftest import CONNECTIONS


def connections(database, now=NOON):
    with database.read() as session:
        return {found["name"]: found for found in health.connections(session, CONNECTIONS, now)}


def test_a_connection_that_was_never_heard(database):
    found = connections(database)
    assert list(found) == ["qvoice-main", "ryng-main"]
    assert found["ryng-main"]["last_callback"] == "no callback yet"
    assert found["qvoice-main"]["last_callback"] == "posts no callbacks"
    assert found["ryng-main"]["callback_kinds"] == ["connect", "terminal"]
    assert found["ryng-main"]["configured"] is True


def test_the_last_callback_is_never_a_stranger(database):
    with database.write() as session:
        receipt(session, received_at=NOON - minutes(5))
        receipt(session, kind="connect", received_at=NOON - minutes(9))
        receipt(session, received_at=NOON, stranger=True, state="quarantined")
    found = connections(database)["ryng-main"]
    assert found["last_callback"] == "last callback 5 min ago"
    assert found["last_callback_at"] == "2026-11-18T11:55:00Z"
    assert found["quarantined"] == 0


def test_receipts_by_state(database):
    with database.write() as session:
        receipt(session)
        receipt(session, state="pending")
        receipt(session, state="quarantined", reason="unparseable")
        receipt(session, state="quarantined", stranger=True, connection="made-up", kind="made-up")
    found = connections(database)
    counts = {"pending": 1, "normalized": 1, "duplicate": 0, "ignored": 0, "quarantined": 1, "dismissed": 0}
    assert found["ryng-main"]["receipts"] == counts
    assert "made-up" not in found
    with database.read() as session:
        strangers = [row for row in receipt_counts.by_state(session) if row["connection"] == STRANGERS]
    assert [(row["kind"], row["receipts"]) for row in strangers] == [(STRANGERS, 1)]


def test_what_is_still_being_counted_is_no_zero(database):
    with database.write() as session:
        receipt(session)
        receipt(session, state="quarantined", reason="unparseable")
    with database.read() as session:
        few = receipt_counts.open_ones(session)
        found = health.connections(session, CONNECTIONS, NOON, counts=few, all_counted=False)
    (ryng,) = [one for one in found if one["name"] == "ryng-main"]
    assert ryng["receipts"] == {
        "pending": 0,
        "normalized": None,
        "duplicate": None,
        "ignored": None,
        "quarantined": 1,
        "dismissed": 0,
    }


def test_a_connection_that_is_no_longer_configured_is_still_shown(database):
    with database.write() as session:
        receipt(session, connection="old")
    found = connections(database)["old"]
    assert (found["configured"], found["dialer"], found["receipts"]["normalized"]) == (False, None, 1)
    assert found["last_callback_at"] == "2026-11-18T12:00:00Z"


def test_what_a_connection_offers(database):
    found = connections(database)
    assert found["ryng-main"]["offers"] == ["callbacks"]  # without api_url and access_token
    assert found["qvoice-main"]["offers"] == DIALERS["qvoice"].offers


@pytest.mark.parametrize(
    ("dialer", "settings", "offers", "lacks"),
    [
        ("ryng", {"api_url": "https://acme.ryng.in", "access_token": "t"}, {"leads", "campaigns", "start_call"}, set()),
        ("ryng", {"api_url": "https://acme.ryng.in", "access_token": None}, {"callbacks"}, {"leads", "start_call"}),
        ("voipex", {"poll_calls": True}, {"callbacks", "reports", "campaigns"}, set()),
        ("voipex", {"poll_calls": False}, {"callbacks", "campaigns"}, {"reports"}),
    ],
)
def test_what_it_offers_is_what_its_settings_allow(database, dialer, settings, offers, lacks):
    with database.read() as session:
        (found,) = health.connections(session, {"one": Connection("one", dialer, settings)}, NOON)
    assert offers <= set(found["offers"]) and not lacks & set(found["offers"])


def test_how_sending_goes(database):
    with database.write() as session:
        session.add(
            SendingDesk(connection="ryng-main", next_at=NOON, failures=2, error_id="unavailable", error="Away.")
        )
        parked = {"campaign": "1", "options": {}, "total": 1, "created_at": NOON, "state": "parked"}
        session.add_all(LeadLoad(id=ids.new(), connection=name, **parked) for name in ("ryng-main", "old", "old"))
        poll(session, connection="old")
    found = connections(database)
    told = {"failures": 2, "error_id": "unavailable", "error": "Away.", "parked_loads": 1}
    assert found["ryng-main"]["sending"] == told | leads_in_doubt.NO_DOUBT
    assert found["old"]["sending"] == health.NOTHING_SENT | {"parked_loads": 2}


def test_a_connection_that_takes_no_leads_has_no_desk(database, monkeypatch):
    monkeypatch.setitem(DIALERS, "silent", Dialer("silent", Schema, read=lambda *_: Reading()))
    voiceless = {"silent": Connection("silent", "silent")}
    with database.read() as session:
        (found,) = health.connections(session, voiceless, NOON)
    assert (found["offers"], found["sending"]) == ([], None)


@pytest.mark.parametrize(
    "complete_to, words",
    [
        (NOON - minutes(78), "lead history complete to 10:42 UTC"),
        (NOON - minutes(24 * 60), "lead history complete to 2026-11-17 12:00 UTC"),
        (None, "lead history not read yet"),
    ],
)
def test_how_far_a_report_is_read(database, complete_to, words):
    with database.write() as session:
        poll(session, complete_to=complete_to, failures=3, error_id="unavailable", error="It did not answer.")
    (found,) = connections(database)["qvoice-main"]["polls"]
    assert found["words"] == words
    assert (found["failures"], found["error"]) == (3, "It did not answer.")


def test_the_oldest_pending_receipt(database):
    with database.write() as session:
        receipt(session, received_at=NOON - minutes(99))
        receipt(session, received_at=NOON - minutes(3), state="pending")
        receipt(session, received_at=NOON, state="pending")
    with database.read() as session:
        assert receipt_counts.oldest_pending(session) == NOON - minutes(3)


def test_what_was_sent_back_to_be_read_again_is_not_said_to_wait_since_it_came(database):
    with database.write() as session:
        long_ago = receipt(session, received_at=NOON - minutes(9_000))
        came_back = receipt(session, received_at=NOON - minutes(9_000))
    with database.write() as session:
        replay_one(session, long_ago.id)
        row = session.get_one(Receipt, came_back.id)
        row.state, row.seen_at = "pending", NOON - minutes(2)  # as polling revives a record
    with database.read() as session:
        assert session.get_one(Receipt, long_ago.id).state == "pending"
        assert receipt_counts.oldest_pending(session) == NOON - minutes(2)


@pytest.mark.parametrize(
    "read, make, key", [(statuses.campaigns, campaign, "campaign_id"), (statuses.queues, queue, "queue_id")]
)
def test_only_the_last_snapshot_is_shown(database, read, make, key):
    with database.write() as session:
        make(session, **{key: "1"}, name="before")
        make(session, **{key: "1"}, name="after", seen_at=NOON + minutes(1))
        make(session, **{key: "2"}, name="other")
        make(session, **{key: "1"}, name="elsewhere", connection="qvoice-two")
    with database.read() as session:
        assert [row["name"] for row in read(session).rows] == ["after", "other", "elsewhere"]
        assert [row["name"] for row in read(session, ["qvoice-two"]).rows] == ["elsewhere"]
        first = read(session, limit=2)
        second = read(session, cursor=first.next, limit=2)
        assert [row["name"] for row in first.rows + second.rows] == ["after", "other", "elsewhere"]
        assert second.next is None
        with pytest.raises(keyset.BadCursor):
            read(session, cursor=keyset.encode("-receipts", "1"))


def test_what_an_older_release_stored_with_a_secret_is_shown_without_it(database):
    token = "of-ours-and-of-nobody-else"
    one = Connection("ryng-main", "ryng", {"api_url": "https://r.example"}, callback_tokens=(token,))
    said = f"It refused https://w.example/callbacks/ryng-main/{token}/terminal."
    shown = "It refused https://w.example/callbacks/ryng-main/***/terminal."
    with database.write() as session:
        poll(session, connection=one.name, error=said, error_id="asked_wrongly", warning=said)
        poll(session, connection=one.name, layer=f"{HISTORY}2026-01-01/2026-02-01", error=said)
        session.add(SendingDesk(connection=one.name, next_at=NOON, failures=1, error_id="declined", error=said))
        load = LeadLoad(
            id=ids.new(), connection=one.name, options={}, total=1, state="parked", reason=said, created_at=NOON
        )
        session.add(load)
        session.flush()
        lead = LoadedLead(
            id=ids.new(), load_id=load.id, connection=one.name, ordinal=1, number="+1", number_raw="1", given={}
        )
        lead.state, lead.reason = "rejected", said
        session.add(lead)
    with database.read() as session:
        (found,) = health.connections(session, {one.name: one}, NOON)
    assert (found["polls"][0]["error"], found["polls"][0]["warning"]) == (shown, shown)
    assert found["histories"][0]["error"] == found["sending"]["error"] == shown
    with database.read() as session:
        (listed,) = loads.page(session, {one.name: one}, None, 10)["loads"]
        whole = loads.shown(session, {one.name: one}, load.id)
    assert listed["reason"] == shown
    assert (whole["reason"], whole["leads"][0]["reason"]) == (shown, shown)
