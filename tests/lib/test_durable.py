"""Whether a folder takes something is found by trying, and leaves nothing behind."""

import os
import resource
from contextlib import suppress

import pytest

from lib import durable
from tests.forks import end_of, forked


@pytest.mark.parametrize("synced", [True, False])
def test_a_disk_that_takes_nothing_more_is_found(tmp_path, synced):
    durable.probe(tmp_path, synced)
    assert list(tmp_path.iterdir()) == []

    def looked() -> None:
        # As one that is full: the file can be made, and only so much can be written.
        resource.setrlimit(resource.RLIMIT_FSIZE, (durable.PROBED_BYTES - 1,) * 2)
        try:
            durable.probe(tmp_path, synced)
        except OSError:
            os._exit(3)

    assert end_of(forked(looked)) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_takes_nothing(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        durable.probe(tmp_path / "nowhere")


def test_where_there_are_too_many_files_those_that_are_there_can_grow(disk_of):
    disk = disk_of("1m,nr_inodes=8")
    (disk / "first").touch()
    number = 0
    with suppress(OSError):
        while True:
            (disk / str(number)).touch()
            number += 1
    with pytest.raises(OSError, match="No space left"):
        durable.probe(disk)
    durable.probe(disk, synced=False, anew=False)
    assert durable.has_room(disk, anew=False) and not durable.has_room(disk)
    with (disk / "first").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert not durable.has_room(disk, anew=False)
