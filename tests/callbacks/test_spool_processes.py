"""The spool loses nothing to processes that are killed and stopped: real ones."""

import os
import random
import signal
import time
from collections import Counter

import pytest

from callbacks.spool import Spool, read, segments
from tests.callbacks.spools import contents, drained, finish, numbered

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
def test_a_torn_last_line_costs_its_neighbours_nothing(folder, logged, cut):
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
