"""A loop of the worker beside its steps."""

import gc
import threading
import weakref
from math import inf

from lib import memory
from service import loops


class Held:
    """Held by itself."""

    def __init__(self):
        self.itself = self


def test_one_that_is_never_without_work_gives_memory_back_as_well(monkeypatch):
    monkeypatch.setattr(memory, "_collected_at", -inf)
    stop, steps = threading.Event(), iter(range(3))

    def step() -> int:
        if next(steps, None) is None:
            stop.set()
        return 1

    gc.disable()
    try:
        lost = weakref.ref(Held())
        loops.run("busy", step, 0.0, stop)
        assert lost() is None
    finally:
        gc.enable()


def test_what_was_left_by_work_that_came_soon_after_other_work_is_given_back_later(monkeypatch):
    """Without more work: a burst ends, and for hours nothing comes."""
    monkeypatch.setattr(memory, "_collected_at", -inf)
    stop, steps, lost = threading.Event(), iter([1, *[0] * 10, 1, *[0] * 10]), []

    def step() -> int:
        found = next(steps, None)
        if found:
            lost.append(weakref.ref(Held()))
        elif found is None:
            stop.set()
        return found or 0

    gc.disable()
    try:
        loops.run("bursts", step, 0.0, stop)
        assert [one() is None for one in lost] == [True, False]  # too soon
        monkeypatch.setattr(memory, "COLLECT_SECONDS", 0.0)
        stop.clear()
        loops.run("quiet", lambda: stop.set() or 0, 0.0, stop)
        assert lost[1]() is None
    finally:
        gc.enable()
