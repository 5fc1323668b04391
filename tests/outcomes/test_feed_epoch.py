"""The feed after a restore: a reader that is ahead of the database is told, and never waits in silence."""

import json
import threading

import pytest
from sqlalchemy import select

from lib import clock
from models import CallOutcome, LoadedLead
from outcomes import feed, feed_place
from outcomes.feed import Place
from outcomes.feed_place import FeedPlace
from queries import feed as reading
from queries import keyset
from queries.feed import place
from rig.waiting import until
from service import worker
from tests import factories
from tests.backups import backup
from tests.evidence import CONNECTIONS, keep, receipt, terminal
from tests.outcomes.feeding import calls, read, state


@pytest.fixture
def kept(database, tmp_path):
    """A look, as a process that has just started takes it."""
    folder = tmp_path / "data"
    return lambda: FeedPlace(database, folder).check()


def lead_states(database):
    with database.read() as session:
        return list(session.scalars(select(LoadedLead.state).order_by(LoadedLead.ordinal)))


def test_what_was_given_before_there_were_epochs_goes_on(database):
    calls(database, 1, 2, 3)
    assert place(keyset.encode("feed", "2")) == Place(2, feed.FIRST_EPOCH)
    assert [call for call, _ in read(database, place(keyset.encode("feed", "2")))] == ["3"]
    assert [call for call, _ in read(database, place("2"))] == ["3"]
    assert place("") == place("0") == feed.BEGINNING
    assert place(reading.cursor(2, 7, "a")) == Place(2, 7, "a")


def test_a_start_without_a_restore_changes_nothing(database, kept):
    calls(database, 1, 2)
    before = state(database)
    for _ in range(3):
        kept()
    assert state(database) == before == feed.State(1, 2, 0, 0, "first")


def test_a_restored_database_begins_a_new_epoch_by_itself(database, kept):
    calls(database, 1, 2, 3)
    with backup(database) as put_back:
        calls(database, 4, 5)
        ahead, at_the_backup = Place(5, 1), Place(3, 1)
        kept()
        put_back()
        assert state(database).last_position == 3
        kept()

        now = state(database)
        assert now.epoch > 1 and now.stands_to == 3
        assert not now.has_given(ahead) and not now.has_given(at_the_backup), "of another epoch"
        assert not now.has_given(Place(4)) and not now.has_given(Place(5)), "plain positions that were lost"
        assert now.has_given(Place(3)) and now.has_given(Place(now.last_position)), "plain positions that stand"

        calls(database, 4, 6)
        assert read(database) == [
            ("1", 1),
            ("2", 2),
            ("3", 3),
            ("4", now.begins_above + 1),
            ("6", now.begins_above + 2),
        ]
        assert now.begins_above > 5 + feed.GAP - 1
        assert not state(database).has_given(ahead), "also when the database has caught up"
        kept()
        assert state(database).epoch == now.epoch, "once is enough"


def test_whatever_puts_an_older_state_back_has_nobody_called_twice(database, kept):
    """PostgreSQL's own programs, say, which know of no leads: what was not sent then may have been sent since."""
    calls(database, 1)
    with database.write() as session:
        factories.load(session, ("accepted", "sending", "pending", "rejected"), state="running", finished_at=None)
    with backup(database) as put_back:
        calls(database, 2)
        kept()
        assert lead_states(database) == ["accepted", "sending", "pending", "rejected"], "nothing was put back"
        put_back()
        kept()
    assert lead_states(database) == ["accepted", "unknown", "unknown", "rejected"]


def test_killed_before_it_had_kept_the_last_places(database, kept):
    """What is kept may be a second old: a reader may be ahead of that, too."""
    calls(database, 1)
    with backup(database) as put_back:
        calls(database, 2)
        kept()
        calls(database, 3, 4, 5)
        put_back()
        kept()
    assert not state(database).has_given(Place(5, 1)) and not state(database).has_given(Place(5))
    calls(database, *range(2, 12))
    assert not state(database).has_given(Place(5)), "the gap is wider than what was not kept"


def test_a_backup_that_is_newer_than_what_is_kept(database, kept):
    """Nothing can be known of it here; a reader that is ahead is told for as long as it is."""
    calls(database, 1)
    kept()
    calls(database, 2)
    with backup(database) as put_back:
        calls(database, 3)
        put_back()
        kept()
    assert state(database).epoch == 1
    assert not state(database).has_given(Place(3, 1)) and state(database).has_given(Place(2, 1))


def test_a_backup_of_before_the_last_epoch(database, kept):
    calls(database, 1, 2)
    with backup(database) as put_back:
        with database.write() as session:
            lost = feed.begin_epoch(session, clock.now())
        kept()
        put_back()
        kept()
    assert state(database).epoch > lost.epoch, "never the same epoch twice"
    assert state(database).begins_above > lost.last_position


def test_another_host_that_kept_less_begins_no_second_epoch(database, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    calls(database, 1)
    with backup(database) as put_back:
        calls(database, 2)
        FeedPlace(database, other).check()
        calls(database, 3)
        FeedPlace(database, one).check()
        put_back()
        FeedPlace(database, one).check()
        begun = state(database)
        assert begun.epoch > 1
        FeedPlace(database, other).check()
    assert state(database) == begun
    assert feed_place.read(other) == Place(begun.last_position, begun.epoch)


def test_a_database_that_falls_back_beside_a_running_worker(database, tmp_path):
    """A standby that took over without the last commits is an older database as well."""
    calls(database, 1)
    with backup(database) as put_back:
        running = FeedPlace(database, tmp_path)
        calls(database, 2)
        running.look()
        put_back()
        running.look()
    assert state(database).epoch > 1


def test_an_empty_database_in_the_place_of_another(database, tmp_path):
    (tmp_path / feed_place.FILE).write_text('{"epoch": 1, "position": 4711}')
    FeedPlace(database, tmp_path).check()
    assert state(database).epoch > 1 and state(database).begins_above > 4711


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"position": 5}', '{"epoch": 1, "position": "x"}', "\xff"])
def test_a_file_that_cannot_be_read_is_no_place(database, tmp_path, text):
    (tmp_path / feed_place.FILE).write_text(text, encoding="latin-1")
    calls(database, 1)
    FeedPlace(database, tmp_path).check()
    assert state(database) == feed.State(1, 1, 0, 0, "first")
    assert json.loads((tmp_path / feed_place.FILE).read_text()) == {"epoch": 1, "position": 1}


def test_a_folder_that_takes_no_file_stops_nothing(database, tmp_path):
    calls(database, 1)
    blocked = tmp_path / "file"
    blocked.write_text("")
    FeedPlace(database, blocked).look()
    assert state(database).epoch == 1


def test_what_is_kept_is_never_ahead_and_soon_not_behind(database, tmp_path):
    place_of = FeedPlace(database, tmp_path)
    for number in range(1, 6):
        calls(database, number)
        before = feed_place.read(tmp_path)
        assert before is None or before.position <= state(database).last_position
        place_of.look()
        assert feed_place.read(tmp_path) == Place(number, 1)


def test_a_worker_looks_before_it_takes_a_place(database, tmp_path):
    calls(database, 1, 2)
    with backup(database) as put_back:
        calls(database, 3)
        FeedPlace(database, tmp_path).check()
        put_back()
        # Waiting when it starts, and enough to hide it.
        keep(database, *(receipt(terminal(n, 1000 + n)) for n in range(3, 9)))
        stop = threading.Event()
        threads = worker.start(database, CONNECTIONS, {}, FeedPlace(database, tmp_path), tmp_path, stop)
        try:
            until(lambda: len(read(database)) == 8, 20)
        finally:
            stop.set()
            for thread in threads:
                thread.join(10)
        found, places = state(database), [position for _, position in read(database)]
    assert found.epoch > 1
    assert [position for position in places if position <= found.begins_above] == [1, 2]


def test_an_epoch_that_begins_among_writers(database):
    """Four writers take places while it begins: each place is of one side of the gap, and a reader of the new one misses none."""
    calls(database, 1)

    def write(first: int) -> None:
        for number in range(first, first + 10):
            calls(database, number)

    threads = [threading.Thread(target=write, args=(100 * at,)) for at in range(1, 5)]
    for thread in threads:
        thread.start()
    with database.write() as session:
        begun = feed.begin_epoch(session, clock.now())
    for thread in threads:
        thread.join(60)
    found = read(database, Place(0, begun.epoch))
    assert len(found) == 41
    assert all(position <= begun.stands_to or position > begun.begins_above for _, position in found)
    with database.read() as session:
        assert max(session.scalars(select(CallOutcome.position))) == state(database).last_position
