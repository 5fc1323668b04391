"""The quarantine: dismissing garbage, and whose token it was."""

import pytest

from lib import ids
from models.strangers import drop
from outcomes import receipts as sent_back
from outcomes import strangers
from queries import evidence, health, quarantine
from tests.evidence import RYNG, keep, normalize
from tests.evidence import receipt as evidence_of
from tests.factories import NOON, minutes, receipt


@pytest.mark.parametrize(
    "reason, said",
    [
        ("no_call_id", "which call"),  # it may say it, in a form that is no id
        ("no_event", "call it means"),  # VoIPEX says which call, and not what happened
        ("unknown_connection", "and replay what it sent"),  # which changes nothing: it stays under its name
    ],
)
def test_what_to_do_claims_nothing_that_may_not_be_so(reason, said):
    assert said not in quarantine.todo(reason)


def counted(database) -> dict[str, int]:
    with database.read() as session:
        (found,) = health.connections(session, {RYNG.name: RYNG}, NOON)
    return {state: found["receipts"][state] for state in ("quarantined", "dismissed")} | {"shown": found["quarantined"]}


def states(database, *wanted: str) -> list[str]:
    with database.read() as session:
        return [evidence.shown(row)["state"] for row in evidence.page(session, {"state": list(wanted)}).rows]


def test_garbage_that_is_dismissed_is_kept_counted_and_quiet(database):
    with database.write() as session:
        for number in range(3):
            receipt(session, state="quarantined", reason="unparseable", received_at=NOON - minutes(number))
        receipt(session, state="quarantined", reason="no_call_id")
        receipt(session)
    with database.write() as session:
        wanted = evidence.conditions({"reason": "unparseable"})
        assert sent_back.dismiss(session, wanted, "amy", NOON) == 3
        assert sent_back.dismiss(session, wanted, "bob", NOON) == 0  # it was said already, and by whom stays
    assert counted(database) == {"quarantined": 1, "dismissed": 3, "shown": 1}
    assert states(database, "quarantined") == ["quarantined"]
    assert states(database, "dismissed") == ["dismissed"] * 3
    assert len(states(database, "quarantined", "dismissed", "normalized")) == 5
    assert states(database, "normalized") == ["normalized"]
    with database.read() as session:
        (row, *_) = evidence.page(session, {"state": "dismissed"}).rows
    shown = evidence.shown(row)
    assert (shown["dismissed_by"], shown["dismissed_at"], shown["todo"]) == ("amy", "2026-11-18T12:00:00Z", None)


def test_only_what_is_in_quarantine_can_be_dismissed(database):
    with database.write() as session:
        good = receipt(session).id
    with database.write() as session:
        assert sent_back.dismiss_one(session, good, "amy", NOON).dismissed_at is None
        assert sent_back.dismiss_one(session, ids.new(), "amy", NOON) is None


def test_replaying_takes_it_back(database):
    (kept,) = [one.id for one in keep(database, evidence_of(b"{"))]
    normalize(database)
    with database.write() as session:
        sent_back.dismiss_one(session, kept, "amy", NOON)
    assert counted(database)["dismissed"] == 1
    with database.write() as session:
        assert sent_back.replay(session, evidence.conditions({"state": "dismissed"})) == 1
    normalize(database)
    assert counted(database) == {"quarantined": 1, "dismissed": 0, "shown": 1}


OLD, OURS, OTHERS, NEVER = "0ld", "0urs", "0thers", "never"


@pytest.mark.parametrize(
    ("fingerprint", "said"),
    [
        (OLD, "An outdated token of ours: it was one of this connection until after 2026-11-18 12:00 UTC."),
        (OURS, "The token is one of this connection's now."),
        (OTHERS, "It is the token of ringostat-kyiv, not of this one."),
        (
            NEVER,
            "The token was never one of ours for as long as tokens have been remembered: a stranger's, or mistyped.",
        ),
        (None, None),
    ],
)
def test_whose_token_it_was(database, fingerprint, said):
    current = {"ryng-main": [OURS], "ringostat-kyiv": [OTHERS]}
    headers = {"peer": "203.0.113.9", "x-forwarded-for": "198.51.100.7"}
    with database.write() as session:
        strangers.remember_tokens(session, {"ryng-main": [OLD, OURS]}, NOON)
        strangers.remember_tokens(session, current, NOON + minutes(60))
        sent = receipt(
            session,
            state="quarantined",
            reason="wrong_token",
            stranger=True,
            headers=headers | ({"token-fingerprint": fingerprint} if fingerprint else {}),
        )
        assert quarantine.sender(session, sent, current) == {
            "address": "203.0.113.9",
            "proxy": None,
            "forwarded_for": "198.51.100.7",
            "token": said,
        }
        assert quarantine.sender(session, receipt(session), current) is None


@pytest.mark.parametrize(
    ("fingerprint", "named"), [(OLD, True), (OURS, False), (OTHERS, True), (NEVER, False), (None, False)]
)
def test_a_dialer_with_a_token_that_is_not_in_force_is_named_on_its_connection(database, fingerprint, named):
    with database.write() as session:
        strangers.remember_tokens(session, {"ryng-main": [OLD, OURS]}, NOON)
        strangers.remember_tokens(session, {"ryng-main": [OURS], "ringostat-kyiv": [OTHERS]}, NOON + minutes(60))
        headers = {"token-fingerprint": fingerprint} if fingerprint else {}
        for n in range(2):
            came = {"received_at": NOON + minutes(60 + n), "headers": headers, "stranger": True}
            receipt(session, state="quarantined", reason="wrong_token", **came)
        strangers.share_out(session, [RYNG.name])

    def said() -> dict | None:
        with database.read() as session:
            (found,) = health.connections(session, {RYNG.name: RYNG}, NOON + minutes(70))
        return found["misaddressed"]

    if not named:
        assert said() is None
        return
    assert (said()["receipts"], said()["last_at"]) == (2, "2026-11-18T13:01:00Z")
    assert said()["words"].startswith("2 callbacks came with a token of ours that is not in force here")
    assert said()["words"].endswith("correct the URL at the dialer, then replay.")
    with database.write() as session:
        drop(session, RYNG.name, 1, NOON)
    away = "1 more did not fit, or came while the database was away, and was dropped"
    assert f"Of what came for it without a right to, {away}" in said()["words"]
    with database.write() as session:
        sent_back.dismiss(session, evidence.conditions({"connection": RYNG.name}), "amy", NOON)
    assert said() is None


@pytest.mark.parametrize(
    ("fingerprint", "named"), [(OURS, True), (OLD, True), (NEVER, False)], ids=["a slip", "renamed", "a stranger"]
)
def test_a_dialer_with_a_token_of_ours_and_a_name_of_nobodys_is_named(database, fingerprint, named):
    """The connection was renamed or taken out of the settings, and its dialer posts to the old name: not a stranger's doing."""
    with database.write() as session:
        strangers.remember_tokens(session, {"ryng-old": [OLD]}, NOON)
        strangers.remember_tokens(session, {RYNG.name: [OURS]}, NOON + minutes(60))
        came = {"received_at": NOON + minutes(61), "headers": {"token-fingerprint": fingerprint, "peer": "203.0.113.9"}}
        kept = receipt(
            session,
            connection="ryng-old",
            dialer=None,
            state="quarantined",
            reason="unknown_connection",
            stranger=True,
            **came,
        )
        strangers.share_out(session, [RYNG.name])
        assert ("never one of ours" in quarantine.sender(session, kept, {RYNG.name: [OURS]})["token"]) is not named
    with database.read() as session:
        found = {one["name"]: one for one in health.connections(session, {RYNG.name: RYNG}, NOON + minutes(70))}
    assert set(found) == {RYNG.name} | ({"ryng-old"} if named else set())
    if named:
        assert found["ryng-old"]["configured"] is False
        assert found["ryng-old"]["misaddressed"]["words"] == (
            "1 callback came with a token of ours to this name, the last at 2026-11-18 13:01 UTC: correct the URL at the dialer. "
            "What came is read when a connection of this name is configured and it is replayed."
        )


def test_a_name_that_a_stranger_made_up_is_gone_from_the_list_when_it_is_dismissed(database):
    """Replaying vouches for a receipt, and whoever replayed a stranger's by mistake had its name among the troubles for ever."""
    with database.write() as session:
        receipt(session, connection="made-up", state="quarantined", reason="unknown_connection", received_at=NOON)

    def names() -> list[str]:
        with database.read() as session:
            return [found["name"] for found in health.connections(session, {RYNG.name: RYNG}, NOON)]

    assert names() == ["made-up", RYNG.name]
    with database.write() as session:
        sent_back.dismiss(session, evidence.conditions({"connection": "made-up"}), "amy", NOON)
    assert names() == [RYNG.name]
