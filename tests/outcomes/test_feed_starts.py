"""A restore of which nobody knows: cursors name the start that gave them, and who is of a lost one is told."""

import threading

import pytest

from outcomes import feed
from outcomes.feed import Place
from outcomes.feed_place import FeedPlace
from queries import feed as reading
from tests.backups import backup
from tests.outcomes.feeding import calls, state


def started(database, folder) -> None:
    """A worker starts."""
    FeedPlace(database, folder, starts=True).check()


def now_at(database) -> Place:
    """The place of a reader who has read everything."""
    found = state(database)
    return Place(found.last_position, found.epoch, found.start)


def known(database, one: Place) -> bool:
    with database.read() as session:
        return reading.knows(session, feed.state(session), one)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_restore_of_which_nobody_knows(database, tmp_path, restarted):
    """The data folder was restored as well, or is another host's: nothing is kept that could tell. The cursor does."""
    started(database, tmp_path / "one")
    calls(database, 1, 2, 3)
    behind = now_at(database)
    with backup(database) as put_back:
        if restarted:
            started(database, tmp_path / "one")
        calls(database, 4, 5)
        ahead = now_at(database)
        put_back()
        started(database, tmp_path / "another")
        assert state(database).epoch == 1
        calls(database, 4, *range(6, 12))
        assert state(database).last_position > ahead.position, "a later change has its place now"
        assert not known(database, ahead)
        assert known(database, behind) and known(database, now_at(database))
        started(database, tmp_path / "another")
        assert not known(database, ahead) and known(database, behind), "and after every other start"


def test_starts_without_a_restore_refuse_nobody(database, tmp_path):
    given = [now_at(database)]
    for number in range(6):
        if number % 2:
            calls(database, number)
        given.append(now_at(database))
        started(database, tmp_path)
        given.append(now_at(database))
    assert all(known(database, one) for one in given)


def test_workers_that_start_while_others_write_refuse_nobody(database, tmp_path):
    """What a reader at full speed was given at any moment is known ever after."""

    def write(first: int) -> None:
        for number in range(first, first + 12):
            calls(database, number)

    def start() -> None:
        for at in range(12):
            started(database, tmp_path / f"{at % 3}")

    threads = [threading.Thread(target=write, args=(100 * at,)) for at in (1, 2)] + [threading.Thread(target=start)]
    for thread in threads:
        thread.start()
    given, seen = [feed.BEGINNING], []
    while any(thread.is_alive() for thread in threads) or len(seen) < 24:
        with database.read() as session:
            found = feed.state(session)
            assert reading.knows(session, found, given[-1])
            rows = reading.changes(session, given[-1].position, 5, found.last_position)
        seen += [row.call_id for row in rows]
        given.append(Place(rows[-1].position if rows else given[-1].position, found.epoch, found.start))
    for thread in threads:
        thread.join(60)
    assert sorted(seen) == sorted(str(100 * at + number) for at in (1, 2) for number in range(12))
    assert all(known(database, one) for one in set(given))
