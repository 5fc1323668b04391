"""The spool loses nothing when a database does not take it, or a disk: some are really full."""

import errno
import fcntl
import os
import resource
import signal

import pytest

from callbacks.spool import MOST_TRIES, Spool, read, segments
from tests.callbacks.spools import answer, contents, drained, numbered

# When the database does not take it


def test_what_was_not_taken_stays_and_what_was_taken_is_not_read_again(folder):
    spool = Spool(folder, segment_bytes=300)
    for first in range(0, 60, 20):
        spool.append(numbered(20, first))
    taken = []

    def take(payloads):
        if len(taken) >= 8:
            raise ConnectionError("the database is gone")  # an OSError, too: not to be taken for the disk's
        taken.extend(payloads)

    for _ in range(3):
        with pytest.raises(ConnectionError):
            spool.drain(take, batch=4)
    assert taken == numbered(8)
    assert len(segments(folder)) == 3
    assert drained(Spool(folder), batch=4) == numbered(60), "another process begins the segment anew"


def test_the_same_process_goes_on_where_it_stopped(folder):
    spool = Spool(folder)
    spool.append(numbered(20))
    with pytest.raises(ConnectionError):
        spool.drain(_take_once(), batch=6)
    spool.append(numbered(5, 20))
    assert drained(spool) == numbered(19, 6)


def test_the_place_is_not_mistaken_for_one_in_another_segment_of_that_number(folder):
    spool = Spool(folder)
    spool.append(numbered(20))
    with pytest.raises(ConnectionError):
        spool.drain(_take_once(), batch=6)
    drained(Spool(folder))
    for first in range(0, 200, 20):
        spool.append(numbered(20, first))
        assert drained(spool) == numbered(20, first)


def _take_once():
    calls = []

    def take(payloads):
        if calls:
            raise ConnectionError("the database is gone")
        calls.append(payloads)

    return take


def test_damage_is_kept_once_however_often_the_database_fails(folder):
    spool = Spool(folder)
    spool.append([b"good"] * 3)
    (path,) = segments(folder)
    path.write_bytes(path.read_bytes() + b"bad\n")
    for _ in range(3):
        with pytest.raises(ConnectionError):
            spool.drain(lambda payloads: _raise(ConnectionError()))
    assert drained(spool) == [b"good"] * 3
    assert contents(folder) == {"damaged": b"\nbad"}


def _raise(error):
    raise error


# When the disk does not take it


def test_a_file_that_may_not_grow_is_left_as_it_was(folder, start):
    """RLIMIT_FSIZE: the write is short, and the next one fails."""

    def fill():
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        spool, stored, error = Spool(folder), [], None
        while error is None:
            payloads = [b"%d %d " % (len(stored), line) + b"x" * 100 for line in range(7)]
            try:
                spool.append(payloads)
                stored.extend(payloads)
            except OSError as raised:
                error = raised.errno
        full = contents(folder)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        spool.append([b"room again"])
        return stored, error, full

    stored, error, full = answer(start, fill)
    assert error == errno.EFBIG and stored
    assert all(content.endswith(b"\n") for content in full.values())
    assert list(read(folder)) == [*stored, b"room again"]


@pytest.fixture
def small_disk(disk_of):
    return disk_of("512k")


def _fill(spool):
    stored = []
    for size in (5_000, 500, 1):  # down to the last byte
        while True:
            payload = b"%d " % len(stored) + b"x" * size
            try:
                spool.append([payload] * 3)
                stored += [payload] * 3
            except OSError as error:
                assert error.errno == errno.ENOSPC
                break
    return stored


def test_a_full_disk_keeps_what_was_answered_and_drains(small_disk):
    spool = Spool(small_disk / "spool", segment_bytes=100_000)
    spool.probe()
    stored = _fill(spool)
    with pytest.raises(OSError, match="No space"):
        spool.probe()
    assert list(read(spool.folder)) == stored
    assert drained(spool) == stored, "draining needs no room"
    spool.probe()
    spool.append([b"room again"])
    assert drained(spool) == [b"room again"]


def test_damage_that_cannot_be_copied_stays_in_its_segment(folder):
    (folder / "damaged").mkdir(parents=True)  # where no line can be written
    spool = Spool(folder, segment_bytes=10)
    for payload in (b"one", b"two", b"three"):
        spool.append([payload])
    second = segments(folder)[1]
    os.truncate(second, second.stat().st_size - 2)
    taken = []
    with pytest.raises(IsADirectoryError):
        spool.drain(taken.extend)
    assert taken == [b"one", b"three"]
    assert segments(folder) == [second]
    (folder / "damaged").rmdir()
    assert drained(spool) == []
    assert [*read(folder / "damaged")] == [None, None] and not spool.waiting()


def test_a_segment_whose_fsync_failed_is_not_appended_to_again(folder, monkeypatch):
    """The kernel reports lost pages once; the next fsync of that file would succeed without having stored them."""
    spool = Spool(folder)
    spool.append([b"before"])
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", lambda file: _raise(OSError(errno.EIO, "Input/output error")))
        with pytest.raises(OSError, match="Input/output"):
            spool.append([b"not stored"])
    Spool(folder).append([b"after"])
    assert [list(read(path)) for path in segments(folder)] == [[b"before"], [b"after"]]
    assert drained(spool) == [b"before", b"after"]


def test_where_the_file_system_knows_no_locks_no_file_stays_open(folder, monkeypatch):
    """As NFS may refuse them; each callback would leave one, until none can be opened any more."""
    spool = Spool(folder)
    spool.append([b"before"])
    monkeypatch.setattr(fcntl, "flock", lambda *_: _raise(OSError(errno.ENOLCK, "No locks available")))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(OSError, match="No locks"):
            spool.append([b"not stored"])
        with pytest.raises(OSError, match="No locks"):
            drained(spool)
    assert len(os.listdir("/proc/self/fd")) == before


def test_where_new_files_cannot_be_written_to_it_says_so_soon(folder, start):
    """As on a share whose files show no right to write, or under such a umask: it would begin segments until the disk is full."""
    Spool(folder).append([b"before"])

    def append():
        signal.alarm(20)
        os.umask(0o222)
        os.chmod(segments(folder)[0], 0o400)
        try:
            Spool(folder).append([b"not stored"])
        except OSError as error:
            return error.errno, len(segments(folder))

    refused, begun = answer(start, append)
    assert refused == errno.EACCES and begun <= MOST_TRIES
    assert drained(Spool(folder)) == [b"before"]


def test_a_segment_that_cannot_be_read_holds_up_no_other(folder, logged):
    folder.mkdir()
    (folder / "000000000003.spool").mkdir()  # opens, and fails to be read; root may read everything else
    spool = Spool(folder, segment_bytes=10)
    spool.append([b"one"])
    spool.append([b"two"])
    taken = []
    with pytest.raises(IsADirectoryError):
        spool.drain(taken.extend)
    assert taken == [b"one", b"two"]
    assert [(event["event"], event["segment"]) for event in logged] == [("spool_segment_failed", "000000000003.spool")]
