"""Strangers never go below the database, and none of them takes the place that a connection has for its own dialer."""

import base64
import logging
import sys
import threading
from datetime import timedelta

import orjson
import pytest
import structlog
from sqlalchemy import func, select, update

from callbacks import strangers
from callbacks.ladder.database import DatabaseStore
from callbacks.ladder.inbox import Inbox
from callbacks.ladder.tickets import Ticket
from callbacks.strangers import Strangers
from lib import clock
from models import KnownToken, Receipt, StrangerQuota
from models.database import Database
from models.strangers import lock
from outcomes import receipts as sent_back
from outcomes import strangers as shared
from queries import evidence
from queries import strangers as told
from rig.waiting import until
from service import logs
from service.settings import config
from tests.callbacks.drafts import draft, kept
from tests.callbacks.test_inbox import held, put, spool_refused

OURS = {"token-fingerprint": "outdated"}
NEVER = {"token-fingerprint": "never"}
WRONG = {"stranger": True, "reason": "wrong_token", "headers": NEVER}
KNOWN = WRONG | {"headers": OURS}
NAKED = {"stranger": True, "reason": "wrong_authorization"}
UNKNOWN = {"stranger": True, "reason": "unknown_connection", "connection": "made-up", "dialer": None}
RENAMED = UNKNOWN | {"headers": OURS}  # the connection's name of before: its dialer still posts to it
OTHER = WRONG | {"connection": "qvoice"}
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def settings(tmp_path):
    return config.load(
        {
            "WRAPUP_DATA_DIR": str(tmp_path / "data"),
            "WRAPUP_STRANGER_RECEIPTS": "12",
            "WRAPUP_STRANGER_BYTES": "1000",
            "WRAPUP_WORKERS": "1",
        }
    )


@pytest.fixture
def logged(tmp_path, monkeypatch):
    with open(tmp_path / "log", "w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        logs.configure("info")
        # A logger keeps the level that it was first used with, by another test, say.
        monkeypatch.setattr(strangers, "log", structlog.get_logger(strangers.__name__))
        yield lambda: (tmp_path / "log").read_text()
        logging.getLogger().handlers.clear()


@pytest.fixture
def open_inbox(settings):
    opened = []

    def begin(database):
        opened.append(Inbox(database, settings))
        opened[-1].strangers.learn(["outdated"])
        return opened[-1]

    yield begin
    for inbox in opened:
        inbox.close()


def remember(database: Database) -> None:
    moment = clock.now()
    with database.write() as session:
        session.add(KnownToken(connection="ryng", fingerprint="outdated", first_seen_at=moment, last_seen_at=moment))


def spooled(inbox: Inbox) -> list[int]:
    lines = [line for path in sorted(inbox.spool.folder.glob("*.spool")) for line in path.read_bytes().splitlines()]
    return sorted(number(orjson.loads(line[9:])["body"]) for line in lines)


def number(body: str) -> int:
    return orjson.loads(base64.b64decode(body))["callID"]


def test_whoever_comes_with_a_stranger_does_not_wait_for_him(database, settings, open_inbox):
    inbox = open_inbox(database)
    put(inbox, [draft(0), draft(1, **UNKNOWN)])
    stranger = threading.Thread(target=put, args=[inbox, [draft(2, **UNKNOWN)]])
    with database.write() as session:
        lock(session)
        stranger.start()
        until(lambda: any(rung._taken for rung in inbox._watch._rungs), 10)
        put(inbox, [draft(n) for n in range(3, 9)])
        assert not inbox.database.tripped, "they waited for a second"
    stranger.join(10)
    until(lambda: set(range(9)) - {2} <= set(kept(database)), 10)


# Below the database ----------------------------------------------------------------------------------------------------------
def test_while_the_database_is_away_strangers_leave_no_byte_anywhere_and_are_counted(
    database, settings, open_inbox, logged
):
    inbox = open_inbox(database)
    flood = [draft(n, **(UNKNOWN if n % 2 else WRONG), kind=f"secret-kind-{n}") for n in range(100, 160)]
    with held(database):
        put(inbox, [draft(n) for n in range(3)] + flood)
        assert spooled(inbox) == [0, 1, 2]
        assert len(inbox.memory) == 0
    until(lambda: not inbox.database.tripped and not inbox.strangers.uncounted(), 20)
    until(lambda: not inbox.spool.waiting(), 20)
    with database.read() as session:
        quota = session.scalars(select(StrangerQuota)).one()
        dropped = {one["connection"]: one["dropped"] for one in told.shares(session, ["ryng"])}
    # A thread that hung may have stored some of them after all: each of the rest is counted, under its connection.
    assert [one for one in kept(database) if one < 100] == [0, 1, 2]
    assert quota.overflow >= 60 - quota.receipts
    assert dropped["ryng"] + dropped[None] == quota.overflow
    assert "secret-kind" not in logged() and "made-up" not in logged()
    assert "strangers_dropped" in logged()


def test_where_no_store_is_left_strangers_are_in_no_log_and_no_memory(settings, open_inbox, logged):
    inbox = open_inbox(Database(AWAY))
    with spool_refused(settings):
        put(inbox, [draft(0), draft(1, **UNKNOWN), draft(2, **WRONG)])
        inbox.put_last(draft(3, **UNKNOWN))
        assert [one.body for one in inbox.memory.first()] == [draft(0).body]
    assert logged().count("receipt_not_stored") == 1
    assert {name: one.receipts for name, one in inbox.strangers.uncounted().items()} == {"": 2, "ryng": 1}


@pytest.mark.parametrize(
    ("facts", "share"),
    [(KNOWN, "ryng"), (NAKED, "ryng"), (RENAMED, "")],
    ids=["outdated token", "no authorization", "outdated name"],
)
def test_a_dialer_that_we_know_goes_down_as_far_as_its_share(settings, open_inbox, facts, share):
    inbox = open_inbox(Database(AWAY))
    put(inbox, [draft(n, **facts) for n in range(20)])
    assert len(spooled(inbox)) == 6  # of 12, the other half is that of the unknown
    assert inbox.strangers.uncounted()[share].receipts == 14
    large = draft(99, **facts | {"body": b"x" * 600})
    inbox.strangers.all_is_above()
    inbox.put(Ticket(large))
    assert len(spooled(inbox)) == 6  # 600 of 1000 bytes are more than its share as well


# Shares -----------------------------------------------------------------------------------------------------------------------
def batches(*kinds: tuple[dict, int]) -> list[list]:
    numbers = iter(range(10_000))
    return [[draft(next(numbers), **facts) for _ in range(count)] for facts, count in kinds]


@pytest.mark.parametrize(
    ("kinds", "left", "dropped"),
    [
        ([(UNKNOWN, 20)], range(12), {"": 8}),  # what nobody else needs they may fill
        ([(UNKNOWN, 20), (WRONG, 1)], [*range(1, 12), 20], {"": 9}),  # the oldest makes room
        ([(UNKNOWN, 20), (WRONG, 6)], [*range(4, 12), *range(20, 24)], {"": 12, "ryng": 2}),
        ([(UNKNOWN, 20), (WRONG, 4), (OTHER, 4)], [*range(8, 12), *range(20, 28)], {"": 16}),
        ([(WRONG, 20), (UNKNOWN, 2)], [*range(2, 12), 20, 21], {"ryng": 10}),
        ([(WRONG, 20), (OTHER, 5)], [*range(4, 12), *range(20, 24)], {"ryng": 12, "qvoice": 1}),
        # Whom we know comes before whom we do not, in its own share and before all unknown names.
        ([(WRONG, 20), (KNOWN, 2)], [*range(2, 12), 20, 21], {"ryng": 10}),
        ([(UNKNOWN, 20), (KNOWN, 12)], range(20, 32), {"": 20}),
        ([(UNKNOWN, 20), (NAKED, 13)], range(20, 32), {"": 20, "ryng": 1}),
        ([(KNOWN, 12), (WRONG, 3)], range(12), {"ryng": 3}),
        ([(KNOWN, 12), (OTHER, 1), (UNKNOWN, 1)], [*range(2, 12), 12, 13], {"ryng": 2}),
        ([(WRONG, 4), (KNOWN, 8), (OTHER, 2)], [*range(2, 14)], {"ryng": 2}),
        # A token of ours is known under whatever name it comes.
        ([(UNKNOWN, 20), (RENAMED, 12)], range(20, 32), {"": 20}),
        ([(RENAMED, 12), (UNKNOWN, 3)], range(12), {"": 3}),
        ([(RENAMED, 12), (WRONG, 1)], range(1, 13), {"": 1}),
        ([(RENAMED, 4), (KNOWN, 9)], range(12), {"ryng": 1}),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_each_share_has_its_own(database, kinds, left, dropped, at_once):
    remember(database)
    caps = Strangers(12, 1_000_000, ["ryng", "qvoice"])  # four for each, and four for the unknown
    store = DatabaseStore(database, caps)
    for some in batches(*kinds):
        for batch in [some] if at_once else [[one] for one in some]:
            store.keep(batch)
    store.close()
    assert kept(database) == list(left)
    with database.read() as session:
        quota = session.scalars(select(StrangerQuota)).one()
        shares = {one["connection"] or "": one for one in told.shares(session, caps.connections)}
        rows = session.execute(
            select(Receipt.share, func.count(), func.sum(Receipt.kept_bytes)).group_by(Receipt.share)
        ).all()
    assert {name: one["dropped"] for name, one in shares.items() if one["dropped"]} == dropped
    assert quota.overflow == sum(dropped.values())
    assert (quota.receipts, quota.bytes) == (len(left), sum(size for _, _, size in rows))
    assert {name: (one["receipts"], one["bytes"]) for name, one in shares.items() if one["receipts"]} == {
        name: (count, size) for name, count, size in rows
    }


def test_bytes_are_shared_as_receipts_are(database):
    store = DatabaseStore(database, Strangers(1000, 1000, ["ryng", "qvoice"]))
    store.keep([draft(n, **UNKNOWN | {"body": orjson.dumps({"callID": n, "x": "x" * 200})}) for n in range(9)])
    assert kept(database) == [0, 1, 2, 3]
    store.keep([draft(9, **WRONG | {"body": orjson.dumps({"callID": 9, "x": "x" * 250})})])
    assert kept(database) == [2, 3, 9]  # two went: one leaves too little room
    store.keep([draft(10, **OTHER | {"body": orjson.dumps({"callID": 10, "x": "x" * 800})})])
    assert kept(database) == [2, 3, 9]  # more than the share of anybody
    store.close()


WORDY = {
    "a name": {"connection": "n" * 200},
    "a kind": {"kind": "k" * 200},
    "a query": {"query": "q" * 8_000},
    "headers": {"headers": {name: "h" * 1_000 for name in ("user-agent", "x-request-id", "content-type")}},
    "not in ASCII": {"query": "ж" * 4_000},
}


@pytest.mark.parametrize("what", WORDY)
def test_what_stands_around_a_body_counts_as_it_does(database, what):
    store = DatabaseStore(database, Strangers(10_000, 100_000, []))
    one = draft(0, **UNKNOWN | WORDY[what])
    texts = (one.connection, one.kind, one.method, one.query or "", *one.headers, *one.headers.values())
    size = len(one.body) + len("".join(texts).encode())
    fit = 100_000 // size
    for batch in range(20):
        store.keep([draft(n, **UNKNOWN | WORDY[what]) for n in range(batch * 50 + 1_000, batch * 50 + 1_050)])
    store.close()
    with database.read() as session:
        quota = session.scalars(select(StrangerQuota)).one()
        assert session.scalar(select(func.sum(Receipt.kept_bytes))) == quota.bytes <= 100_000
        assert abs(quota.receipts - fit) <= 2 + fit // 50  # the number in a body has four digits, and not one
        shared.share_out(session, ["ryng"])
        assert session.scalars(select(StrangerQuota.bytes)).one() == quota.bytes
        # When somebody vouches for them, as much is free again.
        sent_back.replay(session, evidence.conditions({"state": "quarantined"}))
        session.expire_all()
        quota = session.scalars(select(StrangerQuota)).one()
        assert (quota.receipts, quota.bytes) == (0, 0)


def test_in_a_full_share_what_came_first_stays_and_the_rest_makes_room_after_an_hour(database):
    store = DatabaseStore(database, Strangers(10, 10**6, []))
    store.keep([draft(n, **UNKNOWN) for n in range(10)])
    store.keep([draft(10, **UNKNOWN)])
    assert kept(database) == list(range(10))
    with database.write() as session:
        session.execute(update(Receipt).values(received_at=clock.now() - timedelta(hours=2)))
    store.keep([draft(n, **UNKNOWN) for n in range(11, 20)])
    assert kept(database) == [0, 1, 2, 3, 4, *range(11, 16)]
    store.close()


def test_a_cap_of_nothing_keeps_nothing(database):
    store = DatabaseStore(database, Strangers(0, 0, ["ryng"]))
    store.keep([draft(1, **WRONG | {"body": b""}), draft(2, **UNKNOWN)])
    assert kept(database) == []
    store.close()


def test_what_somebody_has_sent_back_to_be_read_is_nobodys_to_take_away(postgresql_url):
    """And whoever needs the room does not wait for it, nor it for us: both would wait for ever."""
    database = Database(postgresql_url)
    store = DatabaseStore(database, Strangers(2, 10**6, ["ryng"]))
    store.keep([draft(1, **UNKNOWN), draft(2, **UNKNOWN)])
    with database.engine.begin() as other:
        first = other.execute(select(Receipt.id).order_by(Receipt.id).limit(1).with_for_update()).scalar_one()
        store.keep([draft(3, **WRONG)])
    with database.read() as session:
        assert session.get(Receipt, first) is not None
    assert kept(database) == [1, 3]
    store.close()
    database.close()


# The log --------------------------------------------------------------------------------------------------------------------
def test_what_is_dropped_is_said_now_and_then(logged):
    now = [0.0]
    several = Strangers(0, 0, ["ryng"], clock=lambda: now[0])

    def drop(facts: dict, times: int) -> None:
        for _ in range(times):
            several.parted([Ticket(draft(1, **facts))])

    drop(WRONG, 1000)
    drop(UNKNOWN, 7)
    now[0] = 61.0
    several.tell()
    lines = [orjson.loads(line) for line in logged().splitlines()]
    assert [(line["event"], line["receipts"], line["connections"]) for line in lines] == [
        ("strangers_dropped", 1, {"ryng": 1}),
        ("strangers_dropped", 1006, {"(unknown)": 7, "ryng": 999}),
    ]


# At the start -----------------------------------------------------------------------------------------------------------------
def test_at_the_start_shares_follow_the_settings(database):
    remember(database)
    store = DatabaseStore(database, Strangers(100, 10**6, ["ryng", "qvoice"]))
    store.keep(
        [
            one
            for some in batches((UNKNOWN, 2), (WRONG, 3), (KNOWN, 1), (OTHER, 4), (NAKED, 1), (RENAMED, 1))
            for one in some
        ]
    )
    store.close()
    with database.write() as session:
        # As a release leaves them that knows no shares.
        session.execute(update(Receipt).values(share=None, known_sender=False, kept_bytes=None))
        session.execute(update(StrangerQuota).values(receipts=99, bytes=99))
        shared.share_out(session, ["ryng"])
    with database.read() as session:
        shares = {one["connection"]: one["receipts"] for one in told.shares(session, ["ryng", "qvoice"])}
        quota = session.scalars(select(StrangerQuota)).one()
        known = session.scalar(select(func.count()).where(Receipt.known_sender.is_(True)))
        size = session.scalar(select(func.sum(func.length(Receipt.body))))
    assert shares == {"ryng": 5, "qvoice": 0, None: 7}
    assert (quota.receipts, quota.bytes, known) == (12, size, 3)
