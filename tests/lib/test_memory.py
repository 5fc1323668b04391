"""Giving memory back: what was needed once is not held for ever."""

import threading
from pathlib import Path

import pytest

from lib import memory


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not hasattr(memory._libc, "malloc_trim"), reason="the C library has no such call")
def test_what_a_thread_needed_goes_back_to_the_system():
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
    assert needed - before > 20_000_000
    assert resident() - before < (needed - before) / 4
