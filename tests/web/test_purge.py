"""Purging what strangers filled the quarantine with: by API and by command, and never evidence of a call."""

import pytest
from sqlalchemy import func, select

from lib import clock
from models import Receipt, StrangerQuota
from queries import strangers
from service.app import create_app
from service.cli.group import wrapup
from tests.factories import NOON, minutes, receipt
from tests.web.conftest import settings_for
from web.auth import API
from web.context import context

STRANGE = {"stranger": True, "state": "quarantined", "readings": 0}
MADE_UP = STRANGE | {"connection": "made-up", "dialer": None, "reason": "unknown_connection"}
WRONG = STRANGE | {"reason": "wrong_token"}


@pytest.fixture
def full(database) -> dict[str, list]:
    """Name -> ids of what is there."""
    with database.write() as session:
        there = {
            "made up": [receipt(session, **MADE_UP, received_at=NOON + minutes(n)) for n in range(3)],
            "wrong": [receipt(session, **WRONG) for _ in range(2)],
            "outdated": [receipt(session, **WRONG, known_sender=True)],
            "renamed": [receipt(session, **MADE_UP | {"connection": "old-name"}, known_sender=True)],
            "garbage": [receipt(session, **WRONG, known_sender=True, dismissed_at=NOON, dismissed_by="amy")],
            "read": [receipt(session)],
            "unparseable": [receipt(session, state="quarantined", reason="unparseable")],
            "vouched for": [receipt(session, **WRONG | {"stranger": False, "state": "pending", "reason": None})],
        }
        return {name: [one.id for one in some] for name, some in there.items()}


PURGES = [
    ({"reason": "unknown_connection"}, {"made up": 3}),
    ({"reason": "unknown_connection", "until": "2026-11-18T12:02:00Z"}, {"made up": 2}),
    ({"reason": "unknown_connection", "since": "2026-11-18T12:01:00Z"}, {"made up": 2}),
    ({"connection": "ryng-main"}, {"wrong": 2, "garbage": 1}),
    ({"state": "dismissed"}, {"garbage": 1}),
    ({"state": "quarantined"}, {"made up": 3, "wrong": 2}),
    ({"reason": "unparseable"}, {}),
    ({"connection": "nobody"}, {}),
]


def left(database, full) -> dict[str, int]:
    """Name -> how many are gone."""
    with database.read() as session:
        there = set(session.scalars(select(Receipt.id)))
        kept = (Receipt.stranger.is_(True), Receipt.state == "quarantined")
        count = select(func.count(), func.coalesce(func.sum(func.length(Receipt.body)), 0)).where(*kept)
        quota = session.scalars(select(StrangerQuota)).one()
        assert (quota.receipts, quota.bytes) == tuple(session.execute(count).one())
        shares = strangers.shares(session, ["ryng-main", "qvoice-main"])
        assert sum(one["receipts"] for one in shares) == quota.receipts
    gone = {name: sum(one not in there for one in some) for name, some in full.items()}
    return {name: count for name, count in gone.items() if count}


@pytest.mark.parametrize(("order", "gone"), PURGES)
def test_by_the_api(admin, database, full, order, gone, monkeypatch):
    monkeypatch.setattr("outcomes.strangers.AT_ONCE", 2)
    answer = admin.post(f"{API}/receipts/purge", json=order)
    assert (answer.status_code, answer.json) == (200, {"purged": sum(gone.values())})
    assert left(database, full) == gone


@pytest.mark.parametrize(("order", "gone"), PURGES)
def test_by_the_command(database, database_url, tmp_path, full, order, gone):
    app = create_app(settings_for(database_url, tmp_path))
    words = [word for name, value in order.items() for word in (f"--{name}", value.removesuffix("Z"))]
    done = app.test_cli_runner().invoke(wrapup, ["purge-strangers", *words])
    context(app).database.close()
    assert (done.exit_code, done.stdout) == (0, f"Purged {sum(gone.values())}.\n")
    assert left(database, full) == gone


@pytest.mark.parametrize("order", [{}, {"state": "normalized"}, {"state": "pending"}, {"everything": True}])
def test_what_would_be_everything_or_no_strangers_is_refused(admin, database, full, order):
    assert admin.post(f"{API}/receipts/purge", json=order).status_code == 422
    assert left(database, full) == {}


def test_the_command_asks_for_a_filter(database_url, tmp_path):
    app = create_app(settings_for(database_url, tmp_path))
    done = app.test_cli_runner().invoke(wrapup, ["purge-strangers"])
    context(app).database.close()
    assert (done.exit_code, "Say which" in done.stderr) == (2, True)


def test_there_is_room_again_after_a_purge(admin, database, full):
    admin.post(f"{API}/receipts/purge", json={"until": clock.iso(clock.now())})
    with database.read() as session:
        # The dialers' with an outdated URL, and with the name of before.
        assert session.scalars(select(StrangerQuota)).one().receipts == 2
