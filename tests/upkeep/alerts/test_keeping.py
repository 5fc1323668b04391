"""Where what is this machine's cannot be kept, or not be read: nothing is lost, and whoever asks is told the truth."""

import json
import os
from datetime import timedelta

import pytest

from tests.forks import end_of, forked
from upkeep.alerts.keepers import LOCK, InFile
from upkeep.alerts.settings import WEBHOOK

BEGAN, ENDED = ("began", "callbacks_spooled"), ("ended", "callbacks_spooled")
NOBODY = 65534


def unwritable(rig):
    """Make ``alerts.json`` so, by a folder where its next content would be written: root may write to all else."""
    path = rig.folder / ".alerts.json.new"
    path.mkdir()
    return path


def test_what_cannot_be_kept_is_told_once_at_its_beginning_and_once_at_its_end(rig):
    unwritable(rig)
    rig.spool.append([b"x" * 90])
    rig.minutes(10)
    rig.spool.drain(lambda payloads: None)
    rig.minutes(10)
    assert rig.receiver.events() == {BEGAN: 1, ENDED: 1} and len(rig.mails()) == 2


def test_what_could_not_be_kept_is_kept_as_soon_as_it_can(rig):
    """Whoever dies a moment later has not told it for nothing."""
    away = unwritable(rig)
    rig.spool.append([b"x" * 90])
    rig.minutes(2, channels=(WEBHOOK,))
    away.rmdir()
    rig.now += timedelta(seconds=15)
    rig.watch.look_at_machine()
    (kept,) = json.loads((rig.folder / "alerts.json").read_text())["alerts"]
    assert kept["told"] == {WEBHOOK: "began"}
    rig.watch.leave()
    rig.minutes(3, rig.another(), channels=(WEBHOOK,))
    assert rig.receiver.events() == {BEGAN: 1}


@pytest.mark.parametrize("content", ["", "[]", "\udcff", None])
def test_who_cannot_read_what_was_told_tells_once_more_what_is_on_and_once_its_end(rig, content):
    rig.spool.append([b"x" * 90])
    rig.minutes(2)
    rig.watch.leave()
    path = rig.folder / "alerts.json"
    path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content.encode(errors="surrogateescape"))
    other = rig.another()
    rig.minutes(5, other)
    assert rig.receiver.events() == {BEGAN: 2}
    rig.spool.drain(lambda payloads: None)
    rig.minutes(5, other)
    assert rig.receiver.events() == {BEGAN: 2, ENDED: 1}


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else")
def test_of_two_that_can_only_read_the_lock_one_watches(tmp_path):
    """As on a disk that has become read-only."""
    holder = InFile(tmp_path)
    assert holder.watches() and holder.is_watched()
    for above in [tmp_path, *tmp_path.parents][:-1]:  # pytest's own are closed to others
        above.chmod(above.stat().st_mode | 0o011)
    (tmp_path / LOCK).chmod(0o444)

    def looked() -> None:
        os.seteuid(NOBODY)
        os._exit(int(InFile(tmp_path).watches()))

    assert end_of(forked(looked)) == 0
    holder.leave()
    assert not holder.is_watched() and end_of(forked(looked)) == 1
