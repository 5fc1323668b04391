"""The keeper: a database that hangs holds up no spool, and a spool's disk no database."""

import os
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from callbacks.draft import Draft
from callbacks.ladder.database import DatabaseStore
from callbacks.ladder.keeper import Keeper
from callbacks.ladder.last import Memory
from callbacks.ladder.rung import Rung
from callbacks.ladder.spooled import SpoolStore
from callbacks.spool import Spool, read
from callbacks.strangers import Strangers
from lib import clock
from models.database import Database
from rig.waiting import until
from tests.callbacks.drafts import draft, kept


def late(number: int) -> Draft:
    """What has waited for longer than what is merely put aside."""
    return draft(number, received_at=clock.now() - timedelta(seconds=2))


class Ladder:
    """What a keeper looks after, both rungs tripped."""

    def __init__(self, database: Database, folder, segment_bytes: int = 8 * 1024 * 1024):
        self.spool = Spool(folder, segment_bytes)
        self.memory = Memory(10**6)
        self.database = Rung("database", lambda: DatabaseStore(database, Strangers(10, 10**6)), 1, self.fail)
        self.strangers_apart = Rung("strangers", lambda: DatabaseStore(database, Strangers(10, 10**6)), 1, self.fail)
        self.spooling = Rung("spool", lambda: SpoolStore(self.spool), 1, self.fail)
        self.database.tripped = self.spooling.tripped = True
        self.opened = lambda: DatabaseStore(database, Strangers(10, 10**6), patient=False)
        self.strangers = Strangers(10, 10**6)
        self.keeper = Keeper(
            lambda: self.opened(),
            self.spool,
            self.memory,
            self.database,
            self.spooling,
            self.strangers,
            self.strangers_apart,
        )

    def fail(self, tickets):
        raise AssertionError("nothing is put here")


@pytest.fixture
def ladder(database, folder):
    ladder = Ladder(database, folder)
    yield ladder
    ladder.keeper.close()


def test_while_the_database_hangs_the_spool_is_mended_and_takes_what_memory_holds(postgresql_url, folder):
    hanging = Database(postgresql_url)
    ladder = Ladder(hanging, folder)
    ladder.memory.hold([draft(1)])
    with hanging.engine.begin() as other:
        other.execute(text("LOCK TABLE receipts"))
        ladder.keeper.start()
        until(lambda: not ladder.memory and not ladder.spooling.tripped, 10)
        assert ladder.database.tripped and ladder.spool.waiting()
    until(lambda: kept(hanging) == [1] and not ladder.database.tripped and not ladder.spool.waiting(), 15)
    ladder.keeper.close()
    hanging.close()


def test_while_the_spools_disk_hangs_the_database_is_mended_and_takes_what_memory_holds(ladder, folder, database):
    os.mkfifo(folder.parent / "hangs")
    ladder.spool.probe = lambda: (folder.parent / "hangs").open("rb").close()  # until somebody writes
    ladder.memory.hold([draft(1)])
    ladder.keeper.start()
    until(lambda: kept(database) == [1] and not ladder.memory, 10)
    assert ladder.spooling.tripped and not ladder.database.tripped
    (folder.parent / "hangs").open("wb").close()


def test_a_process_that_ends_takes_the_spool_first(ladder):
    ladder.memory.hold([draft(1)])
    ladder.opened = lambda: pytest.fail("the database was asked")
    ladder.keeper.close()
    assert not ladder.memory
    assert [Draft.from_line(line).body for line in read(ladder.spool.folder)] == [draft(1).body]


def test_the_rungs_are_mended_while_a_long_drain_goes_on(database, folder):
    ladder = Ladder(database, folder, segment_bytes=100)
    ladder.spooling.tripped = ladder.database.tripped = False
    for number in range(5):
        ladder.spool.append([late(number).line()])
    mended, store = [], ladder.opened()

    class Slow:
        """The database, in whose every transaction both rungs trip."""

        def keep(self, drafts):
            mended.append(not ladder.spooling.tripped)
            store.keep(drafts)
            ladder.spooling.tripped = ladder.database.tripped = True
            ladder.keeper.look_at_database()  # as its own thread does
            assert not ladder.database.tripped

        def close(self):
            store.close()

    ladder.opened, once = lambda: ladder.opened_later(), [Slow()]
    ladder.opened_later = lambda: once.pop() if once else DatabaseStore(database, Strangers(10, 10**6))
    ladder.keeper.look_at_spool()
    assert (mended, kept(database)) == ([True] * 5, list(range(5)))


def test_a_line_that_this_release_does_not_understand_is_set_aside_whole(database, folder, ladder):
    ladder.keeper.look_at_database()
    later = b'{"format": 2, "receipt": "of a later release"}'
    ladder.spool.append([late(1).line(), later, late(2).line()])
    ladder.keeper.look_at_spool()
    assert kept(database) == [1, 2]
    assert not ladder.spool.waiting()
    assert list(read(folder)) == [later]  # where that release's import-spool finds it


@pytest.mark.parametrize(
    "said",
    [
        {"connection": None},
        {"method": ["POST"]},
        {"query": {"a": "b"}},
        {"headers": {"peer": 7}},
        {"received_at": "2026-11-29T10:00:00"},
        {"received_at": "9999-12-31T23:59:59-10:00"},
    ],
    ids=str,
)
def test_one_that_no_store_would_take_holds_up_nothing_behind_it(database, folder, ladder, said):
    ladder.keeper.look_at_database()
    line = orjson.dumps(late(1).record() | said)
    ladder.spool.append([line, late(2).line()])
    ladder.keeper.look_at_spool()
    assert kept(database) == [2]
    assert not ladder.spool.waiting()
    assert list(read(folder)) == [line]


def test_a_segment_that_cannot_be_read_holds_up_no_other(database, folder, ladder):
    ladder.keeper.look_at_database()
    (folder / "000000000001.spool").mkdir(parents=True)  # opens, and fails to be read; root may read everything else
    ladder.spool.append([late(1).line()])
    ladder.keeper.look_at_spool()
    assert kept(database) == [1]
