"""Where a container or a unit has fewer processors than the machine, that is what counts."""

import os

import pytest

from lib import processors


@pytest.fixture
def quota(tmp_path, monkeypatch):
    file = tmp_path / "cpu.max"
    monkeypatch.setattr(processors, "_QUOTA", file)
    return file


@pytest.mark.parametrize(
    "text, most", [("50000 100000", 1), ("100000 100000", 1), ("150000 100000", 2), ("max 100000", None), ("", None)]
)
def test_a_quota_bounds_what_may_be_used(quota, text, most):
    quota.write_text(text)
    may = len(os.sched_getaffinity(0))
    assert processors.ours() == (may if most is None else min(may, most))


def test_whoever_is_bound_to_one_processor_has_one(quota):
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert processors.ours() == 1
    finally:
        os.sched_setaffinity(0, before)
