"""Callbacks go first, and nobody starves: who computes on a processor gets his share of it by his weight. See sched(7)."""

import os
from pathlib import Path

import pytest

from rig.waiting import until
from tests.server import serving

LOWEST = 19
A_THIRD, A_HALF = 5, 3  # each step of nice is a fifth less: 0.8 ** 5


def priorities(pid: int) -> set[int]:
    """Of its threads; who has the lowest number goes first."""
    return {os.getpriority(os.PRIO_PROCESS, int(thread.name)) for thread in Path(f"/proc/{pid}/task").iterdir()}


@pytest.mark.slow
def test_the_worker_has_half_of_the_weight_of_others_at_least_and_the_reader_a_third(tmp_path, database_url):
    with serving(tmp_path, database_url) as served:
        workers = until(lambda: served.pids("service.worker"), 30)
        until(lambda: "worker_started" in (tmp_path / "err").read_text(), 30)
        receivers, readers = (served.pids(f"service.passage.{name}") for name in ("receiver", "reader"))
        assert receivers and readers
        ours = os.getpriority(os.PRIO_PROCESS, served.process.pid)
        for pids, most in ((workers, A_HALF), (readers, A_THIRD)):
            assert all(max(priorities(pid)) <= min(ours + most, LOWEST) for pid in pids)
        for pid in receivers:
            assert priorities(pid) == {ours}, "callbacks go first"
        assert {os.sched_getscheduler(pid) for pid in (*workers, *readers, *receivers)} == {os.SCHED_OTHER}
