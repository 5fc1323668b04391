"""Promise 4: a reader of the change feed misses nothing, however many writers commit at once.

Four processes' worth of writers commit out of order, and keep changing each other's rows; a reader polls at full speed.
"""

import os
import random
import threading
import time

import pytest
from sqlalchemy import bindparam, insert, update

from lib import ids
from models import CallGroup, CallOutcome
from models.database import Database
from outcomes.feed import take_positions
from queries.feed import changes
from tests.evidence import START

CHANGES = {"sqlite": 10_000, "postgresql": int(os.environ.get("WRAPUP_TEST_CHANGES") or 40_000)}
WRITERS = 4
PER_COMMIT = 100


def row(group, position: int) -> dict:
    return {
        "id": ids.new(),
        "group_id": group,
        "attempt_key": "",
        "connection": "ryng-main",
        "dialer": "ryng",
        "connect_outcome": "connected",
        "flags": [],
        "settling": "settled",
        "is_final": True,
        "custom_fields": {},
        "sources": [],
        "revision": 1,
        "first_seen_at": START,
        "changed_at": START,
        "occurred_at": START,
        "set_by": {},
        "position": position,
    }


TABLE = CallOutcome.__table__
REVISE = (
    update(TABLE)
    .where(TABLE.c.id == bindparam("known"))
    .values(revision=TABLE.c.revision + 1, position=bindparam("place"))
)


class Writer(threading.Thread):
    """Half of its changes are new outcomes, half are new revisions of its own earlier ones."""

    def __init__(self, url: str, group, commits: int, seed: int):
        super().__init__(daemon=True)
        self.database, self.group, self.commits, self.random = Database(url), group, commits, random.Random(seed)
        self.written: dict = {}  # id -> newest revision
        self.failure: Exception | None = None

    def run(self):
        try:
            for _ in range(self.commits):
                self.commit()
        except Exception as error:
            self.failure = error
            raise

    def commit(self):
        old = self.random.sample(sorted(self.written), min(len(self.written), PER_COMMIT // 2))
        with self.database.write() as session:
            time.sleep(self.random.random() * 0.002)  # transactions overlap, and end in another order than they began
            positions = iter(take_positions(session, PER_COMMIT))
            if old:
                news = [{"known": known, "place": next(positions)} for known in old]
                session.connection().execute(REVISE, news)
            fresh = [row(self.group, position) for position in positions]
            session.execute(insert(CallOutcome), fresh)
        self.written |= {known: self.written[known] + 1 for known in old} | {new["id"]: 1 for new in fresh}


@pytest.mark.slow
def test_a_reader_at_full_speed_misses_nothing_and_sees_nothing_twice(database):
    kind = "sqlite" if database.is_sqlite else "postgresql"
    group = ids.new()
    with database.write() as session:
        session.add(CallGroup(id=group, connection="ryng-main", dialer="ryng"))
    url = database.url.render_as_string(hide_password=False)
    writers = [Writer(url, group, CHANGES[kind] // PER_COMMIT // WRITERS, seed) for seed in range(WRITERS)]
    for writer in writers:
        writer.start()

    seen: dict = {}  # id -> revisions in the order of their coming
    after, places = 0, 0
    while True:
        over = not any(writer.is_alive() for writer in writers)
        with database.read() as session:
            page = changes(session, after, 1000)
        for outcome in page:
            assert outcome.position > after, "the same place twice"
            after = outcome.position
            seen.setdefault(outcome.id, []).append(outcome.revision)
            places += 1
        if over and not page:
            break

    assert [writer.failure for writer in writers] == [None] * WRITERS
    written = {known: revision for writer in writers for known, revision in writer.written.items()}
    assert sum(len(writer.written) for writer in writers) == len(written)
    assert {known: revisions[-1] for known, revisions in seen.items()} == written, "a current revision was missed"
    assert all(revisions == sorted(set(revisions)) for revisions in seen.values()), "a revision came twice"
    print(f"feed {kind}: {sum(written.values())} changes written, {places} seen, {len(written)} current, 0 missed")


def test_the_feed_shows_each_outcome_once_at_its_newest_place(database):
    group = ids.new()
    with database.write() as session:
        session.add(CallGroup(id=group, connection="ryng-main", dialer="ryng"))
        session.flush()
        rows = [row(group, position) for position in take_positions(session, 3)]
        session.execute(insert(CallOutcome), rows)
    with database.write() as session:
        (position,) = take_positions(session, 1)
        session.execute(
            update(CallOutcome).where(CallOutcome.id == rows[0]["id"]).values(position=position, revision=2)
        )
    with database.read() as session:
        assert [(o.position, o.revision) for o in changes(session, 0, 10)] == [(2, 1), (3, 1), (4, 2)]
        assert changes(session, 4, 10) == []
