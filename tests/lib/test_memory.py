"""Giving memory back: what was needed once is not held for ever."""

import gc
import json
import subprocess
import sys
import weakref
from math import inf

import pytest

from lib import child_processes, memory

# In a process of its own: one that many tests have been through has freed pages already, and does not grow.
WORK = """
import json, threading
from pathlib import Path
from lib import memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

kept = []

def work():
    held = [bytes(2_000) for _ in range(20_000)]  # too small to be mapped one by one
    kept.append(bytes(2_000))  # stands above them, so that nothing goes back by itself
    del held

before = resident()
thread = threading.Thread(target=work)
thread.start()
thread.join()
needed = resident()
memory.give_back()
print(json.dumps([needed - before, resident() - before]))
"""


@pytest.mark.skipif(not hasattr(memory._libc, "malloc_trim"), reason="the C library has no such call")
def test_what_a_thread_needed_goes_back_to_the_system():
    done = subprocess.run(
        [sys.executable, "-c", WORK], env=child_processes.environment(), capture_output=True, check=True
    )
    needed, held = json.loads(done.stdout)
    assert needed > 20_000_000
    assert held < needed / 4


class Held:
    """Held by itself."""

    def __init__(self):
        self.itself = self


@pytest.mark.parametrize("give_back", [memory.give_back, lambda: memory.tend(worked=True)])
def test_objects_that_hold_each_other_are_looked_for_now_and_then(monkeypatch, give_back):
    monkeypatch.setattr(memory, "_collected_at", -inf)
    gc.disable()
    try:
        first = weakref.ref(Held())
        give_back()
        second = weakref.ref(Held())
        give_back()
        assert (first(), second() is None) == (None, False)
        monkeypatch.setattr(memory, "COLLECT_SECONDS", 0.0)
        give_back()
        assert second() is None
    finally:
        gc.enable()
