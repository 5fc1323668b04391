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
