"""The spool loses nothing and keeps its order, whoever appends and drains at the same time."""

import fcntl
import os
import signal
import stat
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from callbacks.spool import Spool, read, segments
from tests.callbacks.spools import contents, drained, finish, numbered

# In order


def test_what_was_appended_is_drained_in_order_over_many_segments(folder):
    spool = Spool(folder, segment_bytes=200)
    for first in range(0, 100, 5):
        spool.append(numbered(5, first))
    assert len(segments(folder)) > 5
    assert spool.waiting() and spool.size() == sum(len(content) for content in contents(folder).values())
    batches = []
    assert spool.drain(batches.append, batch=3) == 100
    assert [payload for payloads in batches for payload in payloads] == numbered(100)
    assert max(map(len, batches)) == 3
    assert not spool.waiting() and spool.size() == 0 and contents(folder) == {}
    assert spool.drain(batches.append) == 0


def test_what_is_appended_while_draining_is_drained_next(folder):
    spool = Spool(folder)
    spool.append(numbered(3))
    taken = []

    def take(payloads):
        taken.extend(payloads)
        spool.append([b"late"])

    assert spool.drain(take) == 3
    assert taken == numbered(3)
    assert drained(spool) == [b"late"]


@pytest.mark.parametrize("payload", [b"", b" ", b"\r", b"\x00", bytes(range(11, 256)), b"a" * 2_000_000])
def test_payloads_are_any_bytes_without_a_newline(folder, payload):
    spool = Spool(folder)
    spool.append([payload, b"next"])
    assert drained(spool) == [payload, b"next"]


def test_a_payload_with_a_newline_is_refused_before_anything_is_written(folder):
    spool = Spool(folder)
    with pytest.raises(ValueError, match="one line"):
        spool.append([b"good", b"two\nlines"])
    spool.append([])
    assert not folder.exists()


def test_large_payloads_are_taken_a_few_at_a_time(folder):
    spool = Spool(folder)
    spool.append([b"a" * 1_400_000] * 10)
    sizes = []
    spool.drain(lambda payloads: sizes.append(len(payloads)))
    assert sum(sizes) == 10 and max(sizes) <= 3


# Together


def test_two_processes_append_while_a_third_drains(folder, tmp_path, start):
    spool = Spool(folder, segment_bytes=5_000)
    table = tmp_path / "table"

    def append(name):
        for first in range(0, 600, 6):
            spool.append([b"%b %d" % (name, number) for number in range(first, first + 6)])

    def drain():
        with table.open("ab", buffering=0) as rows:
            while True:
                spool.drain(lambda payloads: rows.write(b"".join(payload + b"\n" for payload in payloads)), batch=10)

    drainer = start(drain)
    for process in [start(lambda: append(b"one")), start(lambda: append(b"two"))]:
        finish(process)
    os.kill(drainer, signal.SIGTERM)
    os.waitpid(drainer, 0)
    rows = table.read_bytes().splitlines()
    assert rows, "the drainer got its turn while others appended"
    rows = list(dict.fromkeys(rows + drained(spool)))  # the drainer may have been ended between a batch and its end
    for name in (b"one", b"two"):
        assert [row for row in rows if row.startswith(name)] == [b"%b %d" % (name, number) for number in range(600)]


def test_threads_of_one_process_do_not_mix_their_lines(folder):
    spool = Spool(folder, segment_bytes=3_000)
    taken = []

    def append(name):
        for number in range(40):
            spool.append([b"%d %d" % (name, number)] * 3)

    threads = [threading.Thread(target=append, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        spool.drain(taken.extend)
    spool.drain(taken.extend)
    assert Counter(taken) == {b"%d %d" % (name, number): 3 for name in range(6) for number in range(40)}
    assert contents(folder) == {}


def test_a_segment_that_goes_while_its_lock_is_waited_for_is_not_appended_to(folder):
    """What drains it closes it first, which some file systems cannot keep; and administrators remove files."""
    spool = Spool(folder)
    spool.append([b"gone"])
    (path,) = segments(folder)
    with path.open("rb") as segment:
        fcntl.flock(segment, fcntl.LOCK_EX)
        thread = threading.Thread(target=spool.append, args=([b"kept"],))
        thread.start()
        time.sleep(0.1)
        path.unlink()
    thread.join()
    assert drained(spool) == [b"kept"]


def test_one_drains_at_a_time(folder):
    spool = Spool(folder)
    spool.append(numbered(4))
    others = []
    spool.drain(lambda payloads: others.append((spool.drain(print), Spool(folder).drain(print))), batch=2)
    assert others == [(0, 0), (0, 0)]


# Around it


def test_a_spool_without_its_folder_is_empty_and_begins_with_the_first_append(folder, tmp_path):
    spool = Spool(folder)
    assert not spool.waiting() and spool.size() == 0 and spool.drain(print) == 0
    assert not folder.exists()
    spool.append([b"first"])
    assert drained(spool) == [b"first"]

    (tmp_path / "file").touch()
    nowhere = Spool(tmp_path / "file" / "spool")
    assert not nowhere.waiting() and nowhere.drain(print) == 0
    for store in (nowhere.probe, lambda: nowhere.append([b"lost"])):
        with pytest.raises(OSError):
            store()


def test_only_the_owner_reads_what_is_spooled(folder):
    old = os.umask(0)
    try:
        spool = Spool(folder, segment_bytes=10)
        spool.append([b"good"])
        spool.append([b"good"])
        first = segments(folder)[0]
        first.write_bytes(b"bad\n")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) & 0o177 for path in folder.iterdir()} == {0}
        drained(spool)
        assert stat.S_IMODE((folder / "damaged").stat().st_mode) == 0o600
    finally:
        os.umask(old)


def test_a_probe_leaves_nothing_behind(folder):
    Spool(folder).probe()
    assert contents(folder) == {}


def test_reading_the_spool_of_a_dead_machine_changes_nothing_there(folder):
    spool = Spool(folder, segment_bytes=30)
    for first in range(0, 6, 2):
        spool.append(numbered(2, first))
    last = segments(folder)[-1]
    os.truncate(last, last.stat().st_size - 3)
    (folder / "damaged").write_bytes(b"\nbad")

    def state():
        return {
            path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in folder.iterdir()
        }

    before = state()
    assert list(read(folder)) == [*numbered(5), None]
    assert list(read(last)) == [*numbered(1, 4), None]
    assert state() == before
    with pytest.raises(FileNotFoundError):
        list(read(Path(folder / "000000000099.spool")))
