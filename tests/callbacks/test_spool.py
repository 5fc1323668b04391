"""The spool loses nothing: real files, real processes that are killed and stopped, disks that are really full."""

import errno
import fcntl
import os
import pickle
import random
import resource
import signal
import stat
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callbacks.spool import Spool, read, segments


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def start():
    """start(work) runs it in a forked process and returns its id; none survives the test."""
    started = []

    def start(work):
        process = os.fork()
        if not process:
            try:
                work()
                os._exit(0)
            finally:
                os._exit(1)
        started.append(process)
        return process

    yield start
    for process in started:
        try:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def finish(process):
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def answer(start, work):
    """What work() returned in a process of its own."""
    reader, writer = os.pipe()
    process = start(lambda: os.write(writer, pickle.dumps(work())))
    os.close(writer)
    with open(reader, "rb") as pipe:
        result = pipe.read()
    finish(process)
    return pickle.loads(result)


def drained(spool, **options):
    taken = []
    spool.drain(taken.extend, **options)
    return taken


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def numbered(count, start=0):
    return [b'{"number": %d}' % number for number in range(start, start + count)]


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


# Killed


def test_kill_9_of_appenders_loses_no_answered_payload(folder, start):
    """Fifty rounds, two appenders each, killed at a random moment while they store several pages at a time."""
    spool = Spool(folder, segment_bytes=400_000)
    reader, writer = os.pipe()
    kills, answered = 50, []
    seed = random.randrange(2**32)
    chance = random.Random(seed)

    def append(name):
        number = 0
        while True:
            lines = [b"%d %d %d " % (name, number, line) + b"x" * 3_000 for line in range(20)]
            spool.append(lines)
            os.write(writer, b"%d %d\n" % (name, number))
            number += 1

    for name in range(0, kills, 2):
        pair = [start(lambda name=name: append(name)), start(lambda name=name: append(name + 1))]
        answered.append(os.read(reader, 65536))  # at least one of them is at work
        time.sleep(chance.random() * 0.02)
        for process in pair:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    os.close(writer)
    with open(reader, "rb") as rest:
        answered.append(rest.read())

    found = [payload.rsplit(b" ", 1)[0] for payload in read(folder) if payload is not None]
    twice = [line for line, count in Counter(found).items() if count > 1]
    assert not twice, f"seed {seed}"
    for line in b"".join(answered).split(b"\n")[:-1]:
        assert [b"%b %d" % (line, part) for part in range(20)] == [it for it in found if it.startswith(line + b" ")]
    by_name = [tuple(map(int, line.split())) for line in found]
    assert all(
        [it for it in by_name if it[0] == name] == sorted(it for it in by_name if it[0] == name)
        for name in range(kills)
    )
    assert [payload.rsplit(b" ", 1)[0] for payload in drained(spool)] == found
    assert not spool.waiting()


def test_a_drain_that_is_killed_in_the_middle_is_done_again(folder, tmp_path, start):
    spool = Spool(folder, segment_bytes=1_000)
    for first in range(0, 200, 10):
        spool.append(numbered(10, first))
    table = tmp_path / "table"

    def drain_and_die():
        batches = 0

        def take(payloads):
            nonlocal batches
            with table.open("ab") as rows:
                rows.write(b"".join(payload + b"\n" for payload in payloads))
            batches += 1
            if batches == 9:
                os.kill(os.getpid(), signal.SIGKILL)

        spool.drain(take, batch=7)

    os.waitpid(start(drain_and_die), 0)
    before = table.read_bytes().splitlines()
    assert 0 < len(before) < 200
    after = drained(spool, batch=7)
    assert list(dict.fromkeys(before + after)) == numbered(200)
    assert len(before + after) < 200 + 2 * 60, "only the segment that was being drained is read again"


@pytest.mark.parametrize("cut", range(len(b'12345678 {"number": 1}\n')))
def test_a_torn_last_line_costs_its_neighbours_nothing(folder, cut):
    spool = Spool(folder)
    spool.append(numbered(2))
    (path,) = segments(folder)
    kept = path.read_bytes()
    line = kept.splitlines(keepends=True)[1]
    os.truncate(path, len(kept) - len(line) + cut)
    spool.append([b"next"])
    whole = cut == len(line) - 1  # only the newline is missing, and the checksum says that nothing else is
    expected = [*numbered(2 if whole else 1), b"next"]
    assert [payload for payload in read(folder) if payload is not None] == expected
    with capture_logs() as logged:
        assert drained(spool) == expected
    if whole or not cut:
        assert contents(folder) == {} and logged == []
    else:
        assert contents(folder) == {"damaged": b"\n" + line[:cut]}
        assert [(event["event"], event["lines"], event["bytes"]) for event in logged] == [("spool_damaged", 1, cut)]
        assert "number" not in repr(logged)


def test_a_torn_tail_that_nobody_wrote_behind_is_damage_as_well(folder):
    spool = Spool(folder)
    spool.append(numbered(2))
    (path,) = segments(folder)
    os.truncate(path, path.stat().st_size - 5)
    assert drained(spool) == numbered(1)
    assert [*read(folder / "damaged")] == [None, None]


def test_any_flipped_bit_is_seen_and_nothing_is_dropped(folder):
    payloads = [b"the 1st", b"2nd", b"last"]
    Spool(folder).append(payloads)
    (path,) = segments(folder)
    good = path.read_bytes()
    for bit in range(len(good) * 8):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        assert None in read(path)
        if bit % 5:  # each drain waits for the disk
            continue
        taken = drained(Spool(folder))
        damaged = (folder / "damaged").read_bytes().split(b"\n")[1:]
        assert damaged and taken == [payload for payload in payloads if payload in taken]
        lines = bytes(bad).removesuffix(b"\n").split(b"\n")
        assert [line for line in lines if line[9:] not in taken] == damaged
        (folder / "damaged").unlink()


# Stopped


def test_a_process_stopped_with_the_lock_holds_up_nobody(folder, start):
    spool = Spool(folder)
    spool.append([b"before"])

    def stop_in_append():
        fdatasync = os.fdatasync

        def stop(file):
            os.kill(os.getpid(), signal.SIGSTOP)
            fdatasync(file)

        os.fdatasync = stop
        spool.append([b"stopped"])

    stopped = start(stop_in_append)
    assert os.WIFSTOPPED(os.waitpid(stopped, os.WUNTRACED)[1])
    spool.append([b"during"])
    spool.append([b"after"])
    assert [path.name for path in segments(folder)] == ["000000000001.spool", "000000000002.spool"]
    assert list(read(folder)) == [b"before", b"stopped", b"during", b"after"]
    assert drained(spool) == [b"during", b"after"]
    assert spool.waiting(), "what the stopped process holds is still there"
    spool.append([b"later"])
    os.kill(stopped, signal.SIGCONT)
    finish(stopped)
    assert drained(spool) == [b"before", b"stopped", b"later"]


def test_a_stopped_drain_holds_up_no_appender_and_nothing_is_lost_when_it_dies(folder, start):
    spool = Spool(folder)
    spool.append([b"before"])
    stopped = start(lambda: spool.drain(lambda payloads: os.kill(os.getpid(), signal.SIGSTOP)))
    assert os.WIFSTOPPED(os.waitpid(stopped, os.WUNTRACED)[1])
    spool.append([b"during"])
    assert drained(spool) == []
    os.kill(stopped, signal.SIGKILL)
    os.waitpid(stopped, 0)
    assert drained(spool) == [b"before", b"during"]


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
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"mounting a small disk needs root: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


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


def test_a_segment_that_cannot_be_read_holds_up_no_other(folder):
    folder.mkdir()
    (folder / "000000000003.spool").mkdir()  # opens, and fails to be read; root may read everything else
    spool = Spool(folder, segment_bytes=10)
    spool.append([b"one"])
    spool.append([b"two"])
    taken = []
    with capture_logs() as logged, pytest.raises(IsADirectoryError):
        spool.drain(taken.extend)
    assert taken == [b"one", b"two"]
    assert [(event["event"], event["segment"]) for event in logged] == [("spool_segment_failed", "000000000003.spool")]


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
