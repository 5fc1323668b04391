"""Waiting for what is bound to happen, and for no longer than that takes."""

import time

from rig.patience import stretched


def until(condition, seconds: float, explain=lambda: ""):
    """Wait for the condition to hold and return what it gave; fails after so many seconds, more on a busy machine."""
    began = time.monotonic()
    while True:
        found = condition()
        if found:
            return found
        passed = time.monotonic() - began
        assert passed < stretched(seconds), f"still not so after {passed:.0f} s {explain()}"
        time.sleep(min(0.25, max(0.02, passed / 10)))  # looking takes processor time from what is waited for
