"""Where a container or a unit has fewer processors than the machine, that is what counts."""

import os

import pytest

from lib import processors


@pytest.fixture
def quota(tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.write_text("0::/system.slice/wrapup.service\n")
    (tmp_path / "system.slice" / "wrapup.service").mkdir(parents=True)
    monkeypatch.setattr(processors, "_GROUPS", tmp_path)
    monkeypatch.setattr(processors, "_OWN_GROUP", own)
    return tmp_path / "cpu.max"


@pytest.mark.parametrize(
    "text, most", [("50000 100000", 1), ("100000 100000", 1), ("150000 100000", 2), ("max 100000", None), ("", None)]
)
def test_a_quota_bounds_what_may_be_used(quota, text, most):
    quota.write_text(text)
    may = len(os.sched_getaffinity(0))
    assert processors.ours() == (may if most is None else min(may, most))


@pytest.mark.parametrize("group", ["system.slice/wrapup.service", "system.slice", "."])
def test_that_of_a_unit_is_seen_and_of_the_slice_that_it_is_in(quota, tmp_path, group):
    """systemd's CPUQuota=: in a unit the topmost group, which is the machine, has none."""
    (tmp_path / "system.slice" / "cpu.max").write_text("max 100000")
    (tmp_path / group / "cpu.max").write_text("50000 100000")
    assert processors.ours() == 1


@pytest.mark.parametrize("own", ["0::/../../elsewhere\n", "4:cpu:/wrapup\n", ""])
def test_of_a_group_that_cannot_be_seen_from_here_the_topmost_is_asked(quota, tmp_path, own):
    (tmp_path / "own").write_text(own)
    quota.write_text("50000 100000")
    assert processors.ours() == 1


def test_whoever_is_bound_to_one_processor_has_one(quota):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert processors.ours() == 1
    finally:
        os.sched_setaffinity(0, before)


SOME = "some avg10=60.00 avg60={} avg300=1.00 total=24\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"


def test_how_long_somebody_waited_for_a_processor_is_that_of_the_container_else_of_the_machine(
    quota, tmp_path, monkeypatch
):
    machine = tmp_path / "machine"
    monkeypatch.setattr(processors, "_PRESSURE", machine)
    assert processors.waited() is None
    machine.write_text(SOME.format("3.50"))
    assert processors.waited() == pytest.approx(0.035)
    (tmp_path / "cpu.pressure").write_text(SOME.format("61.00"))
    assert processors.waited() == pytest.approx(0.61)
    (tmp_path / "cpu.pressure").write_text("")
    assert processors.waited() == pytest.approx(0.035)
