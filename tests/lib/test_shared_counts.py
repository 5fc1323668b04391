"""Counts of several processes: none is lost, and nobody waits for another."""

import fcntl
import os
import subprocess
import sys

import pytest

from lib.shared_counts import SharedCounts

NAMES = ("busy", "too_large")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "refused"


def test_what_processes_count_at_once_adds_up(path):
    script = f"""
from pathlib import Path
from lib.shared_counts import SharedCounts
tally = SharedCounts(Path({str(path)!r}), {NAMES!r})
for _ in range(5000):
    tally.add("too_large")
while tally._owed:
    tally.counts()
"""
    children = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert SharedCounts(path, NAMES).counts() == {"busy": 0, "too_large": 15_000}
    assert path.stat().st_mode & 0o077 == 0


def test_what_another_process_holds_is_counted_afterwards(path):
    tally = SharedCounts(path, NAMES)
    tally.add("busy")
    with open(path, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        tally.add("busy")  # at once: whoever holds it may be stopped for ever
        assert tally.counts()["busy"] == 2
        assert SharedCounts(path, NAMES).counts()["busy"] == 1
    tally.add("too_large")
    assert SharedCounts(path, NAMES).counts() == {"busy": 2, "too_large": 1}


def test_a_later_release_has_more_names_and_keeps_the_counts(path):
    SharedCounts(path, NAMES).add("too_large")
    assert SharedCounts(path, (*NAMES, "third")).counts() == {"busy": 0, "too_large": 1, "third": 0}


def test_what_is_none_of_the_names_is_not_counted(path):
    tally = SharedCounts(path, NAMES)
    tally.add("else")
    assert tally.counts() == {"busy": 0, "too_large": 0}


def test_without_a_file_it_counts_in_memory_until_there_is_one(path, tmp_path):
    (tmp_path / "new").write_text("a file where the folder belongs")
    tally = SharedCounts(path, NAMES)
    tally.add("busy")
    with pytest.raises(OSError):
        tally.counts()
    os.unlink(tmp_path / "new")
    assert tally.counts()["busy"] == 1
