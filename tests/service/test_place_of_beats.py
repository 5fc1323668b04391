"""Where processes show that they live: in memory, and where that cannot be written to, wherever there is a place."""

import os

import pytest

from service.supervisor import reader, receivers
from service.supervisor.hooks import place_of_beats


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """The folders that cannot be written to, as on a disk that is mounted read-only: which root may write to."""
    for name, variable in (("tmp", "TMPDIR"), ("data", "WRAPUP_DATA_DIR")):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / name))
    found: set[str] = set()
    monkeypatch.setattr(os, "access", lambda path, mode: path not in found)
    return found


def test_both_gunicorns_have_it_in_memory():
    assert receivers.worker_tmp_dir == reader.worker_tmp_dir == "/dev/shm"


def test_where_memory_cannot_be_written_to_there_are_other_places(refused, tmp_path):
    for place in ("/dev/shm", str(tmp_path / "tmp"), str(tmp_path / "data")):
        assert place_of_beats() == place
        refused.add(place)
    assert place_of_beats() is None


def test_a_folder_that_is_not_there_is_none(refused, tmp_path):
    refused.add("/dev/shm")
    (tmp_path / "tmp").rmdir()
    assert place_of_beats() == str(tmp_path / "data")
